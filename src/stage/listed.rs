//! Which modules a stage runs, in which order and how often: the lists
//! `cloud_init_modules`, `cloud_config_modules` and `cloud_final_modules` of
//! cloud.cfg, or this program's own where there are none.

use crate::cloud_config::schema::NOT_DONE;
use crate::cloud_config::{CloudConfig, Setting};
use crate::error::Error;
use crate::fetch::{self, Fetch};
use crate::module::{self, Module, Stage};
use crate::os_release::field;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::string::String;
use alloc::vec::Vec;

/// A module as a list has it.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The module.
    pub module: &'static Module,
    /// How often it runs here.
    pub frequency: Frequency,
    /// What the list gives it beside.
    pub arguments: &'a [Value<'a>],
}

impl Entry<'_> {
    /// A module as it runs where no list says otherwise.
    pub const fn of(module: &'static Module) -> Self {
        Self { module, frequency: module.frequency, arguments: &[] }
    }
}

/// The stages and their lists.
static LISTS: [(Stage, &str); 3] = [
    (Stage::Init, "cloud_init_modules"),
    (Stage::Config, "cloud_config_modules"),
    (Stage::Final, "cloud_final_modules"),
];

/// cloud-init does this before any module, so no list names it.
const UNLISTED: &str = "seed_files";

/// The modules of `known` that `stage` runs, in order. What a list names and
/// nothing here knows is left out, and a problem where `unknown` makes one of it.
#[inline(never)]
pub fn listed<'a>(
    stage: Stage,
    known: &'static [Module],
    config: &CloudConfig<'a>,
    root: &dyn Fetch,
    unknown: Option<Unknown>,
    problems: &mut Vec<Error>,
) -> Vec<Entry<'a>> {
    let distribution = distribution(config, root);
    let mut entries = Vec::new();
    let setting = list_of(stage, config);
    let all = setting.is_none() && !has_lists(config);
    for module in known.iter().filter(|module| module.stage == stage) {
        if module.name == UNLISTED || all && fits(module, &distribution, config) {
            entries.push(Entry::of(module));
        }
    }
    let Some(setting) = setting else { return entries };
    for item in setting.value.items().unwrap_or_default() {
        let Some((name, frequency, arguments)) = parts(item) else {
            problems.push(setting.error(
                "read the module at",
                item,
                "it is not NAME, [NAME, FREQUENCY, ...] or {name: NAME}",
            ));
            continue;
        };
        let Some(module) = known.iter().find(|module| is_called(module, name)) else {
            problems.extend(unknown.and_then(|tell| tell(name, &setting, item, config)));
            continue;
        };
        if !fits(module, &distribution, config) {
            continue;
        }
        let mut entry = Entry { arguments, ..Entry::of(module) };
        match frequency.map(|word| (word, parse_frequency(word))) {
            Some((_, Some(frequency))) => entry.frequency = frequency,
            Some((word, None)) => problems.push(setting.error(
                "run the module at",
                item,
                &fill("{} is no frequency (always, once-per-instance, once); its own is used", &[word]),
            )),
            None => {}
        }
        entries.push(entry);
    }
    entries
}

/// The modules the agent runs before the pivot: those that a list names, but
/// none that a list has moved to a later stage.
#[inline(never)]
pub fn early<'a>(config: &CloudConfig<'a>, root: &dyn Fetch) -> Vec<Entry<'a>> {
    let mut early = Vec::new();
    for (stage, _) in &LISTS {
        // The runner tells what is wrong with the lists: it knows all modules.
        for entry in listed(*stage, module::EARLY, config, root, None, &mut Vec::new()) {
            if *stage <= entry.module.stage {
                early.push(entry);
            }
        }
    }
    early
}

fn list_of<'a>(stage: Stage, config: &CloudConfig<'a>) -> Option<Setting<'a>> {
    let (_, key) = LISTS.iter().find(|(other, _)| *other == stage)?;
    config.get(key)
}

