//! `update_hostname`: the machine's name at every boot, unless somebody gave it
//! another one.

use super::set_hostname::{system_name, write_name};
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Action;
use crate::cloud_config::hostname;
use crate::fetch;
use crate::state::paths::Frequency;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "update_hostname",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

/// What the machine was called the last time.
const PREVIOUS: &str = "/var/lib/cloud/data/previous-hostname";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let given = context.instance.metadata.local_hostname.as_deref().unwrap_or_default();
    let given = hostname::of_metadata(given);
    // set_hostname tells what is wrong with names.
    let Some(wanted) = hostname::parse(context.config, &given, &mut Vec::new()) else { return };
    let name = system_name(context, &wanted);
    let (previous, present) = (first_name(context, PREVIOUS), first_name(context, "/etc/hostname"));
    let is_present = |other: &Option<String>| other.as_deref().is_some_and(|other| other == name);
    if let (Some(previous), Some(present)) = (&previous, &present)
        && previous != present
    {
        return;
    }
    if !is_present(&previous) {
        plan.actions.push(Action::write(PREVIOUS, [name, "\n"].concat().into_bytes(), 0o644));
    }
    // Without a name of last time a person gave the present one.
    if present.is_none() || previous.is_some() && !is_present(&present) {
        write_name(context, name, plan);
        plan.actions.push(Action::SetHostname { name: wanted.hostname.into() });
    }
}

/// The first name in a file (hostname(5)).
fn first_name(context: &Context<'_>, path: &str) -> Option<String> {
    let text = fetch::text(context.root, path)?;
    let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim_ascii());
    names.filter(|name| !name.is_empty()).map(String::from).next()
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned};

    fn lines(text: &str, previous: &str, present: &str) -> Vec<String> {
        let mut root = Tree::default();
        for (path, name) in [("/var/lib/cloud/data/previous-hostname", previous), ("/etc/hostname", present)]
        {
            if !name.is_empty() {
                root = root.with(path, name, FILE);
            }
        }
        planned("update_hostname", text, &root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn a_name_is_renewed_unless_a_person_changed_it() {
        let [record, file, set] = [
            "write /var/lib/cloud/data/previous-hostname (0644 root, 3 bytes)",
            "write /etc/hostname (0644 root, 3 bytes)",
            "set host name vm",
        ];
        let text = "hostname: vm.example.org";
        assert_eq!(lines(text, "", ""), [record, file, set]);
        assert_eq!(lines(text, "", "vm\n"), [record]);
        assert_eq!(lines(text, "", "mine\n"), [record]);
        assert_eq!(lines(text, "vm\n", "vm\n"), [""; 0]);
        assert_eq!(lines(text, "old\n", "# x\nold # y\n"), [record, file, set]);
        assert_eq!(lines(text, "vm\n", "mine\n"), [""; 0]);
        assert_eq!(lines("{hostname: vm, preserve_hostname: true}", "", ""), [""; 0]);
    }
}
