//! Who this machine is: the seed is looked for as long as it may come, and
//! without one the last instance holds on the machine it was made on.

use super::choice::{self, Choice};
use super::config::{SystemConfig, cloud_config};
use super::local::{Local, Outcome};
use super::log::{Level, Log};
use super::network;
use super::search::{self, Answer, Patience, SETTLED, Search};
use crate::datasource::Surroundings;
use crate::error::{Error, Result};
use crate::fetch::{Fetch, may_exist};
use crate::instance::{Instance, Machine};
use crate::kernel_line::KernelLine;
use crate::limits;
use crate::state::paths::{MANUAL_CLEAN, decimal_point};
use crate::syntax::value::Value;
use crate::sys::{clock, smbios, tree};
use crate::text::{contains, fill, without_secrets};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// What a machine that has its last instance takes for the end of cold plug, in
/// microseconds of the kernel's silence. A drive that comes later is read at
/// the next boot; until then this machine is what it was.
const SETTLED_CACHED: u64 = 2_000_000;

/// What this boot is to be.
pub(super) enum Decided {
    Instance {
        instance: Box<Instance>,
        /// Its network or its machine is not what it was at the last boot.
        changed: bool,
    },
    /// There is no instance, and the network is configured all the same: a copy
    /// of another machine must not keep the other's addresses, a seed may be on
    /// the network, and the configuration may be all there is to be done.
    NetworkAlone,
    /// Provisioning has nothing to say.
    Nothing,
}

