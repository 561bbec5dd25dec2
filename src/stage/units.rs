//! The runner and its units, handed to the root's systemd under /run, so that
//! a root image needs nothing installed.

use super::consume::Consumed;
use super::engine::Cover;
use super::local::{Local, carry_out};
use super::log::Log;
use crate::action::Action;
use crate::cloud_config::CloudConfig;
use crate::error::Error;
use crate::fetch::{Fetch, may_exist};
use crate::limits;
use crate::module::{NEEDS, Stage, contains, has_systemd};
use crate::sys::apply::Applier;
use crate::sys::root::Root;
use crate::text::fill;
use crate::user_data::{Kind, Part};
use alloc::string::String;
use alloc::vec::Vec;

/// Where units for this boot alone are (systemd.unit(5)).
const FOLDER: &str = "/run/systemd/system/";

/// Where a root keeps its units.
static FOLDERS: [&str; 3] = ["/etc/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/"];

/// Every unit by its name; how it is started is in its own `[Install]` section.
pub static UNITS: [(&str, &str); 6] = [
    ("glowplug.target", include_str!("../../initramfs/systemd/glowplug.target")),
    ("glowplug-config.target", include_str!("../../initramfs/systemd/glowplug-config.target")),
    ("glowplug-local.service", include_str!("../../initramfs/systemd/glowplug-local.service")),
    (INIT, include_str!("../../initramfs/systemd/glowplug-init.service")),
    (CONFIG, include_str!("../../initramfs/systemd/glowplug-config.service")),
    (FINAL, include_str!("../../initramfs/systemd/glowplug-final.service")),
];

const INIT: &str = "glowplug-init.service";
const CONFIG: &str = "glowplug-config.service";
const FINAL: &str = "glowplug-final.service";

/// What makes a stage wait for the network.
const ONLINE: &str = include_str!("../../initramfs/systemd/network-online.conf");

/// Of cloud-init what none of our units stands in for.
pub static MASKED: [&str; 4] = [
    "/run/systemd/system-generators/cloud-init-generator",
    "/run/systemd/system/cloud-init-main.service",
    "/run/systemd/system/cloud-init-hotplugd.socket",
    "/run/systemd/system/cloud-init-hotplugd.service",
];

/// Where the runner is when a root has it installed; the units say so.
const INSTALLED: &str = "/usr/bin/glowplug";

/// Where it is put otherwise, the first place that can be written: both are
/// executable under every policy that labels programs by their directory.
static PLACES: [&str; 2] = ["/usr/local/bin/glowplug", "/var/lib/glowplug/glowplug"];

/// A file system of its own for a root that takes no file: /run may be noexec.
const TEMPORARY: &str = "/run/glowplug/bin";

/// The stages that wait for the network, by their units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Online(Vec<&'static str>);

impl Online {
    /// Those that fetch something, or run what may. User-data that is not
    /// resolved yet may ask for anything, and an `#include` is itself fetched.
    /// Nobody else waits: what is to be written is written.
    #[inline(never)]
    pub fn of(consumed: &Consumed, config: &CloudConfig<'_>, root: &dyn Fetch) -> Self {
        let has = |wanted: &dyn Fn(&Part) -> bool| consumed.parts().any(wanted);
        let mut online = Self::default();
        let early = |part: &Part| match part.kind {
            Kind::Include | Kind::IncludeOnce | Kind::Boothook => true,
            Kind::Jinja | Kind::CloudConfigJsonp => may_need_early(&part.content),
            _ => false,
        };
        if has(&early) {
            online.add(Stage::Init);
        }
        if consumed.unresolved().is_some() {
            online.add(Stage::Config);
            online.add(Stage::Final);
        }
        let scripts = ["per-boot", "per-once", "per-instance"].iter().any(|folder| {
            let names = root.list(&["/var/lib/cloud/scripts/", folder].concat());
            names.ok().flatten().is_some_and(|names| !names.is_empty())
        });
        let script = |part: &Part| {
            use Kind::{Script, ScriptPerBoot, ScriptPerInstance, ScriptPerOnce};
            matches!(part.kind, Script | ScriptPerBoot | ScriptPerInstance | ScriptPerOnce)
        };
        if scripts || has(&script) {
            online.add(Stage::Final);
        }
        for need in &NEEDS {
            if need.is_in(config, root) {
                online.add(need.stage);
            }
        }
        online
    }

    /// A part of the configuration is a template.
    pub fn add_unresolved(&mut self, text: &[u8]) {
        if may_need_early(text) {
            self.add(Stage::Init);
        }
        self.add(Stage::Config);
        self.add(Stage::Final);
    }

