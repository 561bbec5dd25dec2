//! The modules: each plans what it wants done; the engine decides when, and
//! keeps count. To add one: a file here, and its line in [`ALL`].

mod ansible;
mod apk_configure;
mod apt_configure;
mod apt_pipelining;
mod authorized_keys;
mod bootcmd;
mod ca_certs;
mod console_table;
mod devices;
mod disable_ec2_metadata;
mod disk_setup;
mod distribution;
mod ed25519;
mod final_message;
mod growpart;
mod host;
mod host_keys;
mod keyboard;
mod keys_to_console;
mod locale;
mod mounts;
mod network;
mod newcomers;
mod ntp;
mod package_update_upgrade_install;
mod packages;
mod password;
mod phone_home;
mod power_state_change;
mod present;
mod public_key;
mod puppet;
mod repository;
mod resizefs;
mod resolv_conf;
mod rh_subscription;
mod rsyslog;
mod scripts;
mod seed_files;
mod seed_random;
mod set_hostname;
mod set_passwords;
mod shell_variables;
mod snap;
mod ssh;
mod ssh_authkey_fingerprints;
mod ssh_import_id;
mod sshd_config;
mod system;
mod timezone;
mod ubuntu_pro;
mod update_etc_hosts;
mod update_hostname;
mod users_groups;
mod wireguard;
mod write_files;
mod yum_add_repo;
mod zypper_add_repo;

pub use console_table::console_table;
pub use distribution::has_systemd;
pub use host::{FileSystem, Host, NoHost};
pub use mounts::LEFT as LEFT_MOUNTS;
pub use network::{NEEDS, Need, Network, contains};
pub use public_key::is_public_key;
pub use seed_files::INJECTED;

use crate::action::Action;
use crate::cloud_config::CloudConfig;
use crate::error::Error;
use crate::fetch::Fetch;
use crate::instance::{File, Instance};
use crate::os_release::{self, field};
use crate::state::paths::{Frequency, InstancePaths};
use crate::syntax::value::Value;
use crate::user_data::{Jinja, no_jinja};
use alloc::vec::Vec;

/// The stage a module runs in after the pivot, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// `glowplug init`.
    Init,
    /// `glowplug modules --mode config`.
    Config,
    /// `glowplug modules --mode final`.
    Final,
}

/// How much of a module the agent may do before the pivot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// Nothing.
    No,
    /// What its plan holds; the rest, and the semaphore, are the runner's.
    Part,
    /// All of it: its plans are made of files, names and links alone.
    Whole,
}

/// What a module plans with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The merged configuration.
    pub config: &'a CloudConfig<'a>,
    /// This machine.
    pub instance: &'a Instance,
    /// Files of user-data that are written once for an instance: upstart jobs.
    pub jobs: &'a [File],
    /// Where its state is kept.
    pub paths: &'a InstancePaths,
    /// The root as it is now.
    pub root: &'a dyn Fetch,
    /// The running machine.
    pub host: &'a dyn Host,
    /// Renders the templates of the root and of the configuration; the agent has none.
    pub jinja: Option<Jinja>,
    /// What cloud.cfg's list of modules gives beside the module's name and
    /// frequency.
    pub arguments: &'a [Value<'a>],
}

impl Context<'_> {
    fn jinja(&self) -> Jinja {
        self.jinja.unwrap_or(no_jinja)
    }
}

/// What a module wants done.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The actions in order.
    pub actions: Vec<Action>,
    /// Parts of the configuration that make no sense; the others count.
    pub problems: Vec<Error>,
    /// What can't be planned yet, and why; an error once nothing is left to wait for.
    pub waits: Vec<Error>,
}

/// One module.
pub struct Module {
    /// As cloud.cfg writes it, with `_`.
    pub name: &'static str,
    /// Keys of the configuration without which it does nothing and leaves no
    /// semaphore; none: it always runs.
    pub keys: &'static [&'static str],
    /// When it runs.
    pub stage: Stage,
    /// How often it runs, where cloud.cfg does not say otherwise.
    pub frequency: Frequency,
    /// The distributions it is made for, as cloud-init names them; none: all.
    /// cloud.cfg's `unverified_modules` lets it run elsewhere.
    pub distros: &'static [&'static str],
    /// How much of it runs before the pivot.
    pub early: Early,
    /// What makes its stage wait for the network.
    pub network: Network,
    /// Adds what it wants done to a plan.
    pub plan: fn(&Context<'_>, &mut Plan),
}

/// The modules of which a part runs before the pivot, in their order. The agent
/// names no others, so that it holds no code for them.
pub static EARLY: &[Module] = &[
    seed_files::MODULE,
    write_files::MODULE,
    set_hostname::MODULE,
    resolv_conf::MODULE,
    ssh::AUTHORIZED_KEYS,
    timezone::MODULE,
];

/// Every module in the order they run.
pub static ALL: &[Module] = MODULES;

/// As [`ALL`], for what the compiler makes of it.
const MODULES: &[Module] = &[
    seed_files::MODULE,
    seed_random::MODULE,
    bootcmd::MODULE,
    write_files::PRESENT,
    growpart::MODULE,
    resizefs::MODULE,
    disk_setup::MODULE,
    mounts::MODULE,
    set_hostname::MODULE,
    update_hostname::MODULE,
    update_etc_hosts::MODULE,
    resolv_conf::MODULE,
    ca_certs::MODULE,
    rsyslog::MODULE,
    users_groups::MODULE,
    ssh::MODULE,
    set_passwords::MODULE,
    wireguard::MODULE,
    snap::MODULE,
    ssh_import_id::MODULE,
    keyboard::MODULE,
    locale::MODULE,
    apt_pipelining::MODULE,
    apt_configure::MODULE,
    ubuntu_pro::MODULE,
    rh_subscription::MODULE,
    yum_add_repo::MODULE,
    zypper_add_repo::MODULE,
    apk_configure::MODULE,
    ntp::MODULE,
    timezone::MODULE,
    disable_ec2_metadata::MODULE,
    scripts::RUNCMD,
    package_update_upgrade_install::MODULE,
    write_files::DEFERRED,
    puppet::MODULE,
    ansible::MODULE,
    scripts::VENDOR,
    scripts::PER_ONCE,
    scripts::PER_BOOT,
    scripts::PER_INSTANCE,
    scripts::USER,
    ssh_authkey_fingerprints::MODULE,
    keys_to_console::MODULE,
    phone_home::MODULE,
    final_message::MODULE,
    power_state_change::MODULE,
];

/// The first line of a file that has a place for one. It has no date: a plan
/// that is made again is the same.
pub(crate) const CREATED: &str = "# Created by glowplug\n";

/// Whether the root is of Red Hat's family (os-release(5)).
fn is_red_hat(root: &dyn Fetch) -> bool {
    takes_after(root, "rhel fedora centos")
}

/// Whether the root's distribution is one of `names`, words, or takes after one.
#[inline(never)]
fn takes_after(root: &dyn Fetch, names: &str) -> bool {
    let text = os_release::text(root);
    let is_named = |id: &str| names.split(' ').any(|name| name == id);
    ["ID", "ID_LIKE"].iter().any(|name| field(&text, name).split(' ').any(is_named))
}

#[cfg(test)]
mod tests;
