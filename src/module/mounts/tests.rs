use crate::action::{Action, WriteFile};
use crate::fetch::memory::Tree;
use crate::instance::{EC2_META_DATA, File};
use crate::module::Plan;
use crate::module::tests::{FILE, plan_of, planned, texts};

const DEVICE: u32 = 0o060_660;

/// A root with /dev/vda1, vdb1, vdc, and systemd.
fn root() -> Tree {
    ["vda", "vda1", "vdb", "vdb1", "vdc"]
        .iter()
        .fold(Tree::default(), |root, name| {
            root.with(&format!("/dev/{name}"), "", DEVICE).with(
                &format!("/sys/class/block/{name}"),
                "",
                0o040_755,
            )
        })
        .with("/run/systemd/system", "", 0o040_755)
        .with("/etc/fstab", "LABEL=root / ext4 defaults 0 1\n", FILE)
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(Action::text).collect()
}

fn fstab(plan: &Plan) -> Option<String> {
    let content = |action: &Action| match action {
        Action::WriteFile(file) => match &**file {
            WriteFile { path, content, .. } if path == "/etc/fstab" => {
                Some(String::from_utf8(content.clone()).unwrap())
            }
            _ => None,
        },
        _ => None,
    };
    plan.actions.iter().find_map(content)
}

#[test]
fn what_is_there_is_mounted_and_what_is_not_has_no_line() {
    let text = "mounts:\n- [vdb, /data]\n- [/dev/vdd, /missing]\n- [vdc, '/with blank', xfs, noatime, 0, 0]\n\
                - [ephemeral0, /mnt]\n- ['LABEL=data', /label]\n- [tmpfs, /scratch, tmpfs, 'size=1G,nofail']\n\
                - ['nas:/x', /nas, nfs, ro]\n";
    let plan = planned("mounts", text, &root());
    assert_eq!(
        fstab(&plan).unwrap(),
        "LABEL=root / ext4 defaults 0 1\n\
         /dev/vdb1\t/data\tauto\tdefaults,nofail,x-systemd.after=cloud-init.service,_netdev,comment=cloudconfig\t0\t2\n\
         /dev/vdc\t/with\\040blank\txfs\tnoatime,nofail,comment=cloudconfig\t0\t0\n\
         /dev/vdc\t/mnt\tauto\tdefaults,nofail,x-systemd.after=cloud-init.service,_netdev,comment=cloudconfig\t0\t2\n\
         LABEL=data\t/label\tauto\tdefaults,nofail,x-systemd.after=cloud-init.service,_netdev,comment=cloudconfig\t0\t2\n\
         tmpfs\t/scratch\ttmpfs\tsize=1G,nofail,comment=cloudconfig\t0\t2\n\
         nas:/x\t/nas\tnfs\tro,nofail,comment=cloudconfig\t0\t2\n"
    );
    assert_eq!(
        lines(&plan)[7..],
        ["write /etc/fstab (0644 root, 520 bytes)", "run mount -a", "run systemctl daemon-reload"]
    );
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to mount the device at user-data:3:3: /dev/vdd: there is no such device, and no line for it: the next boot looks again; with nofail it gets one at once",
        ]
    );
}

#[test]
fn without_anything_to_mount_nothing_is_touched() {
    let root = Tree::default().with("/etc/fstab", "/dev/vda1 / ext4 defaults 0 1", FILE);
    assert_eq!(planned("mounts", "mounts: [[ephemeral0, null], [swap, null]]", &root).actions, []);
    assert_eq!(planned("mounts", "{}", &Tree::default()).actions, []);
}

#[test]
fn lines_of_before_go_and_twice_is_once() {
    let text = "mounts: [[vdb, /data, ext4, 'defaults,nofail', 0, 2], [vdc, null]]";
    let stale = root().with(
        "/etc/fstab",
        "/dev/old\t/old\text4\tx,comment=cloudconfig\t0\t0\n/dev/vda1 / ext4 x 0 1\n",
        FILE,
    );
    let first = fstab(&planned("mounts", text, &stale)).unwrap();
    assert_eq!(
        first,
        "/dev/vda1 / ext4 x 0 1\n/dev/vdb1\t/data\text4\tdefaults,nofail,comment=cloudconfig\t0\t2\n"
    );
    let mounts = "36 1 253:17 / /data rw,relatime shared:1 - ext4 /dev/vdb1 rw\n";
    let again = root().with("/etc/fstab", &first, FILE).with("/proc/self/mountinfo", mounts, FILE);
    assert_eq!(lines(&planned("mounts", text, &again)), ["make directory /data (0755 root)"]);
    let gone = fstab(&planned("mounts", "mounts: [[vdc, null]]", &root().with("/etc/fstab", &first, FILE)));
    assert_eq!(gone.as_deref(), Some("/dev/vda1 / ext4 x 0 1\n"));
}

