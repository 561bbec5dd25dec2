//! The local stage: find out who this machine is, and make it so as far as
//! files, names and links go. The agent runs it before the pivot; `glowplug
//! init --local` is the same on a machine without our initramfs.

use super::beside;
use super::config::{SystemConfig, add_datasource, cloud_config};
use super::consume::consume;
use super::engine::{Cover, Engine};
use super::find::{Decided, find};
use super::log::{Level, Log};
use super::network::{self, Inputs};
use super::units::{self, Online};
use super::{handoff, instancify, listed, untold};
use crate::action::Action;
use crate::cloud_config::CloudConfig;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::kernel_line::KernelLine;
use crate::module::{Context, INJECTED, NoHost};
use crate::network::model::{Network, SystemLink};
use crate::network::render::ours::Trees;
use crate::state::cache;
use crate::state::paths::{CLOUD, DISABLED, InstancePaths};
use crate::syntax::value::Value;
use crate::sys::apply::Applier;
use crate::sys::clock;
use crate::sys::root::Root;
use alloc::vec::Vec;

/// Makes the root take changes; whether that worked.
pub type Unlock<'a> = dyn Fn(&mut Log<'_>) -> bool + 'a;

/// What the stage works on.
#[derive(Clone, Copy)]
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
    /// How a root that takes none comes to take them, once there is something
    /// to be written; said again it is the same.
    pub unlock: Option<&'a Unlock<'a>>,
    /// Whether the root is this machine's, running: what is mounted on it is.
    pub running: bool,
    /// Before the pivot: where the initramfs has the runner that goes on with
    /// the stages. After it: `None`.
    pub runner: Option<&'a str>,
}

impl<'a> Local<'a> {
    /// The same root, which takes changes if it can be brought to.
    #[must_use]
    pub fn unlocked(mut self, log: &mut Log<'_>) -> Self {
        if let Some(unlock) = self.unlock.filter(|_| !self.writable) {
            self.writable = unlock(log);
        }
        self
    }

    /// What the network is configured from, without an instance.
    fn inputs(
        &self,
        system: &'a CloudConfig<'a>,
        cover: &Cover<'_>,
        deadline: u64,
        unread: Option<&'a Error>,
    ) -> Inputs<'a> {
        Inputs {
            kernel_line: self.kernel_line,
            trees: Trees { root: self.root, run: self.run },
            system,
            config: system,
            instance: None,
            changed: true,
            unread,
            deadline,
            writable: self.writable,
            keeps: self.writable && cover.by(CLOUD).is_none(),
        }
    }
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
    /// No seed, and the configuration counts all the same.
    Fallback,
    /// A seed was expected and did not come.
    TimedOut,
    /// There is a seed, and it can't be used.
    Broken,
    /// The network has the seed: the runner fetches it.
    Remote,
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
            Self::Fallback => "fallback",
            Self::TimedOut => "timed-out",
            Self::Broken => "broken",
            Self::Remote => "remote",
            Self::Off => "off",
        }
    }

    /// The agent's exit status.
    pub const fn status(self) -> i32 {
        match self {
            Self::Found | Self::Cached | Self::Remote | Self::Off => 0,
            Self::Absent | Self::Fallback => 10,
            Self::TimedOut => 11,
            Self::Broken => 12,
        }
    }
}

/// Runs the stage and leaves the hand-off.
pub fn run(local: &Local<'_>, applier: &mut Applier<'_>, log: &mut Log<'_>) -> Outcome {
    let beside = beside::is_on(local.root);
    let (outcome, online) = act(local, beside, applier, log);
    let start = clock::monotonic();
    if !beside && !matches!(outcome, Outcome::Absent | Outcome::Off) {
        units::hand_over(local, &online, applier, log);
    }
    handoff::outcome(outcome, &mut |action| {
        carry_out(applier, &action, log);
    });
    log.step("agent/hand off", start);
    outcome
}

fn act(local: &Local<'_>, beside: bool, applier: &mut Applier<'_>, log: &mut Log<'_>) -> (Outcome, Online) {
    match switched_off(local, beside) {
        Ok(None) => {}
        Ok(Some(why)) => {
            log.info("provisioning is off: {}", &[why]);
            return (Outcome::Off, Online::default());
        }
        // It may be switched off.
        Err(error) => {
            log.line(Level::Error, "nothing is provisioned: {}", &[error.text()]);
            return (Outcome::Broken, Online::default());
        }
    }
    let start = clock::monotonic();
    let mut problems = Vec::new();
    let config = SystemConfig::read(local.root, local.run, local.kernel_line, &mut problems);
    let mut trees = config.trees(&mut problems);
    log.warn_of(&problems);
    let cached = if beside { beside::cached(local.root) } else { handoff::cached(local.root) };
    let (outcome, decided, deadline) = find(local, cached, &trees, log);
    log.step("agent/find seed", start);
    let mut online = Online::default();
    let unlocked;
    let mut local = local;
    if !matches!(decided, Decided::Nothing) {
        unlocked = local.unlocked(log);
        local = &unlocked;
    }
    match decided {
        Decided::Instance { instance, changed } if beside => {
            let (unread, template) = (config.unread.as_ref(), config.template());
            let seeded = Seeded { instance: &instance, trees: &trees, unread, template, changed, deadline };
            hand_to_cloud_init(local, &seeded, applier, log);
        }
        Decided::Instance { instance, changed } => {
            add_datasource(&mut trees, &instance);
            let (unread, template) = (config.unread.as_ref(), config.template());
            let seeded = Seeded { instance: &instance, trees: &trees, unread, template, changed, deadline };
            online = provision(local, &seeded, applier, log);
        }
        Decided::NetworkAlone => {
            let cover = Cover::of(local.root, local.running);
            let system = cloud_config(&[], &trees);
            let inputs = local.inputs(&system, &cover, deadline, config.unread.as_ref());
            network::configure(&inputs, applier, log);
        }
        Decided::Nothing => {}
    }
    if outcome == Outcome::Remote {
        online.add_init();
    } else if outcome == Outcome::Fallback {
        online = Online::later();
    }
    (outcome, online)
}

