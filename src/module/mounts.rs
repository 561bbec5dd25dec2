//! `mounts`: lines of fstab(5), directories for them, and swap.

mod left;
mod swap;

pub use left::LEFT;

use super::devices::{self, Device};
use super::system::runs_systemd;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Existing, Owner, Program, WriteFile};
use crate::cloud_config::mounts::{self, Entry, FIELDS, default_fields, entries};
use crate::state::paths::Frequency;
use crate::text::{push_line, to_bytes};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "mounts",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::when("mounts", |config, _| mounts::is_remote(config)),
    plan,
};

const FSTAB: &str = "/etc/fstab";

/// Marks the lines that are ours.
const MARK: &str = "comment=cloudconfig";

/// A machine boots without what is not there, and the mounts come when the
/// machine is configured. cloud-init's `requires` would start its service where
/// somebody switched it off.
const SYSTEMD: &str = "defaults,nofail,x-systemd.after=cloud-init.service,_netdev";
const OTHER_INIT: &str = "defaults,nofail";

/// A line: the six fields of fstab(5).
type Line = [String; FIELDS];

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Ok(old) = plan.old(context, FSTAB) else { return };
    let text = old.as_deref().unwrap_or_default();
    let (ours, theirs): (Vec<&str>, Vec<&str>) =
        text.split_inclusive('\n').partition(|line| line.contains(MARK));
    let mut left = Vec::new();
    let mut lines = wanted(context, &theirs, &mut left, plan);
    left::record(context, &left, plan);
    if let Some(path) = swap::plan(context, plan) {
        lines.push([&path, "none", "swap", "sw,nofail", "0", "0"].map(String::from));
    }
    if lines.is_empty() && ours.is_empty() {
        return;
    }
    put(context, old.as_deref(), theirs.concat(), &lines, plan);
}

/// Puts a file in the place of the `old` one that has `content` and then `lines`, and mounts them.
fn put(context: &Context<'_>, old: Option<&str>, mut content: String, lines: &[Line], plan: &mut Plan) {
    for line in lines.iter().map(written) {
        push_line(&mut content, &line);
    }
    let mounted = devices::mounted(context.root);
    let mounted: BTreeSet<&str> = mounted.iter().map(|mounted| &*mounted.point).collect();
    let is_new = old != Some(&content);
    let mut must_mount = is_new;
    for [_, point, ..] in lines.iter().filter(|line| line[1].starts_with('/')) {
        plan.actions.push(Action::make_directory(point, 0o755));
        must_mount |= !mounted.contains(&**point);
    }
    if is_new {
        let (content, owner, existing) = (to_bytes(&content), Owner::Root, Existing::KeepMetadata);
        plan.actions.push(WriteFile { path: FSTAB.into(), content, mode: 0o644, owner, existing }.into());
    }
    let mut run = |argv: &[&str]| plan.actions.push(Program::repeatable(argv).into());
    if lines.iter().any(|line| line[2] == "swap") {
        run(&["swapon", "-a"]);
    }
    if must_mount {
        run(&["mount", "-a"]);
        if runs_systemd(context.root) {
            run(&["systemctl", "daemon-reload"]);
        }
    }
}