/// Finds the instance of this boot; `cached` is that of the last one. The last value: microseconds of the
/// monotonic clock up to which devices are waited for.
#[inline(never)]
pub(super) fn find(
    local: &Local<'_>,
    cached: Result<Option<Box<Instance>>>,
    config: &[(&str, Value<'_>)],
    log: &mut Log<'_>,
) -> (Outcome, Decided, u64) {
    let machine = this_machine();
    let mut past = Past { cached: None, owned: false, lost: false, fallback: false };
    match cached {
        Ok(cached) => {
            past.owned = cached.as_ref().is_some_and(|cached| is_of(cached, &machine));
            past.cached = cached;
        }
        Err(error) => {
            past.lost = true;
            log.warn(&error);
        }
    }
    let given = given_wait(local.kernel_line);
    let seconds = given.unwrap_or(limits::WAIT_SECONDS).min(limits::WAIT_SECONDS_MOST);
    let bound = clock::monotonic() + u64::from(seconds) * 1_000_000;
    if let Some(folder) = local.seed {
        let answer = search::folder(folder, log);
        let (outcome, decided) = decide(answer, None, "", past, machine, log);
        return (outcome, decided, bound);
    }
    if is_trusted(local.root, config)
        && let Some(mut instance) = past.cached.take()
    {
        log.info("instance {} holds: manual_cache_clean", &[instance.id.as_str()]);
        let changed = instance.machine != machine;
        instance.machine = machine;
        return (Outcome::Cached, Decided::Instance { instance, changed }, bound);
    }
    let choice = choice::choose(local.kernel_line, local.root, config, log);
    let Choice { datasources, pinned, fallback, unknown } = choice;
    if let Some(error) = unknown {
        let (outcome, decided) = decide(Answer::Broken(error), None, "", past, machine, log);
        return (outcome, decided, bound);
    }
    past.fallback = fallback && !past.lost;
    let absent = absent(&datasources);
    let dmi = dmi();
    let cloud = cloud_of(&dmi);
    let is_likely = pinned.is_some() || cloud.is_some_and(|(_, has_drives)| has_drives);
    let quiet = match () {
        () if datasources.is_empty() => Some(0),
        () if given.is_some() => None,
        () => past.quiet(is_likely, &machine),
    };
    let start = clock::monotonic();
    let firmware = smbios::texts();
    let kernel = local.kernel_line.get("ds");
    let surroundings = Surroundings { root: local.root, firmware: &firmware, kernel, config, remote: None };
    let mut search = Search::new(&surroundings, datasources);
    let mut answer = search.run(Patience { bound, quiet }, log);
    // Who has a cache of its own needs none.
    let is_expected = pinned.is_some() || cloud.is_some();
    if is_expected && !past.owned && matches!(answer, Answer::Absent) {
        answer = Answer::TimedOut;
    }
    let mut looked = absent;
    if let Answer::TimedOut = answer {
        let who = match (pinned, cloud) {
            (Some(place), _) => place,
            (None, Some((name, _))) => ["DMI, which names ", name].concat(),
            _ if given.is_some() => "glowplug.wait".into(),
            _ => "an instance of an earlier boot that is not this machine's".into(),
        };
        let seen = if search.seen.is_empty() { "no file system" } else { &search.seen };
        let dmi = if dmi.is_empty() { "none" } else { &dmi };
        let took = decimal_point((clock::monotonic() - start) / 1000, 1000);
        looked.push_str(&fill(PLACES, &[&took, &who, seen, dmi]));
    }
    let (outcome, decided) = decide(answer, search.last, &looked, past, machine, log);
    (outcome, decided, bound)
}

/// What follows a list of drives that did not come.
const PLACES: &str = ", nothing in /var/lib/cloud/seed, on the kernel line or in the firmware after {} s, \
                      and one is expected because of {}; seen: {}; DMI: {}";

/// Whether the last instance holds until somebody cleans the cache, whatever
/// seed there is: the configuration says so, or did when it was made.
fn is_trusted(root: &dyn Fetch, config: &[(&str, Value<'_>)]) -> bool {
    cloud_config(&[], config).is_true("manual_cache_clean", false) || may_exist(root, MANUAL_CLEAN)
}

/// The instance whose seed `remote` reads, once the network is up; `None`: why
/// there is none is in the log.
pub fn fetch(local: &Local<'_>, remote: &dyn Fetch, log: &mut Log<'_>) -> Option<Box<Instance>> {
    let mut problems = Vec::new();
    let config = SystemConfig::read(local.root, local.run, local.kernel_line, &mut problems);
    let config = config.trees(&mut problems);
    let Choice { datasources, .. } = choice::choose(local.kernel_line, local.root, &config, log);
    let firmware = smbios::texts();
    let kernel = local.kernel_line.get("ds");
    let surroundings =
        Surroundings { root: local.root, firmware: &firmware, kernel, config: &config, remote: Some(remote) };
    // What is plugged in has been there for long.
    let patience = Patience { bound: clock::monotonic(), quiet: Some(0) };
    match Search::new(&surroundings, datasources).run(patience, log) {
        Answer::Found(mut instance) => {
            instance.machine = this_machine();
            Some(instance)
        }
        Answer::Broken(error) => {
            log.error(&error);
            None
        }
        Answer::Absent | Answer::TimedOut | Answer::Remote(_) => None,
    }
}

/// What earlier boots left.
struct Past {
    cached: Option<Box<Instance>>,
    /// Whether this machine made the cache.
    owned: bool,
    /// Whether there is a cache that can't be read.
    lost: bool,
    /// Whether the configuration counts without a seed.
    fallback: bool,
}

impl Past {
    /// How long the kernel must be silent before no seed comes any more; `None`:
    /// one is expected, be it that something says so, be it that an earlier
    /// boot of this root had one and its instance can't be used here.
    fn quiet(&self, expected: bool, machine: &Machine) -> Option<u64> {
        match &self.cached {
            Some(cached) if self.owned => {
                // OpenStack's id is the firmware's: nobody else's drive can come.
                let certain = is_named_by(cached, machine) || !cached.source.starts_with("/dev/");
                Some(if certain && !expected { SETTLED } else { SETTLED_CACHED })
            }
            Some(_) => None,
            None if self.lost || expected => None,
            None => Some(SETTLED),
        }
    }
}

/// `glowplug.wait=SECONDS`.
fn given_wait(line: &KernelLine) -> Option<u32> {
    line.get("glowplug.wait").and_then(|seconds| seconds.parse().ok())
}

/// Whether the firmware itself names the instance: cloud-init's
/// `check_instance_id` of a config drive.
fn is_named_by(instance: &Instance, machine: &Machine) -> bool {
    instance.id.as_str().eq_ignore_ascii_case(&machine.product_uuid)
}

/// Whether an instance was made on this machine: the firmware names it, or the
/// UUID is the same and so is a NIC. NICs come and go, those of a copy are all
/// others; where the UUID tells nothing, one that had no NICs then has none now.
#[inline(never)]
fn is_of(instance: &Instance, machine: &Machine) -> bool {
    let (then, now) = (&instance.machine, machine);
    let tells = !now.product_uuid.is_empty();
    let none = then.macs.is_empty() && now.macs.is_empty();
    let none = none || tells && (then.macs.is_empty() || now.macs.is_empty());
    let same =
        then.product_uuid == now.product_uuid && (none || then.macs.iter().any(|mac| now.macs.contains(mac)));
    same || is_named_by(instance, machine)
}

/// What tells this machine from a copy of its disk.
#[inline(never)]
pub(super) fn this_machine() -> Machine {
    Machine { product_uuid: product_uuid(), macs: network::macs() }
}

/// DMI's product UUID, which only root may read.
fn product_uuid() -> String {
    let mut uuid = tree::attribute("/sys/class/dmi/id/product_uuid").unwrap_or_default();
    uuid.make_ascii_lowercase();
    uuid
}

/// What DMI says of who made this machine: `VENDOR, PRODUCT, ASSET TAG`, those that there are.
fn dmi() -> String {
    let mut texts = String::new();
    for file in ["sys_vendor", "product_name", "chassis_asset_tag"] {
        let text = tree::attribute(&["/sys/class/dmi/id/", file].concat()).unwrap_or_default();
        let comma = if texts.is_empty() || text.is_empty() { "" } else { ", " };
        texts.extend([comma, &*text]);
    }
    texts
}

/// How clouds call themselves in DMI, a line each: a table of pointers would be as large again.
/// Those before the empty line may give a machine a config drive. The number is Azure's.
const CLOUDS: &str = "\
OpenStack
OpenTelekomCloud
HUAWEICLOUD
SAP CCloud

Alibaba Cloud
Amazon EC2
CloudSigma
CloudStack
DigitalOcean
Exoscale
Google Compute Engine
Hetzner
NWCS
OracleCloud.com
Scaleway
SmartDC
UpCloud
Vultr
7783-7084-3265-9085-8269-3286-77";

/// The cloud that `dmi` names, and whether a config drive may come there.
fn cloud_of(dmi: &str) -> Option<(&'static str, bool)> {
    let mut has_drives = true;
    for name in CLOUDS.split('\n') {
        if name.is_empty() {
            has_drives = false;
        } else if contains(dmi, name) {
            return Some((name, has_drives));
        }
    }
    None
}

/// What is not there when there is no seed: `no drive labelled cidata, no …`.
fn absent(datasources: &[&crate::datasource::Datasource]) -> String {
    let mut text = String::new();
    for datasource in datasources {
        let before = if text.is_empty() { "no " } else { ", no " };
        text.extend([before, datasource.drive]);
    }
    text
}

/// Which instance this boot is: the seed's, or the last one where there is no
/// usable seed and the machine is the same, or what counts where nothing else
/// does. `absent` says what was looked for.
#[inline(never)]
fn decide(
    answer: Answer,
    last: Option<Box<Instance>>,
    absent: &str,
    past: Past,
    machine: Machine,
    log: &mut Log<'_>,
) -> (Outcome, Decided) {
    let outcome = match answer {
        Answer::Found(instance) => {
            return (Outcome::Found, new_or_known(instance, past.cached, machine, log));
        }
        Answer::Absent => {
            log.info(if absent.is_empty() { "no seed{}" } else { "no seed: {}" }, &[absent]);
            Outcome::Absent
        }
        Answer::TimedOut => {
            log.line(Level::Warning, "no seed: {}", &[absent]);
            Outcome::TimedOut
        }
        Answer::Broken(error) => {
            log.error(&error);
            Outcome::Broken
        }
        Answer::Remote(url) => {
            log.info("the seed is at {}: it is fetched when the network is up", &[&without_secrets(&url)]);
            Outcome::Remote
        }
    };
    match (past.cached, last) {
        (Some(cached), last) if past.owned => match last {
            // It is what the last boot had, too.
            Some(last) if last.id == cached.id => {
                (Outcome::Found, new_or_known(last, Some(cached), machine, log))
            }
            _ => {
                log.info("instance {} of the last boot holds", &[cached.id.as_str()]);
                let changed = cached.machine != machine;
                let expected = matches!(outcome, Outcome::Broken | Outcome::Remote);
                let outcome = if expected { outcome } else { Outcome::Cached };
                let mut instance = cached;
                instance.machine = machine;
                (outcome, Decided::Instance { instance, changed })
            }
        },
        (cached, last) => {
            let (mut outcome, mut decided) = (outcome, Decided::Nothing);
            if past.fallback || outcome == Outcome::Remote {
                decided = Decided::NetworkAlone;
            }
            if past.fallback && matches!(outcome, Outcome::Absent | Outcome::TimedOut) {
                outcome = Outcome::Fallback;
            }
            if let Some(cached) = cached {
                let id = cached.id.as_str();
                log.warn(&Error::new("use the cache of instance", id, "it was made on another machine"));
                decided = Decided::NetworkAlone;
            }
            let Some(last) = last else { return (outcome, decided) };
            log.info("found {}", &[&last.datasource_name()]);
            (Outcome::Found, new_or_known(last, None, machine, log))
        }
    }
}

#[inline(never)]
fn new_or_known(
    mut instance: Box<Instance>,
    cached: Option<Box<Instance>>,
    machine: Machine,
    log: &mut Log<'_>,
) -> Decided {
    let known = cached.filter(|cached| cached.id == instance.id);
    let what = if known.is_some() { "the one this root knows" } else { "new" };
    log.info("instance {} is {}", &[instance.id.as_str(), what]);
    let mut changed = true;
    if let Some(known) = known {
        if instance.keep_unread(&known) {
            log.info("what can't be read of its seed stays as it was", &[]);
        }
        changed = known.network() != instance.network() || known.machine != machine;
    }
    instance.machine = machine;
    Decided::Instance { instance, changed }
}

#[cfg(test)]
mod tests;
