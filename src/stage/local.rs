//! The local stage: find out who this machine is, and make it so as far as
//! files, names and links go. The agent runs it before the pivot; `glowplug
//! init --local` is the same on a machine without our initramfs.

use super::config::{SystemConfig, network_is_disabled};
use super::consume::{VendorData, consume};
use super::engine::Engine;
use super::log::{Log, write_lines, write_steps};
use super::network::{self, Manner};
use super::search::{self, Answer, Patience};
use super::{handoff, instancify};
use crate::action::Action;
use crate::cloud_config::CloudConfig;
use crate::error::Error;
use crate::fstab::Covered;
use crate::instance::{Instance, Machine};
use crate::kernel_line::KernelLine;
use crate::limits;
use crate::module::{self, Context, Early};
use crate::state::paths::{DISABLED, InstancePaths};
use crate::sys::apply::Applier;
use crate::sys::root::Root;
use crate::sys::{clock, tree};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What the stage works on.
pub struct Local<'a> {
    /// The machine's root, mounted.
    pub root: &'a Root,
    /// The running /run.
    pub run: &'a Root,
    /// The kernel's command line.
    pub kernel_line: &'a KernelLine,
    /// A folder taken for the seed in place of a disc.
    pub seed: Option<&'a str>,
    /// Whether the root takes changes.
    pub writable: bool,
}

/// How the stage ended; the words of the agent's exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Provisioned from a seed.
    Found,
    /// No seed, and the machine is the one it was: last-good holds.
    Cached,
    /// No seed, none expected.
    Absent,
    /// A seed was expected and did not come.
    TimedOut,
    /// There is a seed, and it can't be used.
    Broken,
    /// Switched off by the kernel line or /etc/cloud/cloud-init.disabled.
    Off,
}

impl Outcome {
    /// As /run/glowplug/seed-state has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Cached => "cached",
            Self::Absent => "absent",
            Self::TimedOut => "timed-out",
            Self::Broken => "broken",
            Self::Off => "off",
        }
    }

    /// The agent's exit status.
    pub const fn status(self) -> i32 {
        match self {
            Self::Found | Self::Cached | Self::Off => 0,
            Self::Absent => 10,
            Self::TimedOut => 11,
            Self::Broken => 12,
        }
    }
}

/// Runs the stage and leaves the hand-off.
pub fn run(local: &Local<'_>, applier: &mut Applier<'_>, log: &mut Log<'_>) -> Outcome {
    if let Some(why) = switched_off(local) {
        log.info(format!("provisioning is off: {why}"));
        return Outcome::Off;
    }
    let start = clock::monotonic();
    let machine = Machine { product_uuid: product_uuid(), macs: network::macs() };
    let cached = cached(local.root, log);
    let (answer, deadline) = find(local, cached.is_some(), log);
    log.step("agent/find seed", start);
    let (outcome, instance) = decide(answer, cached.as_ref(), &machine, log);
    if let Some(mut instance) = instance {
        let manner = Manner {
            changed: cached.as_ref().is_none_or(|old| {
                old.id != instance.id
                    || old.raw.network_data != instance.raw.network_data
                    || old.machine != machine
            }),
            deadline,
        };
        instance.machine = machine;
        provision(local, &instance, applier, manner, log);
    }
    let start = clock::monotonic();
    for action in handoff::outcome(outcome) {
        if let Err(error) = applier.apply(&action, None) {
            log.error(&error);
        }
    }
    log.step("agent/hand off", start);
    outcome
}

/// Writes the log and the timings into the hand-off; what comes after this is
/// on the console alone.
pub fn close(applier: &mut Applier<'_>, log: &Log<'_>) {
    for action in handoff::log(&write_lines(&log.lines), &write_steps(&log.steps)) {
        // Nobody is left to tell but the console, which has all lines already.
        let _ = applier.apply(&action, None);
    }
}

