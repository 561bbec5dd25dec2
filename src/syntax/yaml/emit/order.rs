//! The order of a mapping's keys: `PyYAML` sorts them where Python can.

use crate::syntax::value::{Data, Value};
use crate::syntax::yaml::{float_value, timestamp};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// The order in which entries are written: sorted by key where all keys
/// `compare` with each other, else as they come.
pub(super) fn order(
    entries: &[(Value<'_>, Value<'_>)],
    compare: fn(&Data<'_>, &Data<'_>) -> Option<Ordering>,
) -> Vec<usize> {
    let key = |index: usize| &entries[index].0.data;
    let comparable = entries.windows(2).all(|pair| compare(&pair[0].0.data, &pair[1].0.data).is_some());
    crate::syntax::order::order(entries.len(), &|a, b| {
        let compared = comparable.then(|| compare(key(a), key(b))).flatten();
        compared.unwrap_or(Ordering::Equal)
    })
}

fn integer(data: &Data<'_>) -> Option<i64> {
    match data {
        Data::Bool(value) => Some(i64::from(*value)),
        Data::Int(value) => Some(*value),
        _ => None,
    }
}

/// Python's order of two keys; `None` where it has none.
#[allow(clippy::cast_precision_loss)]
pub(super) fn compare(a: &Data<'_>, b: &Data<'_>) -> Option<Ordering> {
    let number = |data: &Data<'_>| match data {
        Data::Float(value) => Some(float_value(value)),
        Data::BigInt(digits) => digits.parse().ok(),
        _ => integer(data).map(|value| value as f64),
    };
    compare_simple(a, b).or_else(|| number(a)?.partial_cmp(&number(b)?))
}

/// As [`compare`], of keys that take no floats to compare.
pub(super) fn compare_simple(a: &Data<'_>, b: &Data<'_>) -> Option<Ordering> {
    match (a, b) {
        (Data::Str(a), Data::Str(b)) => Some(a.cmp(b)),
        (Data::Bytes(a), Data::Bytes(b)) => Some(a.cmp(b)),
        (Data::Timestamp(a), Data::Timestamp(b)) => {
            let (a, b) = (timestamp::canonical(a), timestamp::canonical(b));
            (a.len() == b.len()).then(|| a.cmp(&b))
        }
        _ => Some(integer(a)?.cmp(&integer(b)?)),
    }
}
