//! `update_etc_hosts`: the machine's own names in hosts(5), at every boot.

use super::distribution::{Distribution, Family};
use super::{CREATED, Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::cloud_config::hostname;
use crate::cloud_config::system_files::{EtcHosts, etc_hosts};
use crate::error::Error;
use crate::fetch;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use crate::text::{fill, push_line, to_bytes};
use crate::user_data::render_text;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "update_etc_hosts",
    keys: &["manage_etc_hosts"],
    stage: Stage::Init,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const HOSTS: &str = "/etc/hosts";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(wanted) = etc_hosts(context.config) else { return };
    let given = context.instance.metadata.local_hostname.as_deref().unwrap_or_default();
    let mut given = hostname::of_metadata(given);
    if given.is_empty() {
        given = fetch::text(context.root, "/etc/hostname").unwrap_or_default().trim_ascii().to_string();
    }
    // set_hostname tells what is wrong with names.
    let Some(names) = hostname::names(context.config, &given, &mut Vec::new()) else {
        return plan.problems.push(Error::new("write", HOSTS, "the machine has no name"));
    };
    let family = Distribution::of(context).family;
    let Ok(old) = plan.old(context, HOSTS) else { return };
    let content = match wanted {
        EtcHosts::Localhost => with_own_line(old.as_deref(), own_address(family), names.fqdn, names.hostname),
        EtcHosts::Template => match template(context, family, names.fqdn, names.hostname) {
            Ok(content) => content,
            Err(error) => return plan.problems.push(error),
        },
    };
    if old.as_ref() != Some(&content) {
        let (content, owner, existing) = (to_bytes(&content), Owner::Root, Existing::KeepMetadata);
        let file = WriteFile { path: HOSTS.into(), content, mode: 0o644, owner, existing };
        plan.actions.push(Action::from(file));
    }
}

/// The address a distribution gives the machine's own name.
fn own_address(family: Family) -> &'static str {
    match family {
        Family::RedHat | Family::Gentoo | Family::Photon => "127.0.0.1",
        _ => "127.0.1.1",
    }
}

/// hosts(5) whole: from the root's template for its family, else the usual.
fn template(context: &Context<'_>, family: Family, fqdn: &str, hostname: &str) -> Result<String, Error> {
    let name = match family {
        Family::RedHat => "redhat",
        Family::Suse => "suse",
        Family::Alpine => "alpine",
        Family::Arch => "arch",
        Family::Gentoo => "gentoo",
        Family::Photon => "photon",
        Family::Debian | Family::Other => "debian",
    };
    let folder = context.config.text("system_info.paths.templates_dir").unwrap_or("/etc/cloud/templates");
    let path = fill("{}/hosts.{}.tmpl", &[folder.trim_end_matches('/'), name]);
    let Some(text) = fetch::text(context.root, &path) else {
        return Ok(usual(own_address(family), fqdn, hostname));
    };
    let word = |text: &str| Value::bare(Data::Str(text.to_string().into()));
    let data = [("fqdn", fqdn), ("hostname", hostname)].map(|(key, value)| (word(key), word(value)));
    render_text(context.jinja(), &path, &text, &Value::bare(Data::Map(data.into())))
}

/// What hosts(5) holds where the root has no template.
fn usual(address: &str, fqdn: &str, hostname: &str) -> String {
    let mut text = String::from(CREATED);
    text.push_str("# Your changes go into /etc/cloud/templates, or are lost at the next boot.\n");
    text.push_str(&fill("{} {} {}\n127.0.0.1 localhost\n\n", &[address, fqdn, hostname]));
    text.push_str("::1 localhost ip6-localhost ip6-loopback\n");
    text.push_str("ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n");
    text
}

/// hosts(5) with a line of the machine's own names: behind those of the same
/// address, which stay.
fn with_own_line(old: Option<&str>, address: &str, fqdn: &str, hostname: &str) -> String {
    let Some(old) = old else { return fill("{}{}\t{}\t{}\n", &[CREATED, address, fqdn, hostname]) };
    let names = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_ascii_whitespace().map(String::from).collect::<Vec<_>>()
    };
    let own = |line: &&str| names(line).first().is_some_and(|first| first == address);
    let is_there = |line: &str| {
        let names = names(line);
        names.get(1).is_some_and(|name| name == fqdn) && names.iter().skip(2).any(|name| name == hostname)
    };
    if old.lines().filter(own).any(is_there) {
        return old.into();
    }
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let after = lines.iter().rposition(own).map_or(lines.len(), |at| at + 1);
    let (before, after) = lines.split_at(after);
    let mut content = before.concat();
    push_line(&mut content, &fill("{}\t{}\t{}", &[address, fqdn, hostname]));
    content + &after.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned};

    fn hosts(text: &str, root: &Tree) -> Option<String> {
        match planned("update_etc_hosts", text, root).actions.first() {
            Some(Action::WriteFile(file)) => Some(String::from_utf8(file.content.clone()).unwrap()),
            _ => None,
        }
    }

    #[test]
    fn the_own_line_joins_those_that_are_there() {
        let root = |text: &str| Tree::default().with(HOSTS, text, FILE);
        let text = "{manage_etc_hosts: localhost, fqdn: vm.example.org}";
        let new = "127.0.0.1 localhost\n127.0.1.1 old # mine\n127.0.1.1\tvm.example.org\tvm\n::1 x\n";
        assert_eq!(
            hosts(text, &root("127.0.0.1 localhost\n127.0.1.1 old # mine\n::1 x\n")).as_deref(),
            Some(new)
        );
        assert_eq!(hosts(text, &root(new)), None);
        assert_eq!(hosts(text, &root("::1 x")).as_deref(), Some("::1 x\n127.0.1.1\tvm.example.org\tvm\n"));
        assert_eq!(
            hosts(text, &Tree::default()).as_deref(),
            Some("# Created by glowplug\n127.0.1.1\tvm.example.org\tvm\n")
        );
    }

    #[test]
    fn a_template_of_the_root_counts() {
        let text = "{manage_etc_hosts: true, fqdn: vm.example.org}";
        let usual = hosts(text, &Tree::default()).unwrap();
        assert!(usual.contains("\n127.0.1.1 vm.example.org vm\n127.0.0.1 localhost\n"), "{usual}");
        let template = "## template:jinja\n{# x #}# kept\n127.0.0.9 {{hostname}} {{fqdn}}\n";
        let root = Tree::default().with("/etc/os-release", "ID=rocky\n", FILE).with(
            "/etc/cloud/templates/hosts.redhat.tmpl",
            template,
            FILE,
        );
        assert_eq!(hosts(text, &root).as_deref(), Some("# kept\n127.0.0.9 vm vm.example.org\n"));
    }
}
