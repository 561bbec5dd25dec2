//! The package managers: how each refreshes, upgrades and installs.

use super::distribution::{Distribution, Family};
use super::system::has_program;
use super::{Context, Plan};
use crate::action::{Again, Program};
use crate::cloud_config::Setting;
use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use crate::{fetch, limits};
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// A package as people ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package<'a> {
    name: &'a str,
    version: Option<Cow<'a, str>>,
}

impl<'a> Package<'a> {
    /// A package in whatever version there is.
    pub(super) const fn named(name: &'a str) -> Self {
        Self { name, version: None }
    }

    /// A package in a version, where one is given.
    pub(super) fn in_version(name: &'a str, version: Option<Cow<'a, str>>) -> Self {
        Self { name, version }
    }
}

/// Plans the packages that bring a program, unless the root has it.
pub(super) fn install_program(context: &Context<'_>, program: &str, packages: &[String], plan: &mut Plan) {
    if has_program(context.root, program) {
        return;
    }
    if packages.is_empty() {
        let error = Error::new("find", program, "it is not there, and no package of it is known");
        return plan.problems.push(error);
    }
    if let Some(package) = packages
        .iter()
        .find(|name| name.starts_with('-') || name.is_empty() || name.contains(char::is_control))
    {
        return plan.problems.push(Error::new("install", package, "it is no name of a package"));
    }
    let packages: Vec<Package<'_>> = packages.iter().map(|name| Package::named(name)).collect();
    install(context, &packages, plan);
}

/// Plans packages, of which no name is an option.
pub(super) fn install(context: &Context<'_>, packages: &[Package<'_>], plan: &mut Plan) {
    match Manager::of(context) {
        Ok(manager) => {
            let programs = [manager.refresh_first(), manager.install(packages)];
            plan.actions.extend(programs.into_iter().flatten().map(Into::into));
        }
        Err(error) => plan.problems.push(error),
    }
}

/// What a package manager is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Refresh,
    Upgrade,
    Install,
}

/// Says when the lists were last read anew in this boot.
const STAMP: &str = "/run/glowplug/package-lists";

/// The locks of apt(8): each but these it waits for itself.
const LISTS_LOCK: &[&str] = &["/var/lib/apt/lists/lock"];
const INSTALL_LOCKS: &[&str] =
    &["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/cache/apt/archives/lock"];

/// A root's package manager.
pub(super) struct Manager {
    /// Its program.
    name: &'static str,
    /// The program and what every call has.
    base: Vec<String>,
    /// What follows for each order; `None`: there is nothing to do.
    order: fn(Order) -> Option<&'static [&'static str]>,
    /// The word for an upgrade where the configuration has one of its own.
    upgrade: Option<String>,
    /// Whether it installs only what it has read of.
    needs_lists: bool,
    /// Whether its lists were read anew a short while ago.
    is_fresh: bool,
    /// What stands between a name and a version.
    version: &'static str,
    environment: Vec<(String, String)>,
}

impl Manager {
    /// That of a root's distribution, else the first that is there.
    pub(super) fn of(context: &Context<'_>) -> Result<Self> {
        let root = context.root;
        let distribution = Distribution::of(context);
        let has = |name| has_program(root, name);
        let manager = match distribution.family {
            Family::Debian => "apt-get",
            Family::RedHat if has("dnf") => "dnf",
            Family::RedHat => "yum",
            Family::Suse => "zypper",
            Family::Alpine => "apk",
            Family::Arch => "pacman",
            Family::Photon => "tdnf",
            Family::Gentoo | Family::Other => ["apt-get", "dnf", "yum", "zypper", "apk", "pacman"]
                .into_iter()
                .find(|name| has(name))
                .ok_or_else(|| {
                    Error::new("manage packages of", &distribution.name, "no package manager is known here")
                })?,
        };
        let mut base = Vec::new();
        let mut environment = Vec::new();
        let mut upgrade = None;
        if manager == "apt-get" {
            base = wrapper(context);
            upgrade = context.config.text("system_info.apt_get_upgrade_subcommand").map(String::from);
            environment.push(("DEBIAN_FRONTEND".to_string(), "noninteractive".to_string()));
        }
        let own = words(context, "system_info.apt_get_command").filter(|_| manager == "apt-get");
        base.extend(
            own.unwrap_or_else(|| [manager].iter().chain(always(manager)).map(ToString::to_string).collect()),
        );
        if manager == "zypper" {
            let seconds = limits::LOCK_WAIT.to_string();
            environment.push(("ZYPP_LOCK_TIMEOUT".to_string(), seconds));
        }
        let needs_lists = matches!(manager, "apt-get" | "apk" | "pacman");
        let version = if needs_lists { "=" } else { "-" };
        // Amazon's own image has its caches made.
        let order = if distribution.name == "amazon" { orders("") } else { orders(manager) };
        let is_fresh = is_fresh(context);
        Ok(Self { name: manager, base, order, upgrade, needs_lists, is_fresh, version, environment })
    }

