//! `mounts`, `mount_default_fields`, `swap`, `device_aliases`.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::{Error, Result};
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("mounts", Kind::List(&Kind::List(&FIELD))),
    Key::new("mount_default_fields", Kind::List(&FIELD)),
    Key::new("device_aliases", Kind::MapOf(&Kind::Text)),
    Key::new(
        "swap",
        Kind::Map(&[Key::new("filename", Kind::Text), Key::new("size", SIZE), Key::new("maxsize", SIZE)]),
    ),
];

static FIELD: Kind = Kind::Either(&[Kind::Scalar, Kind::Null]);
const SIZE: Kind = Kind::Either(&[Kind::Integer, Kind::Text]);

/// Fields of a line of fstab(5).
pub const FIELDS: usize = 6;

/// A line that is asked for.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    setting: Setting<'a>,
    value: &'a Value<'a>,
    /// As it names the device.
    pub device: Cow<'a, str>,
    /// The fields behind the device; `None` where the default is meant.
    pub rest: [Option<Cow<'a, str>>; FIELDS - 1],
}

impl Entry<'_> {
    /// Why there is no line for it, with its place.
    pub fn problem(&self, why: &str) -> Error {
        self.setting.error("mount the device at", self.value, &fill("{}: {}", &[&self.device, why]))
    }
}

/// The entries in order; what is none is a problem, and the others count.
pub fn entries<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Vec<Entry<'a>> {
    let Some(setting) = config.get("mounts") else { return Vec::new() };
    let items = setting.list("mounts").unwrap_or_else(|error| {
        problems.push(error);
        &[]
    });
    let mut entries = Vec::new();
    for value in items {
        match entry(setting, value) {
            Ok(entry) => entries.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
    entries
}

fn entry<'a>(setting: Setting<'a>, value: &'a Value<'a>) -> Result<Entry<'a>> {
    const DOING: &str = "mount the device at";
    let Some([device, rest @ ..]) = value.items() else {
        return Err(setting.mismatch(DOING, value, "it", "a list with a device in front"));
    };
    let Some(Some(name)) = field(device) else {
        return Err(setting.mismatch(DOING, device, "the device", "a string"));
    };
    let mut fields: [Option<Cow<'a, str>>; FIELDS - 1] = [const { None }; FIELDS - 1];
    for (field, item) in fields.iter_mut().zip(rest) {
        match self::field(item) {
            Some(text) => *field = text.filter(|text| !text.is_empty()),
            None => return Err(setting.mismatch(DOING, item, "a field", "a string or a number")),
        }
        if field.as_deref().is_some_and(|text| !is_field(text)) {
            return Err(setting.error(DOING, item, "a field has control characters"));
        }
    }
    if name.is_empty() || name.starts_with('#') || !is_field(&name) {
        return Err(setting.error(DOING, device, "it is no name of a device"));
    }
    Ok(Entry { setting, value, device: name, rest: fields })
}

/// Whether a line of fstab(5) has a way to write all of it.
fn is_field(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && c != '\t' && c != '\n')
}

/// A field as text; `Some(None)` for `null`.
#[allow(clippy::option_option)] // null is a field, a list is none
fn field<'a>(value: &'a Value<'a>) -> Option<Option<Cow<'a, str>>> {
    Some(Some(match &value.data {
        Data::Null => return Some(None),
        Data::Str(text) | Data::BigInt(text) | Data::Float(text) | Data::Timestamp(text) => {
            Cow::Borrowed(&**text)
        }
        Data::Int(number) => number.to_string().into(),
        Data::Bool(true) => "True".into(),
        Data::Bool(false) => "False".into(),
        Data::Bytes(_) | Data::Seq(_) | Data::Map(_) => return None,
    }))
}

/// File systems of other machines whose devices do not show it.
const REMOTE: &str = "efs glusterfs davfs fuse.s3fs fuse.rclone";

/// Whether a file system of another machine is to be mounted.
#[inline(never)]
pub fn is_remote(config: &CloudConfig<'_>) -> bool {
    let items = config.get("mounts").and_then(|setting| setting.value.items());
    items.unwrap_or_default().iter().any(|item| {
        let fields = item.items().unwrap_or_default();
        let field = |at: usize| fields.get(at).and_then(Value::as_str).unwrap_or_default();
        let (device, kind) = (field(0), field(2));
        device.starts_with("//")
            || device.bytes().zip(device.bytes().skip(1)).any(|pair| pair == (b':', b'/'))
            || REMOTE.split(' ').any(|remote| remote == kind)
    })
}

/// What stands in fields that an entry leaves open: `mount_default_fields`,
/// else the usual, with `options`.
pub fn default_fields<'a>(
    config: &CloudConfig<'a>,
    options: &'a str,
    problems: &mut Vec<Error>,
) -> [Option<Cow<'a, str>>; FIELDS] {
    let usual = [None, None, Some("auto"), Some(options), Some("0"), Some("2")];
    let mut fields = usual.map(|field| field.map(Cow::Borrowed));
    let Some(setting) = config.get("mount_default_fields") else { return fields };
    match setting.list("mount_default_fields") {
        Ok(items) => {
            for (own, item) in fields.iter_mut().zip(items) {
                match field(item) {
                    Some(Some(text)) if !is_field(&text) || text.is_empty() => {
                        problems.push(setting.error(
                            "read",
                            item,
                            "a field is empty or has control characters",
                        ));
                    }
                    Some(text) => *own = text,
                    None => problems.push(setting.mismatch("read", item, "a field", "a string or a number")),
                }
            }
        }
        Err(problem) => problems.push(problem),
    }
    fields
}

