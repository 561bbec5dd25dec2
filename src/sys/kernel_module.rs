//! Loading the kernel modules packed into an initramfs.

use super::{failed, path::open, tree};
use crate::error::{Error, Result};
use crate::limits;
use crate::text::has;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fd::AsFd;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// finit_module(2): the kernel decompresses the file itself.
const MODULE_INIT_COMPRESSED_FILE: i32 = 4;

/// Loads every module that modules.dep of the running kernel names, each
/// after what it needs. One that fails is told and the others go on.
/// The value is how many were loaded.
#[inline(never)]
pub fn load_all(tell: &mut dyn FnMut(Error)) -> u64 {
    let kernel = rustix::system::uname();
    let folder = ["/lib/modules/", kernel.release().to_str().unwrap_or_default(), "/"].concat();
    let mut loaded = 0;
    let outcome = index(&[&folder, "modules.dep"].concat()).map(|index| {
        for path in load_order(&index) {
            match load(&[&folder, path].concat()) {
                Ok(()) => loaded += 1,
                Err(error) => tell(error),
            }
        }
    });
    if let Err(error) = outcome {
        tell(error);
    }
    loaded
}

/// The text of a modules.dep; empty where there is none.
fn index(path: &str) -> Result<String> {
    let content = tree::content(open(path, OFlags::RDONLY), limits::ROOT_FILE, path)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// The modules of modules.dep as paths below its folder. depmod(8) lists all
/// that a module needs, the deepest last: reversed, each line loads in one pass.
#[inline(never)]
fn load_order(text: &str) -> Vec<&str> {
    let mut order: Vec<&str> = Vec::new();
    for line in text.lines() {
        if !has(line, b':') {
            continue;
        }
        for word in line.split_ascii_whitespace().rev() {
            let path = word.strip_suffix(':').unwrap_or(word);
            if !order.contains(&path) {
                order.push(path);
            }
        }
    }
    order
}

#[inline(never)]
fn load(path: &str) -> Result<()> {
    let doing = "load module";
    let file = open(path, OFlags::RDONLY).map_err(|errno| failed(doing, path, errno))?;
    let compressed = path.ends_with(".xz") || path.ends_with(".zst") || path.ends_with(".gz");
    let flags = if compressed { MODULE_INIT_COMPRESSED_FILE } else { 0 };
    match rustix::system::finit_module(file.as_fd(), c"", flags) {
        // A driver without its hardware says NODEV.
        Ok(()) | Err(Errno::EXIST | Errno::NODEV) => Ok(()),
        Err(errno) => Err(failed(doing, path, errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_comes_after_what_it_needs() {
        let text = "k/sr_mod.ko: k/cdrom.ko k/scsi_mod.ko k/scsi_common.ko\n\
                    k/cdrom.ko:\nk/scsi_mod.ko: k/scsi_common.ko\nk/scsi_common.ko:\n";
        assert_eq!(load_order(text), ["k/scsi_common.ko", "k/scsi_mod.ko", "k/cdrom.ko", "k/sr_mod.ko"]);
    }

    #[test]
    fn a_cycle_or_a_torn_line_ends() {
        assert_eq!(load_order("a: b\nb: a\nc"), ["b", "a"]);
    }
}
