//! Files that are there and can't be read whole: what edits them leaves them
//! alone and says so.

use super::story::{Story, said};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::process::Command;

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
    assert!(said.contains("init is done with 2 errors\n") && said.contains("status 1\n"), "{said}");
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

/// As [`SCRIPT`], with the config stage.
const STAGES: &str = "\
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr; ln -s usr/bin usr/lib usr/lib64 usr/sbin $ROOT; \
mount --bind /usr $ROOT/usr; mount --bind /dev $ROOT/dev; \
$AGENT --root $ROOT --seed $SEED; echo \"agent $?\"; \
mount --bind /run $ROOT/run; mount -t proc proc $ROOT/proc; cp $RUNNER /run/runner; \
chroot $ROOT /run/runner init; echo \"init $?\"; \
chroot $ROOT /run/runner modules --mode config; echo \"config $?\"";

/// Files that modules edit in place, or write in the place of what is there.
const EDITED: [&str; 12] = [
    "etc/apt/sources.list",
    "etc/ca-certificates.conf",
    "etc/default/locale",
    "etc/doas.conf",
    "etc/fstab",
    "etc/hosts",
    "etc/resolv.conf",
    "etc/rsyslog.d/20-cloud-config.conf",
    "etc/ssh/sshd_config.d/50-cloud-init.conf",
    "etc/sudoers",
    "etc/sudoers.d/90-cloud-init-users",
    "root/.ssh/authorized_keys",
];

/// Of those, the files that modules replace whole when they can be read.
const REPLACED: [&str; 3] = ["etc/apt/sources.list", "etc/resolv.conf", "etc/rsyslog.d/20-cloud-config.conf"];

/// What has each of [`EDITED`] changed.
const EDITS: &str = "#cloud-config
mounts: [[tmpfs, /data, tmpfs]]
manage_etc_hosts: localhost
manage_resolv_conf: true
resolv_conf: {nameservers: [192.0.2.53]}
rsyslog: ['*.* /a']
ca_certs: {remove_defaults: true}
users:
- {name: root, ssh_authorized_keys: [ssh-rsa AAAA me]}
- {name: ann, sudo: 'ALL=(ALL) ALL', doas: [permit ann], no_create_home: true}
ssh_pwauth: false
ssh: {emit_keys_to_console: false}
ssh_genkeytypes: []
locale: C.UTF-8
apt: {sources_list: 'deb http://192.0.2.9/debian x main'}
write_files: [{path: /etc/motd, content: new}]
";

/// Without the rules of users /etc/sudoers needs no line for them.
fn unreadable() -> impl Iterator<Item = &'static str> {
    EDITED.into_iter().filter(|path| *path != "etc/sudoers.d/90-cloud-init-users")
}

fn with_edits(name: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/os-release", "ID=debian\nVERSION_CODENAME=x\n");
    story.root("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n");
    story.root("etc/cloud/cloud.cfg", "disable_root: false\n");
    story.seed("user_data", EDITS);
    for path in EDITED {
        fs::create_dir_all(story.folder.join("root").join(path).parent().unwrap()).unwrap();
    }
    story
}

/// A directory, a FIFO or five sparse megabytes in the place of each file: all of them were
/// replaced by ours alone, without a line.
#[test]
fn whatever_is_edited_and_can_not_be_read_stays_as_it_is() {
    for (kind, why) in
        [("directory", "Is a directory"), ("fifo", "not a regular file"), ("sparse", "bytes are more than")]
    {
        let story = with_edits(&format!("odd-{kind}"));
        for path in unreadable() {
            let path = story.folder.join("root").join(path);
            match kind {
                "directory" => fs::create_dir(path).unwrap(),
                "fifo" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
                _ => fs::File::create(path).unwrap().set_len(5 << 20).unwrap(),
            }
        }
        let said = said(&story.run(STAGES));
        for path in unreadable() {
            let there = fs::metadata(story.folder.join("root").join(path)).unwrap();
            let is_same = match kind {
                "directory" => there.is_dir(),
                "fifo" => there.file_type().is_fifo(),
                _ => there.len() == 5 << 20 && there.blocks() == 0,
            };
            assert!(is_same, "{kind} {path} is another: {said}");
            let names = |line: &str| line.contains(&format!("/{path}: ")) && line.contains(why);
            assert!(said.lines().any(names), "no line of {kind} {path}: {said}");
        }
        // The rest is done: a user, a file, as far as fstab lets it be.
        assert_eq!(story.text("root/etc/motd").as_deref(), Some("new"), "{said}");
        assert!(story.text("root/etc/passwd").unwrap().contains("\nann:"), "{said}");
        assert!(!said.contains("init 0\n") && !said.contains("config 0\n"), "{said}");
    }
}

