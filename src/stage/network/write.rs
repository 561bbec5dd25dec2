//! Writing a network for what configures it: the back end's files, each with a
//! first line that says whose it is, or the kernel's own settings. What an
//! earlier boot or cloud-init wrote and nobody plans any more goes.

use super::super::local::carry_out;
use super::super::log::{Level, Log};
use super::Inputs;
use crate::action::{self, Action, Existing, WriteFile};
use crate::error::Error;
use crate::fetch::Fetch;
use crate::limits;
use crate::module::CREATED;
use crate::network::render::others::{Other, others};
use crate::network::render::ours::{MARK, Owner, owner};
use crate::network::render::{self, Renderer, Target, ifcfg, late, live, udev};
use crate::network::resolve::Resolved;
use crate::state::paths::{Frequency, HANDOFF_LEFT, InstancePaths, NETWORK_DIGEST, REPLACED, semaphore};
use crate::sys::apply::Applier;
use crate::text::of_bytes;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The resolver's servers: written for live addresses, by some back ends and by a module.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The digest of a network that is set live: of its files, none is a back end's.
const LIVE: &str = "live\n";

/// Writes the network, or sets it live where the root has no back end.
#[inline(never)]
pub(super) fn write(
    inputs: &Inputs<'_>,
    resolved: &Resolved<'_>,
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let Some(renderer) = back_end(inputs, log) else {
        log.info("the root has no network back end: addresses are set live", &[]);
        remove(inputs, &[], applier, log);
        return set_live(inputs, resolved, applier, log);
    };
    if !inputs.writable && !(renderer.reads_run)(inputs.trees.root) {
        // Nobody could give it its files in time for this boot.
        log.info(
            "the root is read-only, and {} reads no file in /run: addresses are set live",
            &[renderer.name],
        );
        return set_live(inputs, resolved, applier, log);
    }
    let files = files(inputs, resolved, renderer);
    log.info("the network is written for {}", &[renderer.name]);
    let digest = digest(&files);
    let aside = set_aside(inputs, resolved, renderer, &paths(&files), applier, log);
    let mut unread = Vec::new();
    let plan = plan(inputs, resolved, renderer, files, &aside, &mut unread, log);
    let mut kept = paths(&plan);
    kept.extend(unread.iter().map(|path| &**path));
    remove(inputs, &kept, applier, log);
    let before = inputs.trees.text(NETWORK_DIGEST).unwrap_or_default();
    // Which instance it was written for is no part of the digest.
    let changed = inputs.changed || is_asked_for(inputs) || before.lines().next() != digest.lines().next();
    for file in plan {
        // What a person made of a file of ours stays until ours changes.
        let stays = !changed && !file.path.starts_with("/run/") && inputs.trees.text(&file.path).is_some();
        if !stays && keep_replaced(inputs, &file.path, applier, log) {
            write_or_leave(file, applier, log);
        }
    }
    note(inputs, &digest, applier, log);
}

/// Notes for the next boot that the network of this instance is written: `digest`, a line, says how.
#[inline(never)]
fn note(inputs: &Inputs<'_>, digest: &str, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    let note = [digest, instance(inputs), "\n"].concat();
    if inputs.keeps && inputs.trees.text(NETWORK_DIGEST).as_deref() != Some(&*note) {
        carry_out(applier, &Action::write(NETWORK_DIGEST, note.into_bytes(), 0o644), log);
    }
}

/// What the instance is called; empty without one.
fn instance<'i>(inputs: &Inputs<'i>) -> &'i str {
    inputs.instance.map_or("", |instance| instance.id.as_str())
}

/// Whether an earlier boot of the same instance wrote the network.
pub(super) fn is_written(inputs: &Inputs<'_>) -> bool {
    let text = inputs.trees.text(NETWORK_DIGEST).unwrap_or_default();
    // Older ones tell the digest alone.
    text.lines().nth(1).map_or(!text.is_empty() && !inputs.changed, |id| id == instance(inputs))
}

