//! `wireguard`: tunnels as wg-quick(8) sets them up.

use super::packages::install_program;
use super::system::runs_systemd;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::cloud_config::Setting;
use crate::error::{Error, Result};
use crate::state::paths::Frequency;
use crate::syntax::value::Value;
use alloc::borrow::Cow;
use alloc::format;

pub(super) const MODULE: Module = Module {
    name: "wireguard",
    keys: &["wireguard"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    // Peers may have names, and the tools may have to be installed.
    network: Network::keys("wireguard"),
    plan,
};

const DOING: &str = "set up the tunnel at";

/// Bytes of a link's name at most (the kernel's IFNAMSIZ, less its end).
const NAME: usize = 15;

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let problems = &mut plan.problems;
    let Some((setting, interfaces)) = context.config.list("wireguard.interfaces", problems) else {
        return;
    };
    if !interfaces.is_empty() {
        install_program(context, "wg", &["wireguard-tools".into()], plan);
    }
    for item in interfaces {
        match tunnel(&setting, item) {
            Ok((name, file)) => {
                plan.actions.push(file);
                start(context, name, plan);
            }
            Err(error) => plan.problems.push(error),
        }
    }
    probe(context, plan);
}

/// Starts a tunnel now and at each boot.
fn start(context: &Context<'_>, name: &str, plan: &mut Plan) {
    if runs_systemd(context.root) {
        let unit = format!("wg-quick@{name}");
        for verb in ["enable", "restart"] {
            plan.actions.push(Program::repeatable(&["systemctl", verb, &unit]).into());
        }
    } else {
        plan.actions.push(Program::new(&["wg-quick", "up", name]).into());
        let why = "only systemd starts it; at the next boot nothing does";
        plan.problems.push(Error::new("keep up the tunnel", name, why));
    }
}

/// The name of a tunnel and its file, which holds a secret.
fn tunnel<'v>(setting: &Setting<'_>, item: &'v Value<'_>) -> Result<(&'v str, Action)> {
    let wrong = |why| setting.error(DOING, item, why);
    let text = |key| item.get_set(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("name").ok_or_else(|| wrong("it has no name"))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_=+.-".contains(c);
    if name.len() > NAME || name.starts_with(['-', '.']) || !name.chars().all(is_name) {
        return Err(wrong("its name is no name of a link"));
    }
    let usual = || Cow::Owned(format!("/etc/wireguard/{name}.conf"));
    let path = text("config_path").map_or_else(usual, Cow::Borrowed);
    if !path.starts_with('/') || path.contains(char::is_control) {
        return Err(wrong("config_path is not an absolute path"));
    }
    let content = text("content").ok_or_else(|| wrong("it has no content"))?;
    Ok((name, Action::write(&path, content.as_bytes().to_vec(), 0o600)))
}

/// Runs what tells whether the tunnels work.
fn probe(context: &Context<'_>, plan: &mut Plan) {
    let problems = &mut plan.problems;
    let Some((setting, probes)) = context.config.list("wireguard.readinessprobe", problems) else {
        return;
    };
    for probe in probes {
        match probe.as_str().filter(|command| !command.contains('\0')) {
            Some(command) => plan.actions.push(Program::repeatable(&["sh", "-c", command]).into()),
            None => plan.problems.push(setting.mismatch("run", probe, "the probe", "a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};
    use alloc::string::String;

    const TEXT: &str = "wireguard:\n  interfaces:\n  - {name: wg0, config_path: /etc/wireguard/wg0.conf, content: \"[Interface]\\n\"}\n  \
                        - {name: wg1, content: x}\n  - {name: ../x, content: x}\n  - {name: wg2}\n  readinessprobe: [ping -c 1 10.0.0.1, [x]]\n";

    fn lines(plan: &Plan) -> alloc::vec::Vec<String> {
        plan.actions.iter().map(Action::text).collect()
    }

    #[test]
    fn tunnels_are_written_and_started() {
        let root =
            Tree::default().with("/usr/bin/wg", "", 0o100_755).with("/run/systemd/system", "", 0o040_755);
        let plan = planned("wireguard", TEXT, &root);
        assert_eq!(
            lines(&plan),
            [
                "write /etc/wireguard/wg0.conf (0600 root, 12 bytes)",
                "run systemctl enable wg-quick@wg0",
                "run systemctl restart wg-quick@wg0",
                "write /etc/wireguard/wg1.conf (0600 root, 1 bytes)",
                "run systemctl enable wg-quick@wg1",
                "run systemctl restart wg-quick@wg1",
                "run sh -c ping -c 1 10.0.0.1",
            ]
        );
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to set up the tunnel at user-data:5:5: its name is no name of a link",
                "unable to set up the tunnel at user-data:6:5: it has no content",
                "unable to run user-data:7:40: the probe is a list, not a string",
            ]
        );
    }

    #[test]
    fn the_tools_are_installed_where_they_are_not_there() {
        let root = Tree::default().with("/etc/os-release", "ID=fedora\n", 0o100_644);
        let root = root.with("/usr/bin/dnf", "", 0o100_755);
        let plan = planned("wireguard", "wireguard: {interfaces: [{name: w, content: x}]}", &root);
        assert_eq!(
            lines(&plan),
            [
                "run dnf -y install wireguard-tools",
                "write /etc/wireguard/w.conf (0600 root, 1 bytes)",
                "run wg-quick up w",
            ]
        );
        assert_eq!(
            texts(&plan.problems),
            ["unable to keep up the tunnel w: only systemd starts it; at the next boot nothing does"]
        );
    }
}
