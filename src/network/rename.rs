//! Renaming links as one planned transaction.
//!
//! The kernel renames one link at a time and refuses a name that is taken, so
//! the order matters: links nobody asked for are moved out of the way first,
//! then whatever name is free is given out, and a cycle is opened by one
//! temporary name. A plan cut short after any step and made anew from what the
//! machine then shows ends with the same names.

use crate::action::LinkAction;
use crate::network::model::{LinkName, SystemLink};
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
    /// Its place among the present ones.
    place: usize,
    to: String,
}

/// The steps that give each link of `wanted` (index, name) its name. A wanted
/// index that is not present and a name wanted a second time are left out.
/// `present` is sorted by index.
#[inline(never)]
pub fn plan(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<LinkAction> {
    let mut pending = moves(wanted, present);
    let mut names = present_names(present);
    let mut actions = Vec::new();
    while !pending.is_empty() {
        let free = pending.iter().position(|step| !names.contains(&step.to));
        let Some(step) = pending.get(free.unwrap_or(0)) else { break };
        let to = if free.is_some() { step.to.clone() } else { free_name(TEMPORARY, 0, &names) };
        let (Some(nic), Some(name)) = (present.get(step.place), names.get_mut(step.place)) else { break };
        if nic.up && *name == nic.name {
            actions.push(LinkAction::Down { link: name.clone() });
        }
        let from = core::mem::replace(name, to.clone());
        actions.push(LinkAction::Rename { from, to: to.clone() });
        if let Some(at) = free {
            pending.remove(at);
            if nic.up {
                actions.push(LinkAction::Up { link: to });
            }
        }
    }
    actions
}

/// The name every present link has once [`plan`] is done, by index.
#[inline(never)]
pub fn names(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<(u32, String)> {
    let mut names: Vec<(u32, String)> = Vec::new();
    for link in present {
        names.push((link.index, link.name.clone()));
    }
    for step in moves(wanted, present) {
        if let Some((_, name)) = names.get_mut(step.place) {
            *name = step.to;
        }
    }
    names
}

#[inline(never)]
fn present_names(present: &[SystemLink]) -> Vec<String> {
    let mut names = Vec::new();
    for link in present {
        names.push(link.name.clone());
    }
    names
}

/// What must move: links in the way of a wanted name, whose new names are
/// free, then those wanted.
#[inline(never)]
fn moves(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<Move> {
    let mut claims: Vec<(u32, &str)> = Vec::new();
    let mut reserved = present_names(present);
    for (index, name) in wanted {
        let known = present.iter().any(|link| link.index == *index);
        if known && !claims.iter().any(|(i, n)| i == index || *n == &**name) {
            claims.push((*index, name));
            reserved.push(name.to_string());
        }
    }
    let (mut displaced, mut claimed) = (Vec::new(), Vec::new());
    for (place, link) in present.iter().enumerate() {
        let from = &*link.name;
        let own = claims.iter().find(|(index, _)| *index == link.index);
        if let Some((_, name)) = own {
            if from != *name {
                claimed.push(Move { place, to: String::from(*name) });
            }
            continue;
        }
        let (stem, next) = if is_temporary(from) {
            (UNCLAIMED, 0)
        } else if claims.iter().any(|(_, name)| from == *name) {
            split(from)
        } else {
            continue;
        };
        let to = free_name(stem, next, &reserved);
        reserved.push(to.clone());
        displaced.push(Move { place, to });
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
