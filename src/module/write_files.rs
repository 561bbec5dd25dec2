//! `write_files` and, in the final stage, `write_files_deferred`.

use super::{Early, Module, Stage};
use crate::cloud_config::write_files;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "write_files",
    keys: &["write_files"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    plan: |context, plan| write_files::plan(context.config, false, &mut plan.actions, &mut plan.problems),
};

pub(super) const DEFERRED: Module = Module {
    name: "write_files_deferred",
    keys: &["write_files"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    plan: |context, plan| write_files::plan(context.config, true, &mut plan.actions, &mut plan.problems),
};