/// Configures the network once more, as `instance` has it: NICs that it names
/// came after the stage had run.
pub fn network_again(local: &Local<'_>, instance: &Instance, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    with_inputs(local, instance, |inputs| network::configure(inputs, applier, log));
}

/// The network that counts for `instance` on a machine with these NICs; `None`
/// where it is left alone.
pub fn network_of(local: &Local<'_>, instance: &Instance, present: &[SystemLink]) -> Option<Network> {
    // The stage has told what there is to tell.
    let mut told = Log::new("", &|_, _| ());
    with_inputs(local, instance, |inputs| network::described(inputs, present, &mut told))
}

/// Lets `use_them` have what the network is configured from after the stage.
fn with_inputs<T>(local: &Local<'_>, instance: &Instance, use_them: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let cover = Cover::of(local.root, local.running);
    // All of it was told when the stage ran.
    let mut told = Vec::new();
    let config = SystemConfig::read(local.root, local.run, local.kernel_line, &mut told);
    let unread = config.unread.as_ref();
    let mut trees = config.trees(&mut told);
    add_datasource(&mut trees, instance);
    let consumed = consume(instance, &trees, local.root, None, None, &mut told);
    let merged = consumed.merged(&mut told);
    let (config, system) = (cloud_config(&merged, &trees), cloud_config(&[], &trees));
    let inputs = local.inputs(&system, &cover, clock::monotonic(), unread);
    use_them(&Inputs { instance: Some(instance), config: &config, ..inputs })
}

/// Waits for the disk, and writes the log and the timings into the hand-off;
/// what comes after this is on the console alone.
pub fn close(applier: &mut Applier<'_>, log: &mut Log<'_>) {
    if let Err(error) = applier.flush() {
        applier.refused = true;
        log.error(&error);
    }
    log.trace(&mut applier.trace);
    handoff::log(log, &mut |action| {
        // Nobody is left to tell but the console, which has all lines already.
        let _ = applier.apply(&action, None);
    });
}

fn switched_off(local: &Local<'_>, beside: bool) -> Result<Option<&'static str>> {
    let line = local.kernel_line;
    Ok(if line.get("glowplug") == Some("off") {
        Some("glowplug=off on the kernel line")
    } else if line.get("cloud-init") == Some("disabled") {
        Some("cloud-init=disabled on the kernel line")
    } else if local.root.exists(DISABLED)? {
        Some("/etc/cloud/cloud-init.disabled is there")
    } else if local.runner.is_some()
        && !beside
        && line.get("glowplug") != Some("replace")
        && units::cloud_init_is_enabled(local.root)
    {
        // Two that provision one machine undo each other's work.
        Some("cloud-init is enabled in this root (glowplug=replace on the kernel line takes its place)")
    } else {
        None
    })
}

/// What the stage goes by once the instance is known.
struct Seeded<'s> {
    instance: &'s Instance,
    /// The system's configuration, as [`SystemConfig::trees`] gives it.
    trees: &'s [(&'s str, Value<'s>)],
    /// As [`SystemConfig::unread`] has it.
    unread: Option<&'s Error>,
    /// As [`SystemConfig::template`] has it.
    template: Option<(&'s str, &'s str)>,
    /// As [`Decided::Instance`] has it.
    changed: bool,
    /// Microseconds of the monotonic clock up to which NICs are waited for.
    deadline: u64,
}

