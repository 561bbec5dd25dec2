//! `runcmd`, which writes a script, and the modules that run the scripts that
//! are there.

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::cloud_config::runcmd;
use crate::error::Error;
use crate::state::paths::{Frequency, INSTANCE_LINK};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const RUNCMD: Module = Module {
    name: "runcmd",
    keys: &["runcmd"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan: plan_runcmd,
};

const fn runner(name: &'static str, frequency: Frequency, plan: fn(&Context<'_>, &mut Plan)) -> Module {
    Module {
        name,
        keys: &[],
        stage: Stage::Final,
        frequency,
        distros: &[],
        early: Early::No,
        network: Network::NONE,
        plan,
    }
}

pub(super) const VENDOR: Module = runner("scripts_vendor", Frequency::Instance, |context, plan| {
    let prefix = vendor_prefix(context, plan);
    run_parts(context, &[INSTANCE_LINK, "/scripts/vendor"].concat(), &prefix, plan);
});
pub(super) const PER_ONCE: Module = runner("scripts_per_once", Frequency::Once, |context, plan| {
    run_parts(context, "/var/lib/cloud/scripts/per-once", &[], plan);
});
pub(super) const PER_BOOT: Module = runner("scripts_per_boot", Frequency::Always, |context, plan| {
    run_parts(context, "/var/lib/cloud/scripts/per-boot", &[], plan);
});
pub(super) const PER_INSTANCE: Module =
    runner("scripts_per_instance", Frequency::Instance, |context, plan| {
        run_parts(context, "/var/lib/cloud/scripts/per-instance", &[], plan);
    });
pub(super) const USER: Module = Module {
    // Its script is among these.
    network: Network::keys("runcmd"),
    ..runner("scripts_user", Frequency::Instance, |context, plan| {
        run_parts(context, &[INSTANCE_LINK, "/scripts"].concat(), &[], plan);
    })
};

fn plan_runcmd(context: &Context<'_>, plan: &mut Plan) {
    if let Some(script) = runcmd::script(context.config, "runcmd", &mut plan.problems) {
        let path = context.paths.file("scripts/runcmd");
        plan.actions.push(Action::write(&path, script.into_bytes(), 0o700));
    }
}

/// What vendor-data's scripts are run by: a program, or one and its arguments.
fn vendor_prefix(context: &Context<'_>, plan: &mut Plan) -> Vec<String> {
    let Some(setting) = context.config.get("vendor_data.prefix") else { return Vec::new() };
    let items = setting.value.items().unwrap_or(core::slice::from_ref(setting.value));
    let words: Option<Vec<String>> = items.iter().map(|item| item.scalar().map(Into::into)).collect();
    words.unwrap_or_else(|| {
        let error =
            setting.mismatch("run scripts by", setting.value, "prefix", "a string or a list of words");
        plan.problems.push(error);
        Vec::new()
    })
}

/// Every executable file of a directory, in plain order of their names, behind
/// the words of `prefix`; the engine runs all of them, also when one fails.
fn run_parts(context: &Context<'_>, folder: &str, prefix: &[String], plan: &mut Plan) {
    let names = match context.root.list(folder) {
        Ok(names) => names.unwrap_or_default(),
        Err(error) => return plan.problems.push(error),
    };
    for name in names {
        let path = format!("{folder}/{name}");
        let Ok(mode) = plan.mode_of(context, &path) else { continue };
        match mode {
            Some(mode) if mode & 0o170_000 != 0o100_000 => {}
            Some(mode) if mode & 0o111 != 0 => {
                let argv = prefix.iter().cloned().chain([path]).collect();
                plan.actions.push(Program { argv, ..Program::default() }.into());
            }
            _ => plan.problems.push(Error::new("run", path, "it is not executable")),
        }
    }
}
