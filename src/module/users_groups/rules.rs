//! What users may do as others: rules for sudo(8) and doas(1).

use super::{Context, Plan};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::cloud_config::users::User;
use crate::error::Error;
use crate::module::CREATED;
use crate::text::{fill, to_bytes};
use alloc::string::String;

const SUDOERS: &str = "/etc/sudoers";
const FOLDER: &str = "/etc/sudoers.d";
const OWN: &str = "/etc/sudoers.d/90-cloud-init-users";
const DOAS: &str = "/etc/doas.conf";

/// Adds the rules of users to the file cloud-init keeps them in; rules that are
/// there already are not added again.
pub(super) fn sudo(context: &Context<'_>, users: &[(&str, &[&str])], plan: &mut Plan) {
    if users.is_empty() {
        return;
    }
    let Ok(old) = plan.old(context, OWN) else { return };
    let mut content = old.clone().unwrap_or_else(|| CREATED.into());
    for (name, rules) in users {
        let mut block = fill("\n# User rules for {}\n", &[name]);
        for rule in *rules {
            block.push_str(&fill("{} {}\n", &[name, rule]));
        }
        if !content.contains(&block) {
            content.push_str(&block);
        }
    }
    include(context, plan);
    if old.as_ref() != Some(&content) {
        write(OWN, &content, plan);
    }
}

/// Has sudoers(5) read the folder.
fn include(context: &Context<'_>, plan: &mut Plan) {
    let Ok(old) = plan.old(context, SUDOERS) else { return };
    let text = old.as_deref().unwrap_or_default();
    let names_folder = |line: &str| {
        let line = line.trim_ascii();
        let rest = line.strip_prefix(['#', '@']).and_then(|rest| rest.strip_prefix("includedir"));
        rest.is_some_and(|rest| rest.trim_ascii().trim_end_matches('/') == FOLDER)
    };
    if !text.lines().any(names_folder) {
        let mut content = String::from(text);
        if !content.is_empty() && !content.ends_with('\n') {
            content.push('\n');
        }
        content.push_str(&fill("\n# Added by glowplug\n#includedir {}\n", &[FOLDER]));
        write(SUDOERS, &content, plan);
    }
    plan.actions.push(Action::make_directory(FOLDER, 0o750));
}

/// Adds a user's rules to doas.conf(5), each of which names that user.
pub(super) fn doas(context: &Context<'_>, user: &User<'_>, plan: &mut Plan) {
    let own = |rule: &&&str| rule.split_ascii_whitespace().any(|word| word == user.name);
    let mut block = fill("\n# User rules for {}\n", &[user.name]);
    for rule in user.doas.iter().filter(own) {
        block.push_str(rule);
        block.push('\n');
    }
    if user.doas.iter().any(|rule| !own(&rule)) {
        let why = "a rule of it does not name this user, and is left out";
        plan.problems.push(Error::new("allow doas to", user.name, why));
    }
    if !user.doas.iter().any(|rule| own(&rule)) {
        return;
    }
    let Ok(old) = plan.old(context, DOAS) else { return };
    if !old.unwrap_or_default().contains(&block) {
        // Several users may add to it in one plan.
        let path = DOAS.into();
        let (content, owner) = (block.into_bytes(), Owner::Root);
        plan.actions.push(WriteFile { path, content, mode: 0o440, owner, existing: Existing::Append }.into());
    }
}

fn write(path: &str, content: &str, plan: &mut Plan) {
    let (path, content, owner) = (path.into(), to_bytes(content), Owner::Root);
    plan.actions
        .push(WriteFile { path, content, mode: 0o440, owner, existing: Existing::KeepMetadata }.into());
}
