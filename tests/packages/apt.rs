//! apt.

use crate::Machine;

/// The test's repository alone.
const SOURCES: &str = "bootcmd:\n\
                       - rm -rf /etc/apt/sources.list.d /var/lib/apt/lists\n\
                       - mkdir -p /etc/apt/sources.list.d\n\
                       - echo 'deb [trusted=yes] file:/repository ./' > /etc/apt/sources.list\n";

/// Which packages of the test are there.
const INSTALLED: &str = "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' 'gp-*'\n";

/// Reads of the lists of packages that a stage had done.
fn refreshes(said: &str) -> usize {
    said.matches("file:/repository ./ Packages [").count()
}

#[test]
fn packages_are_updated_upgraded_and_installed_as_cloud_init_does_it() {
    let mut machine = Machine::new("apt");
    let told = "echo \"frontend $DEBIAN_FRONTEND, input $(readlink /proc/self/fd/0)\" >> /tmp/told";
    machine.packages(
        "deb",
        &[
            ("gp-old", "1.0", ""),
            ("gp-old", "2.0", ""),
            ("gp-new", "1.0", told),
            ("gp-pin", "1.20", ""),
            ("gp-pin", "3.0", ""),
            ("gp-other", "1.0", ""),
        ],
    );
    let dpkg = "- [dpkg, -i, /repository/gp-old_1.0.deb]\n- echo mine > /etc/gp-old.conf\n";
    let rest = "apt: {preserve_sources_list: true, sources: {more: {source: '# nothing more'}}}\n\
                package_upgrade: true\npackages: [gp-new, [gp-pin, '1.20'], [gp-other]]\n";
    machine.boot(&format!("#cloud-config\n{SOURCES}{dpkg}{rest}"));
    let after = format!("{INSTALLED}cat /tmp/told /etc/gp-old.conf; ls /run/glowplug");
    let (ours, theirs) = (machine.run(&after), machine.run_theirs(&after));
    let expected = "gp-new 1.0 installed\ngp-old 2.0 installed\ngp-other 1.0 installed\ngp-pin 1.20 installed\n\
                    frontend noninteractive, input /dev/null\nmine\n";
    let own = ours.answers.strip_prefix(expected).unwrap_or_else(|| panic!("{}", ours.answers));
    assert!(own.contains("package-lists\n"), "{own}");
    assert!(theirs.answers.starts_with(expected), "{}", theirs.answers);
    for booted in [&ours, &theirs] {
        let said = ["modules --mode=config", "modules --mode=final"].map(|stage| booted.said(1, stage));
        assert!(said.iter().all(|said| said.contains("\n== status 0\n")), "{said:?}");
        assert_eq!(said.each_ref().map(|said| refreshes(said)), [1, 0]);
    }
}

#[test]
fn a_package_that_is_not_there_is_an_error_and_the_others_are_installed() {
    let mut machine = Machine::new("apt-absent");
    machine.packages("deb", &[("gp-one", "1.0", ""), ("gp-two", "1.0", ""), ("gp-bad", "1.0", "exit 3")]);
    // somebody else reads lists and installs, for a while
    let locks = "import fcntl, time\n\
                 files = [open(path, 'w') for path in ('/var/lib/apt/lists/lock', '/var/cache/apt/archives/lock')]\n\
                 for file in files: fcntl.lockf(file, fcntl.LOCK_EX)\n\
                 print(flush=True)\n\
                 for file in files: time.sleep(2), fcntl.lockf(file, fcntl.LOCK_UN)\n";
    machine.file("tmp/locks.py", locks, 0o644);
    let rest = "- mkdir -p /var/lib/apt/lists\n\
                - 'python3 /tmp/locks.py > /tmp/locked & until [ -s /tmp/locked ]; do sleep 0.1; done'\n\
                packages: [gp-one, gp-none, {apt: [[gp-two, 1.0], gp-bad], snap: [hello]}, [gp-two, '7']]\n";
    machine.boot(&format!("#cloud-config\n{SOURCES}{rest}"));
    let booted = machine.run(&format!("{INSTALLED}grep -c . /run/cloud-init/result.json"));
    let expected = "gp-bad 1.0 half-configured\ngp-one 1.0 installed\ngp-two 1.0 installed\n";
    assert!(booted.answers.starts_with(expected), "{}", booted.answers);
    let said = booted.said(1, "modules --mode=final");
    for line in [
        "unable to install packages at user-data:8:60: snap is no package manager of this root\n",
        "once more, one at a time: gp-one gp-none gp-two=7 gp-two=1.0 gp-bad\n",
        " install: it failed for gp-none, gp-two=7, gp-bad\n",
        "\nmodules-final is done with 1 error and 1 warning\n== status 1\n",
    ] {
        assert!(said.contains(line), "{line}is not in:\n{said}");
    }
    let waited: Vec<&str> = said.lines().filter(|line| line.starts_with("waiting: ")).collect();
    let [lists, archives] = waited[..] else { panic!("{said}") };
    assert!(
        lists.starts_with("waiting: python3 (") && lists.ends_with(" holds /var/lib/apt/lists/lock"),
        "{lists}"
    );
    assert!(archives.ends_with(" holds /var/cache/apt/archives/lock"), "{archives}");
}

#[test]
fn a_reboot_that_is_required_happens_once_and_the_rest_follows_it() {
    let mut machine = Machine::new("apt-reboot");
    machine
        .packages("deb", &[("gp-kernel", "1.0", "echo installed >> /root/told; touch /run/reboot-required")]);
    // as a machine that goes down: who runs us ends at once
    let down = "#!/bin/sh\necho rebooted >> /root/told\nshell=$PPID\n\
                kill -9 $(ps -o ppid= -p $shell) $shell\n";
    machine.file("usr/sbin/reboot", down, 0o755);
    let rest = "packages: [gp-kernel]\npackage_reboot_if_required: true\nruncmd: [echo ran >> /root/told]\n";
    let user_data = format!("#cloud-config\n{SOURCES}{rest}");
    machine.boot(&user_data);
    machine.boot(&user_data);
    let after = "cat /root/told";
    let booted = machine.run(after);
    assert_eq!(booted.answers, "installed\nrebooted\nran\n");
    let first = booted.said(1, "modules --mode=final");
    assert!(first.contains("== status 137\n"), "{first}");
    let second = booted.said(2, "modules --mode=final");
    assert!(second.contains("\nmodules-final is done\n== status 0\n"), "{second}");
    assert_eq!(machine.run_theirs(after).answers, booted.answers);
}
