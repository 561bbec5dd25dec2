//! `bootcmd`: commands of every boot, before anything else of it.

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::cloud_config::runcmd;
use crate::state::paths::Frequency;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "bootcmd",
    keys: &["bootcmd"],
    stage: Stage::Init,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::keys("bootcmd"),
    plan,
};

/// The script lies where only root can write; sh reads it, so that /run may
/// be noexec.
const SCRIPT: &str = "/run/glowplug/bootcmd";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    if let Some(script) = runcmd::script(context.config, "bootcmd", &mut plan.problems) {
        plan.actions.push(Action::write(SCRIPT, script.into_bytes(), 0o700));
        let environment = Vec::from([("INSTANCE_ID".to_string(), context.instance.id.as_str().to_string())]);
        plan.actions.push(Program { environment, ..Program::new(&["/bin/sh", SCRIPT]) }.into());
    }
}
