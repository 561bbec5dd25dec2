//! The demo's voice: each step as it happens, then what the machine became.

use std::collections::BTreeMap;

use crate::vm::console::{Line, Who};
use crate::vm::contents::{Contents, Entry};
use crate::vm::report::Boot;

/// Changed files listed by name; the rest is counted.
const FILES: usize = 60;

/// Lines shown of the commands' output.
const OUTPUT: usize = 20;

/// Lines of the console shown after a boot that failed.
const LAST_LINES: usize = 15;

/// What a boot writes for its own bookkeeping; not the seed's doing.
const BOOKKEEPING: [&str; 2] = ["/var/lib/cloud/", "/var/log/"];

/// Prints one line of the console.
pub(crate) fn tell(line: &Line) {
    match line {
        Line::Step { who, at, text } => {
            let who = match who {
                Who::Agent => "agent",
                Who::Runner => "runner",
            };
            tell!("{at:>9} s  {who:<6}  {text}");
        }
        Line::Fault(text) => tell!("    FAULT      {text}"),
    }
}

/// Prints how a console ended. After a panic the kernel dumps its registers;
/// what led there is before it.
pub(crate) fn last_lines(console: &str) {
    let lines: Vec<&str> = console.lines().collect();
    let end =
        lines.iter().position(|line| line.contains("Kernel panic")).map_or(lines.len(), |line| line + 1);
    if end > 0 {
        tell!("\nThe console's last lines:");
    }
    lines[end.saturating_sub(LAST_LINES)..end].iter().for_each(|line| tell!("  | {line}"));
}

/// Prints what the last boot left: name, links, changed files, commands, status.
pub(crate) fn outcome(boot: &Boot, contents: &Contents, untouched: &Contents) {
    tell!("\nThe machine is called {}.", boot.hostname);
    for link in &boot.links {
        let state = if link.up { "up" } else { "down" };
        let mut words = vec![if link.kind.is_empty() { "nic" } else { &link.kind }.to_owned()];
        words.push(format!("mtu {}", link.mtu));
        words.extend((!link.master.is_empty()).then(|| format!("in {}", link.master)));
        words.extend(link.addresses.iter().cloned());
        tell!("  {:<8} {}  {state:<4}  {}", link.name, link.mac, words.join("  "));
    }
    // the kernel's own, which every link has
    let own = |route: &str| route.is_empty() || route.starts_with("fe80::") || route.starts_with("ff00::");
    for route in boot.routes.iter().filter(|route| !own(route)) {
        tell!("  route    {route}");
    }
    changed_files(contents, untouched);
    commands(contents);
    for (nic, text) in &boot.network_backend {
        tell!("\nWhat the back end says of {nic}:");
        text.lines().take(OUTPUT).for_each(|line| tell!("      {line}"));
    }
    for unit in &boot.failed_units {
        tell!("\nA unit failed: {unit}");
    }
    for (step, seconds) in &boot.boot_s {
        tell!("  {step:<10} {seconds:.3} s");
    }
    tell!("\nStatus: {} ({:.1} s after the kernel's start)", boot.status, boot.uptime_s);
}

/// Whether a path is new, or differs in mode, owner or content from what it was.
fn changed(untouched: &Contents, path: &str, entry: &Entry, contents: &Contents) -> bool {
    let same =
        |before: &Entry| (before.mode, before.user, before.group) == (entry.mode, entry.user, entry.group);
    !untouched.entries.get(path).is_some_and(same)
        || (entry.is_file() && untouched.read(path) != contents.read(path))
}

fn changed_files(contents: &Contents, untouched: &Contents) {
    let ours = |path: &str| BOOKKEEPING.iter().any(|prefix| path.starts_with(prefix));
    let changed: Vec<(&String, &Entry)> = contents
        .entries
        .iter()
        .filter(|(path, entry)| entry.is_file() && !ours(path) && changed(untouched, path, entry, contents))
        .collect();
    tell!("\nFiles written:");
    let users = names(contents, "/etc/passwd");
    let groups = names(contents, "/etc/group");
    let name =
        |names: &BTreeMap<u32, String>, id: u32| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
    for (path, entry) in changed.iter().take(FILES) {
        let owner = format!("{}:{}", name(&users, entry.user), name(&groups, entry.group));
        let size = contents.read(path).map_or(0, |bytes| bytes.len());
        tell!("  {:04o}  {owner:<14} {size:>7}  {path}", entry.mode & 0o7777);
    }
    if changed.len() > FILES {
        tell!("  and {} more", changed.len() - FILES);
    }
}

/// Names by number, of passwd(5) or group(5).
fn names(contents: &Contents, file: &str) -> BTreeMap<u32, String> {
    let text = contents.text(file).unwrap_or_default();
    let line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((fields.nth(1)?.parse().ok()?, name))
    };
    text.lines().filter_map(line).collect()
}

fn commands(contents: &Contents) {
    let scripts: Vec<&str> = contents
        .entries
        .iter()
        .filter(|(path, entry)| {
            entry.is_file() && path.starts_with("/var/lib/cloud/instances/") && path.contains("/scripts/")
        })
        .map(|(path, _)| path.as_str())
        .collect();
    tell!("\nCommands run:");
    for path in scripts {
        tell!("  {path}");
        let text =
            if path.ends_with("/runcmd") { contents.text(path).unwrap_or_default() } else { String::new() };
        text.lines().skip(1).for_each(|line| tell!("      {line}"));
    }
    let output = contents.text("/var/log/cloud-init-output.log").unwrap_or_default();
    if !output.trim().is_empty() {
        tell!("  and what they said (/var/log/cloud-init-output.log):");
        output.lines().take(OUTPUT).for_each(|line| tell!("      {line}"));
    }
}
