//! `apt`: where packages come from, and how apt(8) behaves.

mod image;
mod key;
mod lists;
mod mirrors;
mod old;
mod sources;
mod suites;
#[cfg(test)]
mod tests;

use super::distribution::{Distribution, Family};
use super::packages::{Manager, Package};
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Program};
use crate::cloud_config::{CloudConfig, Layer, Setting};
use crate::fetch;
use crate::os_release::field;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "apt_configure",
    keys: &[
        "add_apt_repo_match",
        "apt",
        "apt_custom_sources_list",
        "apt_ftp_proxy",
        "apt_http_proxy",
        "apt_https_proxy",
        "apt_mirror",
        "apt_mirror_search",
        "apt_mirror_search_dns",
        "apt_preserve_sources_list",
        "apt_proxy",
        "apt_sources",
    ],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &["debian", "raspberry-pi-os", "raspbian", "ubuntu"],
    early: Early::No,
    network: Network::keys(
        "apt apt_mirror apt_mirror_search apt_mirror_search_dns apt_sources apt_custom_sources_list apt_proxy \
         apt_http_proxy apt_https_proxy apt_ftp_proxy add_apt_repo_match",
    ),
    plan,
};

const DOING: &str = "configure apt at";
const CONF: &str = "/etc/apt/apt.conf.d/94cloud-init-config";
const PROXY: &str = "/etc/apt/apt.conf.d/90cloud-init-aptproxy";

/// What sources of a root are written with.
struct Release {
    distribution: Distribution,
    /// `bookworm`.
    codename: String,
    mirrors: mirrors::Mirrors,
    /// The files of the mirrors' own keys: the primary one's, the security one's.
    keys: [Option<String>; 2],
}

fn plan(context: &Context<'_>, plan: &mut Plan) {
    match old::converted(context.config, &mut plan.problems) {
        None => configure(context, plan),
        Some((name, value)) => {
            let mut layers = Vec::from([Layer { name, value: &value }]);
            layers.extend(context.config.layers());
            let config = CloudConfig::new(layers);
            configure(&Context { config: &config, ..*context }, plan);
        }
    }
}

fn configure(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("apt") else { return };
    if !matches!(setting.value.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, setting.value, "apt", "a mapping"));
    }
    let distribution = Distribution::of(context);
    if distribution.family != Family::Debian {
        return;
    }
    let text = fetch::text(context.root, "/etc/os-release").unwrap_or_default();
    let codename = field(&text, "VERSION_CODENAME").into();
    let mirrors = mirrors::Mirrors::of(context, &distribution, plan);
    let mut release = Release { distribution, codename, mirrors, keys: [None, None] };
    selections(context, plan);
    // first, as what is installed for the rest may have to go that way
    write_or_remove(context, PROXY, proxies(context, plan), plan);
    let conf = text_at(context, "apt.conf", plan).filter(|text| !text.is_empty());
    write_or_remove(context, CONF, conf.map(Into::into), plan);
    if context.config.is_true("apt.generate_mirrorlists", false) {
        let folder = "/etc/apt/mirrors";
        for (suffix, mirror) in [("", &release.mirrors.primary), ("-security", &release.mirrors.security)] {
            let path = [folder, "/", &release.distribution.name, suffix, ".list"].concat();
            plan.actions.push(Action::write(&path, [mirror.as_str(), "\n"].concat().into_bytes(), 0o644));
        }
    } else if !preserves(context, plan) {
        release.keys = mirrors::keys(context, plan);
        sources::list(context, &release, plan);
    }
    let has_sources = sources::added(context, &release, plan);
    match Manager::of(context) {
        Ok(manager) => {
            install_missing(context, &manager, plan);
            if has_sources {
                plan.actions.extend(manager.refresh().map(Into::into));
            }
        }
        Err(error) => plan.problems.push(error),
    }
}

/// Plans the packages of programs that the plan runs and the root lacks, before
/// the first of these.
fn install_missing(context: &Context<'_>, manager: &Manager, plan: &mut Plan) {
    let (mut first, mut packages) = (usize::MAX, Vec::new());
    for (name, package) in [("gpg", "gnupg"), (sources::ADD_REPOSITORY, "software-properties-common")] {
        let runs = |action: &Action| {
            let Action::RunProgram(program) = action else { return false };
            program.argv.first().is_some_and(|word| word == name)
                || name == "gpg" && key::is_received(program)
        };
        if let Some(index) = plan.actions.iter().position(runs)
            && !has_program(context.root, name)
        {
            first = first.min(index);
            packages.push(Package::named(package));
        }
    }
    if !packages.is_empty() {
        let programs = [manager.refresh_first(), manager.install(&packages)];
        plan.actions.splice(first..first, programs.into_iter().flatten().map(Into::into));
    }
}

