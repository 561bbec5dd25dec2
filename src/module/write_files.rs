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
    let mut plan = Plan::default();
    for entry in entries {
        if entry.deferred == deferred {
            plan.actions.push(Action::WriteFile(entry.file));
        }
    }
    // Told once, by the module that runs first.
    if !deferred {
        plan.problems = problems;
    }
    plan
}
