//! What user-data and vendor-data leave on the machine: their files under the
//! instance's directory, and the configuration they merge to.

use super::instance_data::instance_data;
use crate::action::Action;
use crate::cloud_config::{CloudConfig, Layer};
use crate::error::Error;
use crate::fetch::Fetch;
use crate::instance::{Instance, Raw};
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

/// The texts that vendor data's JSON holds: a string is itself, a list has a
/// text each, a mapping counts by its key `cloud-init`.
fn payloads(raw: &[u8], name: &str, problems: &mut Vec<Error>) -> Vec<Vec<u8>> {
    if raw.is_empty() {
        return Vec::new();
    }
    match json::parse(raw) {
        Ok(value) => texts(&value, name, problems),
        Err(error) => {
            let place = error.place;
            problems.push(Error::at("read", name, place.line, place.column, error.message));
            Vec::new()
        }
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

/// Takes a machine's user-data and vendor-data apart and renders the templates
/// in them. `system` are the layers of the root's own configuration: they may
/// switch either off (`allow_userdata`, `vendor_data`).
#[inline(never)]
pub fn consume(instance: &Instance, system: &[Layer<'_>], root: &dyn Fetch) -> Consumed {
    let mut problems = Vec::new();
    let raw = &instance.raw;
    let vendor2 = payloads(&raw.vendor_data2, "vendor_data2.json", &mut problems);
    let vendor = payloads(&raw.vendor_data, "vendor_data.json", &mut problems);
    let mut taken = |name: &'static str, raws: &[Vec<u8>]| {
        let mut assembled = user_data::assemble_all(name, raws);
        problems.append(&mut assembled.problems);
        Source { name, parts: assembled.parts }
    };
    let mut sources = [
        taken("user-data", core::slice::from_ref(&raw.user_data)),
        taken("vendor-data2", &vendor2),
        taken("vendor-data", &vendor),
    ];
    if sources.iter().flat_map(|source| &source.parts).any(|part| part.kind == Kind::Jinja) {
        let data = instance_data(instance, system, root);
        for source in &mut sources {
            user_data::render(source.name, &mut source.parts, &data, &mut problems);
        }
    }
    let [user, vendors @ ..] = &mut sources;
    for_this_instance(user, raw);
    let mut layers = Vec::from(system);
    if CloudConfig::new(layers.clone()).is_true(&["allow_userdata"], true) {
        layers.insert(0, layer(user, &user.merged()));
    } else {
        user.parts.clear();
    }
    let config = CloudConfig::new(layers);
    for (vendor, key) in vendors.iter_mut().zip(["vendor_data2", "vendor_data"]) {
        leave_out_disabled(vendor, key, &config);
    }
    Consumed { sources, problems }
}

/// Leaves out the parts that another one of several instances is for.
fn for_this_instance(user: &mut Source, raw: &Raw) {
    if user.parts.iter().any(|part| part.launch_index.is_some()) {
        let meta_data = json::parse(&raw.meta_data).ok();
        let own = meta_data.as_ref().and_then(|meta| meta.get("launch-index")).and_then(Value::as_int);
        user.parts.retain(|part| part.is_for(own));
    }
}

/// Leaves out what `vendor_data: {enabled, disabled_handlers}` of user or
/// system do not want.
fn leave_out_disabled(vendor: &mut Source, key: &str, config: &CloudConfig<'_>) {
    let is_mapping = config.find(&[key]).is_none_or(|setting| matches!(setting.value.data, Data::Map(_)));
    if !is_mapping || !config.is_true(&[key, "enabled"], true) {
        vendor.parts.clear();
    }
    if let Some(disabled) = config.get(&[key, "disabled_handlers"]) {
        let types = disabled.value.items().unwrap_or_default();
        vendor.parts.retain(|part| !types.iter().any(|name| name.as_str() == Some(&part.content_type)));
    }
}

impl Source {
    fn merged(&self) -> Merged<'_> {
        user_data::merge(self.name, &self.parts)
    }
}

fn layer<'m>(source: &Source, merged: &Merged<'m>) -> Layer<'m> {
    Layer { name: source.name.into(), value: merged.config.clone() }
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
        self.sources.each_ref().map(Source::merged)
    }

    /// The names of the sources, in the order of [`Consumed::merged`].
    pub fn layers<'m>(&'m self, merged: &'m [Merged<'m>; 3]) -> Vec<Layer<'m>> {
        self.sources.iter().zip(merged).map(|(source, merged)| layer(source, merged)).collect()
    }

    /// The upstart jobs, to be written once for an instance.
    pub fn upstart_jobs(&self) -> Vec<Action> {
        let mut jobs = Vec::new();
        for part in self.parts().filter(|part| part.kind == Kind::UpstartJob) {
            let job = user_data::script_bytes(&part.content).into_owned();
            jobs.push(Action::write(&user_data::upstart_path(&part.filename), job, 0o644));
        }
        jobs
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
        // here cloud-init takes the last step of a path for the name
        let name = user_data::clean_name(part.filename.rsplit('/').next().unwrap_or_default());
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
