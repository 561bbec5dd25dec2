//! The device that `root=` names, as soon as the kernel has it.

use alloc::string::String;
use glowplug::error::{Error, Result};
use glowplug::kernel_line::KernelLine;
use glowplug::limits;
use glowplug::stage::log::Log;
use glowplug::sys::block::{Content, Devices};
use glowplug::sys::netlink::Uevents;
use glowplug::sys::superblock::Superblock;
use glowplug::sys::{block, clock};

/// How the kernel line names the root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spec<'a> {
    /// `/dev/vda1`.
    Device(&'a str),
    /// `LABEL=root`.
    Label(&'a str),
    /// `UUID=…`, either case.
    Uuid(&'a str),
}

impl<'a> Spec<'a> {
    /// Reads the value of `root=`.
    pub(crate) fn parse(text: &'a str) -> Result<Self> {
        if let Some(label) = text.strip_prefix("LABEL=") {
            Ok(Self::Label(label))
        } else if let Some(uuid) = text.strip_prefix("UUID=") {
            Ok(Self::Uuid(uuid))
        } else if text.starts_with("/dev/") {
            Ok(Self::Device(text))
        } else {
            Err(Error::new("find root", text, "only /dev/NAME, LABEL= and UUID= are known"))
        }
    }

    fn is(&self, superblock: &Superblock) -> bool {
        match self {
            Self::Device(_) => false,
            Self::Label(label) => superblock.label == *label,
            Self::Uuid(uuid) => {
                // str's own comparison would take 350 bytes for these 36.
                let lower = |byte: u8| byte.to_ascii_lowercase();
                superblock.uuid.bytes().map(lower).eq(uuid.bytes().map(lower))
            }
        }
    }
}

/// Waits for the root's device: `(path, file system)`, the latter where its
/// superblock is one this program knows. `None` after 30 seconds. `name` is
/// the device for messages.
#[inline(never)]
pub(crate) fn wait(spec: &Spec<'_>, name: &str, log: &mut Log<'_>) -> Option<(String, Option<&'static str>)> {
    let bound = clock::monotonic() + 30_000_000;
    let mut uevents = Uevents::open().map_err(|error| log.warn(&error)).ok()?;
    let (mut told, mut devices) = (false, Devices::default());
    loop {
        if let Some(found) = look(spec, &mut devices, log) {
            return Some(found);
        }
        if !told {
            told = true;
            log.info("waiting for root {}", &[name]);
        }
        match uevents.wait(bound) {
            Ok(Some(event)) => devices.note(&event),
            Ok(None) => return None,
            Err(error) => {
                log.warn(&error);
                return None;
            }
        }
    }
}

/// Says what there is that `root=` could name: the kernel line's words and the
/// devices, with what is on them.
#[inline(never)]
pub(crate) fn tell_all(line: &KernelLine, log: &mut Log<'_>) {
    let words = line.words().join(" ");
    let shown = words.get(..words.floor_char_boundary(limits::KERNEL_LINE_SHOWN)).unwrap_or_default();
    log.info("the kernel line has: {}", &[shown]);
    let devices = block::devices();
    if devices.is_empty() {
        log.info("there is no block device: the module of its driver may not be packed", &[]);
    }
    for name in devices.iter().take(limits::DEVICES_SHOWN) {
        let path = block::device_path(name);
        match block::superblock_at(&path) {
            Ok(Some(found)) => {
                let Superblock { kind, label, uuid } = &*found;
                log.info("there is {}: {}, LABEL={}, UUID={}", &[&path, kind, label, uuid]);
            }
            Ok(None) => log.info("there is {}: no file system known here", &[&path]),
            Err(error) => log.warn(&error),
        }
    }
}

#[inline(never)]
fn look(spec: &Spec<'_>, devices: &mut Devices, log: &mut Log<'_>) -> Option<(String, Option<&'static str>)> {
    if let Spec::Device(path) = spec {
        if !block::exists(path) {
            return None;
        }
        let superblock = block::superblock_at(path).ok().flatten();
        return Some(((*path).into(), superblock.map(|superblock| superblock.kind)));
    }
    while devices.has_fresh() {
        for name in devices.fresh() {
            let mut slow = |path: &str| log.info("waiting for {} to answer", &[path]);
            match devices.content(&name, &mut slow) {
                Ok(Content::FileSystem(superblock)) if spec.is(&superblock) => {
                    return Some((block::device_path(&name), Some(superblock.kind)));
                }
                Ok(_) => {}
                Err(error) => log.warn(&error),
            }
        }
    }
    None
}
