//! What user-data and vendor-data leave on the machine: their files under the
//! instance's directory, and the configuration they merge to.

use crate::action::Action;
use crate::cloud_config::Layer;
use crate::error::Error;
use crate::instance::Instance;
use crate::state::paths::{CLOUD, InstancePaths};
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::user_data::{self, Kind, Merged, Part};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One source of parts.
pub struct Source {
    name: &'static str,
    parts: Vec<Part>,
}

/// User-data and vendor-data, taken apart.
pub struct Consumed {
    /// User-data, vendor-data2, vendor-data: the one that wins first.
    sources: [Source; 3],
    /// What was wrong with them.
    pub problems: Vec<Error>,
}

/// Vendor data as the texts that its JSON holds.
pub struct VendorData {
    payloads: [Vec<Vec<u8>>; 2],
    problems: Vec<Error>,
}

impl VendorData {
    /// Reads `vendor_data.json` and `vendor_data2.json`: a string is itself, a
    /// list has a payload each, a mapping counts by its key `cloud-init`.
    pub fn read(instance: &Instance) -> Self {
        let mut problems = Vec::new();
        let mut payloads = |raw: &[u8], name: &str| {
            if raw.is_empty() {
                return Vec::new();
            }
            match json::parse(raw) {
                Ok(value) => texts(&value, name, &mut problems),
                Err(error) => {
                    let place = error.place;
                    problems.push(Error::at("read", name, place.line, place.column, error.message));
                    Vec::new()
                }
            }
        };
        let payloads = [
            payloads(&instance.raw.vendor_data2, "vendor_data2.json"),
            payloads(&instance.raw.vendor_data, "vendor_data.json"),
        ];
        Self { payloads, problems }
    }
}

fn texts(value: &Value<'_>, name: &str, problems: &mut Vec<Error>) -> Vec<Vec<u8>> {
    let value = match &value.data {
        Data::Map(_) => match value.get_set("cloud-init") {
            Some(inner) => inner,
            None => return Vec::new(),
        },
        _ => value,
    };
    let text = |value: &Value<'_>| value.as_str().map(|text| text.as_bytes().to_vec());
    match &value.data {
        Data::Null => Vec::new(),
        Data::Str(_) => text(value).into_iter().collect(),
        Data::Seq(items) => items.iter().filter_map(text).collect(),
        _ => {
            problems.push(Error::new(
                "use",
                name,
                ["cloud-init in it is ", value.kind(), ", not a string or list"].concat(),
            ));
            Vec::new()
        }
    }
}

/// Takes a machine's user-data and vendor-data apart.
pub fn consume(instance: &Instance, vendor: &VendorData) -> Consumed {
    let mut problems = vendor.problems.clone();
    let mut take = |name: &'static str, raws: &mut dyn Iterator<Item = &[u8]>| {
        let mut parts = Vec::new();
        for raw in raws {
            let mut assembled = user_data::assemble(name, raw);
            parts.append(&mut assembled.parts);
            problems.append(&mut assembled.problems);
        }
        Source { name, parts }
    };
    let [vendor2, vendor1] = &vendor.payloads;
    let user = Some(&*instance.raw.user_data).filter(|raw| !raw.is_empty());
    let sources = [
        take("user-data", &mut user.into_iter()),
        take("vendor-data2", &mut vendor2.iter().map(Vec::as_slice)),
        take("vendor-data", &mut vendor1.iter().map(Vec::as_slice)),
    ];
    Consumed { sources, problems }
}

impl Consumed {
    /// Whether something that may replace whole keys is not here yet.
    pub fn has_unresolved_include(&self) -> bool {
        self.sources
            .iter()
            .flat_map(|source| &source.parts)
            .any(|part| matches!(part.kind, Kind::Include | Kind::IncludeOnce))
    }

    /// Every part of every source.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.sources.iter().flat_map(|source| &source.parts)
    }

    /// The cloud-config of each source, merged.
    pub fn merged(&self) -> [Merged<'_>; 3] {
        self.sources.each_ref().map(|source| user_data::merge(source.name, &source.parts))
    }

    /// The names of the sources, in the order of [`Consumed::merged`].
    pub fn layers<'m>(&'m self, merged: &'m [Merged<'m>; 3]) -> Vec<Layer<'m>> {
        self.sources
            .iter()
            .zip(merged)
            .map(|(source, merged)| Layer { name: source.name.into(), value: merged.config.clone() })
            .collect()
    }

    /// The files of the instance's directory that cloud-init writes at each
    /// consumption: the sources as they came, their cloud-config and their
    /// scripts. They are for the runner's init stage to write.
    pub fn files(&self, instance: &Instance, merged: &[Merged<'_>; 3], paths: &InstancePaths) -> Vec<Action> {
        let [user, vendor2, vendor] = merged;
        let raw = &instance.raw;
        let mut actions = Vec::new();
        let mut write = |path: String, content: Vec<u8>, mode: u32| {
            actions.push(Action::write(&path, content, mode));
        };
        write(paths.file("user-data.txt"), raw.user_data.clone(), 0o600);
        write(paths.file("vendor-data.txt"), raw.vendor_data.clone(), 0o600);
        write(paths.file("vendor-data2.txt"), raw.vendor_data2.clone(), 0o600);
        write(paths.file("cloud-config.txt"), user_data::cloud_config_text(user).into_bytes(), 0o600);
        write(
            paths.file("vendor-cloud-config.txt"),
            user_data::cloud_config_text(vendor).into_bytes(),
            0o600,
        );
        write(
            paths.file("vendor2-cloud-config.txt"),
            user_data::cloud_config_text(vendor2).into_bytes(),
            0o600,
        );
        for (source, part) in
            self.sources.iter().flat_map(|source| source.parts.iter().map(move |part| (source, part)))
        {
            if let Some((path, mode)) = script_path(source.name, part, paths) {
                write(path, user_data::script_bytes(&part.content).into_owned(), mode);
            }
        }
        actions
    }
}

/// Where a part that is a program of its own goes, and its mode.
fn script_path(source: &str, part: &Part, paths: &InstancePaths) -> Option<(String, u32)> {
    let vendor = source != "user-data";
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
