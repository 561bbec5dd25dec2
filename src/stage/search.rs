//! Looking for the seed: in the root, in the firmware, on every block device
//! that is there, then on every one that appears, until a bound.

use super::log::Log;
use crate::datasource::{self, Claim, Datasource, Medium, Reading, Surroundings, Volume};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::limits;
use crate::sys::block::{Content, Devices};
use crate::sys::drive::Drive;
use crate::sys::netlink::Uevents;
use crate::sys::root::Root;
use crate::sys::superblock::Superblock;
use crate::sys::{block, clock};
use crate::text::fill;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What the search ended with.
pub enum Answer {
    /// A seed; what of it can't be read is in the log.
    Found(Box<Instance>),
    /// Every device was looked at, and none is a seed.
    Absent,
    /// A seed was expected and did not come in time.
    TimedOut,
    /// There is one, and it can't be used.
    Broken(Error),
    /// There is one at this URL.
    Remote(String),
}

/// How long to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Microseconds of the monotonic clock up to which devices are waited for.
    pub bound: u64,
    /// Microseconds of the kernel's silence after which no more devices are
    /// expected; `None`: a seed is expected, and waited for up to the bound.
    pub quiet: Option<u64>,
}

/// What a machine without any hint of a seed takes for the end of cold plug:
/// this much silence of the kernel, in microseconds.
pub const SETTLED: u64 = 300_000;

/// How often, in microseconds, it is asked whether devices are still on their way.
const ASKED_AGAIN: u64 = 20_000;

/// The search in its course.
pub struct Search<'a> {
    /// What datasources are told by beside discs.
    pub surroundings: &'a Surroundings<'a>,
    /// The datasources that are tried, in order.
    pub datasources: Vec<&'static Datasource>,
    devices: Devices,
    /// Those that could not be mounted, or stopped answering.
    lost: Vec<String>,
    /// A seed to which a drive may add.
    open: Option<Box<Instance>>,
    /// What counts where nothing else does ([`Reading::Last`]).
    pub last: Option<Box<Instance>>,
    /// Where one is that only the network has.
    remote: Option<String>,
    broken: Option<Error>,
    /// The file systems that were there, `/dev/sr0 (iso9660, LABEL), …`.
    pub seen: String,
    /// How many.
    shown: usize,
}

impl<'a> Search<'a> {
    /// A search that has not begun.
    pub fn new(surroundings: &'a Surroundings<'a>, datasources: Vec<&'static Datasource>) -> Self {
        Self {
            surroundings,
            datasources,
            devices: Devices::default(),
            lost: Vec::new(),
            open: None,
            last: None,
            remote: None,
            broken: None,
            seen: String::new(),
            shown: 0,
        }
    }

    /// Looks for a seed; the time in which devices were waited for is a step of its own.
    #[inline(never)]
    pub fn run(&mut self, patience: Patience, log: &mut Log<'_>) -> Answer {
        let mut waited = None;
        let answer = self.wait(patience, &mut waited, log);
        if let Some(since) = waited {
            log.step("agent/wait for a seed", since);
        }
        answer
    }

    /// Looks until there is an answer; `waited` gets the time at which the first wait began, in
    /// microseconds of the monotonic clock.
    fn wait(&mut self, patience: Patience, waited: &mut Option<u64>, log: &mut Log<'_>) -> Answer {
        // Before the first look, so that nothing appears unseen in between.
        let mut uevents = match Uevents::open() {
            Ok(uevents) => Some(uevents),
            Err(error) => {
                log.warn(&error);
                None
            }
        };
        let (mut first, mut told) = (true, false);
        loop {
            if let Some(found) = self.look(first, log) {
                return Answer::Found(found);
            }
            first = false;
            if self.devices.has_fresh() {
                continue;
            }
            let quiet = self.quiet(patience.quiet);
            let now = clock::monotonic();
            if quiet.is_none() && now < patience.bound && !told {
                told = true;
                log.info(
                    "waiting for a seed, {} s at the most",
                    &[&((patience.bound - now).div_ceil(1_000_000)).to_string()],
                );
            }
            let until = quiet.map_or(patience.bound, |quiet| patience.bound.min(now + quiet));
            if until > now {
                waited.get_or_insert(now);
            }
            let event = match &mut uevents {
                Some(uevents) if now < patience.bound => uevents.wait(until),
                _ => Ok(None),
            };
            match event {
                Ok(Some(event)) => self.devices.note(&event),
                Ok(None) if clock::monotonic() < patience.bound && block::are_on_their_way() => {}
                Ok(None) => return self.end(quiet.is_none(), log),
                Err(error) => {
                    log.warn(&error);
                    uevents = None;
                }
            }
        }
    }

