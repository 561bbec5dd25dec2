//! What the modules of the config stage read, beside `runcmd`.

use super::schema::{Key, Kind};

/// The keys, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("locale", Kind::Either(&[Kind::Text, Kind::Bool])),
    Key::new("locale_configfile", Kind::Text),
    Key::new("ntp", Kind::Either(&[Kind::Null, Kind::Map(NTP)])),
    Key::new("timezone", Kind::Text),
];

static NTP: &[Key] = &[
    Key::new("enabled", Kind::Bool),
    Key::new("ntp_client", Kind::Text),
    Key::new("pools", Kind::List(&Kind::Text)),
    Key::new("servers", Kind::List(&Kind::Text)),
    Key::new(
        "config",
        Kind::Map(&[
            Key::new("check_exe", Kind::Text),
            Key::new("confpath", Kind::Text),
            Key::new("packages", Kind::List(&Kind::Text)),
            Key::new("service_name", Kind::Text),
            Key::new("template", Kind::Text),
            Key::new("template_name", Kind::Text),
        ]),
    ),
];
