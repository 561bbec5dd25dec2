//! `keyboard`: the layout of the console's keys.

use super::distribution::{Distribution, Family};
use super::system::{has_program, runs_systemd};
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::error::Result;
use crate::fetch::may_exist;
use crate::state::paths::Frequency;
use crate::syntax::value::Data;
use alloc::string::String;

pub(super) const MODULE: Module = Module {
    name: "keyboard",
    keys: &["keyboard"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const DOING: &str = "set the keyboard at";
const FILE: &str = "/etc/default/keyboard";

/// The keys in the order localectl(1) takes them, what each is in
/// keyboard(5), and what it is where nobody says.
const PARTS: [(&str, &str, &str); 4] = [
    ("layout", "XKBLAYOUT", ""),
    ("model", "XKBMODEL", "pc105"),
    ("variant", "XKBVARIANT", ""),
    ("options", "XKBOPTIONS", ""),
];

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let parts = match parts(context) {
        Ok(parts) => parts,
        Err(error) => return plan.problems.push(error),
    };
    let [layout, model, variant, options] = parts;
    let root = context.root;
    match Distribution::of(context).family {
        Family::Debian => {
            let mut text = String::from(super::CREATED);
            for ((_, name, _), value) in PARTS.iter().zip(parts) {
                text.push_str(&[name, "=\"", value, "\"\n"].concat());
            }
            text.push_str("BACKSPACE=\"guess\"\n");
            plan.actions.push(Action::write(FILE, text.into_bytes(), 0o644));
            if runs_systemd(root) && may_exist(root, "/lib/systemd/system/console-setup.service") {
                plan.actions.push(Program::repeatable(&["systemctl", "restart", "console-setup"]).into());
            } else if has_program(root, "setupcon") {
                plan.actions.push(Program::repeatable(&["setupcon", "--save", "--force"]).into());
            }
        }
        Family::Alpine => {
            let variant = if variant.is_empty() { layout } else { variant };
            plan.actions.push(Program::repeatable(&["setup-keymap", layout, variant]).into());
        }
        _ if runs_systemd(root) => {
            let program =
                Program::repeatable(&["localectl", "set-x11-keymap", layout, model, variant, options]);
            plan.actions.push(program.into());
        }
        _ => {
            let why = "without systemd there is no localectl to tell";
            let error =
                context.config.get("keyboard").map(|setting| setting.error(DOING, setting.value, why));
            plan.problems.extend(error);
        }
    }
}

fn parts<'a>(context: &Context<'a>) -> Result<[&'a str; 4]> {
    let mut parts = [""; 4];
    let Some(setting) = context.config.get("keyboard") else { return Ok(parts) };
    if !matches!(setting.value.data, Data::Map(_)) {
        return Err(setting.mismatch(DOING, setting.value, "keyboard", "a mapping"));
    }
    for (part, (key, _, default)) in parts.iter_mut().zip(PARTS) {
        let Some(value) = setting.value.get_set(key) else {
            *part = default;
            continue;
        };
        let is_part = |text: &&str| {
            !text.starts_with('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-+,:()".contains(c))
        };
        *part = value
            .as_str()
            .filter(is_part)
            .ok_or_else(|| setting.error(DOING, value, &[key, " is no name of one"].concat()))?;
    }
    if parts[0].is_empty() {
        let value = setting.value.get("layout").unwrap_or(setting.value);
        return Err(setting.error(DOING, value, "it has no layout"));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    const TEXT: &str = "keyboard: {layout: de, variant: nodeadkeys, options: 'compose:rwin'}";

    fn root(id: &str) -> Tree {
        Tree::default().with("/etc/os-release", &format!("ID={id}\n"), 0o100_644)
    }

    #[test]
    fn debian_has_a_file_and_setupcon() {
        let debian = root("debian").with("/bin/setupcon", "", 0o100_755);
        let file = "# Created by glowplug\nXKBLAYOUT=\"de\"\nXKBMODEL=\"pc105\"\nXKBVARIANT=\"nodeadkeys\"\n\
                    XKBOPTIONS=\"compose:rwin\"\nBACKSPACE=\"guess\"\n";
        let write = Action::write(FILE, file.into(), 0o644);
        let setupcon = Program::repeatable(&["setupcon", "--save", "--force"]).into();
        assert_eq!(planned("keyboard", TEXT, &debian).actions, [write, setupcon]);
    }

    #[test]
    fn others_have_programs() {
        let fedora = root("fedora").with("/run/systemd/system", "", 0o040_755);
        let localectl = Program::repeatable(&[
            "localectl",
            "set-x11-keymap",
            "de",
            "pc105",
            "nodeadkeys",
            "compose:rwin",
        ]);
        assert_eq!(planned("keyboard", TEXT, &fedora).actions, [localectl.into()]);
        let alpine = Program::repeatable(&["setup-keymap", "us", "us"]).into();
        assert_eq!(planned("keyboard", "keyboard: {layout: us}", &root("alpine")).actions, [alpine]);
    }

    #[test]
    fn what_is_no_layout_is_told() {
        for (text, why) in [
            ("{model: pc104}", "11: it has no layout"),
            ("{layout: 'a b'}", "20: layout is no name of one"),
            ("us", "11: keyboard is a string, not a mapping"),
        ] {
            let plan = planned("keyboard", &format!("keyboard: {text}"), &root("debian"));
            assert_eq!(texts(&plan.problems), [format!("unable to set the keyboard at user-data:1:{why}")]);
            assert_eq!(plan.actions, []);
        }
        let plan = planned("keyboard", TEXT, &root("fedora"));
        assert_eq!(
            texts(&plan.problems),
            ["unable to set the keyboard at user-data:1:11: without systemd there is no localectl to tell"]
        );
    }
}
