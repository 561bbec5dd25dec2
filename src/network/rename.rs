//! Renaming links as one planned transaction.
//!
//! The kernel renames one link at a time and refuses a name that is taken, so
//! the order matters: links nobody asked for are moved out of the way first,
//! then whatever name is free is given out, and a cycle is opened by one
//! temporary name. A plan cut short after any step and made anew from what the
//! machine then shows ends with the same names.

use crate::action::LinkAction;
use crate::network::model::{LinkName, SystemLink};
use crate::network::order;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Stem of names held only while a cycle is open.
const TEMPORARY: &str = "glow";

/// Stem for a link that an interrupted plan left with a temporary name and
/// that nobody asks for now.
const UNCLAIMED: &str = "eth";

/// IFNAMSIZ without its NUL.
const LONGEST: usize = 15;

/// One link and the name it is to have.
struct Move {
    index: u32,
    /// Present name.
    from: String,
    to: String,
    /// It is up and must go down first.
    down: bool,
    /// It was up and comes up again.
    up: bool,
}

/// The steps that give each link of `wanted` (index, name) its name. A wanted
/// index that is not present and a name wanted a second time are left out.
pub fn plan(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<LinkAction> {
    let (displaced, mut pending) = moves(wanted, present);
    let mut taken: Vec<String> = present.iter().map(|link| link.name.clone()).collect();
    let mut actions = Vec::new();
    for step in &displaced {
        rename(&step.from, &step.to, (step.down, step.up), &mut taken, &mut actions);
    }
    while !pending.is_empty() {
        if let Some(free) = pending.iter().position(|step| !taken.contains(&step.to)) {
            let step = pending.remove(free);
            rename(&step.from, &step.to, (step.down, step.up), &mut taken, &mut actions);
        } else {
            let step = &mut pending[0];
            let spare = free_name(TEMPORARY, 0, |name| taken.iter().any(|other| other == name));
            rename(&step.from, &spare, (step.down, false), &mut taken, &mut actions);
            step.from = spare;
            step.down = false;
        }
    }
    actions
}

/// The name every present link has once [`plan`] is done, by index.
pub fn names(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<(u32, String)> {
    let (displaced, claimed) = moves(wanted, present);
    let mut names: Vec<(u32, String)> = present.iter().map(|link| (link.index, link.name.clone())).collect();
    order::sort_by(&mut names, |a, b| a.0 < b.0);
    for step in displaced.into_iter().chain(claimed) {
        if let Ok(at) = names.binary_search_by_key(&step.index, |(index, _)| *index) {
            names[at].1 = step.to;
        }
    }
    names
}

/// What must move: links in the way of a wanted name, then those wanted.
fn moves(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> (Vec<Move>, Vec<Move>) {
    let mut claims: Vec<(u32, &str)> = Vec::new();
    for (index, name) in wanted {
        let known = present.iter().any(|link| link.index == *index);
        if known && !claims.iter().any(|(i, n)| i == index || *n == &**name) {
            claims.push((*index, name));
        }
    }
    let mut links: Vec<&SystemLink> = present.iter().collect();
    order::sort_by(&mut links, |a, b| a.index < b.index);
    let mut reserved: Vec<String> = links.iter().map(|link| link.name.clone()).collect();
    reserved.extend(claims.iter().map(|(_, name)| (*name).to_string()));

    let (mut displaced, mut claimed) = (Vec::new(), Vec::new());
    for link in links {
        let step =
            |to: String| Move { index: link.index, from: link.name.clone(), to, down: link.up, up: link.up };
        if let Some((_, name)) = claims.iter().find(|(index, _)| *index == link.index) {
            if link.name != *name {
                claimed.push(step((*name).to_string()));
            }
        } else if is_temporary(&link.name) || claims.iter().any(|(_, name)| link.name == *name) {
            let (base, next) = if is_temporary(&link.name) { (UNCLAIMED, 0) } else { split(&link.name) };
            let to = free_name(base, next, |name| reserved.iter().any(|other| other == name));
            reserved.push(to.clone());
            displaced.push(step(to));
        }
    }
    (displaced, claimed)
}

/// Down when it is up, renamed, up again when it was.
fn rename(
    from: &str,
    to: &str,
    (down, up): (bool, bool),
    taken: &mut Vec<String>,
    actions: &mut Vec<LinkAction>,
) {
    if down {
        actions.push(LinkAction::Down { link: from.into() });
    }
    actions.push(LinkAction::Rename { from: from.into(), to: to.into() });
    if up {
        actions.push(LinkAction::Up { link: to.into() });
    }
    taken.retain(|name| name != from);
    taken.push(to.into());
}

/// Whether an interrupted plan may have left this name.
fn is_temporary(name: &str) -> bool {
    name.strip_prefix(TEMPORARY)
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name's stem and the number after its own: `eth0` is `eth` and 1.
fn split(name: &str) -> (&str, u32) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: u32 = name[stem.len()..].parse().unwrap_or(0);
    (stem, if stem.len() == name.len() { 0 } else { number.saturating_add(1) })
}

/// The first of `stem`N, N from `first`, that is not taken; a long stem is
/// cut so that the kernel takes the name.
fn free_name(stem: &str, first: u32, taken: impl Fn(&str) -> bool) -> String {
    let mut number = first;
    loop {
        let digits = format!("{number}");
        let mut keep = stem.len().min(LONGEST - digits.len());
        while !stem.is_char_boundary(keep) {
            keep -= 1;
        }
        let name = format!("{}{digits}", &stem[..keep]);
        if !taken(&name) {
            return name;
        }
        number = number.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