    /// Whether it is apt(8).
    pub(super) fn is_apt(&self) -> bool {
        self.name == "apt-get"
    }

    fn tell(&self, order: Order, packages: &[Package<'_>]) -> Option<Program> {
        let words = (self.order)(order)?;
        let mut argv = self.base.clone();
        match self.upgrade.as_ref().filter(|_| order == Order::Upgrade) {
            Some(word) => argv.push(word.clone()),
            None => argv.extend(words.iter().map(ToString::to_string)),
        }
        for package in packages {
            argv.push(match &package.version {
                Some(version) => [package.name, self.version, version].concat(),
                None => package.name.into(),
            });
        }
        let (locks, stamp) = match order {
            Order::Refresh => (LISTS_LOCK, STAMP),
            Order::Upgrade | Order::Install => (INSTALL_LOCKS, ""),
        };
        Some(Program {
            argv,
            environment: self.environment.clone(),
            accepted: if self.name == "zypper" { &RESTART_WANTED } else { &[] },
            locks: if self.is_apt() { locks } else { &[] },
            separable: packages.len(),
            stamp,
            again: Again::Same,
            ..Program::default()
        })
    }

    /// What has to be read anew before packages can be installed; the others'
    /// programs look after that themselves.
    pub(super) fn refresh_first(&self) -> Option<Program> {
        self.refresh_once().filter(|_| self.needs_lists)
    }

    /// As [`Manager::refresh`], unless that was done a short while ago.
    pub(super) fn refresh_once(&self) -> Option<Program> {
        self.refresh().filter(|_| !self.is_fresh)
    }

    /// Reads the lists of the package sources anew.
    pub(super) fn refresh(&self) -> Option<Program> {
        self.tell(Order::Refresh, &[])
    }

    /// Brings every package up to date.
    pub(super) fn upgrade(&self) -> Option<Program> {
        self.tell(Order::Upgrade, &[])
    }

    /// Installs packages.
    pub(super) fn install(&self, packages: &[Package<'_>]) -> Option<Program> {
        self.tell(Order::Install, packages)
    }
}

/// zypper(8) has done it, and asks for a restart of the machine or of itself.
const RESTART_WANTED: [i32; 2] = [102, 103];

/// Whether the lists of packages were read anew in this boot, and not long ago.
fn is_fresh(context: &Context<'_>) -> bool {
    let text = fetch::text(context.root, STAMP).unwrap_or_default();
    let then: Option<u64> = text.trim_ascii().parse().ok();
    let now = context.host.uptime() / 1_000_000;
    then.and_then(|then| now.checked_sub(then)).is_some_and(|age| age < limits::FRESH_LISTS)
}

/// What runs apt-get: `system_info.apt_get_wrapper`, else eatmydata(1), where it
/// is there.
fn wrapper(context: &Context<'_>) -> Vec<String> {
    let key = "system_info.apt_get_wrapper";
    let command = words(context, &[key, ".command"].concat()).unwrap_or_else(|| vec!["eatmydata".into()]);
    let is_auto = match context.config.get(&[key, ".enabled"].concat()) {
        None => true,
        Some(setting) => setting.value.as_str().is_some_and(|word| word.eq_ignore_ascii_case("auto")),
    };
    let is_wanted = if is_auto {
        command.first().is_some_and(|program| has_program(context.root, program))
    } else {
        context.config.is_true(&[key, ".enabled"].concat(), false)
    };
    if is_wanted { command } else { Vec::new() }
}

/// A command of the configuration: a list of words, or one word.
fn words(context: &Context<'_>, path: &str) -> Option<Vec<String>> {
    let value = context.config.get(path)?.value;
    let items = match &value.data {
        Data::Seq(items) => items,
        _ => core::slice::from_ref(value),
    };
    let words: Vec<String> = items.iter().filter_map(Value::as_str).map(String::from).collect();
    (!words.is_empty() && words.len() == items.len()).then_some(words)
}

/// Options of every call: answers nobody is there to give, and files of people
/// that stay.
fn always(manager: &str) -> &'static [&'static str] {
    match manager {
        "apt-get" => &[
            "--option=Dpkg::Options::=--force-confold",
            "--option=Dpkg::options::=--force-unsafe-io",
            "--option=DPkg::Lock::Timeout=120",
            "--assume-yes",
            "--quiet",
        ],
        "dnf" | "tdnf" => &["-y"],
        "yum" => &["-t", "-y"],
        "zypper" => &["--non-interactive"],
        "apk" => &["--quiet"],
        "pacman" => &["-Sy", "--quiet", "--noconfirm"],
        _ => &[],
    }
}

fn orders(manager: &str) -> fn(Order) -> Option<&'static [&'static str]> {
    match manager {
        "apt-get" => |order| {
            Some(match order {
                Order::Refresh => &["update"],
                Order::Upgrade => &["dist-upgrade"],
                Order::Install => &["install"],
            })
        },
        "zypper" => |order| {
            Some(match order {
                Order::Refresh => &["refresh"],
                Order::Upgrade => &["update"],
                Order::Install => &["install", "--auto-agree-with-licenses"],
            })
        },
        "apk" => |order| {
            Some(match order {
                Order::Refresh => &["update"],
                Order::Upgrade => &["upgrade", "--update-cache", "--available"],
                Order::Install => &["add"],
            })
        },
        "pacman" => |order| {
            Some(match order {
                Order::Refresh => &["-y"],
                Order::Install => &[],
                Order::Upgrade => &["-u"],
            })
        },
        "" => |order| match order {
            Order::Refresh => None,
            Order::Upgrade => Some(&["upgrade"]),
            Order::Install => Some(&["install"]),
        },
        _ => |order| {
            Some(match order {
                Order::Refresh => &["makecache"],
                Order::Upgrade => &["upgrade"],
                Order::Install => &["install"],
            })
        },
    }
}

