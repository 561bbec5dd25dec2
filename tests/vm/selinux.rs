//! A Debian that enforces its SELinux policy: what was written before the
//! pivot, before a policy was loaded, has the labels of that policy, and
//! NetworkManager may read its file.

use std::sync::OnceLock;

use crate::debian::{counts, image, seed_with, sound};
use crate::scene::{Scene, change_root, story_folder};
use crate::vm::debian::{Backend, Maker};
use crate::vm::{Image, Parts, RootKind};

const USER_DATA: &str = "\
#cloud-config
users: [default, {name: smith}]
write_files:
- {path: /etc/early.conf, content: \"before the pivot\\n\", permissions: '0640'}
- {path: /srv/www/index.html, content: x}
- path: /var/lib/cloud/scripts/per-boot/count
  content: \"#!/bin/sh\\necho boot >> /root/boots\\n\"
  permissions: '0755'
runcmd:
- echo instance >> /root/instances
- ip -4 -o address show dev front > /root/address
- getenforce > /root/enforce
- restorecon -n -r -v /etc /home /root/.ssh /srv /usr/local /var/lib /var/log /run/NetworkManager > /root/relabel
- journalctl --boot --output cat | grep 'avc.*denied' > /root/denied
";

const LABEL: &str = "\
sed -i 's/^SELINUX=.*/SELINUX=enforcing/' etc/selinux/config
mount -t proc proc proc
chroot . setfiles -q -F -e /proc -e /dev /etc/selinux/default/contexts/files/file_contexts /
";

/// What glowplug wrote, some before the pivot and some after it.
const OURS: &[&str] = &[
    "/etc/early.conf",
    "/etc/hostname",
    "/home/admin",
    "/root/.ssh",
    "/run/NetworkManager/system-connections",
    "/srv/www",
    "/usr/local/bin/glowplug",
    "/var/lib/cloud",
    "/var/log/cloud-init",
];

/// Its root takes a minute, its boot another one.
#[test]
#[ignore = "cargo test --test vm enforcing -- --ignored"]
fn an_enforcing_policy_finds_its_own_labels() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let backend = Backend::NetworkManager;
    let packages = &["selinux-policy-default", "policycoreutils", "selinux-utils"];
    let root = RootKind::Debian(backend, packages);
    let image = IMAGE.get_or_init(|| {
        let mut image = image(Parts { root, maker: Maker::Dracut, provisioned: true }, "selinux");
        let root = story_folder("selinux-root").join("root.img");
        change_root(&image.root, &root, LABEL, &[]);
        image.root = root;
        image
    });
    let seed = seed_with("selinux", "first", "anvil", "192.0.2.20", USER_DATA);
    let mut scene = Scene::of(image, "selinux", &[&seed]);
    let boot = scene.boot_seed_with(&seed, "security=selinux selinux=1 enforcing=1");
    let text = |path: &str| scene.text(path).unwrap_or_else(|| panic!("{path}\n{:#?}", scene.lines));
    assert_eq!(counts(&scene), (1, 1));
    assert_eq!(text("/root/enforce"), "Enforcing\n");
    scene.expect_told(&["new files get the labels of the root's SELinux policy"]);
    sound(&scene, &boot, backend, "anvil", "192.0.2.20");
    assert_eq!(text("/etc/early.conf"), "before the pivot\n");
    let relabel = text("/root/relabel");
    for path in OURS {
        assert!(!relabel.contains(path), "restorecon would label {path} otherwise:\n{relabel}");
    }
}