/// What was not UTF-8 became U+FFFD, a CRLF lost its CR.
#[test]
fn whatever_is_edited_keeps_the_bytes_of_others() {
    const FOREIGN: &[u8] = b"# caf\xe9 \xf4\x8f\xbf\xbf\r\n# \xff";
    let story = with_edits("latin-1");
    for path in EDITED.iter().filter(|path| !REPLACED.contains(path)) {
        fs::write(story.folder.join("root").join(path), FOREIGN).unwrap();
    }
    let passwd = b"root:x:0:0::/root:/bin/sh\nj\xf6rg:x:7:7:J\xf6rg:/home/j\xf6rg:/bin/sh\n";
    fs::write(story.folder.join("root/etc/passwd"), passwd).unwrap();
    let said = said(&story.run(STAGES));
    for path in EDITED.iter().filter(|path| !REPLACED.contains(path)) {
        let content = fs::read(story.folder.join("root").join(path)).unwrap();
        assert!(content.starts_with(FOREIGN), "{path}: {}: {said}", content.escape_ascii());
        // Of these all is comment, and nothing is to be added.
        let is_changed = content.len() > FOREIGN.len();
        let is_tools = ["etc/default/locale", "etc/ca-certificates.conf"].contains(path);
        assert!(is_changed || is_tools, "{path} is not changed: {said}");
    }
    let content = fs::read(story.folder.join("root/etc/passwd")).unwrap();
    for line in [&b"\nj\xf6rg:x:7:7:J\xf6rg:/home/j\xf6rg:/bin/sh\n"[..], b"\nann:"] {
        assert!(content.windows(line.len()).any(|bytes| bytes == line), "{}", content.escape_ascii());
    }
}

/// An errno that a disk or a kernel short of memory or descriptors gives.
#[test]
fn a_read_that_fails_is_no_empty_file() {
    for errno in ["EIO", "EMFILE", "ENOMEM", "EACCES"] {
        let story = with_edits(&format!("errno-{errno}"));
        for path in EDITED.iter().filter(|path| !REPLACED.contains(path)) {
            story.root(path, "# the image's own\n");
        }
        let paths: String = unreadable().flat_map(|path| [" -P ", path]).collect();
        let trace = format!(
            "strace -f -qq -o /dev/null{paths} -e trace=openat,openat2 -e inject=openat,openat2:error={errno} \
             /run/runner init"
        );
        let script = STAGES.replace("/run/runner init;", &format!("{trace};"));
        let said = said(&story.run(&script));
        for path in ["etc/fstab", "etc/hosts", "etc/sudoers", "root/.ssh/authorized_keys"] {
            assert_eq!(
                story.text(&format!("root/{path}")).as_deref(),
                Some("# the image's own\n"),
                "{errno} {path}: {said}"
            );
            assert!(said.lines().any(|line| line.contains(&format!("/{path}: "))), "{errno} {path}: {said}");
        }
        assert!(!said.contains("init 0\n"), "{said}");
    }
}

/// The network was set up, and a user made, as if the drop-in were absent.
#[test]
fn a_network_that_a_drop_in_may_switch_off_is_left_alone_until_it_can_be_read() {
    let story = Story::new("drop-in");
    let drop_in = "root/etc/cloud/cloud.cfg.d/99-off.cfg";
    story.root("etc/cloud/cloud.cfg.d/01.cfg", "{}\n");
    fs::File::create(story.folder.join(drop_in)).unwrap().set_len(5 << 20).unwrap();
    story.root("etc/network/interfaces", "auto lo\n");
    for name in ["ifup", "ifdown", "ifquery"] {
        story.root(&format!("sbin/{name}"), "");
    }
    let run = |script: &str| said(&story.run(script));
    let interfaces = || story.text("root/etc/network/interfaces").unwrap();
    let first = run("$AGENT --root $ROOT --seed $SEED");
    assert!(first.contains("99-off.cfg: "), "{first}");
    assert!(first.contains("the network is left alone: "), "{first}");
    assert_eq!(interfaces(), "auto lo\n", "{first}");
    // The boot that can read it does all of it; after that the network is as it was.
    fs::write(story.folder.join(drop_in), "{}\n").unwrap();
    let second = run("$AGENT --root $ROOT --seed $SEED");
    assert!(interfaces().contains("192.0.2.7"), "{second}");
    fs::File::create(story.folder.join(drop_in)).unwrap().set_len(5 << 20).unwrap();
    let third = run("$AGENT --root $ROOT --seed $SEED");
    assert!(interfaces().contains("192.0.2.7") && !third.contains("is left alone: what"), "{third}");
}

/// A back end's files that can't be read were replaced and removed.
#[test]
fn a_networks_file_that_can_not_be_read_is_left_alone() {
    let story = Story::new("interfaces");
    for name in ["ifup", "ifdown", "ifquery"] {
        story.root(&format!("sbin/{name}"), "");
    }
    let path = "root/etc/network/interfaces";
    story.root("etc/network/interfaces", "");
    fs::File::create(story.folder.join(path)).unwrap().set_len(5 << 20).unwrap();
    let said = said(&story.run("$AGENT --root $ROOT --seed $SEED"));
    assert_eq!(fs::metadata(story.folder.join(path)).unwrap().len(), 5 << 20, "{said}");
    assert!(
        said.lines().any(|line| line.contains("/etc/network/interfaces: ") && line.contains("left as it is")),
        "{said}"
    );
}