/// Whether the sources stay as they are. A value that is neither true nor false
/// takes nothing away.
fn preserves(context: &Context<'_>, plan: &mut Plan) -> bool {
    let path = "apt.preserve_sources_list";
    let Some(setting) = context.config.find(path) else { return false };
    let is_false = match &setting.value.data {
        Data::Bool(value) => !value,
        Data::Int(value) => *value == 0,
        Data::Str(text) => {
            let text = text.trim_ascii();
            ["false", "0", "off", "no"].iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        _ => false,
    };
    if !is_false && !context.config.is_true(path, false) {
        let why = "preserve_sources_list is neither true nor false: the sources stay";
        plan.problems.push(setting.error(DOING, setting.value, why));
    }
    !is_false
}

/// The text at a path of keys; anything else there is a problem.
fn text_at<'a>(context: &Context<'a>, path: &str, plan: &mut Plan) -> Option<&'a str> {
    let setting = context.config.get(path)?;
    if setting.value.as_str().is_none() {
        plan.problems.push(setting.mismatch(DOING, setting.value, path, "a string"));
    }
    setting.value.as_str()
}

/// `debconf_selections`: answers to questions packages ask, set by set in the
/// order of their names.
fn selections(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("apt.debconf_selections") else { return };
    if !matches!(setting.value.data, Data::Map(_)) {
        let error = setting.mismatch(DOING, setting.value, "debconf_selections", "a mapping");
        return plan.problems.push(error);
    }
    let mut sets: Vec<(&str, &str)> = Vec::new();
    for (name, value) in setting.value.entries() {
        match (name.as_str(), value.as_str()) {
            (Some(name), Some(text)) => sets.push((name, text)),
            _ => plan.problems.push(setting.mismatch(DOING, value, "a set of selections", "a string")),
        }
    }
    if sets.is_empty() {
        return;
    }
    sets.sort_unstable();
    let texts: Vec<&str> = sets.iter().map(|(_, text)| *text).collect();
    let mut input = texts.join("\n");
    if !input.ends_with('\n') {
        input.push('\n');
    }
    let program = Program { input: input.into_bytes(), ..Program::repeatable(&["debconf-set-selections"]) };
    plan.actions.push(program.into());
}

/// apt.conf's lines for the proxies.
fn proxies(context: &Context<'_>, plan: &mut Plan) -> Option<String> {
    let mut lines = String::new();
    for (key, scheme) in
        [("proxy", "http"), ("http_proxy", "http"), ("ftp_proxy", "ftp"), ("https_proxy", "https")]
    {
        let path = ["apt.", key].concat();
        let url = text_at(context, &path, plan).filter(|url| !url.is_empty());
        if let (Some(text), Some(setting)) = (url, context.config.get(&path))
            && text.contains(|c: char| c.is_control() || c == '"' || c == '\\')
        {
            plan.problems.push(setting.error(DOING, setting.value, "it is no address of a proxy"));
        } else if let Some(url) = url {
            lines.push_str(&["Acquire::", scheme, "::Proxy \"", url, "\";\n"].concat());
        }
    }
    (!lines.is_empty()).then_some(lines)
}

/// A file that is there for as long as somebody asks for it.
fn write_or_remove(context: &Context<'_>, path: &str, text: Option<String>, plan: &mut Plan) {
    match text {
        Some(text) => plan.actions.push(Action::write(path, text.into_bytes(), 0o644)),
        None if matches!(plan.finds(context, path), Ok(true)) => {
            plan.actions.push(Action::RemoveFile { path: path.into() });
        }
        None => {}
    }
}

/// The items of a list of mappings under a path of keys; what is no mapping is
/// a problem.
fn entries<'a>(context: &Context<'a>, path: &str, plan: &mut Plan) -> Vec<(Setting<'a>, &'a Value<'a>)> {
    let Some((setting, items)) = context.config.list(path, &mut plan.problems) else { return Vec::new() };
    let mut entries = Vec::new();
    for item in items {
        if matches!(item.data, Data::Map(_)) {
            entries.push((setting, item));
        } else {
            plan.problems.push(setting.mismatch(DOING, item, "a mirror", "a mapping"));
        }
    }
    entries
}
