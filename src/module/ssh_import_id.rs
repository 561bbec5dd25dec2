//! `ssh_import_id`: authorized keys from a public key server, by the program
//! ssh-import-id(1).

use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Program;
use crate::cloud_config::Setting;
use crate::cloud_config::users::users;
use crate::error::Error;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "ssh_import_id",
    keys: &["ssh_import_id", "users"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("ssh_import_id users.*.ssh_import_id users.*.ssh-import-id"),
    plan,
};

const PROGRAM: &str = "ssh-import-id";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Ok(accounts) = plan.accounts(context) else { return };
    let (is_there, has_sudo) = (has_program(context.root, PROGRAM), has_program(context.root, "sudo"));
    for (user, ids) in wanted(context, plan) {
        let failed = |why| Error::new("import the keys of", user, why);
        if !is_there {
            plan.problems.push(failed("ssh-import-id is not there (package ssh-import-id)"));
        } else if accounts.user(user).is_none() {
            plan.problems.push(failed("there is no such user"));
        } else if has_sudo {
            let base = ["sudo", "--preserve-env=https_proxy", "-Hu", user, PROGRAM];
            plan.actions.push(Program::repeatable(&[&base[..], &ids].concat()).into());
        } else {
            // Without sudo, su: the words go to its shell as arguments.
            let base = ["su", user, "-s", "/bin/sh", "-c", "exec ssh-import-id \"$@\"", "--", "sh"];
            plan.actions.push(Program::repeatable(&[&base[..], &ids].concat()).into());
        }
    }
}

/// Each user with the identities that may log in as it: the default user's
/// stand at the top.
fn wanted<'a>(context: &Context<'a>, plan: &mut Plan) -> Vec<(&'a str, Vec<&'a str>)> {
    let top = context.config.get("ssh_import_id");
    let entries = context.config.get("users");
    let items = entries.and_then(|setting| setting.value.items()).unwrap_or_default();
    let mut named = BTreeMap::new();
    for item in items {
        if let Some(name) = item.get("name").and_then(Value::as_str) {
            named.entry(name).or_insert(item);
        }
    }
    let mut wanted = Vec::new();
    // What is wrong with them, users_groups has told.
    for user in users(context.config, &mut Vec::new()) {
        let own = || Some((entries?, named.get(user.name)?.get_set("ssh_import_id")?));
        let found = if user.is_default { top.map(|setting| (setting, setting.value)) } else { own() };
        let Some((setting, value)) = found else { continue };
        let ids = ids(&setting, value, plan);
        if !ids.is_empty() {
            wanted.push((user.name, ids));
        }
    }
    wanted
}

fn ids<'a>(setting: &Setting<'a>, value: &'a Value<'a>, plan: &mut Plan) -> Vec<&'a str> {
    let items = match &value.data {
        Data::Seq(items) => items,
        _ => core::slice::from_ref(value),
    };
    let (mut ids, mut seen) = (Vec::new(), BTreeSet::new());
    for item in items {
        // As cloud-init has it, commas stand between several in one text.
        for id in item.as_str().unwrap_or("-").split(',').map(str::trim_ascii) {
            // Old examples say `None` for no identity.
            if id.eq_ignore_ascii_case("none") || id.is_empty() {
                continue;
            }
            if id.starts_with('-') || id.contains(|c: char| c.is_control() || c.is_whitespace()) {
                let why = "it is no identity (lp:NAME, gh:NAME)";
                plan.problems.push(setting.error("import the keys at", item, why));
            } else if seen.insert(id) {
                ids.push(id);
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    const TEXT: &str = "{user: me, ssh_import_id: [gh:me, gh:me, -x], users: [default, {name: you, ssh_import_id: lp:you}, {name: none}]}";

    fn root(programs: &[&str]) -> Tree {
        let passwd = "me:x:7:7::/home/me:/bin/sh\nyou:x:8:8::/home/you:/bin/sh\n";
        let root = Tree::default().with("/etc/passwd", passwd, FILE);
        programs.iter().fold(root, |root, program| root.with(program, "", 0o100_755))
    }

    #[test]
    fn every_user_imports_its_own() {
        let plan = planned(MODULE.name, TEXT, &root(&["/usr/bin/ssh-import-id", "/usr/bin/sudo"]));
        let sudo = |user, id| {
            Program::repeatable(&["sudo", "--preserve-env=https_proxy", "-Hu", user, PROGRAM, id]).into()
        };
        assert_eq!(plan.actions, [sudo("you", "lp:you"), sudo("me", "gh:me")]);
        assert_eq!(
            texts(&plan.problems),
            ["unable to import the keys at user-data:1:42: it is no identity (lp:NAME, gh:NAME)"]
        );
        let plan = planned(MODULE.name, TEXT, &root(&["/usr/bin/ssh-import-id"]));
        assert_eq!(
            plan.actions[0].to_string(),
            "run su you -s /bin/sh -c exec ssh-import-id \"$@\" -- sh lp:you"
        );
    }

    #[test]
    fn the_account_called_none_let_somebody_in() {
        let text = "users: [{name: me, ssh_import_id: None}, {name: you, ssh_import_id: 'gh:a, gh:b'}]";
        let plan = planned(MODULE.name, text, &root(&["/usr/bin/ssh-import-id", "/usr/bin/sudo"]));
        let lines: Vec<String> = plan.actions.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["run sudo --preserve-env=https_proxy -Hu you ssh-import-id gh:a gh:b"]);
        assert_eq!(texts(&plan.problems), [""; 0]);
    }

    #[test]
    fn without_the_program_it_is_told() {
        let plan = planned(MODULE.name, "{user: me, ssh_import_id: gh:me}", &root(&[]));
        assert_eq!(plan.actions, []);
        assert_eq!(
            texts(&plan.problems),
            ["unable to import the keys of me: ssh-import-id is not there (package ssh-import-id)"]
        );
    }
}
