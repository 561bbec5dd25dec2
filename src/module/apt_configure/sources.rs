//! Where apt looks for packages: the distribution's own list, and `sources`.

use super::{DOING, Release, key, text_at};
use crate::action::{Action, Existing, Owner, Program, WriteFile};
use crate::cloud_config::Setting;
use crate::error::Error;
use crate::fetch;
use crate::module::{CREATED, Context, Plan};
use crate::selinux::Matcher;
use crate::syntax::value::{Data, Value};
use crate::user_data::render_text;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const LIST: &str = "/etc/apt/sources.list";
const FOLDER: &str = "/etc/apt/sources.list.d/";

/// The distribution's own sources: from `sources_list`, a template of the root,
/// or our own. Where the root keeps them in deb822's format
/// (sources.list(5)), that file is written, and only if somebody asks for
/// other sources or mirrors.
pub(super) fn list(context: &Context<'_>, release: &Release, plan: &mut Plan) {
    let name = &*release.distribution.name;
    let deb822_file = [FOLDER, name, ".sources"].concat();
    let is_deb822 = context.root.mode(&deb822_file).is_some();
    let suites = context.config.get("apt.disable_suites");
    let given = text_at(context, "apt.sources_list", plan);
    if is_deb822 && given.is_none() && suites.is_none() && !release.mirrors.given {
        return;
    }
    let folder = context.config.text("system_info.paths.templates_dir").unwrap_or("/etc/cloud/templates");
    let folder = folder.trim_end_matches('/');
    let names = if is_deb822 {
        [format!("{folder}/sources.list.{name}.deb822.tmpl"), String::new()]
    } else {
        [format!("{folder}/sources.list.{name}.tmpl"), format!("{folder}/sources.list.tmpl")]
    };
    let template = |path: &String| Some((path.clone(), fetch::text(context.root, path)?));
    let rendered = match given {
        Some(text) => rendered("sources_list", text, release, None),
        None => match names.iter().filter(|path| !path.is_empty()).find_map(template) {
            Some((path, text)) => rendered(&path, &text, release, None),
            None => Ok(own(release, is_deb822)),
        },
    };
    let mut text = match rendered {
        Ok(text) => text,
        Err(error) => return plan.problems.push(error),
    };
    let deb822 = looks_like_deb822(&text);
    if let Some(setting) = suites {
        text = without_suites(&setting, &text, &release.codename, deb822, plan);
    }
    let path = if deb822 { &*deb822_file } else { LIST };
    plan.actions.push(Action::write(path, text.into_bytes(), 0o644));
    if !deb822 && is_deb822 {
        plan.actions.push(Action::RemoveFile { path: deb822_file });
    }
}

fn looks_like_deb822(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("Types:"))
}

/// A template with the values cloud-init's know.
fn rendered(name: &str, text: &str, release: &Release, key: Option<&str>) -> Result<String, Error> {
    let mut entries = Vec::new();
    let mut set = |name: &str, value: &str| {
        let text = |text: &str| Value::bare(Data::Str(String::from(text).into()));
        entries.push((text(name), text(value)));
    };
    let (primary, security) = (&*release.mirrors.primary, &*release.mirrors.security);
    for (name, value) in [("mirror", primary), ("primary", primary), ("security", security)] {
        set(name, value);
        set(&name.to_ascii_uppercase(), value);
    }
    set("RELEASE", &release.codename);
    set("codename", &release.codename);
    if let Some(key) = key {
        set("KEY_FILE", key);
    }
    render_text(name, text, &Value::bare(Data::Map(entries)))
}

/// Every suite a release has.
fn own(release: &Release, deb822: bool) -> String {
    let (primary, security) = (&*release.mirrors.primary, &*release.mirrors.security);
    let code = &*release.codename;
    let (components, ring) = match &*release.distribution.name {
        "ubuntu" => ("main restricted universe multiverse", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
        _ => ("main", "/usr/share/keyrings/debian-archive-keyring.gpg"),
    };
    let mut text = String::from(CREATED);
    for (mirror, suites) in
        [(primary, format!("{code} {code}-updates {code}-backports")), (security, format!("{code}-security"))]
    {
        if deb822 {
            text.push_str("\nTypes: deb deb-src\n");
            for (name, value) in
                [("URIs", mirror), ("Suites", &suites), ("Components", components), ("Signed-By", ring)]
            {
                text.push_str(&[name, ": ", value, "\n"].concat());
            }
            continue;
        }
        for suite in suites.split(' ') {
            for kind in ["deb", "deb-src"] {
                text.push_str(&[kind, " ", mirror, " ", suite, " ", components, "\n"].concat());
            }
        }
    }
    text
}

/// The list with suites made comments, in deb822 with them taken out.
fn without_suites(
    setting: &Setting<'_>,
    text: &str,
    codename: &str,
    deb822: bool,
    plan: &mut Plan,
) -> String {
    let Ok(items) = setting.list("disable_suites") else {
        plan.problems.push(setting.mismatch(DOING, setting.value, "disable_suites", "a list"));
        return text.into();
    };
    let mut disabled = Vec::new();
    for item in items {
        match item.as_str() {
            Some(suite) => disabled.push(suite_name(suite, codename)),
            None => plan.problems.push(setting.mismatch(DOING, item, "a suite", "a string")),
        }
    }
    let is_disabled = |suite: &str| disabled.iter().any(|name| name == suite);
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if deb822 {
            match line.strip_prefix("Suites:") {
                Some(suites) => {
                    let left: Vec<&str> =
                        suites.split_ascii_whitespace().filter(|suite| !is_disabled(suite)).collect();
                    // A paragraph without suites is none.
                    let off = if left.is_empty() { "Enabled: no\n" } else { "" };
                    let suites = if left.is_empty() { suites.trim_ascii().into() } else { left.join(" ") };
                    out.push_str(&[off, "Suites: ", &suites, "\n"].concat());
                }
                None => out.push_str(line),
            }
            continue;
        }
        if !line.starts_with('#') && suite_of(line).is_some_and(is_disabled) {
            out.push_str("# suite disabled by glowplug: ");
        }
        out.push_str(line);
    }
    out
}

