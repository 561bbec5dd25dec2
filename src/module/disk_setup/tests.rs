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
    let text = "disk_setup: {vdd: {table_type: gpt, layout: [25, [25, 82], 50]}}\n\
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
    let text = "disk_setup:\n  vda: {layout: true, overwrite: true}\n  vdb: {layout: [50, 50]}\n  vdc: {layout: true}\n  vdx: {layout: true}\n  vdb1: {layout: true}\n\
                fs_setup:\n- {device: vdb.1, filesystem: xfs}\n- {device: vdc, filesystem: ext4}\n- {device: vdb, filesystem: ext4}\n- {device: vdb, partition: 7}\n";
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
        ["make ext4 l /dev/vdd"]
    );
    assert_eq!(made("{device: vdb, partition: auto, filesystem: xfs}"), [""; 0]);
}