    fn add(&mut self, stage: Stage) {
        let unit = match stage {
            Stage::Init => INIT,
            Stage::Config => CONFIG,
            Stage::Final => FINAL,
        };
        if !self.0.contains(&unit) {
            self.0.push(unit);
        }
    }

    /// The init stage fetches the seed itself.
    pub fn add_init(&mut self) {
        self.add(Stage::Init);
    }

    /// What the stages behind init run is not known yet.
    pub fn later() -> Self {
        Self(Vec::from([CONFIG, FINAL]))
    }
}

/// Whether a template or patch may become something the init stage needs the network for.
fn may_need_early(text: &[u8]) -> bool {
    ["#cloud-boothook", "#include"].iter().any(|word| contains(text, word))
        || NEEDS.iter().any(|need| need.stage == Stage::Init && need.may_be_in(text))
}

/// Whether the root has our units of its own.
fn has_units(root: &dyn Fetch) -> bool {
    FOLDERS.iter().any(|folder| may_exist(root, &[folder, INIT].concat()))
}

/// Whether cloud-init would provision `root` when systemd starts it, and none
/// of our own units stands in its place.
#[inline(never)]
pub fn cloud_init_is_enabled(root: &dyn Fetch) -> bool {
    let is_cloud_init = |name: &str| name.starts_with("cloud-init") || name == "cloud-final.service";
    has_systemd(root)
        && !has_units(root)
        && FOLDERS.iter().any(|folder| {
            ["cloud-init.target.wants", "multi-user.target.wants"].iter().any(|target| {
                let names = root.list(&[folder, *target].concat()).ok().flatten().unwrap_or_default();
                names.iter().any(|name| is_cloud_init(name))
            })
        })
}

/// Puts the runner where it can be executed and its units where systemd finds
/// them. A root that has them installed keeps its own.
#[inline(never)]
pub fn hand_over(local: &Local<'_>, online: &Online, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    let Some(carried) = local.runner else { return };
    if !has_systemd(local.root) {
        return;
    }
    if has_units(local.root) {
        log.info("the root has the units of glowplug: it runs its own", &[]);
        for action in waits(online) {
            carry_out(applier, &action, log);
        }
        return;
    }
    let Some(program) = place(local, carried, applier, log) else { return };
    log.info("{} runs the stages after the pivot", &[&program]);
    for action in plan(&program, online, cloud_init_is_enabled(local.root)) {
        if !carry_out(applier, &action, log) {
            return;
        }
    }
}

/// The files and links that make systemd run `program`'s stages in this boot.
#[inline(never)]
fn plan(program: &str, online: &Online, replace: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    for (name, text) in UNITS {
        let mut unit = String::new();
        let mut lines = text.lines();
        for line in lines.by_ref().take_while(|line| *line != "[Install]") {
            let command = line.strip_prefix("ExecStart=").and_then(|line| line.strip_prefix(INSTALLED));
            match command {
                _ if line.starts_with('#') => continue,
                Some(arguments) => unit.push_str(&["ExecStart=", program, arguments].concat()),
                None => unit.push_str(line),
            }
            unit.push('\n');
        }
        actions.push(Action::write(&[FOLDER, name].concat(), unit.into_bytes(), 0o644));
        for line in lines {
            let Some((key, values)) = line.split_once('=') else { continue };
            for value in values.split(' ') {
                actions.push(match key {
                    "Alias" => link(&[FOLDER, value].concat(), name),
                    _ => link(&[FOLDER, value, ".wants/", name].concat(), &["../", name].concat()),
                });
            }
        }
    }
    actions.extend(waits(online));
    if replace {
        for path in &MASKED {
            actions.push(link(path, "/dev/null"));
        }
    }
    actions
}

/// The drop-ins of the stages that wait for the network in this boot.
#[inline(never)]
fn waits(online: &Online) -> Vec<Action> {
    let mut actions = Vec::new();
    for unit in &online.0 {
        let path = [FOLDER, *unit, ".d/network-online.conf"].concat();
        actions.push(Action::write(&path, ONLINE.into(), 0o644));
    }
    actions
}

fn link(path: &str, target: &str) -> Action {
    Action::MakeLink { path: path.into(), target: target.into() }
}

