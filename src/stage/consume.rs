//! What user-data and vendor-data leave on the machine: their files under the
//! instance's directory, and the configuration they merge to.

use super::config::cloud_config;
use super::instance_data::template_data;
use crate::action::Action;
use crate::cloud_config::decimal_modes::decimal_modes;
use crate::cloud_config::schema::{self, Finding};
use crate::error::Error;
use crate::fetch::Fetch;
use crate::instance::{File, Instance, USER_DATA, VENDOR_DATA, VENDOR_DATA_TEXT, VENDOR_DATA2};
use crate::state::paths::{CLOUD, InstancePaths};
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::{json, yaml};
use crate::text::fill;
use crate::user_data::{self, Assembled, Includes, Kind, Languages, Merged, Part, Patch, heat};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One source of parts.
struct Source {
    name: &'static str,
    parts: Vec<Part>,
}

impl Source {
    /// Drops the parts that don't stay.
    #[inline(never)]
    fn keep(&mut self, stays: &dyn Fn(&Part) -> bool) {
        self.parts.retain(stays);
    }
}

/// User-data and vendor-data, taken apart.
pub struct Consumed {
    /// User-data, vendor-data2, vendor-data: the one that wins first.
    sources: Vec<Source>,
    patch: Option<Patch>,
    /// Whether a part is a template or a JSON patch, before it was read as one.
    pub uses_languages: bool,
}

/// What reads differently from what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surprise {
    /// `SOURCE[ PART]:LINE:COLUMN: why`.
    pub text: String,
    /// Whether something that the user asked for is not done, or not as it was meant.
    pub is_mistake: bool,
}

/// What messages call the user's own source.
const USER: &str = "user-data";

/// The sources and their files, the one that wins first.
static SOURCES: [(&str, &str); 3] =
    [(USER, USER_DATA), ("vendor-data2", VENDOR_DATA2), ("vendor-data", VENDOR_DATA)];

