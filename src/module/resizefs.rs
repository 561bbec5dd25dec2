//! `resizefs`: the root's file system fills its device, at every boot.

use super::devices;
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Program, Task};
use crate::cloud_config::disks::{Resize, resize_rootfs};
use crate::error::Error;
use crate::fetch::may_exist;
use crate::state::paths::Frequency;
use crate::text::fill;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "resizefs",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let wanted = resize_rootfs(context.config);
    let mounted = devices::mounted(context.root);
    let Some(root) = mounted.iter().rev().find(|mounted| mounted.point == "/") else { return };
    if wanted == Resize::No {
        return;
    }
    let device = match devices::of_number(context.root, &root.number) {
        Some(node) => node.path,
        None => root.source.clone(),
    };
    let argv: &[&str] = match &*root.kind {
        "ext2" | "ext3" | "ext4" => &["resize2fs", &device],
        "xfs" => &["xfs_growfs", "/"],
        // A root of snapshots is read-only, and the device is grown by one that is not.
        "btrfs" if root.read_only && may_exist(context.root, "/.snapshots") => {
            &["btrfs", "filesystem", "resize", "max", "/.snapshots"]
        }
        "btrfs" => &["btrfs", "filesystem", "resize", "max", "/"],
        "zfs" | "f2fs" | "bcachefs" | "ntfs3" | "jfs" | "vfat" => {
            let why = fill("{} is not grown here", &[&root.kind]);
            return plan.problems.push(Error::new("resize", "/", why));
        }
        // Nothing that lies on a device alone.
        _ => return,
    };
    if !has_program(context.root, argv[0]) && root.kind.starts_with("ext") {
        let what = fill("grow the file system at / to fill {}", &[&device]);
        plan.actions.push(Task { what, effect: Effect::GrowExt { device, point: "/".into() } }.into());
        return;
    }
    if !has_program(context.root, argv[0]) {
        // A root without it that nobody asks to grow is as it is meant to be.
        if wanted != Resize::Usual {
            let why = fill("the root has no {}", &[argv[0]]);
            plan.problems.push(Error::new("resize", "/", why));
        }
        return;
    }
    let beside: Vec<&str>;
    let argv = if wanted == Resize::Beside {
        beside = [&["sh", "-c", "\"$@\" >/dev/null 2>&1 &", "resize"], argv].concat();
        &beside
    } else {
        argv
    };
    plan.actions.push(Program::repeatable(argv).into());
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    #[test]
    fn a_root_of_snapshots_grows_by_what_is_writable() {
        let line = "25 1 0:30 / / ro,relatime shared:1 - btrfs /dev/vda1 rw\n";
        let root = Tree::default().with("/proc/self/mountinfo", line, FILE);
        let root = root.with("/sbin/btrfs", "", 0o100_755);
        assert_eq!(lines("{}", &root), ["run btrfs filesystem resize max /"]);
        let root = root.with("/.snapshots", "", 0o040_755);
        assert_eq!(lines("{}", &root), ["run btrfs filesystem resize max /.snapshots"]);
    }

    fn root(kind: &str) -> Tree {
        let line = format!("25 1 0:30 / / rw shared:1 - {kind} /dev/vda1 rw\n");
        let tools = ["resize2fs", "xfs_growfs", "btrfs"];
        let root = Tree::default().with("/proc/self/mountinfo", &line, FILE);
        tools.iter().fold(root, |root, name| root.with(&format!("/sbin/{name}"), "", 0o100_755))
    }

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        planned("resizefs", text, root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn each_file_system_has_its_program() {
        assert_eq!(lines("{}", &root("ext4")), ["run resize2fs /dev/vda1"]);
        assert_eq!(lines("{}", &root("xfs")), ["run xfs_growfs /"]);
        assert_eq!(lines("{}", &root("btrfs")), ["run btrfs filesystem resize max /"]);
        assert_eq!(
            lines("resize_rootfs: noblock", &root("xfs")),
            ["run sh -c \"$@\" >/dev/null 2>&1 & resize xfs_growfs /"]
        );
        assert_eq!(lines("resize_rootfs: false", &root("xfs")), [""; 0]);
        assert_eq!(lines("{}", &root("overlay")), [""; 0]);
        let zfs = planned("resizefs", "{}", &root("zfs"));
        assert_eq!(texts(&zfs.problems), ["unable to resize /: zfs is not grown here"]);
        let bare = |kind| {
            let line = format!("25 1 0:30 / / rw - {kind} /dev/vda1 rw\n");
            Tree::default().with("/proc/self/mountinfo", &line, FILE)
        };
        assert_eq!(lines("{}", &bare("ext4")), ["grow the file system at / to fill /dev/vda1"]);
        let bare = bare("xfs");
        assert_eq!(planned("resizefs", "{}", &bare).problems, []);
        assert_eq!(planned("resizefs", "resize_rootfs: true", &bare).problems.len(), 1);
    }
}
