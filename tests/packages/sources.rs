//! Where apt looks for packages: signed repositories, and the files that name them.

use crate::Machine;

const CLEAN: &str = "bootcmd:\n\
                     - rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists/*\n\
                     - mkdir -p /etc/apt/sources.list.d\n";

fn machine(name: &str) -> Machine {
    let machine = Machine::new(name);
    machine.file("etc/cloud/cloud.cfg.d/99-apt.cfg", "apt: {preserve_sources_list: false}\n", 0o644);
    machine.packages("deb", &[("gp-one", "1.0", "")]);
    machine
}

#[test]
fn a_source_is_trusted_by_its_own_key_as_with_cloud_init() {
    let mut machine = machine("apt-key");
    let key = machine.signed(8);
    let number = machine.serve_key();
    // dirmngr wants one, and asks nobody
    machine.file("etc/resolv.conf", "nameserver 127.0.0.1\n", 0o644);
    machine.boot(&format!(
        "#cloud-config\n{CLEAN}packages: [gp-one]\napt:\n  preserve_sources_list: true\n  sources:\n    own:\n      \
         source: deb [signed-by=$KEY_FILE] file:/repository $RELEASE main\n      key: |\n{key}    \
         served:\n      source: deb [signed-by=$KEY_FILE] file:/repository $RELEASE-updates main\n      \
         keyid: {number}\n      keyserver: hkp://127.0.0.1:8765\n"
    ));
    let after = "dpkg-query -W gp-one; cat /etc/apt/sources.list.d/*; ls /etc/apt/cloud-init.gpg.d; \
                 apt-get indextargets --format '$(SUITE)' 'Created-By: Packages' | sort";
    let (ours, theirs) = (machine.run(after), machine.run_theirs(after));
    let folder = "/etc/apt/cloud-init.gpg.d";
    let expected = format!(
        "gp-one\t1.0\ndeb [signed-by={folder}/own.gpg] file:/repository bookworm main\n\
         deb [signed-by={folder}/served.gpg] file:/repository bookworm-updates main\n\
         own.gpg\nserved.gpg\nbookworm\nbookworm-updates\n"
    );
    let said = ours.said(1, "modules --mode=config");
    assert!(ours.answers.starts_with(&expected), "{} {said}", ours.answers);
    assert!(
        theirs.answers.starts_with(&expected),
        "{} {}",
        theirs.answers,
        theirs.said(1, "modules --mode=config")
    );
    assert!(!said.contains("\nW: "), "{said}");
}

#[test]
fn a_mirror_with_its_key_stands_in_the_root_s_own_kind_of_file() {
    let mut machine = machine("apt-deb822");
    let key = machine.signed(8);
    machine.boot(&format!(
        "#cloud-config\n{CLEAN}- touch /etc/apt/sources.list.d/debian.sources\npackages: [gp-one]\napt:\n  \
         disable_suites: [backports]\n  primary:\n    - arches: [default]\n      uri: file:/repository\n      key: |\n{key}"
    ));
    let after = "dpkg-query -W gp-one; grep -v '^#' /etc/apt/sources.list.d/debian.sources; ls /etc/apt/sources.list; \
                 apt-get indextargets --format '$(SUITE)' 'Created-By: Packages' | sort";
    let booted = machine.run(after);
    let paragraph = |suites: &str| {
        format!(
            "\nTypes: deb deb-src\nURIs: file:/repository\nSuites: {suites}\nComponents: main\n\
             Signed-By: /etc/apt/trusted.gpg.d/primary.gpg\n"
        )
    };
    let expected = format!(
        "gp-one\t1.0\n{}{}ls: cannot access '/etc/apt/sources.list': No such file or directory\n\
         bookworm\nbookworm-security\nbookworm-updates\n",
        paragraph("bookworm bookworm-updates"),
        paragraph("bookworm-security"),
    );
    assert_eq!(booted.answers, expected, "{}", booted.said(1, "modules --mode=final"));
}

#[test]
fn what_is_known_of_a_mirror_is_known_under_its_new_address() {
    let mut machine = machine("apt-lists");
    machine.signed(0);
    for file in ["InRelease", "main_binary-amd64_Packages"] {
        let from = format!("repository/dists/bookworm/{}", file.replace('_', "/"));
        let to = format!("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_{file}");
        machine.copy(&from, &to);
    }
    machine.boot(
        "#cloud-config\nbootcmd: [rm -rf /etc/apt/sources.list.d/*]\n\
         apt:\n  sources_list: deb $MIRROR $RELEASE main\n  primary:\n    - arches: [default]\n      \
         uri: http://me:secret@mirror.test:8080/of_mine/debian/\n",
    );
    // nothing has been fetched
    let booted = machine.run("apt-cache policy gp-one | grep -e Candidate -e http");
    let expected =
        "  Candidate: 1.0\n        500 http://mirror.test:8080/of_mine/debian bookworm/main amd64 Packages\n";
    assert_eq!(booted.answers, expected, "{}", booted.said(1, "modules --mode=config"));
}
