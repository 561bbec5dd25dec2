use crate::action::Action;
use crate::fetch::memory::Tree;
use crate::module::Plan;
use crate::module::tests::{FILE, planned, texts};

/// A root with vda (mounted), vdb (one partition with ext4 `data`), vdc (vfat)
/// and vdd, which is empty, each of 10 GiB.
fn root() -> Tree {
    let mut root = Tree::default()
        .with("/proc/self/mountinfo", "25 1 254:1 / / rw - ext4 /dev/vda1 rw\n", FILE)
        .with("/sys/class/block/vda/vda1/partition", "1\n", FILE)
        .with("/sys/class/block/vdb/vdb1/partition", "1\n", FILE)
        .with("/sys/class/block/vdb1/partition", "1\n", FILE);
    for name in ["vda", "vda1", "vdb", "vdb1", "vdc", "vdd"] {
        root = root.with(&format!("/dev/{name}"), "", 0o060_660);
        root = root.with(&format!("/sys/class/block/{name}/size"), "20971520\n", FILE);
    }
    for name in ["sfdisk", "mkfs.ext4", "mkfs.xfs", "mkfs.vfat", "mkswap"] {
        root = root.with(&format!("/usr/sbin/{name}"), "", 0o100_755);
    }
    root
}

fn lines(plan: &Plan) -> Vec<String> {
    let line = |action: &Action| match action {
        Action::RunProgram(program) => {
            let input = String::from_utf8(program.input.clone()).unwrap();
            format!("{}{}{input}", program.argv.join(" "), if input.is_empty() { "" } else { " < " })
        }
        other => other.text(),
    };
    plan.actions.iter().map(line).collect()
}

#[test]
fn an_empty_disk_gets_partitions_and_file_systems() {
    let text = "disk_setup: {vdd: {table_type: gpt, layout: [25, [25, 82], 20]}}\n\
                fs_setup:\n- {device: vdd.1, filesystem: ext4, label: one}\n- {device: vdd, partition: 2, filesystem: swap}\n\
                - {device: /dev/vdd, partition: 3, filesystem: xfs, extra_opts: [-q]}\n";
    let plan = planned("disk_setup", text, &root());
    assert_eq!(texts(&plan.problems), [""; 0]);
    assert_eq!(
        lines(&plan),
        [
            "sfdisk --wipe always --wipe-partitions always /dev/vdd < label: gpt\nsize=5240832, type=L\nsize=5240832, type=S\ntype=L\n",
            "mkfs.ext4 -L one -F /dev/vdd1",
            "mkswap -f /dev/vdd2",
            "mkfs.xfs -f -q /dev/vdd3",
        ]
    );
}

#[test]
fn what_is_on_a_disk_stays_unless_it_may_go() {
    let text = "disk_setup:\n  vda: {layout: [50, 50], overwrite: true}\n  vdb: {layout: [50, 50]}\n  vdc: {layout: true}\n  vdx: {layout: true}\n  vdb1: {layout: true}\n\
                fs_setup:\n- {device: vdb.1, filesystem: xfs}\n- {device: vdc, filesystem: ext4}\n- {device: vdb, partition: none, filesystem: ext4}\n- {device: vdb, partition: 7}\n";
    let plan = planned("disk_setup", text, &root());
    assert_eq!(lines(&plan), [""; 0]);
    let whys: Vec<&str> = texts(&plan.problems).iter().map(|text| text.split_once(": ").unwrap().1).collect();
    assert_eq!(
        whys,
        [
            "vda: it is in use",
            "vdb: it holds partitions, and overwrite is not set",
            "vdc: it holds vfat, and overwrite is not set",
            "vdx: there is no such device",
            "vdb1: /dev/vdb1 is not a whole disk",
            "vdb.1: /dev/vdb1 holds ext4, and overwrite is not set",
            "vdc: /dev/vdc holds vfat, and overwrite is not set",
            "vdb: /dev/vdb has partitions",
            "vdb: it has no partition 7",
        ]
    );
    let same =
        "disk_setup: {vdb: {layout: true}}\nfs_setup: [{device: vdb.1, filesystem: ext4, label: data}]";
    let plan = planned("disk_setup", same, &root());
    assert!(plan.actions.is_empty() && plan.problems.is_empty());
    let over = "disk_setup: {vdc: {layout: true, overwrite: true}}\nfs_setup: [{device: vdc, partition: auto, filesystem: vfat, label: x}]";
    assert_eq!(
        lines(&planned("disk_setup", over, &root())),
        [
            "sfdisk --wipe always --wipe-partitions always /dev/vdc < label: dos\ntype=L\n",
            "mkfs.vfat -n x /dev/vdc1"
        ]
    );
}

#[test]
fn a_place_is_found_on_a_disk() {
    let made = |setup: &str| lines(&planned("disk_setup", &format!("fs_setup: [{setup}]"), &root()));
    assert_eq!(made("{device: vdb, partition: auto, filesystem: ext4, label: data}"), [""; 0]);
    assert_eq!(made("{device: vdb, partition: any, filesystem: ext4, label: other}"), [""; 0]);
    assert_eq!(made("{device: vdd, partition: any, filesystem: ext4}"), ["mkfs.ext4 -F /dev/vdd"]);
    assert_eq!(
        made("{device: vdc, partition: auto, filesystem: ext4, replace_fs: vfat}"),
        ["mkfs.ext4 -F /dev/vdc"]
    );
    assert_eq!(
        made("{device: vdd, filesystem: ext4, label: l, cmd: 'make %(filesystem)s %(label)s %(device)s'}"),
        ["sh -c make ext4 l /dev/vdd"]
    );
    assert_eq!(made("{device: vdb, partition: auto, filesystem: xfs}"), [""; 0]);
}

