//! `ssh`: the authorized keys of root and the default user.

use super::authorized_keys::{Account, authorize, keys};
use super::{Context, Early, Module, Plan, Stage};
use crate::accounts::Accounts;
use crate::action::Owner;
use crate::cloud_config::ssh;
use crate::error::Error;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "ssh",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Part,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let wanted = ssh::parse(context.config, &context.instance.metadata, &mut plan.problems);
    let keys = keys(&wanted.keys, plan);
    if keys.is_empty() {
        return;
    }
    let accounts = Accounts::read(context.root);
    for &(name, options) in &[(wanted.user, ""), (Some("root"), &*wanted.root_options)] {
        let Some(name) = name else { continue };
        match accounts.user(name) {
            Some(user) => {
                let owner = Owner::Ids { uid: user.uid, gid: user.gid };
                authorize(context, &Account { name, home: user.home, owner }, &keys, options, plan);
            }
            None => plan.waits.push(Error::new("authorize the keys of", name, "the root has no such user")),
        }
    }
}
