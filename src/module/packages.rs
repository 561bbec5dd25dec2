//! The package managers: how each refreshes, upgrades and installs.

use super::Context;
use super::distribution::{Distribution, Family};
use super::system::has_program;
use crate::action::Program;
use crate::cloud_config::Setting;
use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A package as people ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Package<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

impl<'a> Package<'a> {
    /// A package in whatever version there is.
    pub(super) const fn named(name: &'a str) -> Self {
        Self { name, version: None }
    }
}

/// What a package manager is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Refresh,
    Upgrade,
    Install,
}

/// A root's package manager.
pub(super) struct Manager {
    /// The program and what every call has.
    base: Vec<&'static str>,
    /// What follows for each order; `None`: there is nothing to do.
    order: fn(Order) -> Option<&'static [&'static str]>,
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
        if manager == "apt-get" && has("eatmydata") {
            base.push("eatmydata");
        }
        base.push(manager);
        base.extend(always(manager));
        let mut environment = Vec::new();
        if manager == "apt-get" {
            environment.push(("DEBIAN_FRONTEND".to_string(), "noninteractive".to_string()));
        }
        let version = if matches!(manager, "apt-get" | "apk" | "pacman") { "=" } else { "-" };
        // Amazon's own image has its caches made.
        let order = if distribution.name == "amazon" { orders("") } else { orders(manager) };
        Ok(Self { base, order, version, environment })
    }

    fn tell(&self, order: Order, packages: &[Package<'_>]) -> Option<Program> {
        let words = (self.order)(order)?;
        let mut argv: Vec<String> = self.base.iter().chain(words).map(|word| (*word).to_string()).collect();
        for package in packages {
            argv.push(match package.version {
                Some(version) => [package.name, self.version, version].concat(),
                None => package.name.into(),
            });
        }
        Some(Program { argv, environment: self.environment.clone(), ..Program::default() })
    }

    /// What has to be read anew before packages can be installed; the others'
    /// programs look after that themselves.
    pub(super) fn refresh_first(&self) -> Option<Program> {
        let lists = |word| ["apt-get", "apk", "pacman"].contains(word);
        self.refresh().filter(|_| self.base.iter().any(lists))
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

/// The packages of a list: names, and pairs of name and version; one text is a
/// list of itself. What is neither is a problem, and the others count.
pub(super) fn parse<'a>(setting: &Setting<'a>, key: &str, problems: &mut Vec<Error>) -> Vec<Package<'a>> {
    let value = setting.value;
    let items = match &value.data {
        Data::Seq(items) => items,
        Data::Str(_) => core::slice::from_ref(value),
        _ => {
            problems.push(setting.mismatch("install packages at", value, key, "a list"));
            return Vec::new();
        }
    };
    let mut packages = Vec::new();
    for item in items {
        match package(item) {
            Ok(package) => packages.push(package),
            Err(why) => problems.push(setting.error("install the package at", item, why)),
        }
    }
    packages
}

fn package<'a>(item: &'a Value<'_>) -> core::result::Result<Package<'a>, &'static str> {
    let (name, version) = match &item.data {
        Data::Str(name) => (&**name, None),
        Data::Seq(words) => match &**words {
            [name] => (name.as_str().unwrap_or_default(), None),
            [name, version] => {
                let version = match &version.data {
                    Data::Str(text) | Data::Float(text) | Data::Timestamp(text) => Some(&**text),
                    Data::Null => None,
                    _ => return Err("its version is no text (quote it)"),
                };
                (name.as_str().unwrap_or_default(), version)
            }
            _ => return Err("a list here is a name and a version"),
        },
        _ => return Err("it is neither a name nor a pair of name and version"),
    };
    // A word that begins with a dash would be an option.
    let is_word = |text: &str| !text.is_empty() && !text.starts_with('-');
    if is_word(name) && version.is_none_or(is_word) {
        Ok(Package { name, version })
    } else {
        Err("it names no package")
    }
}