/// The lines that are asked for, and the usual ones of devices that metadata
/// names, without those of devices that are not there or have a line already. Entries whose device
/// is not there are `left`.
fn wanted<'c>(
    context: &Context<'c>,
    present: &[&str],
    left: &mut Vec<Entry<'c>>,
    plan: &mut Plan,
) -> Vec<Line> {
    let options = if runs_systemd(context.root) { SYSTEMD } else { OTHER_INIT };
    let defaults = default_fields(context.config, options, &mut plan.problems);
    let (mut lines, mut named) = (Vec::<Option<Line>>::new(), BTreeSet::new());
    // Where the lines of each device are.
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let present = Present::of(present);
    for entry in entries(context.config, &mut plan.problems) {
        let found = devices::find(context, &entry.device);
        let is_device = matches!(found, Device::Here(_));
        let device = match found {
            Device::Here(path) => path,
            Device::Other => entry.device.to_string(),
            Device::Missing => match later(context, &entry) {
                Some(path) => path,
                // Without a mount point nobody wants it.
                None if entry.rest[0].is_none() => continue,
                None => {
                    plan.problems.push(entry.problem(left::WHY));
                    left.push(entry);
                    continue;
                }
            },
        };
        named.insert(device.clone());
        let Some(point) = entry.rest[0].as_deref().or(defaults[1].as_deref()) else {
            places.remove(&device).unwrap_or_default().into_iter().for_each(|at| lines[at] = None);
            continue;
        };
        // What is no disk, and a part of one, may be mounted many times.
        let is_one = is_device && !is_part(&entry);
        let is_present = |device: &str| present.has(device, if is_one { "" } else { point });
        if !is_present(&device) && !is_present(&entry.device) {
            places.entry(device.clone()).or_default().push(lines.len());
            lines.push(Some(filled(&entry, device, &defaults)));
        }
    }
    let usual_options = defaults[3].as_deref().unwrap_or(options);
    let usual: [[&str; FIELDS]; 2] = [
        ["ephemeral0", "/mnt", "auto", usual_options, "0", "2"],
        ["swap", "none", "swap", "sw,nofail", "0", "0"],
    ];
    for mut line in usual {
        let Device::Here(path) = devices::find(context, line[0]) else { continue };
        // A disk that nobody has made a file system on can't be mounted.
        if !named.contains(&path) && !present.has(&path, "") && context.host.file_system(&path).is_some() {
            line[0] = &path;
            lines.push(Some(line.map(String::from)));
        }
    }
    lines.into_iter().flatten().collect()
}

/// The devices of lines of fstab(5), each alone (with an empty text) and with its mount point.
struct Present<'t>(BTreeSet<(&'t str, &'t str)>);

impl<'t> Present<'t> {
    fn of(lines: &[&'t str]) -> Self {
        let mut present = BTreeSet::new();
        for line in lines {
            let mut fields = line.split_ascii_whitespace();
            if let Some(device) = fields.next() {
                present.insert((device, ""));
                present.extend(fields.next().map(|point| (device, point)));
            }
        }
        Self(present)
    }

    /// Whether a line has this device, and this mount point if one is given.
    fn has(&self, device: &str, point: &str) -> bool {
        self.0.contains(&(device, point))
    }
}

/// Whether an entry mounts a part of a file system (btrfs(5)).
fn is_part(entry: &Entry<'_>) -> bool {
    let [_, _, options, ..] = &entry.rest;
    options.as_deref().unwrap_or_default().split(',').any(|option| option.starts_with("subvol"))
}

/// The device of a line that can't hang a boot, as it says itself: it may come later.
fn later(context: &Context<'_>, entry: &Entry<'_>) -> Option<String> {
    let options = entry.rest[2].as_deref().unwrap_or_default();
    let is_harmless = options.split(',').any(|option| matches!(option, "nofail" | "noauto"));
    devices::expected(context, &entry.device).filter(|_| is_harmless)
}

/// An entry with what it leaves open filled in, and `nofail` among its options.
fn filled(entry: &Entry<'_>, device: String, defaults: &[Option<Cow<'_, str>>; FIELDS]) -> Line {
    let mut line: Line = [const { String::new() }; FIELDS];
    line[0] = device;
    for at in 1..FIELDS {
        let field = entry.rest[at - 1].as_deref().or(defaults[at].as_deref());
        line[at] = field.unwrap_or("0").into();
    }
    let harmless = |option: &str| matches!(option, "nofail" | "nobootwait" | "noauto");
    if !line[3].split(',').any(harmless) {
        line[3].push_str(",nofail");
    }
    line
}

/// A line as fstab(5) has it, blanks within fields escaped.
fn written(line: &Line) -> String {
    let mut text = String::new();
    for (at, field) in line.iter().enumerate() {
        if at > 0 {
            text.push('\t');
        }
        for (at, c) in field.char_indices() {
            match c {
                // Who writes three octal digits means the character that they are of.
                '\\' if !is_escape(field, at) => text.push_str("\\134"),
                ' ' => text.push_str("\\040"),
                '\t' => text.push_str("\\011"),
                '\n' => text.push_str("\\012"),
                c => text.push(c),
            }
        }
        if at == 3 {
            text.push(',');
            text.push_str(MARK);
        }
    }
    text
}

/// Whether the backslash at `at` begins a character as fstab(5) has it.
fn is_escape(field: &str, at: usize) -> bool {
    let digits = field.as_bytes().get(at + 1..at + 4);
    digits.is_some_and(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)))
}

#[cfg(test)]
mod tests;