/// Takes a machine's user-data and vendor-data apart; what is wrong with them
/// is a problem. `languages` reads the templates in them, `includes` fetches what
/// they include; without these they stay as they are. `system` is the root's own configuration
/// ([`super::config::SystemConfig::trees`]): it may switch either off.
#[inline(never)]
pub fn consume(
    instance: &Instance,
    system: &[(&str, Value<'_>)],
    root: &dyn Fetch,
    languages: Option<&Languages>,
    mut includes: Option<&mut Includes<'_>>,
    problems: &mut Vec<Error>,
) -> Consumed {
    let mut sources = Vec::new();
    for &(name, file) in &SOURCES {
        let mut taken = Assembled::default();
        let (raw, is_text) = match instance.file(VENDOR_DATA_TEXT) {
            Some(text) if file == VENDOR_DATA => (Some(text), true),
            _ => (instance.file(file), name == USER),
        };
        match raw {
            None | Some([]) => {}
            Some(raw) if is_text => {
                user_data::assemble_into(name, raw, &mut taken, includes.as_deref_mut());
            }
            Some(raw) => match json::parse(raw) {
                Ok(value) => {
                    for text in vendor_texts(&value, file, problems) {
                        let text = text.as_str().unwrap_or_default();
                        user_data::assemble_into(name, text.as_bytes(), &mut taken, includes.as_deref_mut());
                    }
                }
                Err(error) => problems.push(error.in_file(file)),
            },
        }
        problems.append(&mut taken.problems);
        sources.push(Source { name, parts: taken.parts });
    }
    let kinds = [Kind::Jinja, Kind::CloudConfigJsonp];
    let uses_languages =
        sources.iter().any(|source| source.parts.iter().any(|part| kinds.contains(&part.kind)));
    if let Some(languages) = languages
        && uses_languages
    {
        let data = template_data(instance, system, root);
        for source in &mut sources {
            user_data::render(languages.jinja, source.name, &mut source.parts, &data, problems);
        }
    }
    let patch = languages.map(|languages| languages.patch);
    leave_out(&mut sources, instance, system, patch);
    Consumed { sources, patch, uses_languages }
}

/// Leaves out what is switched off: `allow_userdata` of the system,
/// `vendor_data: {enabled, disabled_handlers}` of user or system; and what is
/// for another one of several instances.
#[inline(never)]
fn leave_out(
    sources: &mut [Source],
    instance: &Instance,
    system: &[(&str, Value<'_>)],
    patch: Option<Patch>,
) {
    let [user, vendors @ ..] = sources else { return };
    if user.parts.iter().any(|part| part.launch_index.is_some()) {
        let own = instance.meta_data().get("launch-index").and_then(Value::as_int);
        user.keep(&|part| part.is_for(own));
    }
    if !cloud_config(&[], system).is_true("allow_userdata", true) {
        user.parts.clear();
    }
    if vendors.iter().all(|vendor| vendor.parts.is_empty()) {
        return;
    }
    let merged = [(USER, user_data::merge(USER, &user.parts, patch))];
    let config = cloud_config(&merged, system);
    for vendor in vendors {
        let key = &vendor.name.replace('-', "_");
        let setting = config.find(key);
        let is_mapping = setting.is_none_or(|setting| matches!(setting.value.data, Data::Map(_)));
        if !is_mapping || !config.is_true(&[key, ".enabled"].concat(), true) {
            vendor.parts.clear();
        }
        if let Some(disabled) = config.get(&[key, ".disabled_handlers"].concat()) {
            let types = disabled.value.items().unwrap_or_default();
            vendor.keep(&|part| !types.iter().any(|name| name.as_str() == Some(&part.content_type)));
        }
    }
}

/// The texts in vendor data: a string is itself, a list has one each, a mapping
/// counts by its key `cloud-init`.
pub(super) fn vendor_texts<'v>(
    value: &'v Value<'v>,
    file: &str,
    problems: &mut Vec<Error>,
) -> &'v [Value<'v>] {
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
    /// Something that may replace whole keys and is not read yet, if any.
    pub fn unresolved(&self) -> Option<&'static str> {
        for source in &self.sources {
            for part in &source.parts {
                if let Some(what) = part.kind.unresolved() {
                    return Some(what);
                }
            }
        }
        None
    }

    /// The sources by name, `user-data` the first, each with its parts.
    pub fn sources(&self) -> impl Iterator<Item = (&'static str, &[Part])> {
        self.sources.iter().map(|source| (source.name, &*source.parts))
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
            let mut merged = user_data::merge(source.name, &source.parts, self.patch);
            problems.append(&mut merged.problems);
            all.push((source.name, merged));
        }
        all
    }

    /// What in the cloud-configs reads differently from what its author
    /// probably meant, or is read by nothing. `faults` are those of a cloud-config that no module
    /// tells.
    pub fn surprises(
        &self,
        instance: &Instance,
        faults: &dyn Fn(&Value<'_>) -> Vec<Finding>,
    ) -> Vec<Surprise> {
        let mut surprises = Vec::new();
        for source in &self.sources {
            let raw = if source.name == USER { instance.file(USER_DATA) } else { None };
            if source.parts.is_empty() && raw.is_some_and(user_data::is_message) {
                let text = [source.name, ": ", user_data::NO_PART].concat();
                surprises.push(Surprise { text, is_mistake: true });
            }
            for part in &source.parts {
                let alone = source.parts.len() == 1;
                let file =
                    if alone { source.name.into() } else { [source.name, " ", &part.filename].concat() };
                if let Some(hint) = user_data::hint(&part.content, part.kind) {
                    let text = [&*file, ": ", hint].concat();
                    surprises.push(Surprise { text, is_mistake: source.name == USER });
                }
                if part.kind != Kind::CloudConfig {
                    continue;
                }
                let Ok(text) = core::str::from_utf8(&part.content) else { continue };
                let document = yaml::parse(text).ok();
                let mut tell = |place: Place, message: &str, is_mistake: bool| {
                    let text = format!("{file}:{}:{}: {message}", place.line, place.column);
                    // Who made this machine can't mend what its cloud says.
                    surprises.push(Surprise { text, is_mistake: is_mistake && source.name == USER });
                };
                for warning in document.iter().flat_map(yaml::Document::warnings) {
                    tell(warning.place, &warning.message, false);
                }
                let Some(value) = document.and_then(|document| document.to_value().ok()) else { continue };
                let mut findings = faults(&value);
                findings.extend(decimal_modes(&value, text));
                for (findings, is_mistake) in [(findings, true), (schema::old_names(&value), false)] {
                    for finding in findings {
                        tell(finding.place, &[&finding.path, ": ", &finding.message].concat(), is_mistake);
                    }
                }
            }
        }
        surprises
    }

    /// The upstart jobs, to be written once for an instance.
    #[inline(never)]
    pub fn upstart_jobs(&self) -> Vec<File> {
        let mut jobs = Vec::new();
        for source in &self.sources {
            for part in &source.parts {
                if part.kind == Kind::UpstartJob {
                    let content = user_data::script_bytes(&part.content).into_owned();
                    jobs.push(File { path: user_data::upstart_path(&part.filename), content });
                }
            }
        }
        jobs
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
            write(paths.file(name), raw_text(instance, file), 0o600);
        }
        let configs = ["cloud-config.txt", "vendor2-cloud-config.txt", "vendor-cloud-config.txt"];
        for (name, (source, (_, merged))) in configs.into_iter().zip(self.sources.iter().zip(merged)) {
            if source.name != USER && source.parts.is_empty() {
                continue;
            }
            write(paths.file(name), user_data::cloud_config_text(merged).into_bytes(), 0o600);
        }
        for source in &self.sources {
            for part in &source.parts {
                if let Some((path, mode)) = script_path(source.name, part, paths) {
                    let content = if heat::is_provision_script(part) {
                        heat::PROVISION.into()
                    } else {
                        user_data::script_bytes(&part.content).into_owned()
                    };
                    write(path, content, mode);
                }
            }
        }
        actions
    }
}

