//! `snap`: assertions and commands of snap(1).

use super::packages::install_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::cloud_config::Setting;
use crate::state::paths::Frequency;
use crate::syntax::order::order;
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "snap",
    keys: &["snap"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("snap"),
    plan,
};

const DOING: &str = "run the command of snap at";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let assertions = assertions(context, plan);
    let commands = commands(context, plan);
    if assertions.is_none() && commands.is_empty() {
        return;
    }
    install_program(context, "snap", &["snapd".into()], plan);
    // Until the image's own snaps are there snapd refuses to install others.
    plan.actions.push(Program::repeatable(&["snap", "wait", "system", "seed.loaded"]).into());
    if let Some(text) = assertions {
        let path = context.paths.file("snapd.assertions");
        plan.actions.push(Action::write(&path, text.into_bytes(), 0o600));
        plan.actions.push(Program::repeatable(&["snap", "ack", &path]).into());
    }
    plan.actions.extend(commands.into_iter().map(Action::from));
}

/// The assertions in one text.
fn assertions(context: &Context<'_>, plan: &mut Plan) -> Option<String> {
    let key = "snap.assertions";
    let setting = context.config.get(key)?;
    let mut texts = Vec::new();
    for item in items(&setting, key, plan) {
        match item.as_str() {
            Some(text) => texts.push(text),
            None => plan.problems.push(setting.mismatch("use", item, "the assertion", "a string")),
        }
    }
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// The commands, each a text for a shell or a list of words; a list need not begin with `snap`.
fn commands(context: &Context<'_>, plan: &mut Plan) -> Vec<Program> {
    let key = "snap.commands";
    let Some(setting) = context.config.get(key) else { return Vec::new() };
    let mut programs = Vec::new();
    for item in items(&setting, key, plan) {
        let words: Option<Vec<&str>> = match &item.data {
            Data::Str(text) => Some(["sh", "-c", text].into()),
            Data::Seq(words) => words.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let is_argument = |word: &&str| !word.contains('\0');
        match words.filter(|words| !words.is_empty() && words.iter().all(is_argument)) {
            Some(words) if matches!(words[0], "snap" | "sh") => programs.push(Program::new(&words)),
            Some(words) => programs.push(Program::new(&[&["snap"], &*words].concat())),
            None => {
                plan.problems.push(setting.mismatch(DOING, item, "it", "a string or a list of strings"));
            }
        }
    }
    programs
}

/// The items of a list, or those of a mapping in the order of its keys: numbers first.
fn items<'v>(setting: &Setting<'v>, key: &str, plan: &mut Plan) -> Vec<&'v Value<'v>> {
    let value = setting.value;
    match &value.data {
        Data::Seq(items) => items.iter().collect(),
        Data::Map(entries) => {
            let compare = |one: usize, other: usize| place(&entries[one].0).cmp(&place(&entries[other].0));
            order(entries.len(), &compare).into_iter().map(|at| &entries[at].1).collect()
        }
        _ => {
            plan.problems.push(setting.mismatch("read", value, key, "a list or a mapping"));
            Vec::new()
        }
    }
}

/// Where an entry of a key stands: by its number, `08` has one too, else by its text.
fn place<'v>(key: &'v Value<'_>) -> (i64, &'v str) {
    let text = key.as_str().unwrap_or_default();
    let number = key.as_int().or_else(|| text.parse().ok());
    number.map_or((i64::MAX, text), |number| (number, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    fn lines(plan: &Plan) -> Vec<String> {
        plan.actions.iter().map(Action::text).collect()
    }

    #[test]
    fn assertions_come_before_commands_and_a_mapping_is_in_the_order_of_its_keys() {
        let root = Tree::default().with("/usr/bin/snap", "", 0o100_755);
        let text = "snap:\n  assertions: {2: b, 1: a}\n  commands:\n    10: snap install c\n    08: [install, b]\n    \
                    01: [snap, install, a]\n    last: [set, x, y=1]\n    zz: [1]\n";
        let plan = planned("snap", text, &root);
        assert_eq!(
            lines(&plan),
            [
                "run snap wait system seed.loaded",
                "write /var/lib/cloud/instances/i-1/snapd.assertions (0600 root, 3 bytes)",
                "run snap ack /var/lib/cloud/instances/i-1/snapd.assertions",
                "run snap install a",
                "run snap install b",
                "run sh -c snap install c",
                "run snap set x y=1",
            ]
        );
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to run the command of snap at user-data:8:9: it is a list, not a string or a list of strings"
            ]
        );
    }

    #[test]
    fn snapd_is_installed_where_it_is_not_there() {
        let root = Tree::default().with("/etc/os-release", "ID=fedora\n", 0o100_644);
        let root = root.with("/usr/bin/dnf", "", 0o100_755);
        let plan = planned("snap", "snap: {commands: [[install, a]]}", &root);
        assert_eq!(lines(&plan)[0], "run dnf -y install snapd");
        assert_eq!(planned("snap", "snap: {commands: []}", &root).actions, []);
        let wrong = planned("snap", "snap: {commands: install}", &root);
        assert_eq!(
            texts(&wrong.problems),
            ["unable to read user-data:1:18: snap.commands is a string, not a list or a mapping"]
        );
    }
}
