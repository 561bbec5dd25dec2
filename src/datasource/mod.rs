//! Where a machine's identity comes from. To add one: a file here, and its
//! line in [`ALL`].

mod config_drive;
mod config_drive_v1;
mod no_cloud;
mod ovf;
mod word;

use crate::error::{Error, Result};
use crate::fetch::{Fetch, Nothing};
use crate::instance::{File, Instance};
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// What a machine has beside its discs that a datasource may be told by.
pub struct Surroundings<'a> {
    /// Its root, for seeds in folders.
    pub root: &'a dyn Fetch,
    /// Texts of the firmware that may hold a word `ds=…`: DMI's serial number
    /// and OEM strings.
    pub firmware: &'a [String],
    /// The value of the kernel line's `ds=`.
    pub kernel: Option<&'a str>,
    /// The root's own configuration, the layer that wins first, each with its
    /// name.
    pub config: &'a [(&'a str, Value<'a>)],
    /// What reads URLs, where the network is up.
    pub remote: Option<&'a dyn Fetch>,
}

impl Surroundings<'_> {
    /// The root alone.
    pub fn of_root(root: &dyn Fetch) -> Surroundings<'_> {
        Surroundings { root, firmware: &[], kernel: None, config: &[], remote: None }
    }

    /// The value of `datasource: {NAME: {KEY: …}}` in the configuration.
    #[inline(never)]
    fn setting(&self, datasource: &str, key: &str) -> Option<&Value<'_>> {
        let mut layers = self.config.iter();
        layers.find_map(|(_, layer)| layer.get("datasource")?.get(datasource)?.get(key))
    }
}

/// A block device with a file system on it, not mounted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The kernel's name of the device: `sr0`.
    pub device: String,
    /// The kernel's name of the file system: `iso9660`.
    pub kind: &'static str,
    /// Its label.
    pub label: String,
    /// Whether it is a partition.
    pub partition: bool,
}

impl Volume {
    /// Whether it has a file system that seeds come on.
    fn may_be_seed(&self) -> bool {
        matches!(self.kind, "iso9660" | "vfat")
    }
}

/// Whether a volume is a datasource's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// It is not.
    No,
    /// What is on it tells.
    Perhaps,
    /// Its label says so.
    Labelled,
}

/// A mounted volume or a folder taken for one.
pub struct Medium<'a> {
    /// Its files.
    pub tree: &'a dyn Fetch,
    /// How messages name it: `/dev/sr0`.
    pub name: &'a str,
}

/// What reading came to.
#[derive(Debug, PartialEq)]
pub enum Reading {
    /// No seed of this kind.
    Nothing,
    /// One that says it is not to be used (`dsmode: disabled`).
    Disabled,
    /// A seed.
    Whole(Box<Instance>),
    /// A seed to which a drive may add: taken once the machine's devices are
    /// known.
    Open(Box<Instance>),
    /// Not a machine's identity by itself: taken where nothing else is there
    /// when the wait is over.
    Last(Box<Instance>),
    /// A seed at this URL, and nobody here reads those
    /// ([`Surroundings::remote`]).
    Remote(String),
}

impl Reading {
    /// The instance, however it counts.
    pub fn instance(self) -> Option<Box<Instance>> {
        match self {
            Self::Whole(instance) | Self::Open(instance) | Self::Last(instance) => Some(instance),
            Self::Nothing | Self::Disabled | Self::Remote(_) => None,
        }
    }
}

/// Reads a seed; without a medium, from the surroundings alone. Parts that
/// can't be read are problems; the others count.
pub type Read = fn(&Surroundings<'_>, Option<&Medium<'_>>, &mut Vec<Error>) -> Result<Reading>;

/// One kind of seed.
pub struct Datasource {
    /// As cloud-init's `datasource_list` names it.
    pub name: &'static str,
    /// What messages call a seed of this kind: `config drive`.
    pub what: &'static str,
    /// What they call the drive that would be one.
    pub drive: &'static str,
    /// Whether a volume is one.
    pub claims: fn(&Surroundings<'_>, &Volume) -> Claim,
    /// Reads it.
    pub read: Read,
}

/// Every datasource, in cloud-init's order: the first that has a seed counts.
pub static ALL: &[Datasource] = &[no_cloud::DATASOURCE, config_drive::DATASOURCE, ovf::DATASOURCE];

/// The datasource called `name`, in any case; cloud-init's kernel line knows
/// NoCloud by another name, too.
#[inline(never)]
pub fn named(name: &str) -> Option<&'static Datasource> {
    let name = if name.eq_ignore_ascii_case(word::NET) { "nocloud" } else { name };
    ALL.iter().find(|datasource| datasource.name.eq_ignore_ascii_case(name))
}

/// Reads a folder as the first kind of seed that it is.
#[inline(never)]
pub fn read_folder(medium: &Medium<'_>, problems: &mut Vec<Error>) -> Result<Reading> {
    let nothing = Surroundings::of_root(&Nothing);
    for datasource in ALL {
        let reading = (datasource.read)(&nothing, Some(medium), problems)?;
        if !matches!(reading, Reading::Nothing) {
            return Ok(reading);
        }
    }
    Ok(Reading::Nothing)
}

/// The first of `candidates` that is set, `net` where none is; one that
/// cloud-init does not know is a problem and `net`, too.
#[inline(never)]
fn dsmode(candidates: &[Option<&str>], source: &str, problems: &mut Vec<Error>) -> String {
    let mode = candidates.iter().copied().flatten().next().unwrap_or("net");
    if !["net", "local", "disabled"].contains(&mode) {
        let why = fill("it is \"{}\", neither net, local nor disabled", &[mode]);
        problems.push(Error::new("use dsmode of", source, why));
        return "net".to_owned();
    }
    mode.to_owned()
}

/// The string under `key`.
fn text<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// A mapping with one text in it.
fn one_entry(key: &'static str, text: String) -> (Value<'static>, Value<'static>) {
    (Value::bare(Data::Str(key.into())), Value::bare(Data::Str(text.into())))
}

/// Reads the parts of a seed that may be missing or broken without harm to the
/// others, as long as they fit the memory together.
struct Parts<'a> {
    tree: &'a dyn Fetch,
    /// Bytes that may still be kept.
    budget: usize,
    problems: &'a mut Vec<Error>,
}

impl<'a> Parts<'a> {
    fn of(tree: &'a dyn Fetch, problems: &'a mut Vec<Error>) -> Self {
        Self { tree, budget: limits::SEED_TOTAL, problems }
    }

    /// The file at `path`; `None` where there is none, or none that can be
    /// read, which is a problem.
    #[inline(never)]
    fn optional(&mut self, path: &str) -> Option<Vec<u8>> {
        match self.tree.read(path, limits::SEED_FILE.min(self.budget)) {
            Ok(content) => {
                self.budget -= content.as_ref().map_or(0, Vec::len);
                content
            }
            Err(error) => {
                self.problems.push(error);
                None
            }
        }
    }

    /// Keeps the file at `path` as `name`. One that can't be read is kept
    /// empty: it is something else than a seed that says nothing.
    #[inline(never)]
    fn keep(&mut self, name: &str, path: &str, files: &mut Vec<File>) {
        let problems = self.problems.len();
        let content = self.optional(path).unwrap_or_default();
        if !content.is_empty() || self.problems.len() > problems {
            files.push(File { path: name.to_owned(), content });
        }
    }
}

#[cfg(test)]
mod tests;
