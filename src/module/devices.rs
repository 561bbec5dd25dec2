//! Which block device a name means: names of metadata, short names, labels,
//! partitions.

use super::Context;
use crate::cloud_config::mounts::{alias, mapped_device};
use crate::fetch::{self, Fetch};
use crate::instance::EC2_META_DATA;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a name in `mounts` or `fs_setup` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Device {
    /// A device that is there.
    Here(String),
    /// No device of the kernel's: a share, `tmpfs`, a path to bind.
    Other,
    /// A device that is not there.
    Missing,
}

/// Names that metadata gives to devices.
fn is_metadata_name(name: &str) -> bool {
    let numbered = |prefix: &str| name.starts_with(prefix) && !name.contains(':');
    matches!(name, "ami" | "root" | "swap") || numbered("ephemeral") || numbered("ebs")
}

/// Whether anything is at a path of /dev. What can't be looked up is no device
/// to write to.
pub(super) fn exists(root: &dyn Fetch, path: &str) -> bool {
    matches!(root.mode(path), Ok(Some(_)))
}

/// The path of partition `number` of a device that is there.
pub(super) fn partition(root: &dyn Fetch, device: &str, number: &str) -> Option<String> {
    let paths = ["", "p", "-part"].iter().map(|between| [device, between, number].concat());
    paths.into_iter().find(|path| exists(root, path))
}

/// The path of a device that is not there and may come later; `None` for names that
/// only what is there makes sense of.
pub(super) fn expected(context: &Context<'_>, name: &str) -> Option<String> {
    let alias = alias(context.config, name).unwrap_or(name);
    if name.contains('=') || alias.starts_with("/dev/") {
        return Some(alias.into());
    }
    let is_disk = !is_metadata_name(alias) && is_kernel_name(context.root, alias);
    is_disk.then(|| ["/dev/", alias].concat())
}

/// Finds the device a name means: `ephemeral0`, `vdb`, `vdb.1`, `/dev/vdb`,
/// `LABEL=data`. A whole disk means its first partition where it has one.
pub(super) fn find(context: &Context<'_>, name: &str) -> Device {
    match whole(context, name) {
        (Device::Here(path), _) if name.contains('=') => Device::Here(path),
        (Device::Here(path), Some(number)) => {
            partition(context.root, &path, number).map_or(Device::Missing, Device::Here)
        }
        (Device::Here(path), None) => Device::Here(partition(context.root, &path, "1").unwrap_or(path)),
        (other, _) => other,
    }
}

/// As [`find`], the disk itself, and the number of a partition behind its name.
pub(super) fn whole<'n>(context: &Context<'_>, name: &'n str) -> (Device, Option<&'n str>) {
    let root = context.root;
    let name = if name == "ephemeral" { "ephemeral0" } else { name };
    if let Some((tag, value)) = name.split_once('=') {
        return (by_tag(context, tag, value.trim_matches('"')), None);
    }
    // A share of NFS, of Ceph, or the like.
    if name.split_once(':').is_some_and(|(host, _)| !host.is_empty()) || name.starts_with("//") {
        return (Device::Other, None);
    }
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (device, number) = match name.rsplit_once('.') {
        Some((device, number)) if digits(&number) && !exists(root, name) => (device, Some(number)),
        _ => (name, None),
    };
    let device = alias(context.config, device).unwrap_or(device);
    let path = if is_metadata_name(device) {
        match by_metadata(context, device) {
            Some(path) => path,
            None => return (Device::Missing, None),
        }
    } else if device.starts_with("/dev/") {
        device.into()
    } else if device.starts_with('/') || !is_kernel_name(root, device) {
        return (Device::Other, None);
    } else {
        ["/dev/", device].concat()
    };
    // A partition may be there without the disk's own name.
    let is_there = exists(root, &path) || partition(root, &path, number.unwrap_or("1")).is_some();
    (if is_there { Device::Here(path) } else { Device::Missing }, number)
}

/// Whether a bare name is one the kernel gives to disks, be it there or not.
fn is_kernel_name(root: &dyn Fetch, name: &str) -> bool {
    if exists(root, &["/sys/class/block/", name].concat()) {
        return true;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let disk = |rest: &str| {
        let mut rest = rest.chars();
        rest.next().is_some_and(|letter| letter.is_ascii_lowercase()) && digits(rest.as_str())
    };
    let prefixes = ["sd", "hd", "vd", "xvd", "xsd", "xhd"];
    prefixes.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(disk))
        || name.strip_prefix("sr").is_some_and(|rest| !rest.is_empty() && digits(rest))
}