#[test]
fn metadata_names_devices() {
    let ec2 = r#"{"block-device-mapping": {"ephemeral0": "sdb", "swap": "/dev/vdc"}}"#;
    let file = File { path: EC2_META_DATA.into(), content: ec2.into() };
    let plan = plan_of("mounts", "{}", |instance| instance.raw.push(file.clone()), &root());
    assert_eq!(
        fstab(&plan).unwrap().lines().skip(1).collect::<Vec<_>>(),
        [
            "/dev/vdb1\t/mnt\tauto\tdefaults,nofail,x-systemd.after=cloud-init.service,_netdev,comment=cloudconfig\t0\t2",
            "/dev/vdc\tnone\tswap\tsw,nofail,comment=cloudconfig\t0\t0",
        ]
    );
    assert!(lines(&plan).contains(&"run swapon -a".into()));
    let dropped = "mounts: [[ephemeral0, /a], [ephemeral0, null], [vdc, null]]";
    assert_eq!(plan_of("mounts", dropped, |instance| instance.raw.push(file), &root()).actions, []);
}

#[test]
fn a_swap_file_is_made_once() {
    let plan = planned("mounts", "swap: {size: auto, filename: /var/swap}", &Tree::default());
    let Action::RunProgram(program) = &plan.actions[0] else { panic!("a program") };
    assert_eq!(program.argv[4..], ["/var/swap", "2048", "/var", ""]);
    assert_eq!(fstab(&plan).as_deref(), Some("/var/swap\tnone\tswap\tsw,nofail,comment=cloudconfig\t0\t0\n"));
    assert_eq!(lines(&plan)[2..], ["run swapon -a", "run mount -a"]);
    let used = Tree::default().with("/proc/swaps", "Filename\tType\n/var/swap file 1 0 -2\n", FILE);
    assert_eq!(planned("mounts", "swap: {size: 1G, filename: /var/swap}", &used).actions.len(), 3);
}

#[test]
fn devices_that_come_later_had_no_line() {
    let text = "mounts:\n- [/dev/disk/by-id/scsi-0HC_Volume_1, /mnt/vol, ext4, 'discard,nofail,defaults', '0', '0']\n\
                - [/dev/mapper/vg0-data, /data, xfs, 'defaults,nofail']\n- [LABEL=later, /lab, ext4, nofail, '0', '2']\n\
                - [sdz, /z, ext4, noauto]\n- [ephemeral3, /e, ext4, nofail]\n- [vdc, null]\n";
    let plan = planned("mounts", text, &root());
    assert_eq!(
        fstab(&plan).unwrap().lines().skip(1).collect::<Vec<_>>(),
        [
            "/dev/disk/by-id/scsi-0HC_Volume_1\t/mnt/vol\text4\tdiscard,nofail,defaults,comment=cloudconfig\t0\t0",
            "/dev/mapper/vg0-data\t/data\txfs\tdefaults,nofail,comment=cloudconfig\t0\t2",
            "LABEL=later\t/lab\text4\tnofail,comment=cloudconfig\t0\t2",
            "/dev/sdz\t/z\text4\tnoauto,comment=cloudconfig\t0\t2",
        ]
    );
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to mount the device at user-data:6:3: ephemeral3: there is no such device, and no line for it: the next boot looks again; with nofail it gets one at once"
        ]
    );
}

#[test]
fn shares_and_subvolumes_of_a_device_that_has_a_line_were_left_out() {
    let old = "tmpfs /tmp tmpfs defaults 0 0\nnas:/export /mnt/nfs nfs ro 0 0\n/srv/a /mnt/b1 none bind 0 0\n\
               /dev/vdb1 / btrfs defaults 0 1\n";
    let text = "mounts:\n- [tmpfs, /mnt/ram, tmpfs, 'size=64M', '0', '0']\n- ['nas:/export', /mnt/nfs2, nfs, defaults]\n\
                - [/srv/a, /mnt/b2, none, bind]\n- [vdb, /home, btrfs, subvol=home]\n- [vdb, /x, btrfs]\n\
                - [tmpfs, /tmp, tmpfs]\n- [vdc, null]\n";
    let added = fstab(&planned("mounts", text, &root().with("/etc/fstab", old, FILE))).unwrap();
    let points: Vec<&str> = added.lines().skip(4).map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(points, ["/mnt/ram", "/mnt/nfs2", "/mnt/b2", "/home"]);
}
