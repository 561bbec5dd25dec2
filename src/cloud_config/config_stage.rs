//! What the modules of the config stage read, beside `runcmd`.

use super::schema::{Key, Kind};

/// The keys, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("add_apt_repo_match", Kind::Text).old("apt.add_apt_repo_match"),
    Key::new("apk_repos", Kind::Map(APK)),
    Key::new("apt", Kind::Map(APT)),
    Key::new("apt_custom_sources_list", Kind::Text).old("apt.sources_list"),
    Key::new("apt_ftp_proxy", Kind::Text).old("apt.ftp_proxy"),
    Key::new("apt_http_proxy", Kind::Text).old("apt.http_proxy"),
    Key::new("apt_https_proxy", Kind::Text).old("apt.https_proxy"),
    Key::new("apt_mirror", Kind::Text).old("apt.primary"),
    Key::new("apt_mirror_search", Kind::List(&Kind::Text)).old("apt.primary"),
    Key::new("apt_mirror_search_dns", Kind::Bool).old("apt.primary"),
    Key::new(
        "apt_pipelining",
        Kind::Either(&[Kind::Bool, Kind::Integer, Kind::OneOf(&["none", "unchanged", "os"])]),
    ),
    Key::new("apt_preserve_sources_list", Kind::Bool).old("apt.preserve_sources_list"),
    Key::new("apt_proxy", Kind::Text).old("apt.proxy"),
    Key::new("apt_sources", Kind::Either(&[Kind::List(&SOURCE), Kind::MapOf(&SOURCE)])).old("apt.sources"),
    Key::new("disable_ec2_metadata", Kind::Bool),
    Key::new("keyboard", Kind::Map(KEYBOARD)),
    Key::new("locale", Kind::Either(&[Kind::Text, Kind::Bool])),
    Key::new("locale_configfile", Kind::Text),
    Key::new("ntp", Kind::Either(&[Kind::Null, Kind::Map(NTP)])),
    Key::new("ssh_import_id", Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)])),
    Key::new("timezone", Kind::Text),
    Key::new("yum_repo_dir", Kind::Text),
    Key::new("yum_repos", Kind::MapOf(&Kind::MapOf(&REPOSITORY))),
    Key::new(
        "zypper",
        Kind::Map(&[
            Key::new("config", Kind::MapOf(&REPOSITORY)),
            Key::new("repos", Kind::List(&Kind::MapOf(&REPOSITORY))),
        ]),
    ),
    Key::new("wireguard", Kind::Map(WIREGUARD)),
];

/// A setting of a repository.
static REPOSITORY: Kind = Kind::Either(&[Kind::Scalar, Kind::List(&Kind::Scalar)]);

static APK: &[Key] = &[
    Key::new("preserve_repositories", Kind::Bool),
    Key::new("local_repo_base_url", Kind::Text),
    Key::new(
        "alpine_repo",
        Kind::Map(&[
            Key::new("version", Kind::Text).required(),
            Key::new("base_url", Kind::Text),
            Key::new("community_enabled", Kind::Bool),
            Key::new("testing_enabled", Kind::Bool),
        ]),
    ),
];

static APT: &[Key] = &[
    Key::new("add_apt_repo_match", Kind::Text),
    Key::new("conf", Kind::Text),
    Key::new("debconf_selections", Kind::MapOf(&Kind::Text)),
    Key::new("disable_suites", Kind::List(&Kind::Text)),
    Key::new("ftp_proxy", Kind::Text),
    Key::new("generate_mirrorlists", Kind::Bool),
    Key::new("http_proxy", Kind::Text),
    Key::new("https_proxy", Kind::Text),
    Key::new("preserve_sources_list", Kind::Bool),
    Key::new("primary", Kind::List(&MIRROR)),
    Key::new("proxy", Kind::Text),
    Key::new("security", Kind::List(&MIRROR)),
    Key::new("sources", Kind::MapOf(&SOURCE)),
    Key::new("sources_list", Kind::Text),
];

static MIRROR: Kind = Kind::Map(&[
    Key::new("arches", Kind::List(&Kind::Text)),
    Key::new("key", Kind::Text),
    Key::new("keyid", Kind::Text),
    Key::new("keyserver", Kind::Text),
    Key::new("search", Kind::List(&Kind::Text)),
    Key::new("search_dns", Kind::Bool),
    Key::new("uri", Kind::Text),
]);

static SOURCE: Kind = Kind::Map(&[
    Key::new("append", Kind::Bool),
    Key::new("filename", Kind::Text),
    Key::new("key", Kind::Text),
    Key::new("keyid", Kind::Text),
    Key::new("keyserver", Kind::Text),
    Key::new("source", Kind::Text),
]);

static KEYBOARD: &[Key] = &[
    Key::new("layout", Kind::Text).required(),
    Key::new("model", Kind::Text),
    Key::new("options", Kind::Text),
    Key::new("variant", Kind::Text),
];

static WIREGUARD: &[Key] = &[
    Key::new("interfaces", Kind::List(&Kind::Map(TUNNEL))).required(),
    Key::new("readinessprobe", Kind::List(&Kind::Text)),
];

static TUNNEL: &[Key] = &[
    Key::new("name", Kind::Text).required(),
    Key::new("config_path", Kind::Text),
    Key::new("content", Kind::Text).required(),
];

static NTP: &[Key] = &[
    Key::new("enabled", Kind::Bool),
    Key::new("ntp_client", Kind::Text),
    Key::new("allow", Kind::List(&Kind::Text)),
    Key::new("peers", Kind::List(&Kind::Text)),
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
