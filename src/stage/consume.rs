//! What user-data and vendor-data leave on the machine: their files under the
//! instance's directory, and the configuration they merge to.

use crate::action::Action;
use crate::error::Error;
use crate::instance::{Instance, USER_DATA, VENDOR_DATA, VENDOR_DATA2};
use crate::state::paths::{CLOUD, InstancePaths};
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use crate::user_data::{self, Kind, Merged, Part};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One source of parts.
struct Source {
    name: &'static str,
    parts: Vec<Part>,
}

/// User-data and vendor-data, taken apart.
pub struct Consumed {
    /// User-data, vendor-data2, vendor-data: the one that wins first.
    sources: Vec<Source>,
}

/// What messages call the user's own source.
const USER: &str = "user-data";

/// The sources and their files, the one that wins first.
static SOURCES: [(&str, &str); 3] =
    [(USER, USER_DATA), ("vendor-data2", VENDOR_DATA2), ("vendor-data", VENDOR_DATA)];

/// Takes a machine's user-data and vendor-data apart; what is wrong with them
/// is a problem.
#[inline(never)]
pub fn consume(instance: &Instance, problems: &mut Vec<Error>) -> Consumed {
    let mut sources = Vec::new();
    for &(name, file) in &SOURCES {
        let mut source = Source { name, parts: Vec::new() };
        match instance.file(file) {
            None | Some([]) => {}
            Some(raw) if name == USER => source.take(raw, problems),
            Some(raw) => match json::parse(raw) {
                Ok(value) => {
                    for text in vendor_texts(&value, file, problems) {
                        source.take(text.as_str().unwrap_or_default().as_bytes(), problems);
                    }
                }
                Err(error) => problems.push(error.in_file(file)),
            },
        }
        sources.push(source);
    }
    Consumed { sources }
}

impl Source {
    #[inline(never)]
    fn take(&mut self, raw: &[u8], problems: &mut Vec<Error>) {
        let mut assembled = user_data::assemble(self.name, raw);
        self.parts.append(&mut assembled.parts);
        problems.append(&mut assembled.problems);
    }
}

/// The texts in vendor data: a string is itself, a list has one each, a mapping
/// counts by its key `cloud-init`.
fn vendor_texts<'v>(value: &'v Value<'v>, file: &str, problems: &mut Vec<Error>) -> &'v [Value<'v>] {
    let value = match &value.data {
        Data::Map(_) => match value.get("cloud-init") {
            Some(inner) => inner,
            None => return &[],
        },
        _ => value,
    };
    match &value.data {
        Data::Null => &[],
        Data::Str(_) => core::slice::from_ref(value),
        Data::Seq(items) => items,
        _ => {
            let why = fill("cloud-init in it is {}, not a string or list", &[value.kind()]);
            problems.push(Error::new("use", file, why));
            &[]
        }
    }
}

impl Consumed {
    /// Whether something that may replace whole keys is not here yet.
    pub fn has_unresolved_include(&self) -> bool {
        self.parts().any(|part| matches!(part.kind, Kind::Include | Kind::IncludeOnce))
    }

    /// Every part of every source.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.sources.iter().flat_map(|source| &source.parts)
    }

    /// The cloud-config of each source, merged, with the source's name; what is
    /// wrong with them is a problem.
    #[inline(never)]
    pub fn merged(&self, problems: &mut Vec<Error>) -> Vec<(&'static str, Merged<'_>)> {
        let mut all = Vec::new();
        for source in &self.sources {
            let mut merged = user_data::merge(source.name, &source.parts);
            problems.append(&mut merged.problems);
            all.push((source.name, merged));
        }
        all
    }

    /// The files of the instance's directory that cloud-init writes at each
    /// consumption: the sources as they came, their cloud-config and their
    /// scripts. They are for the runner's init stage to write.
    pub fn files(
        &self,
        instance: &Instance,
        merged: &[(&'static str, Merged<'_>)],
        paths: &InstancePaths,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut write = |path: String, content: Vec<u8>, mode: u32| {
            actions.push(Action::write(&path, content, mode));
        };
        for (name, file) in [
            ("user-data.txt", USER_DATA),
            ("vendor-data.txt", VENDOR_DATA),
            ("vendor-data2.txt", VENDOR_DATA2),
        ] {
            write(paths.file(name), instance.file(file).unwrap_or_default().to_vec(), 0o600);
        }
        let configs = ["cloud-config.txt", "vendor2-cloud-config.txt", "vendor-cloud-config.txt"];
        for (name, (_, merged)) in configs.into_iter().zip(merged) {
            write(paths.file(name), user_data::cloud_config_text(merged).into_bytes(), 0o600);
        }
        for source in &self.sources {
            for part in &source.parts {
                if let Some((path, mode)) = script_path(source.name, part, paths) {
                    write(path, user_data::script_bytes(&part.content).into_owned(), mode);
                }
            }
        }
        actions
    }
}

/// Where a part that is a program of its own goes, and its mode.
fn script_path(source: &str, part: &Part, paths: &InstancePaths) -> Option<(String, u32)> {
    let vendor = source != USER;
    let name = user_data::clean_name(&part.filename);
    let per = |frequency: &str| {
        let vendor = if vendor { "vendor/" } else { "" };
        format!("{CLOUD}/scripts/{vendor}per-{frequency}/{name}")
    };
    let path = match part.kind {
        Kind::Script if vendor => paths.file(&format!("scripts/vendor/{name}")),
        Kind::Script => paths.file(&format!("scripts/{name}")),
        Kind::ScriptPerBoot => per("boot"),
        Kind::ScriptPerInstance => per("instance"),
        Kind::ScriptPerOnce => per("once"),
        _ => return None,
    };
    Some((path, 0o700))
}
