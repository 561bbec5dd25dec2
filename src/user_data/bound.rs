//! What a template or a patch may spend: both can make much out of little.

use crate::limits;
use crate::syntax::value::{Data, Value};

/// Bytes and values that may still be walked, copied or written.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    /// The whole of [`limits::USER_DATA_WORK`].
    pub(super) const fn new() -> Self {
        Self(limits::USER_DATA_WORK)
    }

    /// Takes `amount`; `None` when less is left.
    pub(super) fn spend(&mut self, amount: usize) -> Option<()> {
        self.0 = self.0.checked_sub(amount)?;
        Some(())
    }
}

/// The size of a value: its bytes of text and its nodes. `None` where it is
/// nested more than `depth` deep.
pub(super) fn weight(value: &Value<'_>, depth: usize) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    let mut total = 64;
    match &value.data {
        Data::Str(text) | Data::BigInt(text) | Data::Float(text) | Data::Timestamp(text) => {
            total += text.len();
        }
        Data::Bytes(bytes) => total += bytes.len(),
        Data::Seq(items) => {
            for item in items {
                total += weight(item, depth)?;
            }
        }
        Data::Map(entries) => {
            for (key, value) in entries {
                total += weight(key, depth)? + weight(value, depth)?;
            }
        }
        Data::Null | Data::Bool(_) | Data::Int(_) => {}
    }
    Some(total)
}