/// Puts addresses, routes and the rest on at once; of the root a file is
/// written where it takes any.
#[inline(never)]
fn set_live(inputs: &Inputs<'_>, resolved: &Resolved<'_>, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    log.warn_of(&live::problems(resolved));
    let mut all = true;
    for action in live::render(resolved) {
        match action {
            Action::WriteFile(file) => all &= write_beside(inputs, *file, applier, log),
            action => _ = carry_out(applier, &action, log),
        }
    }
    if all {
        note(inputs, LIVE, applier, log);
    }
}

/// Writes a file that goes with live addresses. The value: whether it needs no other boot, which it
/// does not where a person wrote it since this instance's first.
#[inline(never)]
fn write_beside(inputs: &Inputs<'_>, file: WriteFile, applier: &mut Applier<'_>, log: &mut Log<'_>) -> bool {
    if !inputs.writable {
        log.info("{} is not written: the root is read-only", &[&file.path]);
        return false;
    }
    let Some(here) = old(inputs, &file.path, log) else { return false };
    let is_ours = here.is_empty() || here.starts_with(live::HEADER) || here.starts_with(CREATED);
    // A first boot that was cut off wrote nothing: what is there then is older than the instance.
    if !inputs.changed && is_written(inputs) && !is_ours {
        log.info("{} was changed since this instance's first boot: it is left as it is", &[&file.path]);
        return true;
    }
    if !keep_replaced(inputs, &file.path, applier, log) {
        return false;
    }
    let applied = applier.apply(&Action::from(file), None);
    log.trace(&mut applier.trace);
    applied.map_err(|error| log.error(&error)).is_ok()
}

/// Writes a file; one that the root can't take is left to the runner. The value: whether it is in
/// either place.
#[inline(never)]
fn write_or_leave(file: WriteFile, applier: &mut Applier<'_>, log: &mut Log<'_>) -> bool {
    let action = Action::from(file.clone());
    let Err(error) = applier.apply(&action, None) else { return true };
    if file.path.starts_with("/run/") {
        log.error(&error);
        return false;
    }
    log.info("{} is left to the runner: {}", &[&file.path, error.text()]);
    leave(file, applier, log)
}

/// Leaves a file of the root to the runner. The value: whether it could.
#[inline(never)]
fn leave(mut file: WriteFile, applier: &mut Applier<'_>, log: &mut Log<'_>) -> bool {
    file.path.insert_str(0, HANDOFF_LEFT);
    let applied = applier.apply(&Action::from(file), None);
    if let Err(error) = &applied {
        log.error(error);
    }
    applied.is_ok()
}

/// Keeps a copy of somebody else's file where no back end reads it, before one
/// of ours takes its place. The value: whether ours may: one that can't be read, or of which no copy
/// can be kept, is not replaced.
#[inline(never)]
fn keep_replaced(inputs: &Inputs<'_>, path: &str, applier: &mut Applier<'_>, log: &mut Log<'_>) -> bool {
    let root = inputs.trees.root;
    let read = |path: &str| root.read(path, limits::ROOT_FILE);
    if path.starts_with("/run/") || is_shared(path) {
        return true;
    }
    let content = match read(path) {
        Ok(Some(content)) => content,
        Ok(None) => return true,
        Err(error) => {
            log.line(Level::Error, "{}; it is left as it is", &[error.text()]);
            return false;
        }
    };
    let text = of_bytes(content.clone());
    if text.starts_with(CREATED) {
        let stays = path == RESOLV_CONF && resolv_conf_is_done(inputs);
        if stays {
            log.info("{} is left as it is: the module resolv_conf wrote it", &[path]);
        }
        return !stays;
    }
    if text.starts_with(live::HEADER) || owner(path, &text) != Owner::Other {
        return true;
    }
    let file = copy_of(root, path, content);
    log.info("{} was somebody else's and is replaced; {} keeps it", &[path, &file.path]);
    let is_kept = if inputs.keeps { write_or_leave(file, applier, log) } else { leave(file, applier, log) };
    if !is_kept {
        log.line(Level::Error, "{} is left as it is: no copy of it could be kept", &[path]);
    }
    is_kept
}