/// Another name of a device (`device_aliases`).
pub fn alias<'a>(config: &CloudConfig<'a>, name: &str) -> Option<&'a str> {
    config.get("device_aliases")?.value.get(name)?.as_str()
}

/// The device that ec2/latest/meta-data.json maps a name to, as it has it.
pub fn mapped_device(ec2: Option<&[u8]>, name: &str) -> Option<String> {
    let tree = json::parse(ec2?).ok()?;
    let mapping = tree.get("block-device-mapping")?;
    let found = mapping.entries().iter().find(|(key, _)| key.as_str() == Some(name))?;
    Some(found.1.as_str()?.into())
}

/// A file for swapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap<'a> {
    /// Its path.
    pub path: &'a str,
    /// Bytes; `None`: as the machine's memory has it.
    pub size: Option<u64>,
    /// Bytes at most.
    pub most: Option<u64>,
}

/// The `swap` file that is asked for.
pub fn swap<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Option<Swap<'a>> {
    let setting = config.get("swap")?;
    match swap_of(&setting) {
        Ok(swap) => swap,
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

fn swap_of<'a>(setting: &Setting<'a>) -> Result<Option<Swap<'a>>> {
    const DOING: &str = "make the swap file at";
    if !matches!(setting.value.data, Data::Map(_)) {
        return Err(setting.mismatch(DOING, setting.value, "swap", "a mapping"));
    }
    let path = match setting.value.get_set("filename") {
        None => "/swap.img",
        Some(value) => match value.as_str() {
            Some(path) if path.starts_with('/') && !path.contains(char::is_control) => path,
            _ => return Err(setting.error(DOING, value, "filename is not an absolute path")),
        },
    };
    let size = |key: &str| match setting.value.get_set(key) {
        None => Ok(Some(0)),
        Some(value) if value.as_str() == Some("auto") => Ok(None),
        Some(value) => match bytes(value) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(setting.error(DOING, value, &fill("{} is no size", &[key]))),
        },
    };
    let most = size("maxsize")?.filter(|most| *most > 0);
    Ok(match size("size")? {
        Some(0) => None,
        size => Some(Swap { path, size, most }),
    })
}

/// `1048576`, `512M`, `.5G`, `2GB`.
fn bytes(value: &Value<'_>) -> Option<u64> {
    if let Some(number) = value.as_int() {
        return u64::try_from(number).ok();
    }
    let text = value.as_str()?.trim_ascii();
    let text = text.strip_suffix('B').unwrap_or(text);
    let units = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];
    let unit = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(*unit)?, *shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if number.is_empty() || number == "." || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let part = u64::try_from((u128::from(part) << shift) / u128::from(scale)).ok()?;
    whole.checked_mul(1 << shift)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn sizes_are_bytes() {
        let text = |text: &str| bytes(&Value::bare(Data::Str(text.to_owned().into())));
        for (given, wanted) in [
            ("1024", Some(1024)),
            ("2G", Some(2 << 30)),
            (".5G", Some(512 << 20)),
            ("1.5KB", Some(1536)),
            ("1T", Some(1 << 40)),
            ("", None),
            (".", None),
            ("-1", None),
            ("2 G", None),
            ("99999999999T", None),
        ] {
            assert_eq!(text(given), wanted, "{given}");
        }
    }

    #[test]
    fn entries_keep_their_fields() {
        let mut problems = Vec::new();
        let config =
            layer("mounts: [[vdb, /data, ext4, null, 0, 2, 7], [vdc, null], [vdd], x, [], [vde, [a]]]");
        let entries = entries(&config, &mut problems);
        let field = |at: usize, field: usize| entries[at].rest[field].as_deref();
        assert_eq!((field(0, 0), field(0, 2), field(0, 4)), (Some("/data"), None, Some("2")));
        assert_eq!(entries.iter().map(|entry| &*entry.device).collect::<Vec<_>>(), ["vdb", "vdc", "vdd"]);
        assert_eq!(
            problems.iter().map(Error::text).collect::<Vec<_>>(),
            [
                "unable to mount the device at user-data:1:65: it is a string, not a list with a device in front",
                "unable to mount the device at user-data:1:68: it is a list, not a list with a device in front",
                "unable to mount the device at user-data:1:78: a field is a list, not a string or a number",
            ]
        );
    }

    #[test]
    fn swap_has_a_file_and_a_size() {
        let swap = |text: &'static str| {
            let mut problems = Vec::new();
            (super::swap(&layer(text), &mut problems), problems.len())
        };
        let file = |size, most| Some(Swap { path: "/swap.img", size, most });
        assert_eq!(swap("{swap: {size: 2G}}"), (file(Some(2 << 30), None), 0));
        assert_eq!(swap("{swap: {size: auto, maxsize: 1048576}}"), (file(None, Some(1 << 20)), 0));
        assert_eq!(swap("{swap: {filename: /s, size: 0}}"), (None, 0));
        assert_eq!(swap("{swap: {filename: s, size: 1}}"), (None, 1));
        assert_eq!(swap("{swap: {size: big}}"), (None, 1));
        assert_eq!(swap("{swap: true}"), (None, 1));
    }
}
