//! Plans after the pivot: one that was interrupted goes on as it was made, by what
//! it was made of.

use crate::error::{Error, Result};
use crate::module::{Context, Module, Plan};
use crate::state::observed::Observed;
use alloc::vec::Vec;

/// Plans a module by the record of an earlier boot, if there is one.
pub type Planner = fn(&Module, &Context<'_>, Option<&[u8]>, &mut Plan) -> Result<Planned>;

/// How a plan came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// For the first time; the record of what it was made of.
    First(Vec<u8>),
    /// As in the boot that was interrupted.
    Resumed,
}

/// The [`Planner`]. A damaged record is an error, and nothing is planned.
pub fn plan(
    module: &Module,
    context: &Context<'_>,
    record: Option<&[u8]>,
    plan: &mut Plan,
) -> Result<Planned> {
    let observed = match record {
        None => Observed::new(context.root),
        Some(record) => Observed::of_record(context.root, record).ok_or_else(|| {
            let path = context.paths.plan_record(module.name);
            Error::new("go on with", module.name, [&path, " is damaged"].concat())
        })?,
    };
    (module.plan)(&Context { root: &observed, ..*context }, plan);
    Ok(if record.is_some() { Planned::Resumed } else { Planned::First(observed.record()) })
}
