//! Loading the kernel modules packed into an initramfs.

use super::{failed, path::open, tree};
use crate::error::{Error, Result};
use crate::limits;
use crate::syntax::encoding::gunzip;
use crate::text::has;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;
use rustix::fd::AsFd;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// finit_module(2): the kernel decompresses the file itself.
const MODULE_INIT_COMPRESSED_FILE: i32 = 4;

/// Kinds of links (the kernel's `rtnl-link-KIND`), each with the module that
/// makes it and that module's parameters. A bond or dummy that is there because
/// its module is loaded would be one that nobody asked for.
const KINDS: [(&str, &str, &CStr); 4] = [
    ("bond", "bonding", c"max_bonds=0"),
    ("bridge", "bridge", c""),
    ("dummy", "dummy", c"numdummies=0"),
    ("vlan", "8021q", c""),
];

/// Loads every module that modules.dep of the running kernel names, each
/// after what it needs, but those of kinds of links: [`load_kind`] loads them
/// when such a link is to be made. One that fails is told and the others go on.
/// The value is how many were loaded.
#[inline(never)]
pub fn load_all(tell: &mut dyn FnMut(Error)) -> u64 {
    let folder = folder();
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

/// Loads the module that makes links of this kind, and what it needs; whether
/// there is one in modules.dep.
#[inline(never)]
pub fn load_kind(kind: &str) -> Result<bool> {
    let Some((_, module, _)) = KINDS.iter().find(|(of, ..)| *of == kind) else { return Ok(false) };
    let folder = folder();
    let index = index(&[&folder, "modules.dep"].concat())?;
    let Some(line) = index.lines().find(|line| name(first(line)) == *module) else { return Ok(false) };
    for path in words(line).rev() {
        load(&[&folder, path].concat())?;
    }
    Ok(true)
}

/// Where the running kernel's modules are.
#[inline(never)]
fn folder() -> String {
    let kernel = rustix::system::uname();
    ["/lib/modules/", kernel.release().to_str().unwrap_or_default(), "/"].concat()
}

/// `kernel/net/8021q/8021q.ko.xz` → `8021q`.
fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default()
}

/// The module a line of modules.dep is about.
fn first(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

/// The paths on a line of modules.dep: the module, then what it needs.
fn words(line: &str) -> impl DoubleEndedIterator<Item = &str> {
    line.split_ascii_whitespace().map(|word| word.strip_suffix(':').unwrap_or(word))
}

/// The text of a modules.dep; empty where there is none.
fn index(path: &str) -> Result<String> {
    let content = tree::content(tree::open(path), limits::ROOT_FILE, path)?.unwrap_or_default();
    Ok(crate::fetch::lossy(content))
}

/// The modules of modules.dep as paths below its folder, but those of kinds of
/// links and those only they need. depmod(8) lists all that a module needs, the
/// deepest last: reversed, each line loads in one pass.
#[inline(never)]
fn load_order(text: &str) -> Vec<&str> {
    let is_kind = |path: &str| KINDS.iter().any(|(_, module, _)| *module == name(path));
    let mut waiting: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| is_kind(first(line))) {
        waiting.extend(words(line));
    }
    let mut order: Vec<&str> = Vec::new();
    for line in text.lines() {
        if !has(line, b':') || waiting.contains(&first(line)) {
            continue;
        }
        for path in words(line).rev() {
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
    let file = open(path, OFlags::RDONLY | OFlags::NONBLOCK).map_err(|errno| failed(doing, path, errno))?;
    let packed = packing(path);
    let flags = if packed.is_some() { MODULE_INIT_COMPRESSED_FILE } else { 0 };
    let parameters = KINDS.iter().find(|(_, module, _)| *module == name(path)).map_or(c"", |kind| kind.2);
    let mut loaded = rustix::system::finit_module(file.as_fd(), parameters, flags);
    let refuses = matches!(loaded, Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS));
    if let (true, Some(packing)) = (refuses, packed) {
        let unpacks = tree::attribute("/sys/module/compression");
        if packing == "gzip" {
            let content = tree::content(Ok(file), limits::KERNEL_MODULE, path)?.unwrap_or_default();
            let content = gunzip(&content).map_err(|why| Error::new(doing, path, why))?;
            loaded = rustix::system::init_module(&content, parameters);
        } else if unpacks.as_deref() != Some(packing) {
            let why = match &unpacks {
                Some(other) => ["this kernel unpacks ", other, " alone, and this is ", packing].concat(),
                None => ["this kernel unpacks no modules, and this is ", packing].concat(),
            };
            return Err(Error::new(doing, path, why));
        }
    }
    match loaded {
        // A driver without its hardware says NODEV.
        Ok(()) | Err(Errno::EXIST | Errno::NODEV) => Ok(()),
        Err(errno) => Err(failed(doing, path, errno)),
    }
}

/// What a module's file is compressed with, as /sys/module/compression calls it.
fn packing(path: &str) -> Option<&'static str> {
    let known = [(".gz", "gzip"), (".xz", "xz"), (".zst", "zstd")];
    known.into_iter().find(|(suffix, _)| path.ends_with(suffix)).map(|(_, packing)| packing)
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
    fn what_makes_links_waits_until_one_is_wanted() {
        let text = "k/net/8021q.ko: k/garp.ko k/stp.ko k/llc.ko\nk/garp.ko: k/stp.ko k/llc.ko\n\
                    k/stp.ko: k/llc.ko\nk/llc.ko:\nk/bonding.ko.xz: k/tls.ko\nk/tls.ko:\nk/ext4.ko:\n";
        assert_eq!(load_order(text), ["k/ext4.ko"]);
        let text = [text, "k/wan.ko: k/llc.ko\n"].concat();
        assert_eq!(load_order(&text), ["k/ext4.ko", "k/llc.ko", "k/wan.ko"]);
        assert_eq!(name("k/net/8021q/8021q.ko.zst"), "8021q");
    }

    #[test]
    fn how_a_module_is_packed_is_in_its_name() {
        let packed = ["k/a.ko", "k/a.ko.gz", "k/a.ko.xz", "k/a.ko.zst"].map(packing);
        assert_eq!(packed, [None, Some("gzip"), Some("xz"), Some("zstd")]);
    }

    #[test]
    fn a_cycle_or_a_torn_line_ends() {
        assert_eq!(load_order("a: b\nb: a\nc"), ["b", "a"]);
    }
}
