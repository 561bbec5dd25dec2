//! The files a seed injects (`files` of OpenStack's meta_data.json): written
//! once for an instance, before anything else, 0660 as cloud-init does. So are
//! the upstart jobs of user-data.
//!
//! cloud-init has no module for this; as one, what must wait for a mount waits,
//! and an interrupted boot loses none.

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Action;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "seed_files",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    network: Network::NONE,
    plan,
};

/// The mode of a file that a seed injects, as cloud-init has it.
pub const INJECTED: u32 = 0o660;

fn plan(context: &Context<'_>, plan: &mut Plan) {
    for (files, mode) in &[(&*context.instance.files, INJECTED), (context.jobs, 0o644)] {
        for file in *files {
            plan.actions.push(Action::write(&file.path, file.content.clone(), *mode));
        }
    }
}
