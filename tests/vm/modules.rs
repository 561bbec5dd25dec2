//! Modules of the init stage on a root that has busybox and nothing else, on a
//! disk that is larger than its partition.

use crate::disk_image;
use crate::scene::{Scene, addresses, link, metadata, write_seed};
use crate::vm::console::Who;
use crate::vm::contents::{self, Contents};

const MAC: &str = "52:54:00:6b:1f:01";

const METADATA: &str = r#"{"uuid": "modules", "hostname": "bench.example.org", "random_seed": "c2VlZA=="}"#;

const NETWORK: &str = r#"{"links": [{"id": "l0", "name": "wan0", "type": "phy", "ethernet_mac_address": "52:54:00:6b:1f:01"}],
    "networks": [{"id": "n0", "link": "l0", "type": "ipv4", "ip_address": "192.0.2.50", "netmask": "255.255.255.0"}]}"#;

/// A server for the keys is written before the root's init runs.
const USER_DATA: &str = "\
#cloud-config
write_files:
- {path: /usr/sbin/sshd, permissions: '0755', content: ''}
- {path: /etc/skel/.profile, content: 'from skel'}
- {path: /srv/deep/er/copy, owner: admin, source: {uri: 'file:///etc/motd'}}
- {path: /srv/kept, content: beside, source: {uri: 'file:///none'}}
groups: [cloud]
users:
- default
- name: ann
  gecos: Ann Other
  uid: 1500
  groups: [cloud, tty]
  shell: /bin/sh
  lock_passwd: false
  plain_text_passwd: secret
  sudo: ALL=(ALL) NOPASSWD:ALL
  ssh_authorized_keys: [ssh-ed25519 AAAAC3Nz ann@home]
- {name: daemon1, system: true}
chpasswd:
  expire: true
  users: [{name: daemon1, type: RANDOM}]
growpart: {devices: [/, /dev/vdd1]}
disk_setup:
  vdb: {table_type: mbr, layout: true}
fs_setup:
- {device: vdc, partition: none, filesystem: ext2, label: data}
mounts:
- [vdc, /data]
- [ephemeral0, /mnt/ephemeral]
- [LABEL=nowhere, /mnt/nowhere]
- [scratch, /mnt/scratch, tmpfs, size=1m]
swap: {filename: /var/swap, size: 4M}
manage_etc_hosts: localhost
manage-resolv-conf: true
resolv_conf: {nameservers: [192.0.2.53], options: {rotate: true}}
ws_virt_network_dep:
  203.0.113.7:
    port_0: {ip: 10.9.0.1, netmask: 255.255.0.0}
runcmd:
- echo kept >> /data/kept
- cat /sys/class/block/vda1/size > /root/partition
- cat /sys/class/block/vdd1/size > /root/other
- stat -f -c '%b %S' / > /root/blocks
- su ann -c 'id; cd; pwd; cat .profile' > /root/ann
- cat /proc/mounts /proc/swaps > /root/mounts
";

#[test]
fn a_tiny_root_gets_users_keys_and_mounts() {
    let files = [("meta_data.json", METADATA), ("network_data.json", NETWORK), ("user_data", USER_DATA)];
    let seed = write_seed("modules", &files);
    let mut scene = Scene::new("modules", &[&seed]);
    scene.partition("dos");
    scene.enlarge(64);
    let blank = scene.blank_disk("blank.img", 8);
    let data = scene.blank_disk("data.img", 8);
    let gpt = scene.blank_disk("gpt.img", 8);
    disk_image::partition(&gpt, "gpt").unwrap();
    disk_image::enlarge(&gpt, 24 << 20).unwrap();
    scene.set_disks(&[&blank, &data, &gpt]);

    let boot = scene.boot_seed(&seed);
    let contents = scene.contents();
    assert_eq!(addresses(link(&boot, MAC)), ["192.0.2.50/24", "10.9.0.1/16"]);
    the_users_are_there(&contents);
    files_are_fetched_and_their_folders_given(&contents);
    the_server_has_a_key(&contents);
    the_root_fills_its_disk(&scene, &contents);
    assert_eq!(contents.text("/root/other").unwrap().trim(), (21 * 2048 + 2048 - 33).to_string());
    disk_image::check_table(&gpt);
    scene.check_disk();
    what_is_there_is_mounted(&scene, &contents);
    let hosts = contents.text("/etc/hosts").unwrap();
    assert!(hosts.ends_with("127.0.1.1\tbench.example.org\tbench\n"), "{hosts}");
    let resolv_conf = contents.text("/etc/resolv.conf").unwrap();
    assert_eq!(resolv_conf, "# Created by glowplug\nnameserver 192.0.2.53\noptions rotate\n");
    assert_eq!(contents.text("/var/lib/cloud/data/previous-hostname").as_deref(), Some("bench\n"));
    the_password_is_told_and_logged_nowhere(&scene, &contents);

    let kept = [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/fstab",
        "/etc/hosts",
        "/etc/ssh/ssh_host_ed25519_key",
    ];
    let before = kept.map(|path| contents.text(path));
    let boot = scene.boot(None);
    let contents = scene.contents();
    assert_eq!(kept.map(|path| contents.text(path)), before, "a boot without the drive changes nothing");
    assert_eq!(addresses(link(&boot, MAC)), ["192.0.2.50/24", "10.9.0.1/16"]);
    assert_eq!(contents::read(&data, "/kept").unwrap().as_deref(), Some(&b"kept\n"[..]));
}