/// The words cloud-init completes, and `$RELEASE`.
fn suite_name(suite: &str, codename: &str) -> String {
    match suite {
        "updates" | "backports" | "security" | "proposed" => [codename, "-", suite].concat(),
        "release" => codename.into(),
        _ => suite.replace("${RELEASE}", codename).replace("$RELEASE", codename),
    }
}

/// The third word of a line, options in brackets not counted.
fn suite_of(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let mut word = words.next()?;
    if word.starts_with('[') {
        while !word.ends_with(']') {
            word = words.next()?;
        }
        words.next()?;
    }
    words.next()
}

/// Plans `sources`; the value is whether there were any.
pub(super) fn added(context: &Context<'_>, release: &Release, plan: &mut Plan) -> bool {
    let Some(setting) = context.config.get("apt.sources") else { return false };
    if !matches!(setting.value.data, Data::Map(_)) {
        plan.problems.push(setting.mismatch(DOING, setting.value, "sources", "a mapping"));
        return false;
    }
    let repositories = Repositories::of(context, plan);
    for (name, entry) in setting.value.entries() {
        match name.as_str().filter(|_| matches!(entry.data, Data::Map(_))) {
            Some(name) => one(&setting, (name, entry), release, &repositories, plan),
            None => plan.problems.push(setting.mismatch(DOING, entry, "a source", "a mapping")),
        }
    }
    true
}

fn one(
    setting: &Setting<'_>,
    (name, entry): (&str, &Value<'_>),
    release: &Release,
    repositories: &Repositories,
    plan: &mut Plan,
) {
    let name = entry.get_set("filename").and_then(Value::as_str).unwrap_or(name);
    let source = entry.get_set("source");
    let apart = source.and_then(Value::as_str).is_some_and(|source| source.contains("$KEY_FILE"));
    let key = key::add(setting, entry, name, apart, plan);
    let Some(source) = source else { return };
    let Some(text) = source.as_str() else {
        return plan.problems.push(setting.mismatch(DOING, source, "source", "a string"));
    };
    let text = match rendered(&format!("the source {name}"), text, release, key.as_deref()) {
        Ok(text) => text,
        Err(error) => return plan.problems.push(error),
    };
    if repositories.has(&text) {
        plan.actions.push(Program::new(&["add-apt-repository", "--no-update", &text]).into());
        return;
    }
    let extension = if looks_like_deb822(&text) { ".sources" } else { ".list" };
    let mut path = if name.starts_with('/') { String::from(name) } else { [FOLDER, name].concat() };
    if path.split('/').any(|part| part == "..") {
        return plan.problems.push(setting.error(DOING, entry, "its file name leads out of apt's folder"));
    }
    if !path.ends_with(extension) {
        path.push_str(extension);
    }
    let replaces = entry.get("append").and_then(Value::as_bool) == Some(false);
    let file = WriteFile {
        path,
        content: (text + "\n").into_bytes(),
        mode: 0o644,
        owner: Owner::Root,
        existing: if replaces { Existing::Replace } else { Existing::Append },
    };
    plan.actions.push(file.into());
}

/// Which sources are for add-apt-repository(1).
enum Repositories {
    /// `ppa:name` and the like.
    Usual,
    /// Those in which `add_apt_repo_match` is found.
    Matching(String),
}

impl Repositories {
    fn of(context: &Context<'_>, plan: &mut Plan) -> Self {
        let Some(pattern) = text_at(context, "apt.add_apt_repo_match", plan) else { return Self::Usual };
        if matches!(pattern, "" | r"^[\w-]+:\w") {
            return Self::Usual;
        }
        let pattern = spelled_out(pattern);
        // Made optional it takes nothing, if it is a pattern at all.
        if Matcher::default().matches(&["(", &pattern, ")?"].concat(), "") {
            return Self::Matching([".*(", &pattern, ").*"].concat());
        }
        if let Some(setting) = context.config.get("apt.add_apt_repo_match") {
            let why = "it is no regular expression that is known here; NAME:WORD is taken";
            plan.problems.push(setting.error(DOING, setting.value, why));
        }
        Self::Usual
    }

    fn has(&self, source: &str) -> bool {
        match self {
            Self::Usual => is_repository(source),
            Self::Matching(pattern) => Matcher::default().matches(pattern, source),
        }
    }
}

/// Python's `\w`, `\d` and `\s` as the classes they stand for.
fn spelled_out(pattern: &str) -> String {
    let mut out = String::new();
    let (mut escaped, mut in_class) = (false, false);
    for c in pattern.chars() {
        let class = match c {
            'w' if escaped => "A-Za-z0-9_",
            'd' if escaped => "0-9",
            's' if escaped => " \t",
            _ => "",
        };
        if class.is_empty() {
            in_class = if in_class { escaped || c != ']' } else { !escaped && c == '[' };
            out.push(c);
        } else {
            out.pop();
            out.push_str(&if in_class { class.into() } else { ["[", class, "]"].concat() });
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

/// `ppa:name` and the like.
fn is_repository(source: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    source.split_once(':').is_some_and(|(before, after)| {
        !before.is_empty() && before.chars().all(|c| is_word(c) || c == '-') && after.starts_with(is_word)
    })
}
