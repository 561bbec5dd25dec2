//! `growpart` and `resize_rootfs`.

use super::CloudConfig;
use super::schema::{Key, Kind};
use crate::error::Error;
use crate::syntax::value::Data;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new(
        "growpart",
        Kind::Map(&[
            Key::new("mode", Kind::Either(&[Kind::OneOf(&["auto", "growpart", "gpart", "off"]), Kind::Bool])),
            Key::new("devices", Kind::List(&Kind::Text)),
            Key::new("ignore_growroot_disabled", Kind::Bool),
        ]),
    ),
    Key::new("resize_rootfs", Kind::Either(&[Kind::Bool, Kind::OneOf(&["noblock"])])),
];

/// What grows partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What the root has.
    Auto,
    /// growpart(1).
    Growpart,
    /// Nothing.
    Off,
}

/// Partitions that are to fill their disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growpart<'a> {
    /// What grows them.
    pub mode: Mode,
    /// Mount points or devices.
    pub devices: Vec<&'a str>,
    /// Whether /etc/growroot-disabled does not count.
    pub always: bool,
}

/// Reads `growpart`; a part that makes no sense is a problem, and the usual
/// counts.
pub fn growpart<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Growpart<'a> {
    let mode = match config.get("growpart.mode") {
        None => Mode::Auto,
        Some(setting) => match &setting.value.data {
            Data::Bool(false) => Mode::Off,
            Data::Bool(true) => Mode::Auto,
            Data::Str(text) if text == "auto" => Mode::Auto,
            Data::Str(text) if text == "growpart" => Mode::Growpart,
            Data::Str(text) if text == "off" => Mode::Off,
            _ => {
                let why = "mode is none of auto, growpart and off; gpart is of other systems";
                problems.push(setting.error("grow partitions at", setting.value, why));
                Mode::Off
            }
        },
    };
    let mut devices = Vec::new();
    match config.get("growpart.devices") {
        None => devices.push("/"),
        Some(setting) => {
            for item in setting.value.items().unwrap_or(core::slice::from_ref(setting.value)) {
                match item.as_str() {
                    Some(device) => devices.push(device),
                    None => problems.push(setting.mismatch("grow the partition at", item, "it", "a string")),
                }
            }
        }
    }
    Growpart { mode, devices, always: config.is_true("growpart.ignore_growroot_disabled", false) }
}

/// Whether the root's file system is to fill its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// Yes; nobody asked for it.
    Usual,
    /// Yes.
    Yes,
    /// Yes, and the boot does not wait for it.
    Beside,
    /// No.
    No,
}

/// Reads `resize_rootfs`.
pub fn resize_rootfs(config: &CloudConfig<'_>) -> Resize {
    match config.text("resize_rootfs") {
        Some("noblock") => Resize::Beside,
        _ if config.get("resize_rootfs").is_none() => Resize::Usual,
        _ if config.is_true("resize_rootfs", true) => Resize::Yes,
        _ => Resize::No,
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn modes_have_many_words() {
        let mode = |text: &'static str| {
            let mut problems = Vec::new();
            (growpart(&layer(text), &mut problems).mode, problems.len())
        };
        assert_eq!(mode("{}"), (Mode::Auto, 0));
        assert_eq!(mode("{growpart: {mode: 'off'}}"), (Mode::Off, 0));
        assert_eq!(mode("{growpart: {mode: off}}"), (Mode::Off, 0));
        assert_eq!(mode("{growpart: {mode: gpart}}"), (Mode::Off, 1));
        assert_eq!(resize_rootfs(&layer("{resize_rootfs: noblock}")), Resize::Beside);
        assert_eq!(resize_rootfs(&layer("{resize_rootfs: false}")), Resize::No);
        assert_eq!(resize_rootfs(&layer("{}")), Resize::Usual);
    }
}
