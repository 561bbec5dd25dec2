//! `write_files` and, in the final stage, `write_files_deferred`.

use super::present::Unread;
use super::{Context, Early, Module, Plan, Stage};
use crate::accounts::Accounts;
use crate::action::{Action, Effect, Owner};
use crate::cloud_config::write_files;
use crate::fetch::may_exist;
use crate::state::paths::Frequency;
use crate::text::parent_and_name;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "write_files",
    keys: &["write_files"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    plan: |context, plan| plan_files(context, false, plan),
};

pub(super) const DEFERRED: Module = Module {
    name: "write_files_deferred",
    keys: &["write_files"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    plan: |context, plan| plan_files(context, true, plan),
};

#[inline(never)]
fn plan_files(context: &Context<'_>, deferred: bool, plan: &mut Plan) {
    let mut files = Vec::new();
    write_files::plan(context.config, deferred, &mut files, &mut plan.problems);
    let mut accounts = None;
    for file in files {
        let directory = directory(context, &file, &mut accounts, plan);
        plan.actions.extend(directory);
        plan.actions.push(file);
    }
}

/// The directories on the way to a file are its owner's where they have to be
/// made, as in newer cloud-inits. Of an owner that is nobody the file tells.
fn directory(
    context: &Context<'_>,
    action: &Action,
    accounts: &mut Option<Result<Accounts, Unread>>,
    plan: &mut Plan,
) -> Option<Action> {
    let file = match action {
        Action::WriteFile(file) => file,
        Action::Task(task) => match &task.effect {
            Effect::Fetch(fetched) => &fetched.file,
            _ => return None,
        },
        _ => return None,
    };
    let (path, _) = parent_and_name(&file.path);
    let is_known = match &file.owner {
        Owner::Named { user, .. } => {
            let accounts = accounts.get_or_insert_with(|| plan.accounts(context));
            accounts.as_ref().ok()?.uid(user).is_some()
        }
        owner => *owner != Owner::Root,
    };
    // Of a folder that can't be looked up the file tells.
    let is_missing = !path.is_empty() && is_known && !may_exist(context.root, path);
    is_missing.then(|| Action::MakeDirectory { path: path.into(), mode: 0o755, owner: file.owner.clone() })
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned};

    #[test]
    fn directories_are_made_for_the_owner() {
        let root = Tree::default()
            .with("/etc/passwd", "app:x:7:7::/:/bin/sh\n", FILE)
            .with("/etc/group", "app:x:7:\n", FILE)
            .with("/srv", "", 0o040_755);
        let text = "write_files:\n- {path: /a/b/c, owner: app}\n- {path: /srv/x, owner: app}\n- {path: /d/e}\n\
                    - {path: /f/g, owner: nobody}\n- {path: /h/i, owner: 'app:app', source: {uri: /x}}\n";
        let lines: Vec<String> =
            planned("write_files", text, &root).actions.iter().map(Action::text).collect();
        assert_eq!(
            lines,
            [
                "make directory /a/b (0755 app)",
                "write /a/b/c (0644 app, 0 bytes)",
                "write /srv/x (0644 app, 0 bytes)",
                "write /d/e (0644 root, 0 bytes)",
                "write /f/g (0644 nobody, 0 bytes)",
                "make directory /h (0755 app:app)",
                "fetch /h/i",
            ]
        );
    }
}