    /// The silence of the kernel that ends the search. With a seed at hand a drive that may add to
    /// it counts if it is there, or if the kernel or udev is at work on it: module loading and the
    /// kernel's own start wait for asynchronous probes (`async_synchronize_full`). With one that
    /// can't be used another is worth no long wait.
    fn quiet(&self, patience: Option<u64>) -> Option<u64> {
        if self.open.is_some() || self.remote.is_some() {
            return Some(if block::are_on_their_way() { ASKED_AGAIN } else { 0 });
        }
        if self.broken.is_some() {
            return Some(patience.map_or(SETTLED, |quiet| quiet.min(SETTLED)));
        }
        patience
    }

    /// The answer when the wait is over.
    fn end(&mut self, expected: bool, log: &mut Log<'_>) -> Answer {
        if let Some(instance) = self.open.take() {
            log.info("found {}", &[&instance.datasource_name()]);
            return Answer::Found(instance);
        }
        match (self.remote.take(), self.broken.take()) {
            (Some(url), _) => Answer::Remote(url),
            (None, Some(error)) => Answer::Broken(error),
            (None, None) if expected => Answer::TimedOut,
            (None, None) => Answer::Absent,
        }
    }

    /// Looks at each device once, and at the machine itself the `first` time.
    #[inline(never)]
    fn look(&mut self, first: bool, log: &mut Log<'_>) -> Option<Box<Instance>> {
        let volumes = self.new_volumes(log);
        let mut at = 0;
        while let Some(datasource) = self.datasources.get(at).copied() {
            at += 1;
            let mut found = None;
            if first {
                let mut problems = Vec::new();
                let reading = (datasource.read)(self.surroundings, None, &mut problems);
                log.error_of(&problems);
                found = self.take(reading, log);
            }
            if let Some(instance) = &found {
                log.info("found {} {}", &[datasource.what, &instance.source]);
                return found;
            }
            found = self.on_volumes(datasource, &volumes, log);
            if found.is_some() {
                return found;
            }
            // What comes behind a datasource that has a seed is not asked.
            if self.open.is_some() {
                self.datasources.truncate(at);
            }
        }
        None
    }

    /// The first of `volumes` that is a seed of a kind; labels go first.
    #[inline(never)]
    fn on_volumes(
        &mut self,
        datasource: &Datasource,
        volumes: &[Volume],
        log: &mut Log<'_>,
    ) -> Option<Box<Instance>> {
        for wanted in [Claim::Labelled, Claim::Perhaps] {
            for volume in volumes {
                if (datasource.claims)(self.surroundings, volume) != wanted {
                    continue;
                }
                let reading = self.read(datasource, volume, wanted, log);
                let found = self.take(reading, log);
                if found.is_some() {
                    let device = block::device_path(&volume.device);
                    let of = [datasource.what, &device, volume.kind, &volume.label];
                    log.info("found {} {} ({}, {})", &of);
                    return found;
                }
            }
        }
        None
    }

    /// The instance that counts at once.
    fn take(&mut self, reading: Result<Reading>, log: &mut Log<'_>) -> Option<Box<Instance>> {
        match reading {
            Ok(Reading::Nothing) => {}
            Ok(Reading::Disabled) => log.info("a seed is not used: its dsmode is disabled", &[]),
            Ok(Reading::Whole(instance)) => return Some(instance),
            Ok(Reading::Open(instance)) => self.open = Some(instance),
            Ok(Reading::Last(instance)) => self.last = Some(instance),
            Ok(Reading::Remote(url)) => self.remote = Some(url),
            Err(error) => {
                if let Some(earlier) = self.broken.replace(error) {
                    log.warn(&earlier);
                }
            }
        }
        None
    }

