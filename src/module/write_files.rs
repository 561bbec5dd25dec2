//! `write_files` and, in the final stage, `write_files_deferred`.

use super::{Context, Early, Module, Plan, Stage};
use crate::action::Action;
use crate::cloud_config::write_files;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "write_files",
    keys: &["write_files"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    early: Early::Whole,
    plan: |context| plan(context, false),
};

pub(super) const DEFERRED: Module = Module {
    name: "write_files_deferred",
    keys: &["write_files"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    early: Early::No,
    plan: |context| plan(context, true),
};

fn plan(context: &Context<'_>, deferred: bool) -> Plan {
    let (entries, problems) = write_files::parse(context.config);
    let actions = entries
        .into_iter()
        .filter(|entry| entry.deferred == deferred)
        .map(|entry| Action::WriteFile(entry.file))
        .collect();
    // Told once, by the module that runs first.
    Plan { actions, problems: if deferred { Default::default() } else { problems }, ..Plan::default() }
}
