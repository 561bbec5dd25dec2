//! Looking for the seed: every block device that is there, then every one
//! that appears, until a bound.

use super::log::Log;
use crate::datasource;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::sys::netlink::{Uevent, Uevents};
use crate::sys::root::Root;
use crate::sys::{block, clock, mount};
use crate::text::fill;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A machine that expects no seed waits for this much silence of the kernel,
/// in microseconds: cold plug has settled then.
const SETTLED: u64 = 300_000;

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
}

/// How long to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Seconds at the most.
    pub seconds: u32,
    /// Whether a seed is expected; else the wait ends when the kernel is quiet.
    pub expected: bool,
}

/// Looks for a seed on the machine's block devices.
#[inline(never)]
pub fn search(patience: Patience, log: &mut Log<'_>) -> Answer {
    // Before the first look, so that nothing appears unseen in between.
    let mut uevents = match Uevents::open() {
        Ok(uevents) => Some(uevents),
        Err(error) => {
            log.warn(&error);
            None
        }
    };
    let bound = clock::monotonic() + u64::from(patience.seconds) * 1_000_000;
    let mut looked_at = Vec::new();
    loop {
        if let Some(answer) = look(&mut looked_at, log) {
            return answer;
        }
        let now = clock::monotonic();
        let until = if patience.expected { bound } else { bound.min(now + SETTLED) };
        let event = match &mut uevents {
            Some(uevents) if now < bound => uevents.wait(until),
            _ => Ok(None),
        };
        match event {
            Ok(Some(Uevent::Device { subsystem, name: Some(name), .. })) if subsystem == "block" => {
                if let Some(at) = looked_at.iter().position(|seen| *seen == name) {
                    looked_at.swap_remove(at);
                }
            }
            Ok(Some(Uevent::Device { .. })) => {}
            Ok(Some(Uevent::Lost)) => looked_at.clear(),
            Ok(None) if patience.expected => return Answer::TimedOut,
            // udev is still loading drivers, which bring devices
            Ok(None) if now < bound && block::exists("/run/udev/queue") => {}
            Ok(None) => return Answer::Absent,
            Err(error) => {
                log.warn(&error);
                uevents = None;
            }
        }
    }
}

/// Looks at each device once; a broken seed counts when no other is there.
fn look(looked_at: &mut Vec<String>, log: &mut Log<'_>) -> Option<Answer> {
    let mut broken = None;
    for name in block::devices() {
        if looked_at.contains(&name) {
            continue;
        }
        let found = read(&name, log);
        looked_at.push(name);
        match found {
            Ok(Some(found)) => return Some(Answer::Found(found)),
            Ok(None) => {}
            Err(error) => {
                if let Some(earlier) = broken.replace(error) {
                    log.warn(&earlier);
                }
            }
        }
    }
    broken.map(Answer::Broken)
}

#[inline(never)]
fn read(name: &str, log: &mut Log<'_>) -> Result<Option<Box<Instance>>> {
    let device = block::device_path(name);
    let superblock = match block::superblock(name) {
        Ok(Some(superblock)) => superblock,
        Ok(None) => {
            // An optical disc is a seed more often than not.
            if name.starts_with("sr") && block::has_medium(name) {
                log.warn(&Error::new("read", device, "no file system this program knows is on it"));
            }
            return Ok(None);
        }
        Err(error) => {
            log.warn(&error);
            return Ok(None);
        }
    };
    if !datasource::label_is_seed(&superblock.label) {
        return Ok(None);
    }
    let disc = Root::of(mount::mount_disc(&device, &superblock)?, &fill("{}:", &[&device]));
    let instance = take(&disc, &device, log)?;
    if instance.is_none() {
        let why = fill("it is labelled {} and holds no openstack/ tree", &[&superblock.label]);
        return Err(Error::new("read", device, why));
    }
    log.info("found config drive {} ({}, {})", &[&device, superblock.kind, &superblock.label]);
    Ok(instance)
}

/// Reads a folder as a seed.
pub fn folder(path: &str, log: &mut Log<'_>) -> Answer {
    match Root::open(path).and_then(|tree| take(&tree, path, log)) {
        Ok(Some(instance)) => Answer::Found(instance),
        Ok(None) => Answer::Absent,
        Err(error) => Answer::Broken(error),
    }
}

/// Reads a tree as a seed and tells what of it can't be read.
#[inline(never)]
fn take(tree: &Root, name: &str, log: &mut Log<'_>) -> Result<Option<Box<Instance>>> {
    let mut problems = Vec::new();
    let instance = datasource::read(tree, name, &mut problems);
    for problem in &problems {
        log.error(problem);
    }
    instance
}
