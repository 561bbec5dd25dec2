//! Where apt looks for packages: the distribution's own list, and `sources`.

use super::{DOING, Release, key, lists, suites, text_at};
use crate::action::{Action, Existing, Owner, Program, WriteFile};
use crate::cloud_config::Setting;
use crate::error::Error;
use crate::fetch::{self, may_exist};
use crate::module::{CREATED, Context, Plan};
use crate::selinux::Matcher;
use crate::syntax::value::{Data, Value};
use crate::user_data::{Jinja, render_text};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const LIST: &str = "/etc/apt/sources.list";
const FOLDER: &str = "/etc/apt/sources.list.d/";

/// Who adds what is no line of a list.
pub(super) const ADD_REPOSITORY: &str = "add-apt-repository";

/// The distribution's own sources: from `sources_list`, a template of the root,
/// or our own. Where the root keeps them in deb822's format
/// (sources.list(5)), that file is written, and only if somebody asks for
/// other sources or mirrors.
pub(super) fn list(context: &Context<'_>, release: &Release, plan: &mut Plan) {
    let name = &*release.distribution.name;
    let deb822_file = [FOLDER, name, ".sources"].concat();
    let Ok(has_deb822) = plan.finds(context, &deb822_file) else { return };
    let suites = context.config.get("apt.disable_suites");
    let given = text_at(context, "apt.sources_list", plan).filter(|text| !text.is_empty());
    if has_deb822 && given.is_none() && suites.is_none() && !release.mirrors.given {
        return;
    }
    let mut text = match given {
        Some(text) => rendered(context.jinja(), "sources_list", text, release, None),
        None => usual(context, release, has_deb822),
    };
    if let (Ok(text), Some(setting)) = (&mut text, suites) {
        *text = suites::without(&setting, text, &release.codename, plan);
    }
    let text = match text {
        Ok(text) => text,
        Err(error) => return plan.problems.push(error),
    };
    // One that can't be read is nobody's to replace.
    if plan.old(context, if is_deb822(&text) { &deb822_file } else { LIST }).is_err() {
        return;
    }
    if is_deb822(&text) {
        plan.actions.push(Action::write(&deb822_file, text.into_bytes(), 0o644));
        emptied(context, name, &deb822_file, plan);
    } else {
        plan.actions.push(Action::write(LIST, text.into_bytes(), 0o644));
        if has_deb822 {
            plan.actions.push(Action::RemoveFile { path: deb822_file });
        }
    }
    lists::rename(context, release, plan);
}

/// What is done with the old file once the sources are in another: its lines
/// would count a second time.
fn emptied(context: &Context<'_>, name: &str, file: &str, plan: &mut Plan) {
    let Ok(Some(text)) = plan.old(context, LIST) else { return };
    let is_source = |line: &str| line.trim_ascii_start().starts_with("deb");
    if !text.lines().any(is_source) {
        return;
    }
    if name != "ubuntu" {
        return plan.actions.push(Action::RemoveFile { path: LIST.into() });
    }
    let text = [CREATED, "# The sources of packages are in ", file, "\n"].concat();
    plan.actions.push(Action::write(LIST, text.into_bytes(), 0o644));
}

/// The sources where nobody gives any: a template of the root, else our own.
fn usual(context: &Context<'_>, release: &Release, has_deb822: bool) -> Result<String, Error> {
    let name = &*release.distribution.name;
    let folder = context.config.text("system_info.paths.templates_dir").unwrap_or("/etc/cloud/templates");
    let folder = folder.trim_end_matches('/');
    let template = |path: String| Some((fetch::text(context.root, &path)?, path));
    let deb822 = template(format!("{folder}/sources.list.{name}.deb822.tmpl"));
    // A root that has neither file yet gets the newer one where that is known.
    let is_deb822 = has_deb822 || deb822.is_some() && !may_exist(context.root, LIST);
    let found = if is_deb822 {
        deb822
    } else {
        template(format!("{folder}/sources.list.{name}.tmpl"))
            .or_else(|| template(format!("{folder}/sources.list.tmpl")))
    };
    match found {
        Some((text, path)) => rendered(context.jinja(), &path, &text, release, None),
        None if release.codename.is_empty() => Err(Error::new(
            "write",
            "the sources of packages",
            "os-release names no code name of the release",
        )),
        None => Ok(own(release, is_deb822)),
    }
}