#[inline(never)]
fn provision(local: &Local<'_>, seeded: &Seeded<'_>, applier: &mut Applier<'_>, log: &mut Log<'_>) -> Online {
    let &Seeded { instance, trees, unread, template, changed, deadline } = seeded;
    let paths = InstancePaths::new(&instance.id);
    let cover = Cover::of(local.root, local.running);
    let start = clock::monotonic();
    let mut problems = Vec::new();
    let consumed = consume(instance, trees, local.root, None, None, &mut problems);
    let merged = consumed.merged(&mut problems);
    let config = cloud_config(&merged, trees);
    log.warn_of(&problems);
    log.step("agent/take user-data apart", start);
    if local.writable && applier.record.is_none() && cover.by(paths.folder()).is_none() {
        local.root.note_writes(CLOUD);
    }
    keep(local, instance, &paths, &cover, applier, log);
    let start = clock::monotonic();
    let system = cloud_config(&[], trees);
    let inputs = local.inputs(&system, &cover, deadline, unread);
    let inputs = Inputs { instance: Some(instance), changed, config: &config, ..inputs };
    network::configure(&inputs, applier, log);
    log.step("agent/network", start);
    if local.writable && cover.by(paths.folder()).is_none() {
        untold::keep(&untold::problems(&log.lines), &paths, applier, log);
    }
    if let Some(what) = consumed.unresolved() {
        log.info("modules are left to the runner: {} in user-data may change what they do", &[what]);
    } else if let Some((name, _)) = template {
        log.info("modules are left to the runner: {} is a template", &[name]);
    } else if let Some(error) = unread {
        log.info("modules are left to the runner: {}", &[error.text()]);
    } else if local.writable {
        let jobs = consumed.upstart_jobs();
        let (config, root, jobs) = (&config, local.root, &*jobs);
        let paths = &paths;
        let host = &NoHost;
        let context = Context { config, instance, jobs, paths, root, host, jinja: None, arguments: &[] };
        let mut engine = Engine::new(applier, Some(&cover), None, paths, log);
        for entry in listed::early(config, root) {
            engine.run(&entry, &context, log);
        }
        engine.settle(log);
    }
    let mut online = Online::of(&consumed, &config, local.root);
    if let Some((_, text)) = template {
        online.add_unresolved(text.as_bytes());
    }
    online
}

/// Names and configures the network, and leaves the rest that `instance` says
/// to the root's cloud-init.
#[inline(never)]
fn hand_to_cloud_init(local: &Local<'_>, seeded: &Seeded<'_>, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    let &Seeded { instance, trees, unread, changed, deadline, .. } = seeded;
    let cover = Cover::of(local.root, local.running);
    let mut problems = Vec::new();
    let system = cloud_config(&[], trees);
    let inputs = local.inputs(&system, &cover, deadline, unread);
    let inputs = Inputs { instance: Some(instance), changed, ..inputs };
    network::configure(&inputs, applier, log);
    let start = clock::monotonic();
    inject(local, instance, &cover, applier, log);
    let mut going = true;
    let mut take = |action: Action| going = going && carry_out(applier, &action, log);
    if local.writable && cover.by(beside::CACHE).is_none() {
        take(Action::write(beside::CACHE, cache::encode(instance), 0o400));
    }
    beside::plan(instance, &mut problems, &mut take);
    log.warn_of(&problems);
    log.info("the rest is left to cloud-init, which gets the seed in {}", &[beside::SEED]);
    log.step("agent/keep seed", start);
}

/// Writes the files that a config drive puts into a root, once for an instance
/// and before anything else, as its own datasource does: a NoCloud seed has
/// none.
#[inline(never)]
fn inject(
    local: &Local<'_>,
    instance: &Instance,
    cover: &Cover<'_>,
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let earlier = beside::cached(local.root).ok().flatten();
    if earlier.is_some_and(|earlier| earlier.id == instance.id) {
        return;
    }
    for file in &instance.files {
        let why = match cover.by(&file.path) {
            _ if !local.writable => "the root is read-only",
            Some(_) => "another mount is there once the root runs",
            None => {
                carry_out(applier, &Action::write(&file.path, file.content.clone(), INJECTED), log);
                continue;
            }
        };
        log.warn(&Error::new("inject", &*file.path, why));
    }
}

/// Keeps the instance for the runner, and in the root where that takes it.
#[inline(never)]
fn keep(
    local: &Local<'_>,
    instance: &Instance,
    paths: &InstancePaths,
    cover: &Cover<'_>,
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let start = clock::monotonic();
    let cache = cache::encode(instance);
    let mut going = true;
    handoff::instance(instance, &cache, &mut |action| going = going && carry_out(applier, &action, log));
    log.step("agent/keep seed", start);
    if !local.writable {
        return log.info("the root is read-only: its files are left to the runner", &[]);
    }
    let point = cover.by(paths.folder());
    if point == Some("") {
        let why = "/etc/fstab can't be read, and may mount something over any path";
        return log.line(Level::Warning, "{}: files and state are left to the runner", &[why]);
    }
    if let Some(point) = point {
        return log.info("{} is another mount once the root runs: state is left to the runner", &[point]);
    }
    let start = clock::monotonic();
    let mut going = true;
    let mut take = |action: Action| going = going && carry_out(applier, &action, log);
    instancify::plan(instance, &cache, paths, local.root, &mut take);
    log.step("agent/write state", start);
}

/// Carries an action out and tells what failed. The value: whether others may
/// still succeed; a full disk or a dead one says the same for every file.
#[inline(never)]
pub fn carry_out(applier: &mut Applier<'_>, action: &Action, log: &mut Log<'_>) -> bool {
    let applied = applier.apply(action, None);
    log.trace(&mut applier.trace);
    let Err(error) = applied else { return true };
    log.error(&error);
    !matches!(error.errno(), Some(5 | 28 | 30))
}