/// The device metadata gives a name, else the one with the name for its label.
fn by_metadata(context: &Context<'_>, name: &str) -> Option<String> {
    let ec2 = context.instance.file(EC2_META_DATA);
    let names: &[&str] = if matches!(name, "ami" | "root") { &["ami", "root"] } else { &[name] };
    let mapped = names.iter().find_map(|name| present(context.root, &mapped_device(ec2, name)?));
    mapped.or_else(|| match by_tag(context, "LABEL", name) {
        Device::Here(path) => path_of_tag(context, "LABEL", name).or(Some(path)),
        _ => None,
    })
}

/// A device that metadata names, as the kernel here calls it: `sdb` may be `vdb`.
fn present(root: &dyn Fetch, name: &str) -> Option<String> {
    let path = if name.starts_with('/') { name.into() } else { ["/dev/", name].concat() };
    if exists(root, &path) {
        return Some(path);
    }
    let disk = path.strip_prefix("/dev/")?.strip_prefix("sd")?;
    let others = ["vd", "xvd", "vtb"].iter().map(|prefix| ["/dev/", prefix, disk].concat());
    others.into_iter().find(|path| exists(root, path))
}

/// `LABEL=`, `UUID=` and the like, as fstab(5) has them.
fn by_tag(context: &Context<'_>, tag: &str, value: &str) -> Device {
    if path_of_tag(context, tag, value).is_some() {
        return Device::Here([tag, "=", value].concat());
    }
    match tag {
        "LABEL" | "UUID" => Device::Missing,
        // What makes these links is not there: nobody can tell.
        _ if context
            .root
            .list(&["/dev/disk/by-", &tag.to_ascii_lowercase()].concat())
            .ok()
            .flatten()
            .is_none() =>
        {
            Device::Other
        }
        _ => Device::Missing,
    }
}

/// The device with a tag: udev's link, else the one whose superblock has it.
fn path_of_tag(context: &Context<'_>, tag: &str, value: &str) -> Option<String> {
    let link = fill("/dev/disk/by-{}/{}", &[&tag.to_ascii_lowercase(), &escaped(value)]);
    if exists(context.root, &link) {
        return Some(link);
    }
    let names = context.root.list("/sys/class/block").ok().flatten().unwrap_or_default();
    names.iter().map(|name| ["/dev/", &name.replace('!', "/")].concat()).find(|path| {
        context.host.file_system(path).is_some_and(|found| match tag {
            "LABEL" => found.label == value,
            "UUID" => found.uuid.eq_ignore_ascii_case(value),
            _ => false,
        })
    })
}

/// As udev writes a label into the name of a link.
fn escaped(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::new();
    for c in value.chars() {
        if c.is_ascii_alphanumeric() || !c.is_ascii() || "#+-.:=@_".contains(c) {
            text.push(c);
        } else {
            let byte = c as usize & 0xff;
            text.push_str("\\x");
            text.extend([char::from(HEX[byte >> 4]), char::from(HEX[byte & 15])]);
        }
    }
    text
}

/// A disk or partition as the kernel describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// The device: `/dev/vda1`.
    pub(super) path: String,
    /// Of a partition: its number, and the disk it is on.
    pub(super) partition: Option<(u32, String)>,
}

/// The device with the number `MAJOR:MINOR`.
pub(super) fn of_number(root: &dyn Fetch, number: &str) -> Option<Node> {
    let folder = ["/sys/dev/block/", number].concat();
    let uevent = fetch::text(root, &[&folder, "/uevent"].concat())?;
    let disk = fetch::text(root, &[&folder, "/../uevent"].concat()).unwrap_or_default();
    let path = |text: &str| value(text, "DEVNAME").map(|name| ["/dev/", name].concat());
    let number = value(&uevent, "PARTN").and_then(|number| number.parse().ok());
    Some(Node { path: path(&uevent)?, partition: number.zip(path(&disk)) })
}

fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

/// What is mounted: number of the device, mount point, kind of file system,
/// source, and whether it takes no writes (proc(5), mountinfo).
pub(super) struct Mounted {
    pub(super) number: String,
    pub(super) point: String,
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) read_only: bool,
}

/// Everything that is mounted, in order.
pub(super) fn mounted(root: &dyn Fetch) -> Vec<Mounted> {
    let text = fetch::text(root, "/proc/self/mountinfo").unwrap_or_default();
    let of_line = |line: &str| {
        let (front, back) = line.split_once(" - ")?;
        let (mut front, mut back) = (front.split(' ').skip(2), back.split(' '));
        let number = front.next()?.to_string();
        let point = front.nth(1)?.replace("\\040", " ");
        let read_only = front.next()?.split(',').any(|option| option == "ro");
        Some(Mounted { number, point, kind: back.next()?.into(), source: back.next()?.into(), read_only })
    };
    text.lines().filter_map(of_line).collect()
}
