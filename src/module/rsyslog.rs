//! `rsyslog`: where messages are logged.

use super::packages::install_program;
use super::system::renew;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::cloud_config::init_stage::rsyslog;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "rsyslog",
    keys: &["rsyslog"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("rsyslog.install_rsyslog"),
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(wanted) = rsyslog(context.config, &mut plan.problems) else { return };
    if let Some((program, packages)) = &wanted.install {
        install_program(context, program, packages, plan);
    }
    let mut changed = false;
    for (path, content) in wanted.files {
        let Ok(old) = plan.old(context, &path) else { continue };
        if old.is_none_or(|old| old != content) {
            plan.actions.push(Action::write(&path, content.into_bytes(), 0o644));
            changed = true;
        }
    }
    if !changed {
        return;
    }
    if let Some(command) = wanted.reload {
        plan.actions.push(Program::repeatable(&command).into());
    } else {
        let unit = ("reload-or-try-restart", "rsyslog.service");
        plan.actions.extend(renew(context.root, unit, "rsyslog").map(Action::from));
    }
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned};

    #[test]
    fn rsyslog_is_installed_where_it_is_asked_for_and_not_there() {
        let root = Tree::default().with("/etc/os-release", "ID=fedora\n", FILE);
        let root = root.with("/usr/bin/dnf", "", 0o100_755);
        let lines = |text: &str, root: &Tree| -> Vec<String> {
            planned("rsyslog", text, root).actions.iter().map(Action::text).collect()
        };
        let text = "rsyslog: {install_rsyslog: true, packages: [rsyslog, rsyslog-gnutls]}";
        assert_eq!(lines(text, &root), ["run dnf -y install rsyslog rsyslog-gnutls"]);
        assert_eq!(lines(text, &root.with("/usr/sbin/rsyslogd", "", 0o100_755)), [""; 0]);
    }

    #[test]
    fn a_change_is_read_again() {
        let lines = |root: &Tree| -> Vec<String> {
            planned("rsyslog", "rsyslog: ['*.* /a']", root).actions.iter().map(Action::text).collect()
        };
        let root = Tree::default().with("/run/systemd/system", "", 0o040_755);
        assert_eq!(
            lines(&root),
            [
                "write /etc/rsyslog.d/20-cloud-config.conf (0644 root, 7 bytes)",
                "run systemctl --no-block reload-or-try-restart rsyslog.service",
            ]
        );
        assert_eq!(lines(&root.with("/etc/rsyslog.d/20-cloud-config.conf", "*.* /a\n", FILE)), [""; 0]);
    }
}
