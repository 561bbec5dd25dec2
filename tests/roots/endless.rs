//! FIFOs, devices and what has no end where a file is expected: nothing waits
//! for them, and nothing takes memory for them without a bound.

use super::story::{Story, said};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Files of a root that something reads.
const FILES: &[&str] = &[
    "etc/hostname",
    "etc/hosts",
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/fstab",
    "etc/os-release",
    "etc/sudoers",
    "etc/sudoers.d/90-cloud-init-users",
    "etc/machine-id",
    "etc/resolv.conf",
    "etc/ssh/sshd_config",
    "etc/ssh/ssh_host_rsa_key.pub",
    "etc/selinux/config",
    "etc/cloud/cloud.cfg",
    "etc/cloud/cloud.cfg.d/10.cfg",
    "etc/cloud/templates/hosts.debian.tmpl",
    "etc/default/useradd",
    "etc/login.defs",
    "etc/skel/.profile",
    "etc/network/interfaces",
    "home/bob/.ssh/authorized_keys",
    "var/lib/cloud/scripts/per-boot/script",
    "var/lib/cloud/seed/nocloud/meta-data",
    "var/lib/cloud/seed/nocloud/user-data",
    "var/lib/cloud/data/instance-id",
    "var/lib/cloud/data/status.json",
    "var/lib/cloud/instance/obj.pkl",
    "var/log/cloud-init.log",
    "var/log/cloud-init-output.log",
];

const USER_DATA: &str = "#cloud-config
user: bob
users: [default, {name: ann}, {name: bob, sudo: 'ALL=(ALL) ALL'}]
manage_etc_hosts: true
ssh_authorized_keys: ['ssh-ed25519 AAAA bob']
mounts: [[/dev/none, /mnt]]
manage_resolv_conf: true
resolv_conf: {nameservers: [192.0.2.1]}
write_files: [{path: /etc/hosts, content: x, append: true}]
growpart: {mode: 'off'}
";

fn story(name: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n");
    story.root("etc/group", "root:x:0:\nbob:x:1000:\n");
    for path in ["run/.keep", "dev/null", "usr/sbin/sshd", "home/bob/.profile"] {
        story.root(path, "");
    }
    story.seed("user_data", USER_DATA);
    story
}

/// Puts something that is no regular file.
fn put(path: &Path, what: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(path);
    let make = |program: &str, more: &[&str]| {
        let status = Command::new(program).arg(path).args(more).status().unwrap();
        assert!(status.success(), "{program} {}", path.display());
    };
    match what {
        "fifo" => make("mkfifo", &[]),
        "zero" => make("mknod", &["c", "1", "5"]),
        "socket" => drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        link => symlink(link, path).unwrap(),
    }
}

/// The agent and the stages, each within its time and 512 MiB.
const BOOT: &str = "mount --bind $SEED /mnt; ulimit -v 524288; \
    timeout 60 $AGENT --root $ROOT --seed /mnt || echo agent-status=$?; \
    mount --bind /run $ROOT/run && cp $RUNNER $ROOT/runner; \
    for stage in init 'modules --mode config' 'modules --mode final' status; do \
    timeout 60 /usr/sbin/chroot $ROOT /runner $stage || echo stage-status=$?; done; umount $ROOT/run";

fn boots(story: &Story, what: &str) {
    let said = said(&story.run(BOOT));
    for bad in ["status=124", "status=137", "panicked", "memory", "status=134"] {
        assert!(!said.contains(bad), "{what}: {bad}: {said}");
    }
}

#[test]
fn a_fifo_where_a_file_is_expected_is_not_waited_for() {
    for path in FILES {
        let story = story("fifo");
        put(&story.folder.join("root").join(path), "fifo");
        boots(&story, path);
    }
}

#[test]
fn a_device_or_a_socket_where_a_file_is_expected_takes_no_memory() {
    for what in ["zero", "socket", "/dev/zero"] {
        let story = story("endless");
        let root = story.folder.join("root");
        put(&root.join("dev/zero"), "zero");
        for path in FILES {
            put(&root.join(path), what);
        }
        boots(&story, what);
    }
}

#[test]
fn a_seed_of_fifos_is_read_to_its_end() {
    let story = story("fifo-seed");
    for name in ["meta_data.json", "user_data", "vendor_data.json", "network_data.json"] {
        put(&story.folder.join("seed/openstack/latest").join(name), "fifo");
    }
    boots(&story, "a seed");
}

#[test]
fn a_command_that_is_given_a_fifo_or_a_device_ends() {
    let story = story("fifo-verbs");
    let fifo = story.folder.join("fifo");
    put(&fifo, "fifo");
    let commands = [
        "schema -c FILE",
        "schema -c FILE -t network-config",
        "schema -c $ROOT/etc/passwd --instance-data FILE",
        "query --instance-data FILE userdata",
        "query --all",
        "status --format json",
        "cloud-id --instance-data FILE",
        "analyze show -i FILE",
        "analyze dump -i FILE",
        "devel yaml FILE",
        "devel user-data FILE",
        "devel net-convert --network-data FILE --kind yaml --output-kind eni -D debian -d /run/out",
        "init --file FILE",
        "cache set user-data FILE",
        "clean --logs",
        "collect-logs --tarfile /run/logs.tar.gz",
        "devel hotplug-hook -s net query",
        "install --root $ROOT --agent FILE",
        "plan --seed $SEED --root $ROOT",
    ];
    let system = "for file in /run/cloud-init/status.json /run/cloud-init/instance-data.json \
         /run/cloud-init/combined-cloud-config.json /run/glowplug/seed-state /run/glowplug/log \
         /var/log/cloud-init.log /etc/fstab /etc/machine-id; do mkdir -p ${file%/*}; rm -f $file; mkfifo $file; done";
    for file in [fifo.to_str().unwrap(), "/dev/zero"] {
        let run = |command: &&str| {
            let command = command.replace("FILE", file);
            format!(
                "timeout 20 $RUNNER {command} </dev/null >/run/said 2>&1; status=$?; \
                 echo \"status=$status: {command}\"; case $status in 124|137|134|101) cat /run/said;; esac; "
            )
        };
        // What is copied from /run must have an end.
        let script = format!(
            "for own in /etc /var; do mount -t tmpfs tmpfs $own; done; {system}; ulimit -v 524288; cd /run; \
             {} find /run -type p -delete",
            commands.iter().map(run).collect::<String>()
        );
        let said = said(&story.run(&script));
        for bad in ["status=124", "status=137", "status=134", "status=101"] {
            assert!(!said.contains(bad), "{file}: {said}");
        }
        assert_eq!(said.matches("status=").count(), commands.len(), "{file}: {said}");
    }
}

#[test]
fn what_a_person_pipes_in_is_read() {
    let story = story("piped");
    let output = story.run(
        "printf '#cloud-config\\nhostname: a\\n' >/run/file; cd /run; mkfifo pipe; (cat file >pipe &) ; \
         $RUNNER schema -c /dev/stdin <file && cat file | $RUNNER schema -c /dev/fd/0 && $RUNNER schema -c - <pipe; \
         status=$?; rm -f pipe; (exit $status)",
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
