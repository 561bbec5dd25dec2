//! `ntp`: whom the clock is set by.

mod client;

use super::distribution::{Distribution, Family};
use super::packages::install_program;
use super::system::restart;
use super::{CREATED, Context, Early, Module, Network, Plan, Stage};
use crate::action::Action;
use crate::error::Result;
use crate::fetch;
use crate::limits;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use crate::user_data::render_text;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use client::Client;

pub(super) const MODULE: Module = Module {
    name: "ntp",
    keys: &["ntp"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::when("ntp", client::may_install),
    plan,
};

const DOING: &str = "set the clock's servers at";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.find("ntp") else { return };
    if !matches!(setting.value.data, Data::Null | Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, setting.value, "ntp", "a mapping"));
    }
    if !context.config.is_true("ntp.enabled", true) {
        return;
    }
    let distribution = Distribution::of(context);
    let client = match chosen(context, &distribution) {
        Ok(client) => client,
        Err(error) => return plan.problems.push(error),
    };
    let mut hosts = Hosts::of(context, plan);
    // busybox's ntpd knows no pools.
    if distribution.family == Family::Alpine && client.service == "ntpd" {
        if hosts.servers.is_empty() {
            hosts.servers = defaults(&distribution.name);
        }
    } else if hosts.servers.is_empty() && hosts.pools.is_empty() {
        hosts.pools = defaults(&distribution.name);
    }
    match text(context, &client, &hosts) {
        Ok(text) => {
            if !keep(context, &client.path, plan) {
                return;
            }
            plan.actions.push(Action::write(&client.path, text.into_bytes(), 0o644));
        }
        Err(error) => return plan.problems.push(error),
    }
    install_program(context, &client.program, &client.packages, plan);
    plan.actions.push(restart(context.root, &distribution, &client.service).into());
}

/// Names or addresses of other hosts.
struct Hosts {
    servers: Vec<String>,
    pools: Vec<String>,
    /// Those that both ask and are asked.
    peers: Vec<String>,
    /// Networks whose hosts may ask this machine.
    allow: Vec<String>,
}

impl Hosts {
    fn of(context: &Context<'_>, plan: &mut Plan) -> Self {
        let mut of = |key| hosts(context, key, plan);
        Self {
            servers: of("ntp.servers"),
            pools: of("ntp.pools"),
            peers: of("ntp.peers"),
            allow: of("ntp.allow"),
        }
    }
}

/// The client that `ntp_client` names, else the first that is there, with what
/// `config` changes of it.
fn chosen(context: &Context<'_>, distribution: &Distribution) -> Result<Client> {
    let config = context.config;
    let named = ["ntp.ntp_client", "system_info.ntp_client"].iter().find_map(|key| config.get(key));
    let name = named.and_then(|setting| setting.value.as_str()).unwrap_or("auto");
    let mut client = match name {
        "auto" => Client::preferred(context.root, distribution),
        name => Client::named(name, distribution),
    }
    .unwrap_or_default();
    for (key, field) in [
        ("check_exe", &mut client.program),
        ("confpath", &mut client.path),
        ("service_name", &mut client.service),
        ("template_name", &mut client.template_name),
    ] {
        let path = ["ntp.config.", key].concat();
        if let Some(text) = own_text(context, &path)? {
            if let Some(setting) = config.get(&path)
                && (text.starts_with('-') || text.contains(char::is_control))
            {
                return Err(setting.error(DOING, setting.value, "it is neither a name nor a path"));
            }
            *field = text.replace("{distro}", &distribution.name);
        }
        if let (true, Some(setting)) = (field.is_empty() && key != "template_name", named) {
            let why = format!("{name} is not known here, and ntp.config has no {key}");
            return Err(setting.error(DOING, setting.value, &why));
        }
    }
    client.template = own_text(context, "ntp.config.template")?.map(Into::into);
    if let Some(setting) = config.get("ntp.config.packages") {
        client.packages =
            setting.list("packages")?.iter().filter_map(Value::as_str).map(Into::into).collect();
    }
    Ok(client)
}

/// The text at a path of keys; anything else there is an error.
fn own_text<'a>(context: &Context<'a>, path: &str) -> Result<Option<&'a str>> {
    let Some(setting) = context.config.get(path) else { return Ok(None) };
    match setting.value.as_str() {
        Some(text) => Ok(Some(text)),
        None => Err(setting.mismatch(DOING, setting.value, path, "a string")),
    }
}

/// Names or addresses of servers; what can't be one is a problem.
fn hosts(context: &Context<'_>, path: &str, plan: &mut Plan) -> Vec<String> {
    let Some((setting, items)) = context.config.list(path, &mut plan.problems) else { return Vec::new() };
    let mut hosts = Vec::new();
    for item in items {
        match item.as_str().filter(|host| is_host(host)) {
            Some(host) => hosts.push(host.into()),
            None => {
                plan.problems.push(setting.error("use the server at", item, "it is no host name or address"));
            }
        }
    }
    hosts
}

