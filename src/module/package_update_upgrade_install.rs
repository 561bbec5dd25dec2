//! `package_update`, `package_upgrade`, `packages` and
//! `package_reboot_if_required`.

use super::packages::{self, Manager, Packages};
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Program;
use crate::state::paths::Frequency;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "package_update_upgrade_install",
    keys: &["apt_update", "package_update", "apt_upgrade", "package_upgrade", "packages"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("packages package_update package_upgrade apt_update apt_upgrade"),
    plan,
};

/// Nothing else runs until the machine has gone down: what comes after belongs
/// to the new kernel.
const REBOOT: &str = "[ -f /run/reboot-required ] || [ -f /var/run/reboot-required ] || exit 0
echo 'rebooting, as /run/reboot-required asks'
/sbin/reboot || exit
sleep 60
echo 'the reboot did not happen' >&2
exit 1";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let any = |keys: [&str; 2]| keys.iter().any(|key| context.config.is_true(key, false));
    let update = any(["package_update", "apt_update"]);
    let upgrade = any(["package_upgrade", "apt_upgrade"]);
    let packages = context
        .config
        .get("packages")
        .map_or_else(Packages::default, |setting| packages::parse(&setting, "packages", &mut plan.problems));
    let changes = upgrade || !packages.any.is_empty() || !packages.of.is_empty();
    if !update && !changes {
        return;
    }
    match Manager::of(context) {
        Ok(manager) => {
            plan.actions.extend(manager.refresh_once().map(Into::into));
            if upgrade {
                plan.actions.extend(manager.upgrade().map(Into::into));
            }
            install(context, Some(&manager), packages, plan);
        }
        Err(error) => {
            plan.problems.push(error);
            install(context, None, packages, plan);
        }
    }
    if changes && any(["package_reboot_if_required", "apt_reboot_if_required"]) {
        // A reboot is what interrupts it, and takes the file that asks for one away.
        plan.actions.push(Program::repeatable(&["/bin/sh", "-c", REBOOT]).into());
    }
}

