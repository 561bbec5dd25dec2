//! `disk_setup` and `fs_setup`: partition tables and file systems.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] =
    &[Key::new("disk_setup", Kind::MapOf(&DISK)), Key::new("fs_setup", Kind::List(&Kind::Map(FILE_SYSTEM)))];

static DISK: Kind = Kind::Map(&[
    Key::new("table_type", Kind::OneOf(&["mbr", "gpt"])),
    Key::new("layout", Kind::Either(&[Kind::Bool, Kind::List(&Kind::Any), Kind::OneOf(&["auto", "remove"])])),
    Key::new("overwrite", Kind::Bool),
]);

static FILE_SYSTEM: &[Key] = &[
    Key::new("cmd", Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)])),
    Key::new("device", Kind::Text).required(),
    Key::new("extra_opts", Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)])),
    Key::new("filesystem", Kind::OneOf(FILE_SYSTEMS)),
    Key::new("label", Kind::Scalar),
    Key::new("overwrite", Kind::Bool),
    Key::new("partition", Kind::Scalar),
    Key::new("replace_fs", Kind::Text),
];

/// File systems that a mkfs(8) or mkswap(8) of a distribution makes.
const FILE_SYSTEMS: &[&str] = &[
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fat", "jfs", "minix", "msdos", "nilfs2",
    "ntfs", "reiserfs", "swap", "udf", "vfat", "xfs",
];

/// A kind of partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The old one, of four partitions.
    Mbr,
    /// The one of UEFI.
    Gpt,
}

/// What a disk is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A partition at least: one that is all of it where there is none.
    One,
    /// These partitions: ten-thousandths of the disk and type of each; the last
    /// one has what is left.
    Parts(Vec<(u32, String)>),
    /// None: the table goes.
    None,
}

/// A disk that is to have partitions.
#[derive(Clone, Debug)]
pub struct Disk<'a> {
    setting: Setting<'a>,
    value: &'a Value<'a>,
    /// As the configuration names it.
    pub name: &'a str,
    /// Its table.
    pub table: Table,
    /// What it is to hold.
    pub layout: Layout,
    /// Whether what is on it may go.
    pub overwrite: bool,
}

impl Disk<'_> {
    /// Why it gets no partitions, with its place.
    pub fn problem(&self, why: &str) -> Error {
        self.setting.error("partition the disk at", self.value, &fill("{}: {}", &[self.name, why]))
    }
}

/// The disks of `disk_setup`; what makes no sense is a problem, and the others
/// count.
pub fn disks<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Vec<Disk<'a>> {
    let Some(setting) = config.get("disk_setup") else { return Vec::new() };
    if !matches!(setting.value.data, Data::Map(_)) {
        problems.push(setting.mismatch("read", setting.value, "disk_setup", "a mapping"));
    }
    let mut disks = Vec::new();
    for (key, value) in setting.value.entries() {
        match disk(setting, key, value) {
            Ok(disk) => disks.extend(disk),
            Err(problem) => problems.push(problem),
        }
    }
    disks
}

/// A disk; `None` where it is to have no partitions.
fn disk<'a>(setting: Setting<'a>, key: &'a Value<'a>, value: &'a Value<'a>) -> Result<Option<Disk<'a>>> {
    let wrong = |value: &Value<'_>, why: &str| Err(setting.error("partition the disk at", value, why));
    let (Some(name), Data::Map(_)) = (key.as_str(), &value.data) else {
        return wrong(value, "it is not a mapping under the name of a disk");
    };
    let table = match value.get_set("table_type").map(Value::as_str) {
        None | Some(Some("mbr")) => Table::Mbr,
        Some(Some("gpt")) => Table::Gpt,
        Some(_) => return wrong(value, "table_type is neither mbr nor gpt"),
    };
    let layout = match value.get_set("layout").map(|layout| (layout, &layout.data)) {
        None | Some((_, Data::Bool(false))) => return Ok(None),
        Some((_, Data::Bool(true))) => Layout::One,
        Some((_, Data::Str(text))) if text == "auto" => Layout::One,
        Some((_, Data::Str(text))) if text.eq_ignore_ascii_case("remove") => Layout::None,
        Some((layout, Data::Seq(items))) => {
            let parts: Option<Vec<_>> = items.iter().map(part).collect();
            let fits = |parts: &Vec<(u32, String)>| {
                !parts.is_empty() && parts.iter().map(|(size, _)| size).sum::<u32>() <= WHOLE
            };
            match parts.filter(fits) {
                Some(parts) => Layout::Parts(parts),
                None => return wrong(layout, "layout is no list of percentages, at most a hundred together"),
            }
        }
        Some((layout, _)) => return wrong(layout, "layout is neither true, remove nor a list"),
    };
    let overwrite = value.get("overwrite").and_then(Value::as_bool).unwrap_or(false);
    Ok(Some(Disk { setting, value, name, table, layout, overwrite }))
}

/// A whole disk, in the unit of its parts.
pub const WHOLE: u32 = 10_000;