/// Packages people ask for.
#[derive(Default)]
pub(super) struct Packages<'a> {
    /// Those for whatever package manager there is.
    pub(super) any: Vec<Package<'a>>,
    /// Those for one that is named.
    pub(super) of: Vec<(Named<'a>, Vec<Package<'a>>)>,
}

/// A package manager as it is named in a list of packages.
pub(super) type Named<'a> = (Setting<'a>, &'a Value<'a>);

/// The packages of a list: names, pairs of name and version, and mappings of
/// such lists by package manager; one text is a list of itself. What is none of these is a
/// problem, and the others count.
pub(super) fn parse<'a>(setting: &Setting<'a>, key: &str, problems: &mut Vec<Error>) -> Packages<'a> {
    let value = setting.value;
    let items = match &value.data {
        Data::Seq(items) => items,
        Data::Str(_) => core::slice::from_ref(value),
        _ => {
            problems.push(setting.mismatch(DOING, value, key, "a list"));
            return Packages::default();
        }
    };
    let mut packages = Packages::default();
    for item in items {
        if !matches!(item.data, Data::Map(_)) {
            packages.any.extend(one(setting, item, false, problems));
            continue;
        }
        for (name, list) in item.entries() {
            let Some(items) = list.items() else {
                problems.push(setting.mismatch(DOING, list, name.as_str().unwrap_or("it"), "a list"));
                continue;
            };
            let takes_options = name.as_str() == Some("snap");
            let own = items.iter().filter_map(|item| one(setting, item, takes_options, problems)).collect();
            packages.of.push(((*setting, name), own));
        }
    }
    packages
}

const DOING: &str = "install packages at";

/// One of a list; `None` where it is none.
fn one<'a>(
    setting: &Setting<'a>,
    item: &'a Value<'a>,
    takes_options: bool,
    problems: &mut Vec<Error>,
) -> Option<Package<'a>> {
    let found = package(item, takes_options);
    found.map_err(|why| problems.push(setting.error("install the package at", item, why))).ok()
}

fn package<'a>(item: &'a Value<'a>, takes_options: bool) -> core::result::Result<Package<'a>, &'static str> {
    let (name, version) = match &item.data {
        Data::Str(name) => (&**name, None),
        Data::Seq(words) => match &**words {
            [name] => (name.as_str().unwrap_or_default(), None),
            [name, version] => {
                let version = match &version.data {
                    Data::Str(text) | Data::Float(text) | Data::BigInt(text) | Data::Timestamp(text) => {
                        Some(Cow::Borrowed(&**text))
                    }
                    Data::Int(number) => Some(Cow::Owned(number.to_string())),
                    Data::Null => None,
                    _ => return Err("its version is no text"),
                };
                let version = version.filter(|version| !version.is_empty());
                (name.as_str().unwrap_or_default(), version)
            }
            _ => return Err("a list here is a name and a version"),
        },
        _ => return Err("it is neither a name nor a pair of name and version"),
    };
    // A word that begins with a dash would be an option.
    let is_word = |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_control);
    if is_word(name) && (takes_options || version.as_deref().is_none_or(is_word)) {
        Ok(Package { name, version })
    } else {
        Err("it names no package")
    }
}

/// snap(1) installs one after the other; what stands for a version is an option
/// or a channel.
pub(super) fn snaps(packages: &[Package<'_>]) -> Vec<Program> {
    let snap = |package: &Package<'_>| {
        let words = ["snap", "install", package.name];
        let words: Vec<&str> = words.into_iter().chain(package.version.as_deref()).collect();
        Program::repeatable(&words)
    };
    packages.iter().map(snap).collect()
}
