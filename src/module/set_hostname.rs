//! `set_hostname`: the machine's name, when it is not what it was set to.

use super::distribution::has_systemd;
use super::{Context, Early, Module, Network, Plan, Stage, is_red_hat, shell_variables};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::cloud_config::hostname::{self, Hostname};
use crate::fetch::{self, may_exist};
use crate::state::paths::{Frequency, SET_HOSTNAME};
use crate::text::{fill, to_bytes};

pub(super) const MODULE: Module = Module {
    name: "set_hostname",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    network: Network::NONE,
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
    write_name(context, name, plan);
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

/// Red Hat's file of what belongs to no link: others write into it too.
const GLOBAL: &str = "/etc/sysconfig/network";

/// Writes the name where the system reads it from: /etc/hostname, and Red
/// Hat's without systemd from /etc/sysconfig/network.
#[inline(never)]
pub(super) fn write_name(context: &Context<'_>, name: &str, plan: &mut Plan) {
    const FILE: &str = "/etc/hostname";
    if context.config.is_true("create_hostname_file", true) || may_exist(context.root, FILE) {
        plan.actions.push(Action::write(FILE, [name, "\n"].concat().into_bytes(), 0o644));
    }
    if is_red_hat(context.root) && !has_systemd(context.root) {
        let Ok(old) = plan.old(context, GLOBAL) else { return };
        let content = to_bytes(&shell_variables::with(&old.unwrap_or_default(), "HOSTNAME", name));
        let (path, owner, existing) = (GLOBAL.into(), Owner::Root, Existing::KeepMetadata);
        plan.actions.push(WriteFile { path, content, mode: 0o644, owner, existing }.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned};

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        planned("set_hostname", text, root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn no_file_is_made_where_none_is_wanted() {
        let text = "{hostname: vm, create_hostname_file: false}";
        let record = "write /var/lib/cloud/data/set-hostname (0644 root, 37 bytes)";
        assert_eq!(lines(text, &Tree::default()), ["set host name vm", record]);
        let root = Tree::default().with("/etc/hostname", "old\n", FILE);
        let file = "write /etc/hostname (0644 root, 3 bytes)";
        assert_eq!(lines(text, &root), [file, "set host name vm", record]);
    }

    #[test]
    fn red_hat_6_reads_its_name_from_sysconfig() {
        let root = Tree::default().with("/etc/os-release", "ID=rhel\n", FILE).with(
            "/etc/sysconfig/network",
            "NETWORKING=yes\nHOSTNAME=localhost.localdomain\nGATEWAY=10.0.0.1\n",
            FILE,
        );
        let plan = planned("set_hostname", "fqdn: vm.example.org", &root);
        let Action::WriteFile(file) = &plan.actions[1] else { panic!("{:?}", plan.actions) };
        assert_eq!(
            (&*file.path, String::from_utf8_lossy(&file.content).as_ref()),
            ("/etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=vm.example.org\nGATEWAY=10.0.0.1\n")
        );
        let systemd = root.with("/usr/lib/systemd/systemd", "", FILE);
        assert_eq!(lines("fqdn: vm.example.org", &systemd).len(), 3);
    }
}
