//! Disks of a Debian that has the usual tools: the root grows, a blank disk
//! gets partitions and file systems and keeps them, one that goes away stops no
//! boot. On the way users, keys and passwords by the root's own programs,
//! scripts over three boots, and a machine that powers itself off.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::debian::{FRONT, LATE, image, metadata, network, plug_back, sound};
use crate::scene::{Scene, write_seed};
use crate::vm::console::Who;
use crate::vm::contents;
use crate::vm::debian::{Backend, Maker};
use crate::vm::report::Boot;
use crate::vm::{Image, Parts, RootKind};

const BACKEND: Backend = Backend::Ifupdown;

/// What a cloud's image of Debian has beside the least.
const PACKAGES: &[&str] = &["cloud-guest-utils", "fdisk", "sudo"];

/// Where the first partition of a blank disk begins, in bytes.
const FIRST: u64 = 1 << 20;

const USER_DATA: &str = concat!(
    "\
#cloud-config
write_files:
- path: /var/lib/cloud/scripts/per-boot/state
  permissions: '0755'
  content: |
    #!/bin/sh
    echo boot >> /root/boots
    cat /sys/class/block/vda1/size > /root/partition
    stat -f -c '%b %S' / > /root/blocks
    cat /proc/mounts /proc/swaps > /root/mounts
",
    wait_for_back!(),
    "\
- path: /var/lib/cloud/scripts/per-once/once
  permissions: '0755'
  content: |
    #!/bin/sh
    echo once >> /root/onces
disk_setup:
  vdb: {table_type: gpt, layout: [50, [50, 82]]}
fs_setup:
- {device: vdb.1, filesystem: ext4, label: data}
- {device: vdb, partition: 2, filesystem: swap, label: more}
mounts:
- [vdb.1, /data, ext4, 'defaults,x-systemd.device-timeout=2s', '0', '2']
- [vdb.2, none, swap, 'sw,x-systemd.device-timeout=2s', '0', '0']
- [ephemeral0, /mnt/ephemeral]
users:
- default
- name: ann
  gecos: Ann Other
  groups: [cloud, tty]
  shell: /bin/sh
  lock_passwd: false
  sudo: ALL=(ALL) NOPASSWD:ALL
  ssh_authorized_keys: [ssh-ed25519 AAAAC3Nz ann@home]
- {name: bob, shell: /bin/sh}
chpasswd:
  expire: false
  users:
  - {name: ann, password: secret, type: text}
  - {name: bob, type: RANDOM}
ssh_pwauth: true
ssh_genkeytypes: [ed25519]
runcmd:
- echo instance >> /root/instances
- echo kept >> /data/kept
- |
  { id ann; su ann -c 'sudo -n id -u'; sshd -T | grep -i ^passwordauthentication; } > /root/ann
  perl -e '$h = (getpwnam \"ann\")[1]; print crypt(\"secret\", $h) eq $h ? \"right\\n\" : \"wrong $h\\n\"' >> /root/ann
"
);

/// The last boot: another instance, whose power_state alone ends the machine.
const POWER_STATE: &str = "\
power_state:
  mode: poweroff
  condition: test -s /root/ann
";

/// In place of the service that reports and powers off.
const NO_REPORT: &str = "write_files:\n- {path: /etc/systemd/system/report.service, content: \"[Service]\\nExecStart=true\\n\"}\n";

fn seed(story: &str, id: &str, user_data: &str) -> PathBuf {
    let files = [
        ("meta_data.json", &*metadata(id, "anvil")),
        ("network_data.json", &network("192.0.2.20")),
        ("user_data", user_data),
        // a disk that the cloud has promised and not attached
        (
            "../../ec2/latest/meta-data.json",
            r#"{"block-device-mapping": {"ami": "vda", "ephemeral0": "sdx"}}"#,
        ),
    ];
    write_seed(story, &files)
}

/// How often commands ran: for an instance, in each boot, ever; and in which
/// instances the disk was there.
fn counts(scene: &Scene, disk: &Path) -> [usize; 4] {
    let lines = |path: &str| scene.text(path).unwrap_or_default().lines().count();
    let kept = contents::read(format!("{}?offset={FIRST}", disk.display()).as_ref(), "/kept").unwrap();
    let kept = String::from_utf8(kept.unwrap_or_default()).unwrap().lines().count();
    [lines("/root/instances"), lines("/root/boots"), lines("/root/onces"), kept]
}