/// Whether the configuration lists modules at all.
fn has_lists(config: &CloudConfig<'_>) -> bool {
    LISTS.iter().any(|(_, key)| config.get(key).is_some())
}

/// Name, frequency and arguments of a list's item.
#[inline(never)]
fn parts<'v>(item: &'v Value<'v>) -> Option<(&'v str, Option<&'v str>, &'v [Value<'v>])> {
    match &item.data {
        Data::Str(name) => Some((name, None, &[])),
        Data::Seq(items) => {
            let (name, rest) = items.split_first()?;
            let (frequency, arguments) = match rest.split_first() {
                Some((frequency, arguments)) => (frequency.as_str(), arguments),
                None => (None, rest),
            };
            Some((name.as_str()?, frequency, arguments))
        }
        Data::Map(_) => {
            let frequency = item.get_set("frequency").and_then(Value::as_str);
            let arguments = item.get_set("args").and_then(Value::items).unwrap_or_default();
            Some((item.get("name")?.as_str()?, frequency, arguments))
        }
        _ => None,
    }
}

/// A name without what cloud-init drops of it, as it is today.
fn bare(name: &str) -> &str {
    let name = name.trim_ascii();
    let name = name.strip_suffix(".py").unwrap_or(name);
    let name = name.strip_prefix("cc_").unwrap_or(name);
    if same(name, "ubuntu_advantage") { "ubuntu_pro" } else { name }
}

/// Whether two names are one: `-` is `_`.
fn same(name: &str, other: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    name.len() == other.len() && name.bytes().zip(other.bytes()).all(|(a, b)| plain(a) == plain(b))
}

/// Whether `name`, as cloud.cfg or a person writes it, means `module`.
#[inline(never)]
pub fn is_called(module: &Module, name: &str) -> bool {
    same(module.name, bare(name))
}

/// A frequency as lists and the command line name it.
#[inline(never)]
pub fn parse_frequency(word: &str) -> Option<Frequency> {
    match word.trim_ascii() {
        "always" => Some(Frequency::Always),
        "once" => Some(Frequency::Once),
        "instance" | "once-per-instance" | "per-instance" => Some(Frequency::Instance),
        _ => None,
    }
}

