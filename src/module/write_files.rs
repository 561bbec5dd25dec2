//! `write_files` and, in the final stage, `write_files_deferred`.

use super::newcomers::{Newcomers, file, is_below};
use super::present::Unread;
use super::users_groups::home;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::accounts::{Accounts, User};
use crate::action::{Action, Owner};
use crate::cloud_config::write_files;
use crate::error::Error;
use crate::fetch::may_exist;
use crate::state::paths::Frequency;
use crate::syntax::value::Value;
use crate::text::{fill, parent_and_name};
use alloc::vec::Vec;

/// What the agent writes: all but files in homes that are made with their users.
pub(super) const MODULE: Module = Module {
    name: "write_files",
    keys: &["write_files"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    network: Network::when("uri", |config, _| write_files::is_remote(config)),
    plan: plan_early,
};

/// What the runner writes: all but files of users and groups that `users_groups`
/// makes, which come after these.
pub(super) const PRESENT: Module = Module { plan: plan_present, ..MODULE };

pub(super) const DEFERRED: Module = Module {
    name: "write_files_deferred",
    keys: &["write_files"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: MODULE.network,
    plan: |context, plan| {
        let mut files = Vec::new();
        write_files::plan(context.config, true, &mut files, &mut plan.problems);
        Writer::new(context).write(files, plan);
    },
};

#[inline(never)]
fn plan_early(context: &Context<'_>, plan: &mut Plan) {
    let mut files = Vec::new();
    write_files::plan(context.config, false, &mut files, &mut plan.problems);
    files.retain(|action| {
        let home = file(action).and_then(|file| missing_home(context, &file.path));
        plan.waits.extend(home.map(|home| Error::new("write a file in", home, "it is made with its user")));
        home.is_none()
    });
    Writer::new(context).write(files, plan);
}

fn plan_present(context: &Context<'_>, plan: &mut Plan) {
    let mut files = Vec::new();
    write_files::plan(context.config, false, &mut files, &mut plan.problems);
    let Ok(present) = plan.accounts(context) else { return };
    let (_, files) = Newcomers::of(context, &present).split(files);
    let files = with_owners(context, &present, files, plan);
    for home in homes(context, &present, &files) {
        home::make(context, home.0, home.1, plan);
    }
    Writer::new(context).write(files, plan);
}

/// The files whose owners are there; the others are errors that say where the owner is named.
fn with_owners(
    context: &Context<'_>,
    present: &Accounts,
    files: Vec<Action>,
    plan: &mut Plan,
) -> Vec<Action> {
    let missing = |action: &Action| match &file(action)?.owner {
        Owner::Named { user, .. } if present.uid(user).is_none() => Some(("user", user.clone())),
        Owner::Named { group: Some(group), .. } if present.gid(group).is_none() => {
            Some(("group", group.clone()))
        }
        _ => None,
    };
    let (there, others) = files.into_iter().partition(|action| missing(action).is_none());
    for action in &others {
        let (Some((kind, name)), Some(path)) = (missing(action), action.path()) else { continue };
        let why = fill(
            "{}: the {} {} does not exist; with defer: true it is written after packages",
            &[path, kind, &name],
        );
        plan.waits.push(write_files::owner_error(context.config, path, &why));
    }
    there
}

/// Plans the files that wait for users and groups which the plan makes before.
pub(super) fn plan_of_newcomers(context: &Context<'_>, newcomers: &Newcomers<'_>, plan: &mut Plan) {
    let mut files = Vec::new();
    // What is wrong with the others their module has told.
    write_files::plan(context.config, false, &mut files, &mut Vec::new());
    let (files, _) = newcomers.split(files);
    Writer { is_made: true, ..Writer::new(context) }.write(files, plan);
}

/// The homes of users of the root, and their users, that `files` lie in and that
/// are not there: each is made as useradd(8) makes one.
fn homes<'a>(context: &Context<'_>, present: &'a Accounts, files: &[Action]) -> Vec<(&'a str, &'a str)> {
    let mut homes = Vec::new();
    for path in files.iter().filter_map(file).map(|file| &file.path) {
        let of_person = |user: &User<'a>| user.uid >= FIRST_PERSON && is_below(path, user.home);
        let Some(user) = present.users().find(of_person) else { continue };
        if !homes.contains(&(user.home, user.name)) && !may_exist(context.root, user.home) {
            homes.push((user.home, user.name));
        }
    }
    homes
}

/// Users below are the system's (login.defs(5)'s `UID_MIN`).
const FIRST_PERSON: u32 = 1000;

/// The home that `path` lies in, if it is not there: one below /home, or one that
/// an entry of `users` names.
#[inline(never)]
fn missing_home<'p>(context: &Context<'_>, path: &'p str) -> Option<&'p str> {
    let names = path.strip_prefix("/home/").and_then(|rest| rest.find('/'));
    let mut home = names.and_then(|length| path.get(.."/home/".len() + length));
    let users = context.config.get("users").and_then(|setting| setting.value.items());
    for user in users.unwrap_or_default() {
        let named = user.get("homedir").and_then(Value::as_str).filter(|home| is_below(path, home));
        home = named.and_then(|home| path.get(..home.len())).or(home);
    }
    home.filter(|home| !may_exist(context.root, home))
}

/// Adds files to a plan, with the directories on the way to them.
struct Writer<'w, 'a> {
    context: &'w Context<'a>,
    accounts: Option<Result<Accounts, Unread>>,
    /// The owners are made by the same plan.
    is_made: bool,
}

impl<'w, 'a> Writer<'w, 'a> {
    const fn new(context: &'w Context<'a>) -> Self {
        Self { context, accounts: None, is_made: false }
    }

    #[inline(never)]
    fn write(&mut self, files: Vec<Action>, plan: &mut Plan) {
        for file in files {
            let directory = self.directory(&file, plan);
            plan.actions.extend(directory);
            plan.actions.push(file);
        }
    }

    /// The directories on the way to a file are its owner's where they have to be
    /// made, as in newer cloud-inits. Of an owner that is nobody the file tells.
    fn directory(&mut self, action: &Action, plan: &mut Plan) -> Option<Action> {
        let file = file(action)?;
        let (path, _) = parent_and_name(&file.path);
        let context = self.context;
        let is_known = match &file.owner {
            Owner::Named { user, .. } if !self.is_made => {
                let accounts = self.accounts.get_or_insert_with(|| plan.accounts(context));
                accounts.as_ref().ok()?.uid(user).is_some()
            }
            owner => *owner != Owner::Root,
        };
        // Of a folder that can't be looked up the file tells.
        let is_missing = !path.is_empty() && is_known && !may_exist(context.root, path);
        is_missing.then(|| Action::MakeDirectory {
            path: path.into(),
            mode: 0o755,
            owner: file.owner.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::MODULE;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, plan_by, planned, texts};

    fn lines(module: &str, text: &str, root: &Tree) -> Vec<String> {
        planned(module, text, root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn files_of_users_that_the_same_configuration_makes_were_never_written() {
        let root = Tree::default()
            .with("/etc/passwd", "root:x:0:0::/root:/bin/sh\n", FILE)
            .with("/etc/group", "root:x:0:\n", FILE)
            .with("/etc/skel/.bashrc", "skel", FILE);
        let text = "users: [{name: lee}, {name: kim, homedir: /srv/kim}]\ngroups: [web]\nwrite_files:\n\
                    - {path: /home/lee/.bashrc, content: mine, owner: 'lee:lee'}\n\
                    - {path: /opt/app/conf, owner: lee}\n- {path: /opt/app/conf, append: true}\n\
                    - {path: /opt/app/conf2, owner: 'root:web'}\n- {path: /srv/kim/x}\n- {path: /etc/y}\n\
                    - {path: /z, owner: 'nobody'}\n";
        assert_eq!(lines("write_files", text, &root)[..], ["write /etc/y (0644 root, 0 bytes)"]);
        let waits = planned("write_files", text, &root).waits;
        let why = "unable to write the file at user-data:10:21: /z: the user nobody does not exist; with defer: true it \
                   is written after packages";
        assert_eq!(texts(&waits), [why]);
        let users = lines("users_groups", text, &root);
        let after = users.iter().position(|line| line.starts_with("write /srv/kim/.bashrc")).unwrap();
        assert!(users.contains(&"write /home/lee/.bashrc (0644 lee, 4 bytes)".into()), "with the skeleton");
        assert_eq!(
            users[after + 1..],
            [
                "make directory /home/lee (0755 lee:lee)",
                "write /home/lee/.bashrc (0644 lee:lee, 4 bytes)",
                "make directory /opt/app (0755 lee)",
                "write /opt/app/conf (0644 lee, 0 bytes)",
                "append to /opt/app/conf (0644 root, 0 bytes)",
                "make directory /opt/app (0755 root:web)",
                "write /opt/app/conf2 (0644 root:web, 0 bytes)",
                "write /srv/kim/x (0644 root, 0 bytes)",
            ]
        );
        let lists = ["cloud_init_modules: [write-files]\n", text].concat();
        assert_eq!(planned("write_files", &lists, &root).waits.len(), 4, "nobody makes them");
    }

    #[test]
    fn before_the_pivot_files_in_a_home_that_is_not_there_wait() {
        let root = Tree::default().with("/home/ann", "", 0o040_755);
        let text = "users: [{name: kim, homedir: /srv/kim}]\nwrite_files:\n- {path: /home/lee/x}\n\
                    - {path: /home/ann/x}\n- {path: /srv/kim/x}\n- {path: /srv/kimono}\n";
        let plan = plan_by(&MODULE, text, &root);
        let lines: Vec<String> = plan.actions.iter().map(Action::text).collect();
        assert_eq!(
            lines,
            ["write /home/ann/x (0644 root, 0 bytes)", "write /srv/kimono (0644 root, 0 bytes)"]
        );
        assert_eq!(
            texts(&plan.waits),
            [
                "unable to write a file in /home/lee: it is made with its user",
                "unable to write a file in /srv/kim: it is made with its user",
            ]
        );
    }

    #[test]
    fn a_home_made_for_a_file_was_roots_and_had_no_skeleton() {
        let root = Tree::default()
            .with("/etc/passwd", "old:x:1000:1000::/home/old:/bin/sh\ndb:x:70:70::/var/db:/bin/sh\n", FILE)
            .with("/etc/skel/.profile", "skel", FILE);
        assert_eq!(
            lines(
                "write_files",
                "write_files: [{path: /home/old/x}, {path: /home/old/y}, {path: /var/db/x}]",
                &root
            ),
            [
                "make directory /home/old (0755 old)",
                "write /home/old/.profile (0644 old, 4 bytes)",
                "write /home/old/x (0644 root, 0 bytes)",
                "write /home/old/y (0644 root, 0 bytes)",
                "write /var/db/x (0644 root, 0 bytes)",
            ]
        );
    }

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
                "make directory /h (0755 app:app)",
                "fetch /h/i",
            ]
        );
    }
}