/// By the root's own package manager all at once, then by snap(1).
fn install(context: &Context<'_>, manager: Option<&Manager>, packages: Packages<'_>, plan: &mut Plan) {
    let (mut own, mut snaps) = (packages.any, Vec::new());
    for ((setting, name), list) in packages.of {
        let word = name.as_str().unwrap_or_default();
        if word == "snap" && has_program(context.root, "snap") {
            snaps.extend(list);
        } else if word == "apt" && manager.is_some_and(Manager::is_apt) {
            own.extend(list);
        } else {
            let why = [word, " is no package manager of this root"].concat();
            plan.problems.push(setting.error("install packages at", name, &why));
        }
    }
    if let Some(manager) = manager.filter(|_| !own.is_empty()) {
        plan.actions.extend(manager.install(&own).map(Into::into));
    }
    plan.actions.extend(packages::snaps(&snaps).into_iter().map(Into::into));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    fn root(id: &str) -> Tree {
        Tree::default().with("/etc/os-release", &format!("ID={id}\n"), FILE)
    }

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        let plan = planned(MODULE.name, text, root);
        assert_eq!(plan.problems, []);
        plan.actions.iter().map(ToString::to_string).collect()
    }

    const TEXT: &str = "{package_upgrade: true, packages: [vim, [curl, '8.1'], [jq]]}";

    #[test]
    fn apt_answers_its_questions_itself() {
        let options = "--option=Dpkg::Options::=--force-confold --option=Dpkg::options::=--force-unsafe-io \
                       --option=DPkg::Lock::Timeout=120 --assume-yes --quiet";
        let run = |words| format!("run apt-get {options} {words}");
        let debian = root("debian");
        assert_eq!(
            lines(TEXT, &debian),
            [run("update"), run("dist-upgrade"), run("install vim curl=8.1 jq")]
        );
        assert_eq!(lines("package_update: true", &debian), [run("update")]);
        assert_eq!(lines("packages: []", &debian), Vec::<String>::new());
        let safe = debian.with("/usr/bin/eatmydata", "", 0o100_755);
        assert_eq!(lines("package_update: true", &safe), [format!("run eatmydata apt-get {options} update")]);
        let plan = planned(MODULE.name, TEXT, &safe);
        let crate::action::Action::RunProgram(program) = &plan.actions[0] else { panic!("a program") };
        assert_eq!(program.environment, [("DEBIAN_FRONTEND".into(), "noninteractive".into())]);
    }

    #[test]
    fn every_manager_has_its_words() {
        for (id, expected) in [
            ("centos", ["yum -t -y makecache", "yum -t -y upgrade", "yum -t -y install vim curl-8.1 jq"]),
            ("amzn", ["", "yum -t -y upgrade", "yum -t -y install vim curl-8.1 jq"]),
            (
                "opensuse-leap",
                [
                    "zypper --non-interactive refresh",
                    "zypper --non-interactive update",
                    "zypper --non-interactive install --auto-agree-with-licenses vim curl-8.1 jq",
                ],
            ),
            (
                "alpine",
                [
                    "apk --quiet update",
                    "apk --quiet upgrade --update-cache --available",
                    "apk --quiet add vim curl=8.1 jq",
                ],
            ),
            (
                "arch",
                [
                    "pacman -Sy --quiet --noconfirm -y",
                    "pacman -Sy --quiet --noconfirm -u",
                    "pacman -Sy --quiet --noconfirm vim curl=8.1 jq",
                ],
            ),
            ("photon", ["tdnf -y makecache", "tdnf -y upgrade", "tdnf -y install vim curl-8.1 jq"]),
        ] {
            let expected: Vec<_> =
                expected.iter().filter(|line| !line.is_empty()).map(|line| format!("run {line}")).collect();
            assert_eq!(lines(TEXT, &root(id)), expected, "{id}");
        }
        let fedora = root("fedora").with("/usr/bin/dnf", "", 0o100_755);
        assert_eq!(lines("package_upgrade: yes", &fedora), ["run dnf -y makecache", "run dnf -y upgrade"]);
    }

    #[test]
    fn a_reboot_is_asked_for_only_after_changes() {
        let reboot = |text: &str| lines(text, &root("debian")).iter().any(|line| line.contains("reboot"));
        assert!(reboot("{packages: vim, package_reboot_if_required: true}"));
        assert!(reboot("{apt_upgrade: true, apt_reboot_if_required: true}"));
        assert!(!reboot("{package_update: true, package_reboot_if_required: true}"));
        assert!(!reboot("{packages: [vim]}"));
    }

    #[test]
    fn a_package_may_name_who_installs_it() {
        let text = "packages: [{snap: [hello, [code, --classic]], apt: [[curl, 8.10], [jq, 2]]}, vim]";
        let root = root("debian").with("/usr/bin/snap", "", 0o100_755);
        let lines = lines(text, &root);
        assert!(lines[1].ends_with(" install vim curl=8.10 jq=2"), "{lines:?}");
        assert_eq!(lines[2..], ["run snap install hello", "run snap install code --classic"]);
    }

    #[test]
    fn lists_that_were_just_read_are_not_read_again() {
        let read_at = |second: &str| root("debian").with("/run/glowplug/package-lists", second, FILE);
        let count = |root: &Tree| lines("{package_update: true, packages: vim}", root).len();
        // the last one is of a time that has not come
        let counts = ["0\n", "?", "99999999\n"].map(|second| count(&read_at(second)));
        assert_eq!(counts, [1, 2, 2]);
    }

    #[test]
    fn what_names_no_package_is_left_out() {
        let text = "packages: [-f, {a: b}, [a, b, c], [a, [2]], {dnf: [x]}, vim]";
        let plan = planned(MODULE.name, text, &root("debian"));
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to install the package at user-data:1:12: it names no package",
                "unable to install packages at user-data:1:20: a is a string, not a list",
                "unable to install the package at user-data:1:24: a list here is a name and a version",
                "unable to install the package at user-data:1:35: its version is no text",
                "unable to install packages at user-data:1:46: dnf is no package manager of this root",
            ]
        );
        assert!(plan.actions.last().unwrap().to_string().ends_with(" install vim"));
        let plan = planned(MODULE.name, "packages: [vim]", &root("templeos"));
        assert_eq!(
            texts(&plan.problems),
            ["unable to manage packages of templeos: no package manager is known here"]
        );
    }
}