/// The copy of somebody else's file at `path` that is kept when one of ours takes its place: below
/// [`REPLACED`], with the digest of its content after the name where another copy has it.
#[must_use]
pub fn copy_of(root: &dyn Fetch, path: &str, content: Vec<u8>) -> WriteFile {
    let mut copy = [REPLACED, path].concat();
    let earlier = root.read(&copy, limits::ROOT_FILE);
    if earlier.map_or(true, |earlier| earlier.is_some_and(|earlier| earlier != content)) {
        copy.push('.');
        copy.push_str(fnv(&content).trim_ascii_end());
    }
    let mode = root.mode(path).ok().flatten().unwrap_or(0o600) & 0o7777;
    WriteFile { path: copy, content, mode, owner: action::Owner::Root, existing: Existing::Replace }
}

/// Whether the module `resolv_conf` has done its work for this instance. A lookup that fails says
/// yes, so that the file stays.
fn resolv_conf_is_done(inputs: &Inputs<'_>) -> bool {
    let Some(instance) = inputs.instance else { return false };
    let semaphore = semaphore("resolv_conf", Frequency::Instance, &InstancePaths::new(&instance.id));
    semaphore.is_some_and(|path| !matches!(inputs.trees.root.mode(&path), Ok(None)))
}

/// A new instance is what its seed says: files of the image that configure a link of it, such as an
/// installer's profile or a snapshot's address, are older than this machine. They are moved to where
/// no back end reads them, unless a file of ours takes their place (`planned`). The value: the paths
/// of those that were moved.
#[inline(never)]
fn set_aside(
    inputs: &Inputs<'_>,
    resolved: &Resolved<'_>,
    renderer: &Renderer,
    planned: &[&str],
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) -> Vec<String> {
    let mut aside = Vec::new();
    // Where nothing tells the next boot, what a person writes would go as well.
    if inputs.instance.is_none() || !inputs.keeps || is_written(inputs) {
        return aside;
    }
    for Other { path, is_of_it, .. } in others(renderer.name, resolved, planned, &inputs.trees) {
        let is_left = |path: &str| path.starts_with("/etc/") && !aside.iter().any(|other| other == path);
        if is_of_it && is_left(&path) && keep_replaced(inputs, &path, applier, log) {
            carry_out(applier, &Action::RemoveFile { path: path.clone() }, log);
            aside.push(path);
        }
    }
    aside
}

/// The pinned back end (`system_info: {network: {renderers: [...]}}`), else
/// the one the root has.
#[inline(never)]
fn back_end(inputs: &Inputs<'_>, log: &mut Log<'_>) -> Option<&'static Renderer> {
    let root = inputs.trees.root;
    let Some(pinned) = inputs.system.get("system_info.network.renderers") else {
        return render::detect(root);
    };
    let mut names = Vec::new();
    match pinned.list("system_info.network.renderers") {
        Ok(items) => names.extend(items.iter().filter_map(|item| item.as_str())),
        Err(error) => log.warn(&error),
    }
    let found = render::first_of(root, &names);
    if found.is_none() && !names.is_empty() {
        let why = "the root has none of those that system_info.network.renderers names";
        log.warn(&Error::new("choose", "a network back end", why));
    }
    found.or_else(|| render::detect(root))
}

/// Whether files in /etc are to be written at every boot
/// (`updates: {network: {when: [boot]}}`).
fn is_asked_for(inputs: &Inputs<'_>) -> bool {
    let events = inputs.config.get("updates.network.when");
    let events = events.and_then(|setting| setting.value.items()).unwrap_or_default();
    events.iter().any(|event| matches!(event.as_str(), Some("boot" | "boot-legacy")))
}

