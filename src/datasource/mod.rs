//! Where a machine's identity comes from. To add one: a file here, and its
//! line in [`ALL`].

mod config_drive;

use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::instance::Instance;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What a datasource needs before it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A file system with one of these labels.
    Label(&'static [&'static str]),
}

/// One kind of seed.
pub struct Datasource {
    /// As cloud-init's `datasource_list` names it.
    pub name: &'static str,
    /// What has to be there.
    pub needs: Needs,
    /// Reads a mounted seed.
    pub read: Read,
}

/// Reads a mounted seed; `source` is the device or folder as messages name it.
/// `Ok(None)`: this is no seed of that kind. Parts that can't be read are
/// problems; the others count.
pub type Read =
    fn(disc: &dyn Fetch, source: &str, problems: &mut Vec<Error>) -> Result<Option<Box<Instance>>>;

/// Every datasource, in the order they are tried.
pub static ALL: &[Datasource] = &[config_drive::DATASOURCE];

/// Reads a tree as the first kind of seed that it is, as a [`Read`] does.
#[inline(never)]
pub fn read(disc: &dyn Fetch, source: &str, problems: &mut Vec<Error>) -> Result<Option<Box<Instance>>> {
    for datasource in ALL {
        let instance = (datasource.read)(disc, source, problems)?;
        if instance.is_some() {
            return Ok(instance);
        }
    }
    Ok(None)
}

/// Whether a label is one that some datasource reads.
pub fn label_is_seed(label: &str) -> bool {
    ALL.iter().any(|datasource| match datasource.needs {
        Needs::Label(labels) => labels.contains(&label),
    })
}

#[cfg(test)]
fn listed(problems: &[Error]) -> Vec<alloc::string::String> {
    problems.iter().map(alloc::string::ToString::to_string).collect()
}
