//! What users may do as others: rules for sudo(8) and doas(1).

use super::{Context, Plan};
use crate::action::{Action, Checked, Effect, Existing, Owner, RULES_OF, Task, WriteFile};
use crate::cloud_config::users::User;
use crate::error::Error;
use crate::module::CREATED;
use crate::module::present::Unread;
use crate::module::system::has_program;
use crate::text::{fill, to_bytes};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

const SUDOERS: &str = "/etc/sudoers";
const FOLDER: &str = "/etc/sudoers.d";
const OWN: &str = "/etc/sudoers.d/90-cloud-init-users";
const DOAS: &str = "/etc/doas.conf";

/// Who reads rules, and what checks a file of them where the root has it.
const SUDO: (&str, &[&str]) = ("sudo", &["visudo", "-c", "-f"]);
const DOAS_ITSELF: (&str, &[&str]) = ("doas", &["doas", "-C"]);

/// Adds the rules of users to the file cloud-init keeps them in; rules that are
/// there already are not added again.
pub(super) fn sudo(context: &Context<'_>, users: &[(&str, &[&str])], plan: &mut Plan) {
    if users.is_empty() {
        return;
    }
    let Ok(old) = plan.old(context, OWN) else { return };
    let mut content = old.clone().unwrap_or_else(|| CREATED.into());
    let present = Blocks::of(old.as_deref().unwrap_or_default());
    for (name, rules) in users {
        let mut block = String::new();
        for rule in *rules {
            block.push_str(&fill("{} {}\n", &[name, rule]));
        }
        present.add(name, &block, &mut content);
    }
    let mut files = Vec::new();
    if old.as_ref() != Some(&content) {
        files.push(file(OWN, &content));
    }
    if let Ok(changed) = including(context, plan) {
        files.extend(changed);
        plan.actions.push(Action::make_directory(FOLDER, 0o750));
    }
    put_in_place(context, SUDO, files, plan);
}

/// /etc/sudoers(5) with a line that has it read the folder; none where it does.
fn including(context: &Context<'_>, plan: &mut Plan) -> Result<Option<WriteFile>, Unread> {
    let old = plan.old(context, SUDOERS)?;
    let text = old.as_deref().unwrap_or_default();
    let names_folder = |line: &str| {
        let line = line.trim_ascii();
        let rest = line.strip_prefix(['#', '@']).and_then(|rest| rest.strip_prefix("includedir"));
        rest.is_some_and(|rest| rest.trim_ascii().trim_end_matches('/') == FOLDER)
    };
    if text.lines().any(names_folder) {
        return Ok(None);
    }
    let mut content = String::from(text);
    if !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    content.push_str(&fill("\n# Added by glowplug\n#includedir {}\n", &[FOLDER]));
    Ok(Some(file(SUDOERS, &content)))
}

/// Adds the rules of users to doas.conf(5); each names its user.
pub(super) fn doas(context: &Context<'_>, users: &[User<'_>], plan: &mut Plan) {
    let mut blocks = Vec::new();
    for user in users {
        blocks.extend(block(user, plan).map(|block| (user.name, block)));
    }
    if blocks.is_empty() {
        return;
    }
    let Ok(old) = plan.old(context, DOAS) else { return };
    let mut content = old.clone().unwrap_or_default();
    let present = Blocks::of(old.as_deref().unwrap_or_default());
    for (name, block) in &blocks {
        present.add(name, block, &mut content);
    }
    if old.as_ref() != Some(&content) {
        let owner = Owner::Root;
        let (path, content, existing) = (DOAS.into(), to_bytes(&content), Existing::Replace);
        let file = WriteFile { path, content, mode: 0o440, owner, existing };
        put_in_place(context, DOAS_ITSELF, alloc::vec![file], plan);
    }
}

/// The lines of a user in doas.conf(5), if there are any.
fn block(user: &User<'_>, plan: &mut Plan) -> Option<String> {
    let own = |rule: &&&str| rule.split_ascii_whitespace().any(|word| word == user.name);
    let mut block = String::new();
    for rule in user.doas.iter().filter(own) {
        block.push_str(rule);
        block.push('\n');
    }
    if user.doas.iter().any(|rule| !own(&rule)) {
        let why = "a rule of it does not name this user, and is left out";
        plan.problems.push(Error::new("allow doas to", user.name, why));
    }
    (!block.is_empty()).then_some(block)
}

/// The rules a file has below a user's name.
struct Blocks<'t>(BTreeMap<&'t str, Vec<&'t str>>);

impl<'t> Blocks<'t> {
    fn of(text: &'t str) -> Self {
        let mut blocks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let heading = ["\n", RULES_OF].concat();
        for piece in text.split(&*heading).skip(1) {
            let (name, rules) = piece.split_once('\n').unwrap_or((piece, ""));
            blocks.entry(name).or_default().push(rules);
        }
        Self(blocks)
    }

    /// Adds a user's rules to `text`, unless the file has them.
    fn add(&self, name: &str, rules: &str, text: &mut String) {
        let present =
            self.0.get(name).is_some_and(|blocks| blocks.iter().any(|block| block.starts_with(rules)));
        if !present {
            for piece in ["\n", RULES_OF, name, "\n", rules] {
                text.push_str(piece);
            }
        }
    }
}

fn file(path: &str, content: &str) -> WriteFile {
    let (path, content, owner) = (path.into(), to_bytes(content), Owner::Root);
    WriteFile { path, content, mode: 0o440, owner, existing: Existing::KeepMetadata }
}

/// Writes files of rules; where the root has what checks them, once that accepts the first.
fn put_in_place(
    context: &Context<'_>,
    (reader, check): (&'static str, &'static [&'static str]),
    files: Vec<WriteFile>,
    plan: &mut Plan,
) {
    if files.is_empty() || !has_program(context.root, check[0]) {
        plan.actions.extend(files.into_iter().map(Action::from));
        return;
    }
    let lines: Vec<String> = files.iter().map(|file| Action::from(file.clone()).text()).collect();
    let what = fill("{}, once {} accepts it", &[&lines.join(", "), check[0]]);
    let checked = Checked { module: "users_groups", reader, check, files };
    plan.actions.push(Task { what, effect: Effect::Check(Box::new(checked)) }.into());
}