/// Whether a text is one word of a client's configuration.
fn is_host(text: &str) -> bool {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "#;,=\"'\\[]".contains(c);
    !text.is_empty() && !text.starts_with(['-', '!', '%']) && !text.contains(is_odd)
}

/// The pool's zone of a distribution, where it has one.
fn defaults(distribution: &str) -> Vec<String> {
    let zone = match distribution {
        "sles" => "opensuse.",
        "alpine" | "eurolinux" | "" => "",
        name => &format!("{name}."),
    };
    (0..4).map(|number| format!("{number}.{zone}pool.ntp.org")).collect()
}

/// The client's configuration: from a template of `ntp.config`, else of the
/// root, else our own.
fn text(context: &Context<'_>, client: &Client, hosts: &Hosts) -> Result<String> {
    let folder = context.config.text("system_info.paths.templates_dir").unwrap_or("/etc/cloud/templates");
    let file = format!("{}/{}.tmpl", folder.trim_end_matches('/'), client.template_name);
    let (name, template) = match &client.template {
        Some(template) => ("ntp.config.template", Some(template.clone())),
        None if client.template_name.is_empty() => ("", None),
        None => (&*file, fetch::text(context.root, &file)),
    };
    let Some(template) = template else { return Ok(own(client, hosts)) };
    let text = |text: &str| Value::bare(Data::Str(text.to_string().into()));
    let list = |hosts: &[String]| Value::bare(Data::Seq(hosts.iter().map(|host| text(host)).collect()));
    let data = [
        (text("servers"), list(&hosts.servers)),
        (text("pools"), list(&hosts.pools)),
        (text("peers"), list(&hosts.peers)),
        (text("allow"), list(&hosts.allow)),
    ];
    render_text(context.jinja(), name, &template, &Value::bare(Data::Map(data.into())))
}

/// What is enough for a client.
fn own(client: &Client, Hosts { servers, pools, peers, allow }: &Hosts) -> String {
    let mut text = String::from(CREATED);
    let mut lines = |before: &str, hosts: &[String], after: &str| {
        for host in hosts {
            text.push_str(&[before, " ", host, after, "\n"].concat());
        }
    };
    match &*client.service {
        "systemd-timesyncd" => {
            let hosts = [&**servers, pools].concat().join(" ");
            return format!("{text}[Time]\nNTP={hosts}\n");
        }
        "ntpd" if client.path == "/etc/ntpd.conf" => {
            lines("servers", pools, "");
            lines("server", servers, "");
            return text;
        }
        "ntpd" if pools.is_empty() => lines("server", servers, ""),
        _ => {
            lines("pool", pools, " iburst");
            lines("server", servers, " iburst");
            lines("peer", peers, "");
            if client.program == "chronyd" {
                lines("allow", allow, "");
            }
        }
    }
    text + if client.program == "chronyd" {
        "driftfile /var/lib/chrony/drift\nmakestep 1 3\nrtcsync\n"
    } else {
        "driftfile /var/lib/ntp/ntp.drift\nrestrict default kod notrap nomodify nopeer noquery limited\n\
         restrict 127.0.0.1\nrestrict ::1\n"
    }
}