fn the_users_are_there(contents: &Contents) {
    let passwd = contents.text("/etc/passwd").unwrap();
    assert!(passwd.contains("\nann:x:1500:1500:Ann Other:/home/ann:/bin/sh\n"), "{passwd}");
    assert!(passwd.contains("\ndaemon1:x:999:999::/home/daemon1:/bin/sh\n"), "{passwd}");
    let group = contents.text("/etc/group").unwrap();
    assert!(group.contains("\ncloud:x:1001:ann\n") && group.contains("\ntty:x:5:ann\n"), "{group}");
    let shadow = contents.text("/etc/shadow").unwrap();
    let of = |name: &str| shadow.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    assert!(of("ann").starts_with("$6$rounds="), "{shadow}");
    assert!(of("daemon1").starts_with("!$6$rounds=") || of("daemon1").starts_with("$6$rounds="), "{shadow}");
    assert_eq!(of("daemon1").split(':').nth(1), Some("0"), "{shadow}");
    assert!(of("admin").starts_with("!*:"), "{shadow}");
    let own = contents.text("/root/ann").unwrap();
    assert!(
        own.starts_with("uid=1500(ann) gid=1500(ann) groups=5(tty),1001(cloud)")
            || own.starts_with("uid=1500(ann) gid=1500(ann) groups="),
        "{own}"
    );
    assert!(own.ends_with("\n/home/ann\nfrom skel"), "{own}");
    assert_eq!(metadata(contents, "/home/ann/.ssh/authorized_keys"), (0o600, 1500, 1500));
    assert_eq!(metadata(contents, "/home/ann/.ssh"), (0o700, 1500, 1500));
    assert_eq!(
        contents.text("/home/ann/.ssh/authorized_keys").as_deref(),
        Some("ssh-ed25519 AAAAC3Nz ann@home\n")
    );
    let sudoers = "/etc/sudoers.d/90-cloud-init-users";
    assert_eq!(metadata(contents, sudoers), (0o440, 0, 0));
    assert!(
        contents.text(sudoers).unwrap().ends_with("\n# User rules for ann\nann ALL=(ALL) NOPASSWD:ALL\n")
    );
}

fn files_are_fetched_and_their_folders_given(contents: &Contents) {
    for folder in ["/srv/deep", "/srv/deep/er"] {
        assert_eq!(metadata(contents, folder), (0o755, 1000, 0), "{folder}");
    }
    assert_eq!(metadata(contents, "/srv/deep/er/copy"), (0o644, 1000, 0));
    assert_eq!(contents.text("/srv/deep/er/copy"), contents.text("/etc/motd"));
    assert_eq!(contents.text("/srv/kept").as_deref(), Some("beside"));
}

fn the_server_has_a_key(contents: &Contents) {
    assert_eq!(metadata(contents, "/etc/ssh/ssh_host_ed25519_key"), (0o600, 0, 0));
    let key = contents.text("/etc/ssh/ssh_host_ed25519_key").unwrap();
    assert!(key.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"), "{key}");
    let public = contents.text("/etc/ssh/ssh_host_ed25519_key.pub").unwrap();
    assert!(public.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"), "{public}");
}

/// Without growpart, sfdisk and resize2fs; a table is made by none of the
/// programs busybox has.
fn the_root_fills_its_disk(scene: &Scene, contents: &Contents) {
    let numbers = |path: &str| -> Vec<u64> {
        let text = contents.text(path).unwrap();
        text.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    let (partition, blocks) = (numbers("/root/partition"), numbers("/root/blocks"));
    // 128 of the image, 64 more, 1 that was behind it
    assert_eq!(partition[0] >> 11, 193);
    assert!(blocks[0] * blocks[1] > 170 << 20, "{blocks:?}");
    let told = scene.told(Who::Runner).join("\n");
    assert!(told.contains("vdb: the root has no sfdisk, sgdisk or parted"), "{told}");
}

fn what_is_there_is_mounted(scene: &Scene, contents: &Contents) {
    let fstab = contents.text("/etc/fstab").unwrap();
    assert!(
        fstab.ends_with(
            "/dev/vdc\t/data\tauto\tdefaults,nofail,comment=cloudconfig\t0\t2\n\
         scratch\t/mnt/scratch\ttmpfs\tsize=1m,nofail,comment=cloudconfig\t0\t2\n\
         /var/swap\tnone\tswap\tsw,nofail,comment=cloudconfig\t0\t0\n"
        ),
        "{fstab}"
    );
    assert!(!fstab.contains("ephemeral") && !fstab.contains("nowhere"), "{fstab}");
    let mounts = contents.text("/root/mounts").unwrap();
    assert!(mounts.contains(" /mnt/scratch tmpfs ") && mounts.contains("\n/var/swap "), "{mounts}");
    assert_eq!(metadata(contents, "/var/swap"), (0o600, 0, 0));
    let told = scene.told(Who::Runner).join("\n");
    for device in ["ephemeral0", "LABEL=nowhere"] {
        assert!(told.contains(&format!("{device}: there is no such device, and no line for it")), "{told}");
    }
}

/// Whatever is on the console; no file has it.
fn the_password_is_told_and_logged_nowhere(scene: &Scene, contents: &Contents) {
    let console = scene.console();
    let password = console
        .lines()
        .find_map(|line| line.trim_end().strip_prefix("daemon1:"))
        .unwrap_or_else(|| panic!("{console}"));
    assert_eq!(password.len(), 20, "{password}");
    for (path, entry) in &contents.entries {
        if entry.is_file() && (path.starts_with("/var") || path.starts_with("/etc")) {
            let text = contents.read(path).unwrap_or_default();
            let found = text.windows(password.len()).any(|window| window == password.as_bytes());
            assert!(!found, "{path} has a password in it");
        }
    }
}
