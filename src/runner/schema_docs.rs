//! `glowplug schema --docs`: when a module runs, and what its keys may hold.

use crate::cli::{Ended, print};
use glowplug::cloud_config::schema::{ALL, Key, Kind, nearest, text};
use glowplug::error::Error;
use glowplug::module::{self, Early, Module, Stage};
use glowplug::stage::listed::is_called;
use glowplug::state::paths::Frequency;
use std::fmt::Write as _;

/// Keys that a module reads beside those without which the engine does not run
/// it.
static MORE: &[(&str, &[&str])] = &[
    ("seed_random", &["random_seed"]),
    ("growpart", &["growpart"]),
    ("resizefs", &["resize_rootfs"]),
    ("mounts", &["mounts", "mount_default_fields", "swap", "device_aliases"]),
    ("set_hostname", HOSTNAME),
    ("update_hostname", HOSTNAME),
    ("users_groups", &["groups", "user", "users"]),
    (
        "ssh",
        &[
            "ssh_authorized_keys",
            "allow_public_ssh_keys",
            "disable_root",
            "disable_root_opts",
            "ssh_deletekeys",
            "ssh_genkeytypes",
            "ssh_keys",
            "ssh_quiet_keygen",
            "ssh_publish_hostkeys",
        ],
    ),
    ("set_passwords", &["password", "chpasswd", "ssh_pwauth"]),
    ("scripts_vendor", &["vendor_data", "vendor_data2"]),
    ("ssh_authkey_fingerprints", &["no_ssh_fingerprints", "authkey_hash"]),
    ("keys_to_console", &["ssh", "ssh_fp_console_blacklist", "ssh_key_console_blacklist"]),
    ("final_message", &["final_message"]),
    ("rsyslog", &["rsyslog_dir", "rsyslog_filename"]),
    ("resolv_conf", &["resolv_conf"]),
    ("locale", &["locale_configfile"]),
    ("yum_add_repo", &["yum_repo_dir"]),
    ("package_update_upgrade_install", &["package_reboot_if_required", "apt_reboot_if_required"]),
];

const HOSTNAME: &[&str] =
    &["hostname", "fqdn", "prefer_fqdn_over_hostname", "preserve_hostname", "create_hostname_file"];

/// Prints what there is to say of the modules that are named; `all` is every
/// one, and a key stands for the modules that read it.
pub(crate) fn run<'n>(names: impl Iterator<Item = &'n str>) -> Ended {
    let mut parts = Vec::new();
    for name in names {
        let mut named: Vec<&Module> =
            module::ALL.iter().filter(|module| name == "all" || is_called(module, name)).collect();
        if named.is_empty() {
            named.extend(module::ALL.iter().filter(|module| keys_of(module).any(|key| key == name)));
        }
        if named.is_empty() {
            let bare = name.replace('-', "_");
            let near = nearest(&bare, &mut module::ALL.iter().map(|module| module.name));
            let hint = near.map(|near| format!(" (is {near} meant?)")).unwrap_or_default();
            return Err(Error::new("explain module", name, format!("there is no such module{hint}")).into());
        }
        parts.extend(named.into_iter().map(of_module));
    }
    print(&parts.join("\n"))?;
    Ok(0)
}

fn of_module(module: &Module) -> String {
    let stage = match module.stage {
        Stage::Init => "init",
        Stage::Config => "config",
        Stage::Final => "final",
    };
    let frequency = match module.frequency {
        Frequency::Always => "at each boot",
        Frequency::Instance => "once for an instance",
        Frequency::Once => "once for ever",
    };
    let early = match module.early {
        Early::No => "",
        Early::Part => "; a part of it before the pivot",
        Early::Whole => "; before the pivot where that can be",
    };
    let mut out = format!("{}\n  runs in the {stage} stage, {frequency}{early}\n", module.name);
    if !module.distros.is_empty() {
        let _ = writeln!(out, "  on {}", module.distros.join(", "));
    }
    for name in keys_of(module) {
        if let Some(key) = ALL.iter().flat_map(|keys| *keys).find(|key| key.name == name) {
            of_key(key, 2, &mut out);
        }
    }
    out
}

fn keys_of(module: &Module) -> impl Iterator<Item = &'static str> {
    let more = MORE.iter().filter(|(name, _)| *name == module.name).flat_map(|(_, keys)| *keys);
    module.keys.iter().chain(more).copied()
}

/// A line for a key, and one for each below it.
fn of_key(key: &Key, indent: usize, out: &mut String) {
    let needed = if key.required { " (needed)" } else { "" };
    let items = match key.kind {
        Kind::List(kind) if below(kind).is_empty() && !matches!(kind, Kind::Any) => {
            format!(", of which each is {}", text(kind))
        }
        _ => String::new(),
    };
    let _ = writeln!(out, "{:indent$}{}: {}{items}{needed}", "", key.name, text(&key.kind));
    for key in below(&key.kind) {
        of_key(key, indent + 2, out);
    }
}

/// The keys of the mapping that a value is, or that its items are.
fn below(kind: &Kind) -> &'static [Key] {
    match kind {
        Kind::Map(keys) => keys,
        Kind::List(kind) | Kind::MapOf(kind) => below(kind),
        Kind::Either(kinds) => kinds.iter().map(below).find(|keys| !keys.is_empty()).unwrap_or_default(),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of the engine and of the network: no module reads them.
    const ENGINE: &str = "allow_userdata cloud_config_modules cloud_final_modules cloud_init_modules datasource \
                          datasource_list launch-index manual_cache_clean merge_how merge_type network output reporting \
                          system_info unverified_modules updates ws_virt_network_dep";

    #[test]
    fn every_key_is_some_modules_and_no_other_is_named() {
        let known: Vec<&str> = ALL.iter().flat_map(|keys| *keys).map(|key| key.name).collect();
        let named: Vec<&str> = module::ALL.iter().flat_map(keys_of).chain(ENGINE.split(' ')).collect();
        let missing: Vec<_> = known.iter().filter(|key| !named.contains(key)).collect();
        assert_eq!(missing, [&""; 0], "no module has these: MORE lacks them");
        let unknown: Vec<_> = named.iter().filter(|key| !known.contains(key)).collect();
        assert_eq!(unknown, [&""; 0], "nothing reads these");
        for (name, _) in MORE {
            assert!(module::ALL.iter().any(|module| module.name == *name), "{name}");
        }
    }
}
