//! Disks of a Debian that has the usual tools: the root grows, blank disks
//! get partitions and file systems and keep them, one that goes away stops no
//! boot. On the way users, keys and passwords by the root's own programs,
//! scripts over three boots, and a machine that powers itself off.
//! `disks.sh` is what the first boot does beside: each program that writes
//! tables, and roots of XFS and btrfs that grow.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::debian::{FRONT, LATE, image, metadata, network, plug_back, sound};
use crate::disk_image;
use crate::scene::{Scene, story_folder, write_seed};
use crate::vm::console::Who;
use crate::vm::contents;
use crate::vm::debian::{Backend, Maker};
use crate::vm::kernel::Kernel;
use crate::vm::report::Boot;
use crate::vm::{self, Image, Parts, RootKind, host};

const BACKEND: Backend = Backend::Ifupdown;

/// What a cloud's image of Debian has beside the least.
const PACKAGES: &[&str] =
    &["cloud-guest-utils", "fdisk", "sudo", "gdisk", "parted", "dosfstools", "xfsprogs", "btrfs-progs"];

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

/// What the first boot has beside: file systems of all kinds on one disk, and
/// the kernel's modules for them on another, `vdc`. QEMU gives the third one the
/// serial number `disk2`. Each goes behind the line of its key.
const MORE: &[(&str, &str)] = &[
    (
        "#cloud-config\n",
        "bootcmd:\n- test ! -b /dev/vdc || { mkdir -p /run/drivers && mount -o ro /dev/vdc /run/drivers; }\n\
         - test ! -b /dev/vdc || { cd /run/drivers && xargs -n 1 insmod < order; }\n",
    ),
    (
        "disk_setup:\n",
        "  /dev/disk/by-id/virtio-disk2: {table_type: gpt, layout: [60, 20, [10, EF00], [10, 82]]}\n",
    ),
    (
        "fs_setup:\n",
        "- {device: vdd, filesystem: xfs, label: scratch}\n\
         - {device: vdd, partition: auto, filesystem: btrfs, label: tree, extra_opts: [--mixed]}\n\
         - {device: vdd.3, filesystem: vfat, label: fat}\n\
         - {device: vdd, partition: 4, filesystem: swap}\n",
    ),
    (
        "mounts:\n",
        "- [LABEL=scratch, /kinds/xfs, xfs, 'defaults,x-systemd.device-timeout=2s']\n\
         - [vdd.2, /kinds/btrfs, btrfs, 'defaults,x-systemd.device-timeout=2s']\n\
         - [vdd.3, /kinds/vfat, vfat, 'defaults,x-systemd.device-timeout=2s']\n\
         - [vdd.4, none, swap, 'sw,x-systemd.device-timeout=2s']\n",
    ),
];

/// Runs as the last of the first boot's commands.
const SCRIPT: &str = include_str!("disks.sh");

/// The user-data of the first boot.
fn with_more() -> String {
    let mut text = USER_DATA.to_owned();
    for (key, more) in MORE {
        text = text.replacen(key, &[*key, *more].concat(), 1);
    }
    text += "- |\n";
    for line in SCRIPT.lines() {
        text.extend(["  ", line, "\n"]);
    }
    text
}