/// Whether a text is of paragraphs (deb822(5)), no list of lines.
pub(super) fn is_deb822(text: &str) -> bool {
    let begins = |words: &[&str]| text.lines().any(|line| words.iter().any(|word| line.starts_with(word)));
    !begins(&["deb ", "deb-src "]) && begins(&["Types:", "Suites:", "Components:", "URIs:"])
}

/// A template with the values cloud-init's know.
fn rendered(
    jinja: Jinja,
    name: &str,
    text: &str,
    release: &Release,
    key: Option<&str>,
) -> Result<String, Error> {
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
    let [primary, security] = &release.keys;
    for (name, key) in
        [("KEY_FILE", key), ("primary_key", primary.as_deref()), ("security_key", security.as_deref())]
    {
        if let Some(key) = key {
            set(name, key);
        }
    }
    render_text(jinja, name, text, &Value::bare(Data::Map(entries)))
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
    // As it was called before Debian 11.
    let is_old = matches!(code, "wheezy" | "jessie" | "stretch" | "buster");
    let of_security = format!("{code}{}", if is_old { "/updates" } else { "-security" });
    let [key, security_key] = &release.keys;
    for (mirror, suites, key) in [
        (primary, format!("{code} {code}-updates {code}-backports"), key),
        (security, of_security, if security_key.is_some() { security_key } else { key }),
    ] {
        if deb822 {
            let ring = key.as_deref().unwrap_or(ring);
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
            Some(name) => one(context.jinja(), &setting, (name, entry), release, &repositories, plan),
            None => plan.problems.push(setting.mismatch(DOING, entry, "a source", "a mapping")),
        }
    }
    true
}

fn one(
    jinja: Jinja,
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
    let text = match rendered(jinja, &format!("the source {name}"), text, release, key.as_deref()) {
        Ok(text) => text,
        Err(error) => return plan.problems.push(error),
    };
    if text.starts_with('-') {
        return plan.problems.push(setting.error(DOING, source, "a source does not begin with -"));
    }
    if repositories.has(&text) {
        plan.actions.push(Program::repeatable(&[ADD_REPOSITORY, "--no-update", &text]).into());
        return;
    }
    let extension = if is_deb822(&text) { ".sources" } else { ".list" };
    let mut path = if name.starts_with('/') { String::from(name) } else { [FOLDER, name].concat() };
    if path.split('/').any(|part| part == "..") || path.contains(char::is_control) {
        return plan.problems.push(setting.error(DOING, entry, "its file name leads out of apt's folder"));
    }
    if !path.ends_with(extension) {
        path.push_str(extension);
    }
    let file_name = path.rsplit('/').next().unwrap_or_default();
    if !file_name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
        let why = ["apt reads no file that is called ", file_name].concat();
        plan.problems.push(setting.error("make use of the source at", entry, &why));
    }
    let replaces = entry.get("append").is_some_and(is_empty);
    let file = WriteFile {
        path,
        content: (text + "\n").into_bytes(),
        mode: 0o644,
        owner: Owner::Root,
        existing: if replaces { Existing::Replace } else { Existing::Append },
    };
    plan.actions.push(file.into());
}

/// Whether Python takes a value for false.
fn is_empty(value: &Value<'_>) -> bool {
    match &value.data {
        Data::Null | Data::Bool(false) | Data::Int(0) => true,
        Data::Str(text) => text.is_empty(),
        _ => false,
    }
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
