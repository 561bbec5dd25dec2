//! Renaming links as one planned transaction.
//!
//! The kernel renames one link at a time and refuses a name that is taken, so
//! the order matters: links nobody asked for are moved out of the way first,
//! then whatever name is free is given out, and a cycle is opened by one
//! temporary name. A plan cut short after any step and made anew from what the
//! machine then shows ends with the same names.

use crate::action::{LinkAction, LinkChange};
use crate::error::{Error, Result};
use crate::network::model::{LinkName, SystemLink};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Stem of names held only while a cycle is open.
const TEMPORARY: &str = "glow";

/// Stem for a link that an interrupted plan left with a temporary name and
/// that nobody asks for now.
const UNCLAIMED: &str = "eth";

/// Plans carried out before the others are let win.
const ROUNDS: usize = 5;

/// IFNAMSIZ without its NUL.
const LONGEST: usize = 15;

/// A name in its place: nothing to be allocated, nothing to be dropped.
#[derive(Clone, Copy, PartialEq)]
struct Name([u8; LONGEST + 1]);

impl Name {
    #[inline(never)]
    fn new(text: &str) -> Self {
        let mut name = [0; LONGEST + 1];
        for (place, byte) in name.iter_mut().zip(text.bytes().take(LONGEST)) {
            *place = byte;
        }
        Self(name)
    }

    #[inline(never)]
    fn text(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
        self.0.get(..end).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// One link and the name it is to have.
#[derive(Clone, Copy)]
struct Move {
    /// Its place among the present ones.
    place: usize,
    to: Name,
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
        let Some(&Move { place, to }) = pending.get(free.unwrap_or(0)) else { return actions };
        let to = if free.is_some() { to } else { free_name(TEMPORARY, 0, &names) };
        let (Some(nic), Some(name)) = (present.get(place), names.get_mut(place)) else { return actions };
        let from = core::mem::replace(name, to);
        if nic.up && from == Name::new(&nic.name) {
            actions.push(LinkAction::new(from.text(), LinkChange::Down));
        }
        actions.push(LinkAction::new(from.text(), LinkChange::Rename { to: to.text().into() }));
        if let Some(at) = free {
            pending.remove(at);
            if nic.up {
                actions.push(LinkAction::new(to.text(), LinkChange::Up));
            }
        }
    }
}

/// Gives each link of `wanted` its name, whoever else renames links meanwhile
/// (udev does, when a NIC appears): after each plan is carried out, `look`
/// tells what became of it, and what is not right is planned anew. The value
/// is what stood in the way of the last plan, where even that did not end well.
#[inline(never)]
pub fn settle(
    wanted: &[(u32, LinkName)],
    present: &[SystemLink],
    look: &mut dyn FnMut() -> Result<Vec<SystemLink>>,
    carry_out: &mut dyn FnMut(LinkAction) -> Result<()>,
) -> Vec<Error> {
    let mut problems = Vec::new();
    let mut steps = plan(wanted, present);
    let mut left = ROUNDS;
    while !steps.is_empty() && left > 0 {
        left -= 1;
        problems.clear();
        for step in steps {
            problems.extend(carry_out(step).err());
        }
        let now = match look() {
            Ok(now) => now,
            Err(error) => {
                problems.push(error);
                return problems;
            }
        };
        steps = plan(wanted, &now);
        if steps.is_empty() {
            problems.clear();
        } else if left > 0 {
            continue;
        }
        // A link that somebody else renamed while it was down was not found
        // under the name it was to come up by.
        for step in brought_down(present, &now) {
            problems.extend(carry_out(step).err());
        }
    }
    problems
}

/// Brings those up again that were up.
#[inline(never)]
fn brought_down(before: &[SystemLink], now: &[SystemLink]) -> Vec<LinkAction> {
    let mut steps = Vec::new();
    for link in now {
        let was_up = |other: &SystemLink| other.index == link.index && other.up;
        if !link.up && before.iter().any(was_up) {
            steps.push(LinkAction::new(&link.name, LinkChange::Up));
        }
    }
    steps
}

/// The name every present link has once [`plan`] is done, by index.
#[inline(never)]
pub fn names(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<(u32, String)> {
    let moves = moves(wanted, present);
    let mut names = Vec::new();
    for (place, link) in present.iter().enumerate() {
        let step = moves.iter().find(|step| step.place == place);
        names.push((link.index, step.map_or(&*link.name, |step| step.to.text()).into()));
    }
    names
}

#[inline(never)]
fn present_names(present: &[SystemLink]) -> Vec<Name> {
    let mut names = Vec::new();
    for link in present {
        names.push(Name::new(&link.name));
    }
    names
}

/// What must move: links in the way of a wanted name, whose new names are
/// free, then those wanted.
#[inline(never)]
fn moves(wanted: &[(u32, LinkName)], present: &[SystemLink]) -> Vec<Move> {
    let mut reserved = present_names(present);
    for name in present.iter().flat_map(|link| &link.alternative_names) {
        reserved.push(Name::new(name));
    }
    let mut claims: Vec<Move> = Vec::new();
    for (index, name) in wanted {
        let Some(place) = present.iter().position(|link| link.index == *index) else { continue };
        let to = Name::new(name);
        if !claims.iter().any(|claim| claim.place == place || claim.to == to) {
            reserved.push(to);
            claims.push(Move { place, to });
        }
    }
    let mut moves = Vec::new();
    for (place, link) in present.iter().enumerate() {
        let from = Name::new(&link.name);
        let (stem, number) = split(&link.name);
        let (stem, first) = if claims.iter().any(|claim| claim.place == place) {
            continue;
        } else if stem == TEMPORARY && number.is_some() {
            // An interrupted plan may have left this name.
            (UNCLAIMED, 0)
        } else if claims.iter().any(|claim| claim.to == from) {
            (stem, number.map_or(0, |number| number.saturating_add(1)))
        } else {
            continue;
        };
        let to = free_name(stem, first, &reserved);
        reserved.push(to);
        moves.push(Move { place, to });
    }
    for claim in claims {
        if present.get(claim.place).is_some_and(|link| Name::new(&link.name) != claim.to) {
            moves.push(claim);
        }
    }
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
fn free_name(stem: &str, first: u32, taken: &[Name]) -> Name {
    let mut number = first;
    loop {
        let digits = u64::from(number).to_string();
        // The names of links that are asked for are ASCII.
        let stem = stem.get(..LONGEST.saturating_sub(digits.len())).unwrap_or(stem);
        let name = Name::new(&[stem, &digits].concat());
        if !taken.contains(&name) {
            return name;
        }
        number = number.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
