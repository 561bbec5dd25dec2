//! What the modules of the final stage read.

use super::schema::{Key, Kind};

/// The keys, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("apt_reboot_if_required", Kind::Bool).old("package_reboot_if_required"),
    Key::new("apt_update", Kind::Bool).old("package_update"),
    Key::new("apt_upgrade", Kind::Bool).old("package_upgrade"),
    Key::new("authkey_hash", Kind::OneOf(&["sha224", "sha256", "sha384", "sha512"])),
    Key::new("final_message", Kind::Text),
    Key::new("no_ssh_fingerprints", Kind::Bool),
    Key::new("package_reboot_if_required", Kind::Bool),
    Key::new("package_update", Kind::Bool),
    Key::new("package_upgrade", Kind::Bool),
    Key::new("packages", Kind::Either(&[Kind::Text, Kind::List(&PACKAGE)])),
    Key::new("phone_home", Kind::Map(PHONE_HOME)),
    Key::new("power_state", Kind::Map(POWER_STATE)),
    Key::new("ssh", Kind::Map(&[Key::new("emit_keys_to_console", Kind::Bool)])),
    Key::new("ssh_fp_console_blacklist", Kind::List(&Kind::Text)),
    Key::new("ssh_key_console_blacklist", Kind::List(&Kind::Text)),
];

const PACKAGE: Kind = Kind::Either(&[
    Kind::Text,
    Kind::List(&Kind::Scalar),
    Kind::Map(&[Key::new("apt", Kind::List(&NAMED)), Key::new("snap", Kind::List(&NAMED))]),
]);

const NAMED: Kind = Kind::Either(&[Kind::Text, Kind::List(&Kind::Scalar)]);

static PHONE_HOME: &[Key] = &[
    Key::new("post", Kind::Either(&[Kind::OneOf(&["all"]), Kind::List(&Kind::OneOf(TOLD))])),
    Key::new("tries", Kind::Either(&[Kind::Integer, Kind::Text])),
    Key::new("url", Kind::Text).required(),
];

const TOLD: &[&str] =
    &["pub_key_dsa", "pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519", "instance_id", "hostname", "fqdn"];

static POWER_STATE: &[Key] = &[
    Key::new("condition", Kind::Either(&[Kind::Bool, Kind::Text, Kind::List(&Kind::Text)])),
    Key::new("delay", Kind::Either(&[Kind::Integer, Kind::Text])),
    Key::new("message", Kind::Text),
    Key::new("mode", Kind::OneOf(&["poweroff", "reboot", "halt"])).required(),
    Key::new("timeout", Kind::Either(&[Kind::Number, Kind::Text])),
];