/// A disk with the kernel's modules for file systems, and the order to load them in.
fn drivers(scene: &Scene) -> PathBuf {
    let folder = story_folder("disks-drivers");
    let kernel = Kernel::find_or_fetch(&vm::folder().join("kernel"), &mut |text| println!("{text}")).unwrap();
    let mut order = String::new();
    for module in kernel.closure(&["xfs", "btrfs", "vfat", "nls_cp437", "nls_ascii"], &[]).unwrap() {
        let name = module.path.rsplit('/').next().unwrap();
        fs::write(folder.join(name), module.content().unwrap()).unwrap();
        order.extend([name, "\n"]);
    }
    fs::write(folder.join("order"), order).unwrap();
    let image = scene.blank_disk("drivers.img", 16);
    let mut format = host::command("mke2fs").unwrap();
    format.args(["-q", "-F", "-t", "ext4", "-d"]).arg(&folder).arg(&image);
    host::run(&mut format, "format", &image).unwrap();
    image
}

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
    let first = seed("disks-first", "first", &with_more());
    let second = USER_DATA.replacen("write_files:\n", NO_REPORT, 1) + POWER_STATE;
    let second = seed("disks-second", "second", &second);
    let mut scene = Scene::of(image, "disks", &[&first]);
    scene.partition("gpt");
    let disk = scene.blank_disk("data.img", 64);
    let drivers = drivers(&scene);
    let kinds = scene.blank_disk("kinds.img", 600);
    let tables = scene.blank_disk("tables.img", 64);
    let (xfs, btrfs) = (scene.blank_disk("xfs.img", 700), scene.blank_disk("btrfs.img", 300));
    let key = |scene: &Scene| scene.text("/etc/ssh/ssh_host_ed25519_key.pub").unwrap();
    let shipped = key(&scene);

    scene.enlarge(256);
    scene.set_disks(&[&disk, &drivers, &kinds, &tables, &xfs, &btrfs]);
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
    every_kind_is_mounted(&scene, &mounts);
    each_program_makes_the_same_table(&scene);
    a_root_of_any_kind_grows(&scene);
    for disk in [&kinds, &tables, &xfs, &btrfs] {
        disk_image::check_table(disk);
    }
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

fn every_kind_is_mounted(scene: &Scene, mounts: &str) {
    for (device, kind) in [("vdd1", "xfs"), ("vdd2", "btrfs"), ("vdd3", "vfat")] {
        assert!(mounts.contains(&format!("/dev/{device} /kinds/{kind} {kind} ")), "{mounts}");
    }
    assert!(mounts.contains("\n/dev/vdd4 "), "{mounts}");
    let told = scene.told(Who::Runner).join("\n");
    assert!(!told.contains("make the file system") && !told.contains("partition the disk"), "{told}");
}

/// Of each table: its name, the partitions' first sectors, sizes and types, and
/// what `lsblk` finds in them.
fn each_program_makes_the_same_table(scene: &Scene) {
    const GUIDS: [&str; 3] = [
        "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
        "E6D6D379-F507-44C2-A23C-238F2A3DF928",
    ];
    let log = scene.text("/root/disks.log").unwrap();
    let text = scene.text("/root/tables").unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let tables =
        [("gpt", "sgdisk"), ("gpt", "sfdisk"), ("gpt", "parted"), ("mbr", "sfdisk"), ("mbr", "parted")];
    assert_eq!(lines.len(), 8 * tables.len(), "{text}{log}");
    for ((table, program), lines) in tables.iter().zip(lines.chunks(8)) {
        let [one, two, three] = if *table == "gpt" { GUIDS } else { ["83", "82", "8e"] };
        assert_eq!(lines[0], format!("{table} by {program}"), "{text}{log}");
        assert_eq!(lines[1], format!("2048 63488 {one}"), "{text}{log}");
        assert_eq!(lines[2], format!("65536 30720 {two}"), "{text}{log}");
        // what is left, which not all round alike
        let last: Vec<&str> = lines[3].split(' ').collect();
        let sectors: u32 = last[1].parse().unwrap();
        assert!(
            last[0] == "96256" && (32_000..=34_816).contains(&sectors) && last[2] == three,
            "{text}{log}"
        );
        let found = [format!("vde1 ext4 {program}"), format!("vde2 swap {table}")];
        assert_eq!(lines[4..], ["vde", &found[0], &found[1], "vde3"], "{text}{log}");
    }
}

/// Mebibytes of the partition and of what is mounted, before and after.
fn a_root_of_any_kind_grows(scene: &Scene) {
    let text = scene.text("/root/grown").unwrap();
    let sizes = |line: &str| -> Vec<u32> {
        let (_, sizes) = line.split_once(": ").unwrap();
        sizes.split(' ').map(|size| size.parse().unwrap()).collect()
    };
    let lines: Vec<&str> = text.lines().collect();
    for (lines, [least, partition]) in lines.chunks(2).zip([[600, 698], [290, 298]]) {
        let (before, after) = (sizes(lines[0]), sizes(lines[1]));
        assert!(before[0] < 400 && before[1] <= before[0], "{text}");
        let all = after[0] == partition && (least..=partition).contains(&after[1]);
        assert!(all, "{text}{}", scene.text("/root/disks.log").unwrap());
    }
    assert_eq!(lines.len(), 4, "{text}");
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
