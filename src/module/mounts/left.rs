//! The entries whose device was not there in an instance's first boot: later
//! boots look again for these alone, and what earlier ones wrote stays.

use super::devices::{self, Device};
use super::{FSTAB, Line, OTHER_INIT, Present, SYSTEMD, filled, is_part, put};
use crate::action::Action;
use crate::cloud_config::mounts::{Entry, default_fields, entries};
use crate::module::system::runs_systemd;
use crate::module::{Context, Module, Plan};
use crate::state::paths::Frequency;
use alloc::string::String;
use alloc::vec::Vec;

/// What runs at each boot after the one in which `mounts` has run; no list names it.
pub static LEFT: Module =
    Module { keys: &["mounts"], frequency: Frequency::Always, plan: plan_left, ..super::MODULE };

/// Why an entry has no line.
pub(super) const WHY: &str =
    "there is no such device, and no line for it: the next boot looks again; with nofail it gets one at once";

/// The entries that were left out, in the instance's directory.
const RECORD: &str = "glowplug.mounts-left";

/// An entry as the record has it; `None`: no line can be of it.
fn name(entry: &Entry<'_>) -> Option<String> {
    let point = entry.rest[0].as_deref().unwrap_or_default();
    let name = [&*entry.device, "\t", point, "\n"].concat();
    (name.matches(['\t', '\n']).count() == 2).then_some(name)
}

/// Plans the record of what was left out.
pub(super) fn record(context: &Context<'_>, left: &[Entry<'_>], plan: &mut Plan) {
    let text: String = left.iter().filter_map(name).collect();
    if !text.is_empty() {
        let path = context.paths.file(RECORD);
        plan.actions.push(Action::write(&path, text.into_bytes(), 0o600));
    }
}

/// Adds lines for those of the record whose device has come.
fn plan_left(context: &Context<'_>, plan: &mut Plan) {
    let path = context.paths.file(RECORD);
    let Ok(Some(recorded)) = plan.old(context, &path) else { return };
    let Ok(old) = plan.old(context, FSTAB) else { return };
    let text = old.as_deref().unwrap_or_default();
    let present: Vec<&str> = text.lines().collect();
    let present = Present::of(&present);
    let options = if runs_systemd(context.root) { SYSTEMD } else { OTHER_INIT };
    // What is wrong with the others the first boot has told.
    let defaults = default_fields(context.config, options, &mut Vec::new());
    let (mut lines, mut left) = (Vec::<Line>::new(), Vec::new());
    for entry in entries(context.config, &mut Vec::new()) {
        let is_recorded = |name: String| recorded.split_inclusive('\n').any(|line| line == name);
        if !name(&entry).is_some_and(is_recorded) {
            continue;
        }
        match devices::find(context, &entry.device) {
            Device::Missing => {
                plan.problems.push(entry.problem(WHY));
                left.push(entry);
            }
            Device::Other => {}
            Device::Here(device) => {
                let Some(point) = entry.rest[0].as_deref().or(defaults[1].as_deref()) else { continue };
                let point = if is_part(&entry) { point } else { "" };
                if !present.has(&device, point) && !present.has(&entry.device, point) {
                    lines.push(filled(&entry, device, &defaults));
                }
            }
        }
    }
    if !lines.is_empty() {
        put(context, old.as_deref(), text.into(), &lines, plan);
    }
    let still: String = left.iter().filter_map(name).collect();
    if still.is_empty() {
        plan.actions.push(Action::RemoveFile { path });
    } else if still != recorded {
        plan.actions.push(Action::write(&path, still.into_bytes(), 0o600));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, plan_by, planned, texts};

    const DEVICE: u32 = 0o060_660;
    const RECORDED: &str = "/var/lib/cloud/instances/i-1/glowplug.mounts-left";
    const TEXT: &str = "mounts: [[vdb, /b, ext4], [vdc, /c, ext4], [vdd, /d, ext4], [vde, null]]\nswap: {size: 1G, filename: /s}\n";

    fn with(root: Tree, disks: &[&str]) -> Tree {
        disks.iter().fold(root, |root, disk| {
            root.with(&format!("/dev/{disk}"), "", DEVICE).with(
                &format!("/sys/class/block/{disk}"),
                "",
                0o040_755,
            )
        })
    }

    fn lines(plan: &Plan) -> Vec<String> {
        plan.actions.iter().map(Action::text).collect()
    }

    fn written(plan: &Plan, path: &str) -> Option<String> {
        plan.actions.iter().find_map(|action| match action {
            Action::WriteFile(file) if file.path == path => String::from_utf8(file.content.clone()).ok(),
            _ => None,
        })
    }

    #[test]
    fn a_disk_that_comes_with_a_later_boot_never_had_a_line() {
        let first = planned("mounts", TEXT, &with(Tree::default(), &["vdb"]));
        assert_eq!(written(&first, RECORDED).as_deref(), Some("vdc\t/c\nvdd\t/d\n"));
        assert_eq!(first.problems.len(), 2);
        let fstab = written(&first, FSTAB).unwrap();
        // Now vdb is away, and vdc is there: the lines of vdb and of the swap stay.
        let root = Tree::default().with(FSTAB, &fstab, FILE).with(RECORDED, "vdc\t/c\nvdd\t/d\n", FILE);
        let root = with(root, &["vdc"]);
        let second = plan_by(&LEFT, TEXT, &root);
        let added = [&*fstab, "/dev/vdc\t/c\text4\tdefaults,nofail,comment=cloudconfig\t0\t2\n"].concat();
        assert_eq!(written(&second, FSTAB), Some(added.clone()));
        assert_eq!(written(&second, RECORDED).as_deref(), Some("vdd\t/d\n"));
        assert_eq!(lines(&second)[..1], ["make directory /c (0755 root)"]);
        assert_eq!(
            texts(&second.problems),
            [
                "unable to mount the device at user-data:1:44: vdd: there is no such device, and no line for it: the next boot \
              looks again; with nofail it gets one at once"
            ]
        );
        // All is there: nothing more is looked for.
        let root = Tree::default().with(FSTAB, &added, FILE).with(RECORDED, "vdd\t/d\n", FILE);
        let third = plan_by(&LEFT, TEXT, &with(root, &["vdd"]));
        assert_eq!(written(&third, FSTAB).unwrap().lines().count(), added.lines().count() + 1);
        assert_eq!(lines(&third).pop(), Some(["remove ", RECORDED].concat()));
        assert_eq!(third.problems, []);
        assert_eq!(plan_by(&LEFT, TEXT, &Tree::default()).actions, []);
    }

    #[test]
    fn a_line_that_somebody_has_written_meanwhile_stays_alone() {
        let root = Tree::default().with(FSTAB, "/dev/vdc /other xfs defaults 0 0\n", FILE);
        let root = with(root.with(RECORDED, "vdc\t/c\n", FILE), &["vdc"]);
        assert_eq!(lines(&plan_by(&LEFT, TEXT, &root)), [["remove ", RECORDED].concat()]);
    }
}