    /// The volumes that were not looked at yet, the last name first, as
    /// cloud-init tries them.
    #[inline(never)]
    fn new_volumes(&mut self, log: &mut Log<'_>) -> Vec<Volume> {
        let mut volumes = Vec::new();
        for device in self.devices.fresh() {
            self.lost.retain(|lost| *lost != block::device_path(&device));
            let mut slow = |path: &str| log.info("waiting for {} to answer", &[path]);
            match self.devices.content(&device, &mut slow) {
                Ok(Content::FileSystem(superblock)) => {
                    self.note(&device, &superblock);
                    volumes.push(Volume {
                        partition: block::is_partition(&device),
                        device,
                        kind: superblock.kind,
                        label: superblock.label,
                    });
                }
                // An optical disc is a seed more often than not.
                Ok(Content::Unknown) if device.starts_with("sr") => {
                    let why = "no file system this program knows is on it";
                    log.warn(&Error::new("read", block::device_path(&device), why));
                }
                Ok(Content::Nothing | Content::Unknown) => {}
                Err(error) => log.warn(&error),
            }
        }
        volumes
    }

    /// Keeps what is on a device for who misses a seed.
    fn note(&mut self, device: &str, superblock: &Superblock) {
        self.shown += 1;
        if self.shown <= limits::DEVICES_SHOWN {
            let comma = if self.shown == 1 { "" } else { ", " };
            let values = [comma, &block::device_path(device), superblock.kind, &superblock.label];
            self.seen.push_str(&fill("{}{} ({}, label {})", &values));
        }
    }

    /// What is on a volume. One that stops answering is no seed, whatever of it was read before, and
    /// is not asked again: at another boot it may have all of it.
    #[inline(never)]
    fn read(
        &mut self,
        datasource: &Datasource,
        volume: &Volume,
        claim: Claim,
        log: &mut Log<'_>,
    ) -> Result<Reading> {
        let device = block::device_path(&volume.device);
        if self.lost.contains(&device) {
            return Ok(Reading::Nothing);
        }
        let mut problems = Vec::new();
        let mut slow = |path: &str| log.info("waiting for {} to answer", &[path]);
        let (fault, reading) = match Drive::mount(&device, volume.kind, &mut slow) {
            Ok(drive) => {
                let medium = Medium { tree: &drive, name: &device };
                let reading = (datasource.read)(self.surroundings, Some(&medium), &mut problems);
                (drive.lost(), reading)
            }
            Err(error) => (Some(error), Ok(Reading::Nothing)),
        };
        if let Some(fault) = fault {
            self.lost.push(device);
            if claim == Claim::Labelled {
                return Err(fault);
            }
            log.warn(&fault);
            return Ok(Reading::Nothing);
        }
        log.error_of(&problems);
        let reading = reading?;
        if matches!(reading, Reading::Nothing) && claim == Claim::Labelled {
            let why = fill("it is labelled {} and holds no {}", &[&volume.label, datasource.what]);
            return Err(Error::new("read", device, why));
        }
        Ok(reading)
    }
}

/// Reads a folder as a seed.
pub fn folder(path: &str, log: &mut Log<'_>) -> Answer {
    let mut problems = Vec::new();
    let reading = Root::open_seed(path)
        .and_then(|tree| datasource::read_folder(&Medium { tree: &tree, name: path }, &mut problems));
    log.error_of(&problems);
    match reading.map(Reading::instance) {
        Ok(Some(instance)) => Answer::Found(instance),
        Ok(None) => {
            let why =
                "it holds no seed: no meta-data, openstack/latest/meta_data.json or ovf-env.xml that is one";
            Answer::Broken(Error::new("use --seed", path, why))
        }
        Err(error) => Answer::Broken(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    /// The seed was there at once, and a cached instance made it wait 2 s.
    #[test]
    fn with_a_seed_of_the_kernel_line_no_silence_is_waited_for() {
        let root = Tree::default();
        let kernel = Some("nocloud;i=line;h=chalk");
        let surroundings = Surroundings { kernel, ..Surroundings::of_root(&root) };
        let mut search = Search::new(&surroundings, Vec::from([datasource::named("nocloud").unwrap()]));
        let start = clock::monotonic();
        let patience = Patience { bound: start + 10_000_000, quiet: Some(5_000_000) };
        let Answer::Found(instance) = search.run(patience, &mut Log::new("test", &|_, _| {})) else {
            panic!("there is a seed");
        };
        let took = clock::monotonic() - start;
        assert_eq!(instance.id.as_str(), "line");
        assert!(took < 3_000_000, "{took} us");
    }
}
