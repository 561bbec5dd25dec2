//! dnf, zypper and pacman, each on what passes for its distribution.

use crate::{Booted, Machine};

/// What every package of the test holds.
const VERSIONS: &str = "cd /usr/share; for name in old new pin; do\n\
                        [ -e gp-$name ] && echo gp-$name $(cat gp-$name/version); done\n";

/// Packages for those that can have more than one version in a repository.
const TWO_VERSIONS: [(&str, &str, &str); 5] = [
    ("gp-old", "1.0", ""),
    ("gp-old", "2.0", ""),
    ("gp-new", "1.0", ""),
    ("gp-pin", "1.20", ""),
    ("gp-pin", "3.0", ""),
];

const WANTED: &str = "package_upgrade: true\npackages: [gp-new, gp-none, [gp-pin, '1.20']]\n";

/// A machine of a distribution.
fn machine(distribution: &str) -> Machine {
    let machine = Machine::new(distribution);
    machine.file("etc/os-release", &format!("ID={distribution}\n"), 0o644);
    let system = format!("system_info: {{distro: {distribution}}}\n");
    machine.file("etc/cloud/cloud.cfg.d/99-system.cfg", &system, 0o644);
    machine
}

/// The upgrade and what there is were done, and what there is not was told.
fn assert_done(booted: &Booted, command: &str) {
    let said = booted.said(1, "modules --mode=final");
    assert!(said.contains(&format!("unable to run {command}: it failed for gp-none\n")), "{said}");
    assert!(said.contains("\nmodules-final is done with 1 error\n== status 1\n"), "{said}");
    // a configuration file that somebody changed stays
    assert_eq!(booted.answers, "gp-old 2.0\ngp-new 1.0\ngp-pin 1.20\nmine\n", "{said}");
}

#[test]
fn dnf_upgrades_and_installs_from_a_repository_of_yum_repos() {
    let mut machine = machine("fedora");
    machine.packages("rpm", &TWO_VERSIONS);
    machine.boot(&format!(
        "#cloud-config\n\
         bootcmd:\n- rm -rf /etc/yum.repos.d\n- rpm -i --nodeps /repository/gp-old-1.0.rpm\n\
         - echo mine > /etc/gp-old.conf\n\
         yum_repos: {{own: {{name: own, baseurl: 'file:///repository', gpgcheck: false, enabled: true}}}}\n{WANTED}"
    ));
    assert_done(&machine.run(&format!("{VERSIONS}cat /etc/gp-old.conf")), "dnf -y install");
}

#[test]
fn zypper_upgrades_and_installs_when_another_has_ended() {
    let mut machine = machine("opensuse-leap");
    machine.packages("rpm", &TWO_VERSIONS);
    machine.boot(&format!(
        "#cloud-config\n\
         bootcmd:\n- rpm --dbpath /var/lib/rpm -i --nodeps /repository/gp-old-1.0.rpm\n\
         - echo mine > /etc/gp-old.conf\n\
         - sleep 2 | zypper --non-interactive shell > /tmp/shell 2>&1 &\n\
         - until [ -s /run/zypp.pid ]; do sleep 0.1; done\n\
         zypper: {{repos: [{{id: own, name: own, baseurl: 'dir:///repository', gpgcheck: 0, enabled: 1}}]}}\n{WANTED}"
    ));
    let command = "zypper --non-interactive install --auto-agree-with-licenses";
    assert_done(&machine.run(&format!("{VERSIONS}cat /etc/gp-old.conf")), command);
}

#[test]
fn pacman_upgrades_and_installs() {
    let mut machine = machine("arch");
    machine.packages("pacman", &[("gp-old", "1.0", "")]);
    machine.keep_packages("old");
    machine.packages("pacman", &[("gp-old", "2.0", ""), ("gp-new", "1.0", ""), ("gp-pin", "1.20", "")]);
    let settings = "[options]\nArchitecture = auto\n[own]\nSigLevel = Never\nServer = file:///repository\n";
    machine.file("etc/pacman.conf", settings, 0o644);
    machine.boot(&format!(
        "#cloud-config\n\
         bootcmd:\n- pacman -U --noconfirm /old/gp-old-1.0-1-any.pkg.tar.gz\n- echo mine > /etc/gp-old.conf\n{WANTED}"
    ));
    let booted = machine.run(&format!("{VERSIONS}cat /etc/gp-old.conf"));
    assert_done(&booted, "pacman -Sy --quiet --noconfirm");
}
