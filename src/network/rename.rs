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
#[inline(never)]
pub fn plan(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<LinkAction> {
    let mut pending = moves(wanted, present);
    let mut taken: Vec<String> = present.iter().map(|link| link.name.clone()).collect();
    let mut actions = Vec::new();
    while !pending.is_empty() {
        let free = pending.iter().position(|step| !taken.contains(&step.to));
        let step = &mut pending[free.unwrap_or(0)];
        if step.down {
            actions.push(LinkAction::Down { link: step.from.clone() });
            step.down = false;
        }
        let to = match free {
            Some(_) => step.to.clone(),
            None => free_name(TEMPORARY, 0, &taken),
        };
        actions.push(LinkAction::Rename { from: step.from.clone(), to: to.clone() });
        taken.retain(|name| *name != step.from);
        taken.push(to.clone());
        step.from = to;
        if let Some(at) = free {
            let step = pending.remove(at);
            if step.up {
                actions.push(LinkAction::Up { link: step.to });
            }
        }
    }
    actions
}

/// The name every present link has once [`plan`] is done, by index.
#[inline(never)]
pub fn names(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<(u32, String)> {
    let mut names: Vec<(u32, String)> = Vec::new();
    let moves = moves(wanted, present);
    for link in by_index(present) {
        let step = moves.iter().find(|step| step.index == link.index);
        names.push((link.index, step.map_or(&link.name, |step| &step.to).clone()));
    }
    names
}

#[inline(never)]
fn by_index(present: &[SystemLink]) -> Vec<&SystemLink> {
    let mut links: Vec<&SystemLink> = present.iter().collect();
    order::sort_by(&mut links, |a, b| a.index < b.index);
    links
}

/// What must move: links in the way of a wanted name, whose new names are
/// free, then those wanted.
#[inline(never)]
fn moves(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<Move> {
    let mut claims: Vec<(u32, &str)> = Vec::new();
    let mut reserved: Vec<String> = present.iter().map(|link| link.name.clone()).collect();
    for (index, name) in wanted {
        let known = present.iter().any(|link| link.index == *index);
        if known && !claims.iter().any(|(i, n)| i == index || *n == &**name) {
            claims.push((*index, name));
            reserved.push(name.to_string());
        }
    }
    let (mut displaced, mut claimed) = (Vec::new(), Vec::new());
    for link in by_index(present) {
        let from = &link.name;
        let (list, to) = if let Some((_, name)) = claims.iter().find(|(index, _)| *index == link.index) {
            if from == name {
                continue;
            }
            (&mut claimed, String::from(*name))
        } else {
            let (stem, next) = if is_temporary(from) {
                (UNCLAIMED, 0)
            } else if claims.iter().any(|(_, name)| from == name) {
                split(from)
            } else {
                continue;
            };
            let to = free_name(stem, next, &reserved);
            reserved.push(to.clone());
            (&mut displaced, to)
        };
        list.push(Move { index: link.index, from: from.clone(), to, down: link.up, up: link.up });
    }
    displaced.append(&mut claimed);
    displaced
}

/// Whether an interrupted plan may have left this name.
fn is_temporary(name: &str) -> bool {
    name.strip_prefix(TEMPORARY)
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name's stem and the number after its own: `eth0` is `eth` and 1.
fn split(name: &str) -> (&str, u32) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut number: u32 = 0;
    for digit in name.bytes().skip(stem.len()) {
        number = number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    }
    (stem, if stem.len() == name.len() { 0 } else { number.saturating_add(1) })
}

/// The first of `stem`N, N from `first`, that is not taken; a long stem is
/// cut so that the kernel takes the name.
#[inline(never)]
fn free_name(stem: &str, first: u32, taken: &[String]) -> String {
    let mut number = first;
    loop {
        let digits = number.to_string();
        let keep = stem.floor_char_boundary(LONGEST - digits.len());
        let mut name = String::from(&stem[..keep]);
        name.push_str(&digits);
        if !taken.contains(&name) {
            return name;
        }
        number = number.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