fn switched_off(local: &Local<'_>) -> Option<&'static str> {
    let line = local.kernel_line;
    if line.get("glowplug") == Some("off") {
        Some("glowplug=off on the kernel line")
    } else if line.get("cloud-init") == Some("disabled") {
        Some("cloud-init=disabled on the kernel line")
    } else if local.root.exists(DISABLED) {
        Some("/etc/cloud/cloud-init.disabled is there")
    } else {
        None
    }
}

/// DMI's product UUID, which only root may read.
fn product_uuid() -> String {
    tree::attribute("/sys/class/dmi/id/product_uuid").unwrap_or_default().to_ascii_lowercase()
}

fn cached(root: &Root, log: &mut Log<'_>) -> Option<Instance> {
    match handoff::cached(root) {
        Ok(cached) => cached,
        Err(error) => {
            log.warn(&error);
            None
        }
    }
}

fn find(local: &Local<'_>, has_cache: bool, log: &mut Log<'_>) -> (Answer, u64) {
    let line = local.kernel_line;
    let given = line.get("glowplug.wait").and_then(|seconds| seconds.parse::<u32>().ok());
    let seconds = given.unwrap_or(limits::WAIT_SECONDS).min(limits::WAIT_SECONDS_MOST);
    let deadline = clock::monotonic() + u64::from(seconds) * 1_000_000;
    if let Some(folder) = local.seed {
        return (search::folder(folder), deadline);
    }
    let named = ["ds", "ci.ds", "ci.datasource"].iter().any(|key| line.get(key).is_some());
    let expected = given.is_some() || named || has_cache || dmi_names_openstack();
    (search::search(Patience { seconds, expected }, log), deadline)
}

/// Clouds that give every machine a config drive or metadata say so in DMI.
fn dmi_names_openstack() -> bool {
    ["product_name", "sys_vendor", "chassis_asset_tag"].iter().any(|file| {
        tree::attribute(&format!("/sys/class/dmi/id/{file}")).is_some_and(|text| {
            ["OpenStack", "OpenTelekomCloud", "HUAWEICLOUD"].iter().any(|name| text.contains(name))
        })
    })
}

/// Which instance this boot is: the seed's, or the last one where there is no
/// usable seed and the machine is the same.
fn decide(
    answer: Answer,
    cached: Option<&Instance>,
    machine: &Machine,
    log: &mut Log<'_>,
) -> (Outcome, Option<Instance>) {
    let outcome = match answer {
        Answer::Found(found) => {
            for problem in &found.problems {
                log.error(problem);
            }
            let id = found.instance.id.as_str();
            let known = cached.is_some_and(|cached| cached.id == found.instance.id);
            log.info(format!("instance {id} is {}", if known { "the one this root knows" } else { "new" }));
            let mut instance = found.instance;
            if let Some(cached) = cached.filter(|_| known && !found.problems.is_empty()) {
                log.info("what can't be read of its seed stays as it was");
                instance.keep_unread(cached);
            }
            return (Outcome::Found, Some(instance));
        }
        Answer::Absent => {
            log.info("no seed: no drive is labelled config-2");
            Outcome::Absent
        }
        Answer::TimedOut => {
            log.line(
                super::log::Level::Warning,
                "no seed: no drive labelled config-2 came in the time given (glowplug.wait)".into(),
            );
            Outcome::TimedOut
        }
        Answer::Broken(error) => {
            log.error(&error);
            Outcome::Broken
        }
    };
    match cached {
        Some(cached) if cached.machine == *machine => {
            log.info(format!("instance {} of the last boot holds", cached.id.as_str()));
            let outcome = if outcome == Outcome::Broken { outcome } else { Outcome::Cached };
            (outcome, Some(cached.clone()))
        }
        Some(cached) => {
            let why = "it was made on another machine";
            log.warn(&Error::new("use the cache of instance", cached.id.as_str(), why));
            (outcome, None)
        }
        None => (outcome, None),
    }
}

/// Makes the machine what `instance` says.
fn provision(
    local: &Local<'_>,
    instance: &Instance,
    applier: &mut Applier<'_>,
    manner: Manner,
    log: &mut Log<'_>,
) {
    let mut problems = Vec::new();
    let paths = InstancePaths::new(&instance.id);
    let vendor = VendorData::read(instance);
    let start = clock::monotonic();
    let consumed = consume(instance, &vendor);
    let merged = consumed.merged();
    log.step("agent/take user-data apart", start);
    let system = SystemConfig::read(local.root, local.run, &mut problems);
    let mut layers = consumed.layers(&merged);
    layers.extend(system.layers(&mut problems));
    let config = CloudConfig::new(layers);
    let user_problems = consumed.problems.iter().chain(merged.iter().flat_map(|merged| &merged.problems));
    for problem in problems.iter().chain(user_problems) {
        log.warn(problem);
    }
    let start = clock::monotonic();
    carry_out(applier, &handoff::instance(instance), log);
    log.step("agent/keep seed", start);
    let covered = Covered::read(local.root);
    let state_waits = covered.by(&local.root.real_path(paths.folder()).unwrap_or_default());
    if !local.writable {
        log.info("the root is read-only: its files are left to the runner");
    } else if let Some(point) = state_waits {
        log.info(format!("{point} is another mount once the root runs: state is left to the runner"));
    } else {
        let start = clock::monotonic();
        carry_out(applier, &instancify::plan(instance, &paths, local.root), log);
        log.step("agent/write state", start);
    }
    if network_is_disabled(&config) {
        log.info("the network is left alone: network: {config: disabled} in /etc/cloud");
    } else {
        let start = clock::monotonic();
        network::configure(instance, applier, manner, log);
        log.step("agent/network", start);
    }
    if consumed.has_unresolved_include() {
        log.info("modules are left to the runner: an #include in user-data may change what they do");
    } else if local.writable {
        let context = Context { config: &config, instance, paths: &paths, root: local.root };
        let mut engine = Engine::new(applier, Some(&covered), &paths);
        for module in module::ALL.iter().filter(|module| module.early != Early::No) {
            engine.run(module, &context, log);
        }
    }
}

/// Carries a list out; what fails is told and the rest goes on.
pub fn carry_out(applier: &mut Applier<'_>, actions: &[Action], log: &mut Log<'_>) {
    for action in actions {
        if let Err(error) = applier.apply(action, None) {
            log.error(&error);
            // A full disk or a dead one says the same for every file that follows.
            if matches!(error.errno(), Some(5 | 28 | 30)) {
                return;
            }
        }
    }
}
