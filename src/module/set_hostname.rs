//! `set_hostname`: the machine's name, when it is not what it was set to.

use super::{Context, Early, Module, Plan, Stage, is_red_hat};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::cloud_config::hostname::{self, Hostname};
use crate::fetch;
use crate::state::paths::{Frequency, SET_HOSTNAME};
use crate::text::fill;

pub(super) const MODULE: Module = Module {
    name: "set_hostname",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let given = context.instance.metadata.local_hostname.as_deref().unwrap_or_default();
    let given = hostname::of_metadata(given);
    let Some(wanted) = hostname::parse(context.config, &given, &mut plan.problems) else { return };
    // Checked names hold nothing that JSON escapes but quotes and backslashes.
    let json = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (fqdn, hostname) = (json(wanted.fqdn), json(wanted.hostname));
    let record = fill("{\n \"fqdn\": \"{}\",\n \"hostname\": \"{}\"\n}\n", &[&fqdn, &hostname]);
    if fetch::text(context.root, SET_HOSTNAME).is_some_and(|present| present == record) {
        return;
    }
    let name = system_name(context, &wanted);
    plan.actions.push(hostname_file(name));
    plan.actions.push(Action::SetHostname { name: name.into() });
    plan.actions.push(Action::write(SET_HOSTNAME, record.into_bytes(), 0o644));
}

/// The name the system gets: the full one where the distribution or somebody
/// has it so, and it is not too long.
#[inline(never)]
pub(super) fn system_name<'a>(context: &Context<'_>, wanted: &Hostname<'a>) -> &'a str {
    let prefers_fqdn = wanted.prefer_fqdn.unwrap_or_else(|| is_red_hat(context.root));
    if prefers_fqdn && wanted.fqdn.len() <= 64 { wanted.fqdn } else { wanted.hostname }
}

/// The write of /etc/hostname.
#[inline(never)]
pub(super) fn hostname_file(name: &str) -> Action {
    let content = [name, "\n"].concat().into_bytes();
    let (path, owner, existing) = ("/etc/hostname".into(), Owner::Root, Existing::Replace);
    WriteFile { path, content, mode: 0o644, owner, existing }.into()
}