/// Mebibytes of the root's partition, and of the file system in it.
fn sizes(scene: &Scene) -> (u64, u64) {
    let numbers = |path: &str| -> Vec<u64> {
        let text = scene.text(path).unwrap();
        text.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    let (partition, blocks) = (numbers("/root/partition"), numbers("/root/blocks"));
    (partition[0] >> 11, (blocks[0] * blocks[1]) >> 20)
}

#[test]
fn disks_grow_and_are_made_once() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        let root = RootKind::Debian(BACKEND, PACKAGES);
        image(Parts { root, maker: Maker::InitramfsTools, provisioned: true }, "disks")
    });
    let first = seed("disks-first", "first", USER_DATA);
    let second = USER_DATA.replacen("write_files:\n", NO_REPORT, 1) + POWER_STATE;
    let second = seed("disks-second", "second", &second);
    let mut scene = Scene::of(image, "disks", &[&first]);
    scene.partition("gpt");
    let disk = scene.blank_disk("data.img", 64);
    let key = |scene: &Scene| scene.text("/etc/ssh/ssh_host_ed25519_key.pub").unwrap();
    let shipped = key(&scene);

    scene.enlarge(256);
    scene.set_disks(&[&disk]);
    let boot = scene.boot_seed(&first);
    sound(&scene, &boot, BACKEND, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene, &disk), [1, 1, 1, 1]);
    let (partition, blocks) = sizes(&scene);
    assert!((1270..1282).contains(&partition) && blocks > 1200, "{partition} {blocks}");
    the_users_are_there(&scene, &boot);
    let fstab = scene.text("/etc/fstab").unwrap();
    assert!(!fstab.contains("ephemeral"), "{fstab}");
    let missing = "ephemeral0: there is no such device, and no line for it";
    assert!(scene.told(Who::Runner).iter().any(|line| line.contains(missing)), "{:#?}", scene.lines);
    let mounts = scene.text("/root/mounts").unwrap();
    assert!(mounts.contains("/dev/vdb1 /data ext4 ") && mounts.contains("\n/dev/vdb2 "), "{mounts}");
    let own = key(&scene);
    assert_ne!(own, shipped, "the image's key is no machine's");

    // the disk goes, the root's grows once more; ifupdown gets a NIC late
    scene.set_disks(&[]);
    scene.enlarge(128);
    plug_back(&mut scene);
    let again = scene.boot_seed_with(&first, LATE);
    scene.plug_in(Vec::new());
    scene.move_to_nics_of(&[&first]);
    sound(&scene, &again, BACKEND, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene, &disk), [1, 2, 1, 1]);
    let (partition, blocks) = sizes(&scene);
    assert!((1398..1410).contains(&partition) && blocks > 1320, "{partition} {blocks}");
    let (before, after) = (boot.boot_s["multi_user"], again.boot_s["multi_user"]);
    assert!(after < before + 10.0, "it waited for the disk: {before} {after}");
    let mounts = scene.text("/root/mounts").unwrap();
    assert!(!mounts.contains(" /data "), "{mounts}");
    assert_eq!((scene.text("/etc/fstab").unwrap(), key(&scene)), (fstab, own.clone()));

    // the disk is back, and another instance finds what is on it
    scene.set_disks(&[&disk]);
    scene.boot_seed_unreported(&second);
    assert_eq!(counts(&scene, &disk), [2, 3, 1, 2], "{:#?}", scene.lines);
    let mounts = scene.text("/root/mounts").unwrap();
    assert!(mounts.contains("/dev/vdb1 /data ext4 ") && mounts.contains("\n/dev/vdb2 "), "{mounts}");
    assert_ne!(key(&scene), own);
}

fn the_users_are_there(scene: &Scene, boot: &Boot) {
    assert!(boot.links.iter().any(|link| link.mac == FRONT));
    let ann = scene.text("/root/ann").unwrap();
    let lines: Vec<&str> = ann.lines().collect();
    assert!(
        lines[0].contains("(ann)") && lines[0].contains("(cloud)") && lines[0].contains("(tty)"),
        "{ann}"
    );
    assert_eq!(lines[1..], ["0", "passwordauthentication yes", "right"], "{ann}");
    assert_eq!(
        scene.text("/home/ann/.ssh/authorized_keys").as_deref(),
        Some("ssh-ed25519 AAAAC3Nz ann@home\n")
    );
    let console = scene.console();
    let password = console.lines().find_map(|line| line.trim_end().strip_prefix("bob:"));
    assert_eq!(password.map(str::len), Some(20), "{console}");
    let shadow = scene.text("/etc/shadow").unwrap();
    let of = |name: &str| shadow.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    assert!(of("ann").starts_with("$y$"), "by chpasswd, as the root hashes: {shadow}");
    assert!(of("admin").starts_with('!'), "{shadow}");
}
