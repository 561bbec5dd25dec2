//! Merge keys and duplicate keys: the entries a mapping ends up with.

use alloc::vec::Vec;

use super::tape::{Style, Tape};
use super::{Fault, Message, keys};
use crate::limits;

/// Key and value, as entries of the tape.
pub(super) type Pair = (u32, u32);

/// The entries of the mapping at `map`: merged ones first, then its own;
/// of equal keys the first keeps its place and the last its value.
/// `merged` counts the keys merged into the document so far.
#[inline(never)]
pub(super) fn entries(tape: &Tape<'_>, map: u32, merged: &mut usize) -> Result<Vec<Pair>, Fault> {
    let mut pairs = Vec::new();
    flatten(tape, map, &mut pairs, merged)?;
    let names: Vec<u32> = pairs.iter().map(|&(key, _)| key).collect();
    let first = keys::first_equal(tape, &names);
    for (position, &leader) in first.iter().enumerate() {
        let last = pairs[position].1;
        let value = core::mem::replace(&mut pairs[leader as usize].1, last);
        // What another value replaces must be sound all the same.
        if leader as usize != position && !tape.get(tape.follow(value)).is_collection() {
            tape.scalar(value)?;
        }
    }
    let mut position = 0;
    pairs.retain(|_| {
        position += 1;
        first[position - 1] as usize == position - 1
    });
    Ok(pairs)
}

/// What is left to do for one mapping.
enum Task {
    /// Its merges, then itself.
    All(u32),
    /// Its own entries.
    Own(u32),
}

#[inline(never)]
fn flatten(tape: &Tape<'_>, map: u32, pairs: &mut Vec<Pair>, merged: &mut usize) -> Result<(), Fault> {
    let at = tape.get(map).at;
    let mut tasks = Vec::new();
    tasks.push(Task::All(map));
    while let Some(task) = tasks.pop() {
        let (Task::All(index) | Task::Own(index)) = task;
        if index != map {
            *merged += 1;
        }
        if *merged > limits::YAML_MERGED_KEYS {
            return Err(Fault { at, message: Message::MergedKeys });
        }
        if matches!(task, Task::All(_)) && merges(tape, index) {
            tasks.push(Task::Own(index));
            let first = tasks.len();
            sources(tape, index, &mut tasks)?;
            tasks[first..].reverse();
            continue;
        }
        for pair in tape.pairs(index).filter(|&(key, _)| !tape.get(key).is_merge(tape.text)) {
            pairs.push(pair);
            *merged += usize::from(index != map);
        }
    }
    Ok(())
}

/// Appends the mappings that `<<` names in the mapping at `map`, in the order
/// they apply: of a list, the last first, so that the first wins.
#[inline(never)]
fn sources(tape: &Tape<'_>, map: u32, tasks: &mut Vec<Task>) -> Result<(), Fault> {
    for (_, value) in tape.pairs(map).filter(|&(key, _)| tape.get(key).is_merge(tape.text)) {
        let target = tape.follow(value);
        match tape.get(target).style {
            Style::Map => tasks.push(Task::All(target)),
            Style::Seq => {
                let (first, end) = (tasks.len(), tape.get(target).end);
                let mut at = target + 1;
                while at < end {
                    let item = tape.follow(at);
                    if tape.get(item).style != Style::Map {
                        return refuse(tape, at);
                    }
                    tasks.push(Task::All(item));
                    if tasks.len() > 2 * limits::YAML_MERGED_KEYS {
                        return Err(Fault { at: tape.get(at).at, message: Message::MergedMaps });
                    }
                    at = tape.after(at);
                }
                tasks[first..].reverse();
            }
            _ => return refuse(tape, value),
        }
    }
    Ok(())
}

/// Whether the mapping at `map` has a `<<`.
pub(super) fn merges(tape: &Tape<'_>, map: u32) -> bool {
    tape.pairs(map).any(|(key, _)| tape.get(key).is_merge(tape.text))
}

fn refuse<T>(tape: &Tape<'_>, index: u32) -> Result<T, Fault> {
    Err(Fault { at: tape.get(index).at, message: Message::Merge })
}
