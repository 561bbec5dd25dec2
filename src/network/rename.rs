//! Renaming links as one planned transaction.
//!
//! The kernel renames one link at a time and refuses a name that is taken, so
//! the order matters: links nobody asked for are moved out of the way first,
//! then whatever name is free is given out, and a cycle is opened by one
//! temporary name. A plan cut short after any step and made anew from what the
//! machine then shows ends with the same names.

use crate::action::{LinkAction, LinkChange};
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
    loop {
        let free = pending.iter().position(|step| !names.contains(&step.to));
        let Some(step) = pending.get(free.unwrap_or(0)) else { return actions };
        let to = if free.is_some() { step.to.clone() } else { free_name(TEMPORARY, 0, &names) };
        let (Some(nic), Some(name)) = (present.get(step.place), names.get_mut(step.place)) else {
            return actions;
        };
        if nic.up && *name == nic.name {
            actions.push(LinkAction::new(name, LinkChange::Down));
        }
        actions.push(LinkAction::new(name, LinkChange::Rename { to: to.clone() }));
        if nic.up && free.is_some() {
            actions.push(LinkAction::new(&to, LinkChange::Up));
        }
        *name = to;
        if let Some(at) = free {
            pending.remove(at);
        }
    }
}

/// The name every present link has once [`plan`] is done, by index.
#[inline(never)]
pub fn names(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<(u32, String)> {
    let mut names = present_names(present);
    for step in moves(wanted, present) {
        if let Some(name) = names.get_mut(step.place) {
            *name = step.to;
        }
    }
    present.iter().map(|link| link.index).zip(names).collect()
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
    let mut reserved = present_names(present);
    let mut claims: Vec<Move> = Vec::new();
    for (index, name) in wanted {
        let Some(place) = present.iter().position(|link| link.index == *index) else { continue };
        if !claims.iter().any(|claim| claim.place == place || claim.to == **name) {
            reserved.push(String::from(&**name));
            claims.push(Move { place, to: String::from(&**name) });
        }
    }
    let mut moves = Vec::new();
    for (place, link) in present.iter().enumerate() {
        let (stem, number) = split(&link.name);
        let (stem, first) = if claims.iter().any(|claim| claim.place == place) {
            continue;
        } else if stem == TEMPORARY && number.is_some() {
            // An interrupted plan may have left this name.
            (UNCLAIMED, 0)
        } else if claims.iter().any(|claim| claim.to == link.name) {
            (stem, number.map_or(0, |number| number.saturating_add(1)))
        } else {
            continue;
        };
        let to = free_name(stem, first, &reserved);
        reserved.push(to.clone());
        moves.push(Move { place, to });
    }
    claims.retain(|claim| present.get(claim.place).is_some_and(|link| link.name != claim.to));
    moves.append(&mut claims);
    moves
}

/// A name's stem and the number behind it.
fn split(name: &str) -> (&str, Option<u32>) {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (stem, digits) = name.split_at_checked(name.len() - digits).unwrap_or((name, ""));
    (stem, (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX)))
}

/// The first of `stem`N, N from `first`, that is not taken; a long stem is
/// cut so that the kernel takes the name.
#[inline(never)]
fn free_name(stem: &str, first: u32, taken: &[String]) -> String {
    let mut number = first;
    loop {
        let digits = u64::from(number).to_string();
        // The names of links that are asked for are ASCII.
        let stem = stem.get(..LONGEST.saturating_sub(digits.len())).unwrap_or(stem);
        let name = [stem, &digits].concat();
        if !taken.contains(&name) {
            return name;
        }
        number = number.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
