//! What two boots of one machine must have in common, and what a file may be
//! while one is under way.

use super::snapshot::{Entry, Snapshot};

/// Files that have times, process numbers or lines about the boot itself.
const OF_THE_BOOT: [&str; 6] =
    ["/var/log/", "/glowplug.journal", "/status.json", "/result.json", "/boot-finished", "/.pwd.lock"];

/// What an append grows.
const APPENDED: [&str; 2] = ["/etc/log", "/etc/log2"];

/// Files that more than one step of a stage edits.
const ACCOUNTS: [&str; 6] =
    ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid"];

fn is_of_the_boot(path: &str) -> bool {
    OF_THE_BOOT.iter().any(|part| path.contains(part))
        || ACCOUNTS
            .iter()
            .any(|file| path.strip_prefix(file).is_some_and(|rest| rest.starts_with(['-', '.', '+'])))
}

/// Whether a file is one that is renamed when it is whole, or the record of a plan, which the
/// next boot takes away too.
pub(crate) fn is_temporary(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap();
    name.starts_with('.') && name.contains(".glowplug")
        || name.ends_with(".json.glowplug")
        || name.starts_with("glowplug.plan-")
}

/// A root without what is another in every boot. Of a program that is run once
/// and whose end is not known the effect may be missing.
pub(crate) fn normal(root: &Snapshot, without: &[&str]) -> Snapshot {
    let mut all = root.0.clone();
    all.retain(|path, _| !is_of_the_boot(path) && !without.iter().any(|name| path.ends_with(name)));
    for (path, entry) in &mut all {
        if path.contains("/sem/") || path.contains("/ssh_host_") {
            entry.content.clear();
        }
        if path.ends_with(".txt.i") {
            let text = String::from_utf8_lossy(&entry.content).into_owned();
            if let Some(boundary) = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()) {
                entry.content = text.replace(boundary, "BOUNDARY").into_bytes();
            }
        }
    }
    Snapshot(all)
}

/// Files that are neither as they were nor as they will be, a line each: every
/// line that was there and will be is there in between.
pub(crate) fn torn(found: &Snapshot, before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut wrong = Vec::new();
    let (found, before, after) = (normal(found, &[]), normal(before, &[]), normal(after, &[]));
    for (path, entry) in found.0.iter().filter(|(path, entry)| entry.is_file() && !is_temporary(path)) {
        let (old, new) = (before.0.get(path), after.0.get(path));
        let is = |other: Option<&Entry>| other.is_some_and(|other| other.content == entry.content);
        if is(old) || is(new) || entry.content.is_empty() && path.contains("/sem/") {
            continue;
        }
        if APPENDED.contains(&&**path) {
            let whole = new.map(|new| new.content.as_slice()).unwrap_or_default();
            if whole.starts_with(&entry.content) {
                continue;
            }
        }
        let lines = |entry: &Entry| -> Vec<String> {
            String::from_utf8_lossy(&entry.content).lines().map(Into::into).collect()
        };
        let (Some(old), Some(new)) = (old, new) else {
            // another file than the wanted one has been made of other things
            if new.is_some_and(|new| new.content.starts_with(&entry.content)) && !ACCOUNTS.contains(&&**path)
            {
                wrong.push(format!("{path} is torn"));
            }
            continue;
        };
        let (old, new, now) = (lines(old), lines(new), lines(entry));
        if let Some(line) = old.iter().find(|line| new.contains(line) && !now.contains(line)) {
            wrong.push(format!("{path} has lost {line:?}"));
        }
    }
    for path in before.0.keys().filter(|path| after.0.contains_key(*path) && !found.0.contains_key(*path)) {
        wrong.push(format!("{path} is gone"));
    }
    wrong
}