/// Keeps the file as it came with the system beside the new one; whether that
/// can be, or there is none.
fn keep(context: &Context<'_>, path: &str, plan: &mut Plan) -> bool {
    let kept = [path, ".dist"].concat();
    let Ok(is_kept) = plan.finds(context, &kept) else { return false };
    if is_kept {
        return true;
    }
    let Ok(mode) = plan.mode_of(context, path) else { return false };
    match context.root.read(path, limits::ROOT_FILE) {
        Ok(Some(content)) => {
            plan.actions.push(Action::write(&kept, content, mode.unwrap_or(0o644) & 0o777));
            true
        }
        Ok(None) => true,
        Err(error) => {
            plan.waits.push(error);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    const PROGRAM: u32 = 0o100_755;

    fn root(id: &str, programs: &[&str]) -> Tree {
        let root = Tree::default().with("/etc/os-release", &format!("ID={id}\n"), FILE);
        programs.iter().fold(root, |root, program| root.with(program, "", PROGRAM))
    }

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        let plan = planned("ntp", text, root);
        assert_eq!(plan.problems, []);
        plan.actions.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn peers_and_networks_that_may_ask_are_written() {
        let root = root("debian", &["/usr/sbin/chronyd"]);
        let text = "ntp: {servers: [s], peers: [p1, p2], allow: [10.0.0.0/8]}";
        let start = "# Created by glowplug\nserver s iburst\npeer p1\npeer p2\nallow 10.0.0.0/8\n";
        assert!(written(text, &root).starts_with(start), "{}", written(text, &root));
        let own = "ntp: {peers: [p], allow: [n], config: {template: \"## template:jinja\\n{{ peers }} {{ allow }} {{ pools | length }}\"}}";
        assert_eq!(written(own, &root), "['p'] ['n'] 4");
    }

    fn written(text: &str, root: &Tree) -> String {
        let plan = planned("ntp", text, root);
        assert_eq!(plan.problems, []);
        let file = plan.actions.iter().rev().find_map(|action| match action {
            Action::WriteFile(file) => Some(String::from_utf8(file.content.clone()).unwrap()),
            _ => None,
        });
        file.unwrap()
    }

    #[test]
    fn a_client_that_is_there_is_told() {
        let debian =
            root("debian", &["/lib/systemd/systemd-timesyncd"]).with("/run/systemd/system", "", 0o040_755);
        assert_eq!(
            lines("ntp: {servers: [a.org, 10.0.0.1], pools: [p.org]}", &debian),
            [
                "write /etc/systemd/timesyncd.conf.d/cloud-init.conf (0644 root, 54 bytes)",
                "run systemctl reload-or-restart systemd-timesyncd",
            ]
        );
        assert_eq!(
            written("ntp: {servers: [a.org, 10.0.0.1], pools: [p.org]}", &debian),
            "# Created by glowplug\n[Time]\nNTP=a.org 10.0.0.1 p.org\n"
        );
        assert_eq!(lines("ntp: {enabled: false}", &debian), Vec::<String>::new());
    }

    #[test]
    fn a_client_that_is_not_there_is_installed() {
        let fedora = root("fedora", &["/usr/bin/dnf"]);
        assert_eq!(
            lines("ntp:", &fedora),
            [
                "write /etc/chrony.conf (0644 root, 211 bytes)",
                "run dnf -y install chrony",
                "run service chronyd restart",
            ]
        );
        assert!(written("ntp:", &fedora).starts_with(
            "# Created by glowplug\npool 0.fedora.pool.ntp.org iburst\npool 1.fedora.pool.ntp.org iburst\n"
        ));
    }

    #[test]
    fn busybox_has_servers_alone() {
        let alpine = root("alpine", &["/usr/sbin/ntpd"]);
        let text = written("ntp: {ntp_client: ntp}", &alpine);
        assert!(
            text.starts_with("# Created by glowplug\nserver 0.pool.ntp.org\nserver 1.pool.ntp.org\n"),
            "{text}"
        );
        assert_eq!(
            lines("ntp: {ntp_client: ntp}", &alpine).last().unwrap(),
            "run rc-service --nocolor ntpd restart"
        );
    }

    #[test]
    fn the_systems_own_file_is_kept_once() {
        let debian =
            root("debian", &["/usr/sbin/chronyd"]).with("/etc/chrony/chrony.conf", "old\n", 0o100_640);
        let kept = Action::write("/etc/chrony/chrony.conf.dist", b"old\n".into(), 0o640);
        assert_eq!(planned("ntp", "ntp: {}", &debian).actions[0], kept);
        let debian = debian.with("/etc/chrony/chrony.conf.dist", "older\n", FILE);
        assert_eq!(planned("ntp", "ntp: {}", &debian).actions.len(), 2);
    }

    #[test]
    fn templates_of_the_root_and_of_people_are_rendered() {
        let template = "## template:jinja\n{% for pool in pools -%}\npool {{pool}} mine\n{% endfor %}\n";
        let debian = root("debian", &["/usr/sbin/chronyd"]).with(
            "/etc/cloud/templates/chrony.conf.debian.tmpl",
            template,
            FILE,
        );
        assert_eq!(written("ntp: {pools: [a, b]}", &debian), "pool a mine\npool b mine\n\n");
        let text = "ntp:\n  ntp_client: mine\n  servers: [a]\n  config:\n    confpath: /etc/mine\n    \
                    check_exe: mined\n    service_name: mine\n    packages: [mine]\n    template: |\n      \
                    ## template: jinja\n      {{ servers | join(',') }}\n";
        assert_eq!(written(text, &debian), "a\n");
        assert_eq!(lines(text, &debian)[3], "run service mine restart");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (text, why) in [
            ("ntp: [a]", "1:6: ntp is a list, not a mapping"),
            ("ntp: {ntp_client: mine}", "1:19: mine is not known here, and ntp.config has no check_exe"),
            ("ntp: {config: {confpath: [a]}}", "1:26: ntp.config.confpath is a list, not a string"),
        ] {
            let plan = planned("ntp", text, &root("debian", &[]));
            assert_eq!(plan.actions, []);
            assert_eq!(
                texts(&plan.problems),
                [format!("unable to set the clock's servers at user-data:{why}")]
            );
        }
        let plan = planned("ntp", "ntp: {servers: ['a b', c]}", &root("debian", &["/usr/sbin/chronyd"]));
        assert_eq!(
            texts(&plan.problems),
            ["unable to use the server at user-data:1:17: it is no host name or address"]
        );
        assert_eq!(plan.actions.len(), 2);
    }
}