/// A source as it came; of vendor-data that is one text within JSON that text.
fn raw_text(instance: &Instance, file: &str) -> Vec<u8> {
    if let (VENDOR_DATA, Some(text)) = (file, instance.file(VENDOR_DATA_TEXT)) {
        return text.to_vec();
    }
    let raw = instance.file(file).unwrap_or_default();
    let value = (file != USER_DATA).then(|| json::parse(raw).ok()).flatten();
    match value.as_ref().map(|value| vendor_texts(value, file, &mut Vec::new())) {
        Some([]) => Vec::new(),
        Some([text]) => text.as_str().map_or_else(|| raw.to_vec(), |text| text.as_bytes().to_vec()),
        _ => raw.to_vec(),
    }
}

/// Where a part that is a program of its own goes, and its mode.
fn script_path(source: &str, part: &Part, paths: &InstancePaths) -> Option<(String, u32)> {
    let vendor = source != USER;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::instance::META_DATA;
    use crate::instance::{File, InstanceId};

    const PARTS: &str = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/cloud-config\n\n\
                         a: 1\n--B\nContent-Type: text/upstart-job\n\nstart on x\n--B--\n";

    fn consumed(user: &str, vendor: &str, system: &str) -> Consumed {
        let mut instance = Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive");
        let meta_data = r#"{"uuid": "i-1", "launch-index": 1}"#;
        for (path, content) in [(USER_DATA, user), (VENDOR_DATA, vendor), (META_DATA, meta_data)] {
            instance.raw.push(File { path: path.into(), content: content.into() });
        }
        let mut problems = Vec::new();
        let system = [("cloud.cfg", yaml::load(system).unwrap())];
        let consumed = consume(&instance, &system, &Tree::default(), Some(&LANGUAGES), None, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        consumed
    }

    fn nobody() -> Instance {
        Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive")
    }

    /// Types and names of the parts of user-data, then of vendor-data.
    fn parts(user: &str, vendor: &str, system: &str) -> Vec<(String, String)> {
        let consumed = consumed(user, vendor, system);
        consumed.parts().map(|part| (part.content_type.clone(), part.filename.clone())).collect()
    }

    static LANGUAGES: Languages = Languages { jinja: crate::jinja::render, patch: user_data::patch };

    #[test]
    fn either_source_can_be_switched_off() {
        let vendor = r##"["#cloud-config\na: 2\n", "#!/bin/sh\n"]"##;
        let all = parts("#cloud-config\nb: 1\n", vendor, "{}");
        let names: Vec<_> = all.iter().map(|(kind, name)| (kind.as_str(), name.as_str())).collect();
        let (config, script) = ("text/cloud-config", "text/x-shellscript");
        assert_eq!(names, [(config, "part-001"), (config, "part-001"), (script, "part-002")]);
        for (user, system, count) in [
            ("#cloud-config\nb: 1\n", "allow_userdata: false", 2),
            ("#cloud-config\nb: 1\n", "vendor_data: {enabled: false}", 1),
            ("#cloud-config\nvendor_data: {enabled: no}\n", "vendor_data: {enabled: true}", 1),
            ("#cloud-config\nvendor_data: off\n", "{}", 1),
            ("#cloud-config\nb: 1\n", "vendor_data: {disabled_handlers: [text/cloud-config]}", 2),
        ] {
            assert_eq!(parts(user, vendor, system).len(), count, "{user}{system}");
        }
    }

    #[test]
    fn a_source_is_kept_as_it_came() {
        let mut instance = Instance::new(InstanceId::parse("i-1").unwrap(), "NoCloud");
        let json = r##""#!/bin/sh\n""##;
        for (path, content) in [(VENDOR_DATA2, json), (VENDOR_DATA_TEXT, "#cloud-config\na: 1\n")] {
            instance.raw.push(File { path: path.into(), content: content.into() });
        }
        assert_eq!(raw_text(&instance, VENDOR_DATA), b"#cloud-config\na: 1\n");
        assert_eq!(raw_text(&instance, VENDOR_DATA2), b"#!/bin/sh\n");
        assert_eq!(raw_text(&instance, USER_DATA), b"");
    }

    #[test]
    fn parts_for_another_instance_are_left_out() {
        assert_eq!(parts("#cloud-config\nlaunch-index: 0\n", "", "{}"), []);
        assert_eq!(parts("#cloud-config\nlaunch-index: 1\n", "", "{}").len(), 1);
    }

    #[test]
    fn templates_know_the_instance_and_upstart_jobs_are_written() {
        let user = "## template: jinja\n#cloud-config\na: {{ v1.instance_id }} {{ merged_cfg.x }}\n";
        let consumed = consumed(user, "", "x: y");
        let merged = consumed.merged(&mut Vec::new());
        assert_eq!(merged[0].1.config.get("a").and_then(Value::as_str), Some("i-1 y"));
        let jobs = self::consumed(PARTS, "", "{}").upstart_jobs();
        assert_eq!(jobs, [File { path: "/etc/init/part-002.conf".into(), content: b"start on x".to_vec() }]);
    }

    #[test]
    fn what_surprises_is_told_with_its_place() {
        let user = "#cloud-config\nruncmd:\n- echo a: b\n";
        let surprises = consumed(user, "", "{}").surprises(&nobody(), &schema::check);
        assert!(
            surprises[0].text.starts_with("user-data:3:3: ") && !surprises[0].is_mistake,
            "{surprises:?}"
        );
        let surprises =
            consumed("#cloud-config\napt_upgrade: true\n", "", "{}").surprises(&nobody(), &schema::check);
        let text = "user-data:2:1: apt_upgrade: it is deprecated; write package_upgrade".into();
        assert_eq!(surprises, [Surprise { text, is_mistake: false }]);
    }

    /// All of it was lost in silence, and status said done.
    #[test]
    fn keys_that_nothing_reads_are_mistakes_of_the_user() {
        let user = "#cloud-config\npackges: [vim]\nusers:\n- default\n- {name: jenk, home: /var/jenk, ssh_pwauth: false}\n\
                    - {nane: bob}\nwrite_files:\n- {path: /root/x, contents: hello, permissions: 644}\nntp: {server: [a.example]}\n";
        let surprises =
            consumed(user, "\"#cloud-config\\nx: 1\\n\"", "{}").surprises(&nobody(), &schema::check);
        let texts: Vec<&str> = surprises.iter().map(|one| &*one.text).collect();
        assert_eq!(
            texts,
            [
                "user-data:2:1: packges: no such key; is packages meant?",
                "user-data:5:16: users.1.home: no such key",
                "user-data:5:33: users.1.ssh_pwauth: no such key",
                "user-data:6:4: users.2.nane: no such key; is name meant?",
                "user-data:8:19: write_files.0.contents: no such key; is content meant?",
                "user-data:9:7: ntp.server: no such key; is servers meant?",
                "user-data:8:49: write_files.0.permissions: 644 is a decimal number, and makes the mode 1204; write \"0644\" for 0644",
                "vendor-data:2:1: x: no such key",
            ]
        );
        assert_eq!(surprises.iter().filter(|one| one.is_mistake).count(), 7);
    }

    #[test]
    fn without_languages_templates_and_patches_stay_and_are_named() {
        for (user, what) in [
            ("## template: jinja\n#cloud-config\na: {{ v1.instance_id }}\n", "a template"),
            ("#cloud-config-jsonp\n[]\n", "a JSON patch"),
            ("#include\nhttp://x/\n", "an #include"),
        ] {
            let mut instance = Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive");
            instance.raw.push(File { path: USER_DATA.into(), content: user.into() });
            let consumed = consume(&instance, &[], &Tree::default(), None, None, &mut Vec::new());
            assert_eq!(consumed.unresolved(), Some(what));
            let merged = consumed.merged(&mut Vec::new());
            assert_eq!(merged[0].1.config.entries(), []);
        }
    }
}
