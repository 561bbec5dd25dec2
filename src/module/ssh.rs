//! `ssh`: the server's keys, and those that root and the default user may log
//! in with.

use super::authorized_keys::{Account, authorize, keys};
use super::{Context, Early, Module, Network, Plan, Stage, host_keys};
use crate::action::Owner;
use crate::cloud_config::ssh;
use crate::error::Error;
use crate::fetch::may_exist;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "ssh",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Part,
    network: Network::NONE,
    plan: |context, plan| {
        host_keys::plan(context, plan);
        authorize_all(context, false, plan);
    },
};

/// What of it is done before the pivot: server keys may need programs.
pub(super) const AUTHORIZED_KEYS: Module =
    Module { plan: |context, plan| authorize_all(context, true, plan), ..MODULE };

fn authorize_all(context: &Context<'_>, is_early: bool, plan: &mut Plan) {
    let wanted = ssh::parse(context.config, &context.instance.metadata, &mut plan.problems);
    let keys = keys(&wanted.keys, "", plan);
    if keys.is_empty() {
        return;
    }
    let Ok(accounts) = plan.accounts(context) else { return };
    for &(name, options) in &[(wanted.user, ""), (Some("root"), &*wanted.root_options)] {
        let Some(name) = name else { continue };
        match accounts.user(name) {
            // It would be made for the keys alone, and be no home with what homes have.
            Some(user) if is_early && name != "root" && !may_exist(context.root, user.home) => {
                plan.waits.push(Error::new("authorize the keys of", name, "the home is not there yet"));
            }
            Some(user) => {
                let owner = Owner::Ids { uid: user.uid, gid: user.gid };
                authorize(context, &Account { name, home: user.home, owner }, &keys, options, plan);
            }
            None => plan.waits.push(Error::new("authorize the keys of", name, "the root has no such user")),
        }
    }
}