/// The runner's path in the running root: its own, else where the one the
/// initramfs carries was put.
#[inline(never)]
fn place(local: &Local<'_>, carried: &str, applier: &mut Applier<'_>, log: &mut Log<'_>) -> Option<String> {
    if may_exist(local.root, INSTALLED) {
        return Some(INSTALLED.into());
    }
    let content = Root::open("/").and_then(|initramfs| initramfs.read(carried, limits::RUNNER));
    let content = match content {
        Ok(Some(content)) => content,
        Ok(None) => {
            log.warn(&Error::new(
                "run the stages after the pivot",
                carried,
                "the initramfs has no such file",
            ));
            return None;
        }
        Err(error) => {
            log.error(&error);
            return None;
        }
    };
    let cover = Cover::of(local.root, local.running);
    let local = local.unlocked(log);
    for path in &PLACES {
        if cover.by(path).is_none() && local.writable {
            let there = local.root.read(path, limits::RUNNER).ok().flatten();
            if there.as_ref() == Some(&content) {
                return Some((*path).into());
            }
            match applier.apply(&Action::write(path, content.clone(), 0o755), None) {
                Ok(()) => return Some((*path).into()),
                Err(error) => log.warn(&error),
            }
        }
    }
    let path = fill("{}/glowplug", &[TEMPORARY]);
    let mount = Action::MountTemporary { path: TEMPORARY.into() };
    let placed =
        carry_out(applier, &mount, log) && carry_out(applier, &Action::write(&path, content, 0o755), log);
    placed.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::super::config::cloud_config;
    use super::super::consume::consume;
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::instance::{File, Instance, InstanceId, USER_DATA};

    fn texts(actions: &[Action]) -> Vec<String> {
        actions.iter().map(Action::text).collect()
    }

    #[test]
    fn units_are_started_as_their_own_install_sections_say() {
        let actions = plan("/x/glowplug", &Online(vec![FINAL]), false);
        let lines = texts(&actions);
        for line in [
            "link /run/systemd/system/multi-user.target.wants/glowplug.target to ../glowplug.target",
            "link /run/systemd/system/glowplug.target.wants/glowplug-final.service to ../glowplug-final.service",
            "link /run/systemd/system/cloud-final.service to glowplug-final.service",
            "link /run/systemd/system/cloud-init-network.service to glowplug-init.service",
            "link /run/systemd/system/cloud-config.target to glowplug-config.target",
        ] {
            assert!(lines.iter().any(|have| have == line), "{line} is not in {lines:#?}");
        }
        assert!(lines.iter().any(|line| line.contains("glowplug-final.service.d/network-online.conf")));
        assert!(
            !lines.iter().any(|line| line.contains("glowplug-init.service.d") || line.contains("/dev/null"))
        );
        for action in &actions {
            let Action::WriteFile(file) = action else { continue };
            let text = String::from_utf8_lossy(&file.content);
            assert!(!text.contains("[Install]") && !text.contains("/usr/bin/glowplug"), "{text}");
            let runs = text.lines().filter(|line| line.starts_with("ExecStart=/x/glowplug ")).count();
            assert_eq!(runs, usize::from(file.path.ends_with(".service")), "{}", file.path);
        }
    }

    #[test]
    fn templates_and_patches_may_hide_what_the_init_stage_fetches() {
        let online = |text: &str| {
            let mut instance = Instance::new(InstanceId::parse("i").unwrap(), "NoCloud");
            instance.raw.push(File { path: USER_DATA.into(), content: text.into() });
            let consumed = consume(&instance, &[], &Tree::default(), None, None, &mut Vec::new());
            let merged = consumed.merged(&mut Vec::new());
            Online::of(&consumed, &cloud_config(&merged, &[]), &Tree::default()).0
        };
        assert_eq!(online("## template: jinja\n#cloud-config\nbootcmd: [x]\n"), [INIT, CONFIG, FINAL]);
        assert_eq!(online("## template: jinja\n#cloud-boothook\nx\n"), [INIT, CONFIG, FINAL]);
        assert_eq!(online("## template: jinja\n#cloud-config\nhostname: x\n"), [CONFIG, FINAL]);
        let patch = "#cloud-config-jsonp\n[{\"op\": \"add\", \"path\": \"/bootcmd\", \"value\": [\"x\"]}]\n";
        assert_eq!(online(patch), [INIT, CONFIG, FINAL]);
        assert_eq!(online("#cloud-config\nhostname: x\n"), [""; 0]);
        assert_eq!(online("#!/bin/sh\n"), [FINAL]);
    }

    #[test]
    fn cloud_init_is_found_where_systemd_would_start_it() {
        let systemd = ("/usr/lib/systemd/systemd", "");
        let wants = ("/etc/systemd/system/cloud-init.target.wants/cloud-init.service", "");
        let enabled = |files: &[(&str, &str)]| cloud_init_is_enabled(&Tree::of("", files));
        assert!(enabled(&[systemd, wants]));
        assert!(enabled(&[systemd, ("/lib/systemd/system/multi-user.target.wants/cloud-init.target", "")]));
        assert!(!enabled(&[wants]), "nothing there starts units");
        assert!(!enabled(&[systemd, ("/lib/systemd/system/cloud-init.service", "")]), "it is disabled");
        let ours = ("/etc/systemd/system/glowplug-init.service", "");
        assert!(!enabled(&[systemd, wants, ours]), "our units have its names");
    }
}