/// What there is to say of a `name` in a list that is no module's.
pub type Unknown = fn(&str, &Setting<'_>, &Value<'_>, &CloudConfig<'_>) -> Option<Error>;

/// The [`Unknown`] of who knows all modules: of those cloud-init has and this
/// program has not, only one that the configuration uses matters.
pub fn not_known(
    name: &str,
    setting: &Setting<'_>,
    item: &Value<'_>,
    config: &CloudConfig<'_>,
) -> Option<Error> {
    let why = match NOT_DONE.iter().find(|(other, _)| same(other, bare(name))) {
        Some((_, keys)) => {
            // Of the user's own keys the place in user-data is told.
            let is_used = |key: &&&str| config.get(key).is_some_and(|setting| setting.layer() != "user-data");
            let key = keys.iter().find(is_used)?;
            fill("glowplug does not do {}; {} is not looked at", &[name, key])
        }
        None => fill("no module is called {}", &[name]),
    };
    Some(setting.error("run the module at", item, &why))
}

/// The name of the root's distribution, as cloud-init has it.
#[inline(never)]
pub fn distribution(config: &CloudConfig<'_>, root: &dyn Fetch) -> String {
    if let Some(given) = config.text("system_info.distro") {
        return given.into();
    }
    let release = fetch::text(root, "/etc/os-release").unwrap_or_default();
    field(&release, "ID").into()
}

/// Whether a module is for this distribution, or wanted all the same.
#[inline(never)]
fn fits(module: &Module, distribution: &str, config: &CloudConfig<'_>) -> bool {
    if module.distros.is_empty() || module.distros.contains(&distribution) {
        return true;
    }
    let unverified = config.get("unverified_modules");
    let names = unverified.and_then(|setting| setting.value.items()).unwrap_or_default();
    names.iter().any(|name| name.as_str().is_some_and(|name| is_called(module, name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_config::{Layer, layer};
    use crate::fetch::memory::Tree;
    use crate::module::{Early, Network};
    use crate::syntax::yaml;

    static KNOWN: [Module; 3] =
        [module("seed_files", &[]), module("set_hostname", &[]), module("zypper_add_repo", &["opensuse"])];

    const fn module(name: &'static str, distros: &'static [&'static str]) -> Module {
        let (stage, frequency, early) = (Stage::Init, Frequency::Instance, Early::No);
        Module { name, keys: &[], stage, frequency, distros, early, network: Network::NONE, plan: |_, _| () }
    }

    fn names(text: &str) -> (Vec<String>, Vec<String>) {
        let value = yaml::load(text).unwrap();
        let config = CloudConfig::new(vec![Layer { name: "cloud.cfg", value: &value }]);
        let mut problems = Vec::new();
        let root = Tree::of("", &[("/etc/os-release", "ID=debian\n")]);
        let entries = listed(Stage::Init, &KNOWN, &config, &root, Some(not_known), &mut problems);
        let entry = |entry: &Entry<'_>| {
            format!("{} {:?} {}", entry.module.name, entry.frequency, entry.arguments.len())
        };
        (entries.iter().map(entry).collect(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_entry_is_a_name_a_list_or_a_mapping() {
        for item in ["set-hostname", "cc_set_hostname.py", "[set_hostname]", "{name: set_hostname}"] {
            let (entries, problems) = names(&format!("cloud_init_modules: [{item}]"));
            assert_eq!(entries, ["seed_files Instance 0", "set_hostname Instance 0"], "{item}");
            assert_eq!(problems, [""; 0], "{item}");
        }
        for item in ["[set_hostname, always, a, b]", "{name: set-hostname, frequency: always, args: [a, b]}"]
        {
            let (entries, _) = names(&format!("cloud_init_modules: [{item}]"));
            assert_eq!(entries[1], "set_hostname Always 2", "{item}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_and_left_out() {
        let (entries, problems) =
            names("chef: {}\ncloud_init_modules:\n- fly\n- byobu\n- chef\n- 5\n- [set_hostname, hourly]\n");
        assert_eq!(entries, ["seed_files Instance 0", "set_hostname Instance 0"]);
        assert_eq!(
            problems,
            [
                "unable to run the module at cloud.cfg:3:3: no module is called fly",
                "unable to run the module at cloud.cfg:5:3: glowplug does not do chef; chef is not looked at",
                "unable to read the module at cloud.cfg:6:3: it is not NAME, [NAME, FREQUENCY, ...] or {name: NAME}",
                "unable to run the module at cloud.cfg:7:3: hourly is no frequency (always, once-per-instance, once); its own is used",
            ]
        );
    }

    #[test]
    fn modules_of_other_distributions_run_when_they_are_asked_for() {
        let list = "cloud_init_modules: [zypper-add-repo]";
        assert_eq!(names(list).0.len(), 1);
        assert_eq!(names(&format!("unverified_modules: [zypper_add_repo]\n{list}")).0.len(), 2);
        assert_eq!(names(&format!("system_info: {{distro: opensuse}}\n{list}")).0.len(), 2);
    }

    #[test]
    fn without_lists_every_module_runs_and_a_missing_list_is_empty() {
        assert_eq!(names("{}").0.len(), 2);
        assert_eq!(names("cloud_final_modules: [x]").0, ["seed_files Instance 0"]);
        let config = layer("cloud_final_modules: [write-files, set-hostname]");
        let early = early(&config, &Tree::default());
        assert_eq!(early.iter().map(|entry| entry.module.name).collect::<Vec<_>>(), [UNLISTED]);
    }
}