/// `33`, `33.3`: hundredths of the disk.
fn size(value: &Value<'_>) -> Option<u32> {
    let text: &str = match &value.data {
        Data::Int(size) => return u32::try_from(*size).ok()?.checked_mul(100),
        Data::Str(text) | Data::Float(text) => text.trim_ascii(),
        _ => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let fraction = match *fraction.as_bytes() {
        [tens @ b'0'..=b'9'] => u32::from(tens - b'0') * 10,
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => u32::from(tens - b'0') * 10 + u32::from(ones - b'0'),
        _ => return None,
    };
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(fraction)
}

/// `33`, or `[33, 82]`: how much of the disk, and the partition's type.
fn part(value: &Value<'_>) -> Option<(u32, String)> {
    let (size, kind) = match value.items() {
        None => (size(value)?, String::new()),
        Some([own, kind]) => (
            size(own)?,
            match &kind.data {
                Data::Int(number) => number.to_string(),
                Data::Str(text)
                    if !text.is_empty()
                        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
                {
                    text.to_string()
                }
                _ => return None,
            },
        ),
        Some(_) => return None,
    };
    (1..=WHOLE).contains(&size).then_some((size, kind))
}

/// Which part of a device gets a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One with the same file system and label, else the first that is free.
    Auto,
    /// One with the same file system, else the first that is free.
    Any,
    /// The device itself.
    Whole,
    /// This partition.
    Partition(u32),
}

/// What makes a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// A line of the shell.
    Line(&'a str),
    /// A program and its arguments.
    Words(Vec<&'a str>),
}

/// A file system that is to be made.
#[derive(Clone, Debug)]
pub struct FsSetup<'a> {
    setting: Setting<'a>,
    value: &'a Value<'a>,
    /// As the configuration names it.
    pub device: &'a str,
    /// Where on it.
    pub place: Place,
    /// Its kind: `ext4`.
    pub kind: &'a str,
    /// Its label; empty for none.
    pub label: String,
    /// Whether what is there may go.
    pub overwrite: bool,
    /// A file system that may go.
    pub replace: Option<&'a str>,
    /// The command that makes it, else mkfs(8).
    pub command: Option<Command<'a>>,
    /// More arguments of that.
    pub options: Vec<&'a str>,
}

impl FsSetup<'_> {
    /// Why it is not made, with its place.
    pub fn problem(&self, why: &str) -> Error {
        self.setting.error("make the file system at", self.value, &fill("{}: {}", &[self.device, why]))
    }
}

/// The file systems of `fs_setup` in order.
pub fn file_systems<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Vec<FsSetup<'a>> {
    let Some(setting) = config.get("fs_setup") else { return Vec::new() };
    let items = setting.list("fs_setup").unwrap_or_else(|problem| {
        problems.push(problem);
        &[]
    });
    let mut found = Vec::new();
    for value in items {
        match file_system(setting, value) {
            Ok(one) => found.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    found
}

const PLACES: &str = "partition is none of auto, any, none and a number";

fn file_system<'a>(setting: Setting<'a>, value: &'a Value<'a>) -> Result<FsSetup<'a>> {
    let wrong = |why: &str| setting.error("make the file system at", value, why);
    let text = |key: &str| {
        value
            .get_set(key)
            .map(|value| value.as_str().ok_or_else(|| wrong(&fill("{} is not a string", &[key]))))
            .transpose()
    };
    let words = |key: &str| match value.get_set(key) {
        None => Some(Vec::new()),
        Some(value) => match (&value.data, value.items()) {
            (Data::Str(text), _) => Some(text.split_ascii_whitespace().collect()),
            (_, Some(items)) => items.iter().map(Value::as_str).collect(),
            _ => None,
        },
    };
    let device = text("device")?.ok_or_else(|| wrong("it has no device"))?;
    let place = match value.get_set("partition").map(|value| &value.data) {
        None => Place::Any,
        Some(Data::Str(text)) => match &*text.to_ascii_lowercase() {
            "auto" => Place::Auto,
            "any" => Place::Any,
            "none" | "" => Place::Whole,
            number => Place::Partition(number.parse().map_err(|_| wrong(PLACES))?),
        },
        Some(Data::Int(number)) => Place::Partition(u32::try_from(*number).map_err(|_| wrong(PLACES))?),
        Some(_) => return Err(wrong(PLACES)),
    };
    let label = match value.get_set("label").map(|value| &value.data) {
        None => String::new(),
        Some(Data::Str(text)) => text.to_string(),
        Some(Data::Int(number)) => number.to_string(),
        Some(_) => return Err(wrong("label is not a string")),
    };
    Ok(FsSetup {
        setting,
        value,
        device,
        place,
        kind: text("filesystem")?.unwrap_or("ext4"),
        label,
        overwrite: value.get("overwrite").and_then(Value::as_bool).unwrap_or(false),
        replace: text("replace_fs")?,
        command: match value.get_set("cmd").map(|value| &value.data) {
            None => None,
            Some(Data::Str(line)) => Some(Command::Line(line)),
            Some(_) => Some(Command::Words(words("cmd").ok_or_else(|| wrong("cmd is not a list of words"))?)),
        },
        options: words("extra_opts").ok_or_else(|| wrong("extra_opts is not a list of words"))?,
    })
}