/// It ran anew with each instance and took what the last one had left.
#[test]
fn a_table_that_is_right_stays_even_if_it_may_be_overwritten() {
    for layout in ["true", "[100]", "[[100, 82]]"] {
        let text = format!("disk_setup: {{vdb: {{layout: {layout}, overwrite: true}}}}");
        let plan = planned("disk_setup", &text, &root());
        assert!(plan.actions.is_empty() && plan.problems.is_empty(), "{layout}");
    }
}

/// It had as much as it asked for, and the rest of the disk was lost.
#[test]
fn the_last_partition_takes_what_is_left() {
    let text = "disk_setup: {vdd: {layout: [25, '12.5', 12.5]}}";
    assert_eq!(
        lines(&planned("disk_setup", text, &root())),
        [
            "sfdisk --wipe always --wipe-partitions always /dev/vdd < label: dos\nsize=5240832, type=L\nsize=2619392, type=L\ntype=L\n"
        ]
    );
    let five = planned("disk_setup", "disk_setup: {vdd: {layout: [20, 20, 20, 20, 20]}}", &root());
    assert!(texts(&five.problems)[0].ends_with("vdd: an MBR has room for four partitions"));
}

/// `remove` asked for `overwrite`, and left an empty table behind.
#[test]
fn a_table_goes_with_what_is_in_it() {
    let text = "disk_setup: {vdb: {layout: remove}}\nfs_setup: [{device: vdb, filesystem: ext4}, {device: vdb.1, filesystem: ext4}]";
    let plan = planned("disk_setup", text, &root());
    let [Action::RunProgram(remove), Action::RunProgram(mkfs)] = &*plan.actions else { panic!("{plan:?}") };
    assert_eq!(remove.argv[3..], ["remove", "/dev/vdb", "20971520", "/dev/vdb1"]);
    assert_eq!(mkfs.argv.join(" "), "mkfs.ext4 -F /dev/vdb");
    assert!(texts(&plan.problems)[0].ends_with("vdb.1: it has no partition 1"), "{:?}", plan.problems);
}

/// Both went to the first partition: nobody remembered what the first one had taken.
#[test]
fn file_systems_of_a_new_disk_share_its_partitions() {
    let text = "disk_setup: {vdd: {table_type: gpt, layout: [50, 50]}}\nfs_setup:\n- {device: vdd, filesystem: ext4, label: a}\n\
                - {device: vdd, partition: auto, filesystem: xfs, label: b}\n- {device: vdd, partition: any, filesystem: ext4}\n\
                - {device: vdd, filesystem: vfat}\n";
    let plan = planned("disk_setup", text, &root());
    assert_eq!(lines(&plan)[1..], ["mkfs.ext4 -L a -F /dev/vdd1", "mkfs.xfs -L b -f /dev/vdd2"]);
    assert_eq!(texts(&plan.problems).len(), 1);
    assert!(texts(&plan.problems)[0].ends_with("vdd: none of its partitions is free"));
}

/// udev's links are what documentation names disks by; they were no whole disks.
#[test]
fn a_disk_may_be_named_by_a_link() {
    let root = root().with("/dev/disk/by-id/virtio-data", "", 0o060_660);
    let text = "disk_setup: {/dev/disk/by-id/virtio-data: {layout: true}}\nfs_setup: [{device: /dev/disk/by-id/virtio-data, filesystem: ext4}]";
    let plan = planned("disk_setup", text, &root);
    assert_eq!(texts(&plan.problems), [""; 0]);
    assert_eq!(lines(&plan)[1..], ["mkfs.ext4 -F /dev/vdd1"]);
}

/// Quotes and `&&` were words of a program.
#[test]
fn a_command_of_one_line_is_the_shells() {
    let text = "fs_setup: [{device: vdd, filesystem: ext4, label: l, cmd: 'mkfs -t %(filesystem)s -L \"%(label)s\" %(device)s && echo 1%%'}]";
    let plan = planned("disk_setup", text, &root());
    let [Action::RunProgram(program)] = &*plan.actions else { panic!("{plan:?}") };
    assert_eq!(program.argv, ["sh", "-c", "mkfs -t ext4 -L \"l\" /dev/vdd && echo 1%"]);
}

#[test]
fn each_program_that_writes_tables_is_told_the_same() {
    let with = |tool: &str| {
        let mut root = root().with("/dev/nvme0n1", "", 0o060_660);
        root = root.with("/sys/class/block/nvme0n1/size", "204800\n", FILE);
        for name in ["sfdisk", tool] {
            let mode = if name == tool { 0o100_755 } else { 0o100_644 };
            root = root.with(&format!("/usr/sbin/{name}"), "", mode);
        }
        let text = |table| {
            format!("disk_setup: {{/dev/nvme0n1: {{table_type: {table}, layout: [50, [25, 82], [25, 8e]]}}}}")
        };
        ["gpt", "mbr"].map(|table| lines(&planned("disk_setup", &text(table), &root)).join(" "))
    };
    assert_eq!(
        with("sgdisk"),
        ["sgdisk -Z -n 1:0:+100352 -t 1:8300 -n 2:0:+49152 -t 2:8200 -n 3:0:0 -t 3:8e00 /dev/nvme0n1", ""]
    );
    let parted = |label: &str| {
        format!(
            "parted -s -a optimal /dev/nvme0n1 mklabel {label} mkpart primary ext2 2048s 102399s \
             mkpart primary linux-swap 102400s 151551s mkpart primary ext2 151552s 100% set 3 lvm on"
        )
    };
    assert_eq!(with("parted"), [parted("gpt"), parted("msdos")]);
}