/// The files as the back end has them.
#[inline(never)]
fn files(inputs: &Inputs<'_>, resolved: &Resolved<'_>, renderer: &Renderer) -> Vec<WriteFile> {
    let root = inputs.trees.root;
    let persist = inputs.writable && inputs.system.is_true("network.persist", false);
    let target = Target::boot(root, renderer, persist);
    let mut actions = (renderer.render)(resolved, target);
    actions.append(&mut late::link_files(resolved, target, root));
    let mut files = Vec::new();
    for action in actions {
        if let Action::WriteFile(file) = action {
            files.push(*file);
        }
    }
    files
}

/// The text of what is at `path`, empty when nothing is; `None`: it can't be read, and is left
/// alone.
fn old(inputs: &Inputs<'_>, path: &str, log: &mut Log<'_>) -> Option<String> {
    match inputs.trees.read(path) {
        Ok(here) => Some(here.unwrap_or_default()),
        Err(error) => {
            log.line(Level::Error, "{}; it is left as it is", &[error.text()]);
            None
        }
    }
}

/// The files, marked; with what others have in two of them, without those that
/// a person's own stand in for and those whose place has one that can't be read (`unread`): it stays.
#[inline(never)]
fn plan(
    inputs: &Inputs<'_>,
    resolved: &Resolved<'_>,
    renderer: &Renderer,
    files: Vec<WriteFile>,
    aside: &[String],
    unread: &mut Vec<String>,
    log: &mut Log<'_>,
) -> Vec<WriteFile> {
    let mut plan = Vec::new();
    for mut file in files {
        let Some(here) = old(inputs, &file.path, log) else {
            unread.push(file.path);
            continue;
        };
        if udev::is_rules(&file.path) && !udev::merge(&mut file.content, &here, resolved) {
            continue;
        }
        if file.path == ifcfg::GLOBAL {
            ifcfg::merge(&mut file.content, &here);
        }
        file.content.splice(0..0, MARK.bytes());
        plan.push(file);
    }
    for Other { path, link, wins, .. } in others(renderer.name, resolved, &paths(&plan), &inputs.trees) {
        if aside.contains(&path) {
            continue;
        }
        let link = link.as_deref().unwrap_or("the network");
        if wins {
            log.info("{} is not configured by us: {} is for it", &[link, &path]);
            let own = ["/cloud-init-", link, ".nmconnection"].concat();
            plan.retain(|file| !file.path.ends_with(&own));
        } else {
            log.line(Level::Warning, "{} configures {} too: it is left alone", &[&path, link]);
        }
    }
    plan
}

/// Whether others have their part in the file.
fn is_shared(path: &str) -> bool {
    udev::is_rules(path) || path == ifcfg::GLOBAL
}

fn paths(plan: &[WriteFile]) -> Vec<&str> {
    let mut paths = Vec::new();
    for file in plan {
        paths.push(&*file.path);
    }
    paths
}

/// Takes away what an earlier boot or an earlier cloud-init wrote and is not
/// `planned`.
#[inline(never)]
fn remove(inputs: &Inputs<'_>, planned: &[&str], applier: &mut Applier<'_>, log: &mut Log<'_>) {
    for (path, owner) in inputs.trees.owned() {
        if planned.contains(&&*path) {
            continue;
        }
        let pattern = match owner {
            Owner::CloudInit => "{} is taken away: an earlier cloud-init left it",
            _ => "{} is taken away: it is no part of the network any more",
        };
        log.info(pattern, &[&path]);
        carry_out(applier, &Action::RemoveFile { path }, log);
    }
}

/// FNV-1a, 64 bits, over the files that last; a line.
#[inline(never)]
fn digest(plan: &[WriteFile]) -> String {
    let mut bytes = Vec::new();
    for file in plan.iter().filter(|file| !file.path.starts_with("/run/")) {
        bytes.extend_from_slice(file.path.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&file.content);
    }
    fnv(&bytes)
}

fn fnv(bytes: &[u8]) -> String {
    let mut value: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in bytes {
        value = (value ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    [&value.to_string(), "\n"].concat()
}
