//! Files that are there and can't be read whole: what edits them leaves them
//! alone and says so.

use super::story::{Story, said};

/// The agent, then init, in a root with this machine's programs.
const SCRIPT: &str = "\
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr; ln -s usr/bin usr/lib usr/lib64 $ROOT; \
mount --bind /usr $ROOT/usr; mount --bind /dev $ROOT/dev; \
$AGENT --root $ROOT --seed $SEED || exit 1; \
mount --bind /run $ROOT/run; mount -t proc proc $ROOT/proc; cp $RUNNER /run/runner; \
chroot $ROOT /run/runner init; echo \"status $?\"";

#[test]
fn files_too_long_to_be_read_are_not_replaced_by_ours_alone() {
    let story = Story::new("unreadable");
    let long = |line: &str| line.repeat((5 << 20) / line.len());
    let (fstab, hosts) = (long("# the image's own\n"), long("192.0.2.9 one\n"));
    story.root("etc/fstab", &fstab);
    story.root("etc/hosts", &hosts);
    story.root("etc/motd", "old\n");
    story.seed(
        "user_data",
        "#cloud-config\nmounts: [[tmpfs, /data, tmpfs]]\nmanage_etc_hosts: localhost\n\
         write_files: [{path: /etc/motd, content: new}]\n",
    );
    let output = story.run(SCRIPT);
    let said = said(&output);
    assert!(story.text("root/etc/fstab").unwrap() == fstab, "fstab is another: {said}");
    assert!(story.text("root/etc/hosts").unwrap() == hosts, "hosts is another: {said}");
    for (module, file) in [("mounts", "fstab"), ("update_etc_hosts", "hosts")] {
        let line = said.lines().find(|line| line.contains(&format!("{module}: ")) && line.contains(file));
        let line = line.unwrap_or_else(|| panic!("no line about {file}: {said}"));
        assert!(line.contains("bytes are more than"), "{line}");
    }
    assert!(said.contains("status 2\n"), "{said}");
    assert_eq!(story.text("root/etc/motd").as_deref(), Some("new"), "the rest goes on: {said}");
    let sem = "root/var/lib/cloud/instances/hook-1/sem/config_mounts";
    assert_eq!(story.text(sem), None, "it is planned again");
}

/// The stage of modules for another distribution ran without a word.
#[test]
fn a_root_whose_os_release_is_no_file_runs_no_module() {
    let story = Story::new("nameless");
    story.root("etc/os-release/odd", "");
    story.seed("user_data", "#cloud-config\nmanage_etc_hosts: localhost\n");
    let output = story.run(SCRIPT);
    let said = said(&output);
    assert!(said.contains("no module is run: unable to read /etc/os-release: Is a directory"), "{said}");
    assert!(said.contains("status 1\n"), "{said}");
    assert_eq!(story.text("root/etc/hosts"), None);
}

/// What a drop-in switches off ran when that could not be read.
#[test]
fn a_root_with_a_drop_in_that_is_too_long_runs_no_module() {
    let story = Story::new("unread-drop-in");
    story.root("etc/cloud/cloud.cfg.d/90-long.cfg", &"# long\n".repeat(800_000));
    story.seed(
        "user_data",
        "#cloud-config\nwrite_files: [{path: /etc/motd, content: new}]\nruncmd: [touch /etc/ran]\n",
    );
    let output = story.run(SCRIPT);
    let said = said(&output);
    assert!(said.contains("modules are left to the runner: unable to read "), "{said}");
    assert!(said.contains("no module is run: what the configuration switches off is not known: "), "{said}");
    assert!(said.contains("status 1\n"), "{said}");
    assert_eq!((story.text("root/etc/motd"), story.text("root/etc/ran")), (None, None));
}
