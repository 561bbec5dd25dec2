//! `write_files`.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting, is_true};
use crate::action::{Action, Effect, Existing, Fetched, Owner, Task, WriteFile};
use crate::error::{Error, Result};
use crate::syntax::encoding;
use crate::syntax::value::{Data, Value};
use crate::text::has;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[Key::new(
    "write_files",
    Kind::List(&Kind::Map(&[
        Key::new("path", Kind::Text).required(),
        Key::new("content", Kind::Either(&[Kind::Text, Kind::Binary])),
        Key::new("encoding", Kind::OneOf(ENCODINGS)),
        Key::new("owner", Kind::Text),
        Key::new("permissions", Kind::Either(&[Kind::Text, Kind::Integer])),
        Key::new("append", Kind::Bool),
        Key::new("defer", Kind::Bool),
        Key::new(
            "source",
            Kind::Map(&[Key::new("uri", Kind::Text), Key::new("headers", Kind::MapOf(&Kind::Text))]),
        ),
    ])),
)];

/// What `encoding` may be.
const ENCODINGS: &[&str] =
    &["gz", "gzip", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64", "b64", "base64", "text/plain"];

const DOING: &str = "write the file at";

/// How often content is asked for, and the seconds of one time.
const TRIES: u32 = 4;
const SECONDS: u32 = 30;

/// Permission bits of a file whose entry gives none.
const DEFAULT_MODE: u32 = 0o644;

/// Plans the entries in order; `deferred` ones are written in the final stage,
/// after users and packages are there. One that is broken is a problem with its
/// place, and the others go on.
#[inline(never)]
pub fn plan(config: &CloudConfig<'_>, deferred: bool, actions: &mut Vec<Action>, problems: &mut Vec<Error>) {
    let Some(setting) = config.get("write_files") else { return };
    let items = match setting.list("write_files") {
        Ok(items) => items,
        // Told once, by the module that runs first.
        Err(_) if deferred => return,
        Err(error) => return problems.push(error),
    };
    for item in items {
        if is_set(item, "defer") != deferred {
            continue;
        }
        let made = entry(&setting, item, problems).and_then(|file| match uri(item) {
            Some(uri) => fetched(&setting, item, uri, *file).map(Action::from),
            None => Ok(Action::WriteFile(file)),
        });
        match made {
            Ok(action) => actions.push(action),
            Err(error) => problems.push(error),
        }
    }
}

/// Where the content of a file is to be fetched.
fn uri<'v>(item: &'v Value<'_>) -> Option<&'v str> {
    item.get("source")?.get_set("uri")?.as_str().filter(|uri| !uri.is_empty())
}

/// The error of the entry for the file at `path`, where it names an owner.
pub fn owner_error(config: &CloudConfig<'_>, path: &str, why: &str) -> Error {
    let Some(setting) = config.get("write_files") else { return Error::new("write", path, why) };
    let is_it = |item: &&Value<'_>| {
        item.get("path")
            .and_then(Value::as_str)
            .is_some_and(|own| own.trim_start_matches('/') == path.trim_start_matches('/'))
    };
    let items = setting.value.items().unwrap_or_default();
    let owner = items.iter().filter(is_it).find_map(|item| item.get_set("owner"));
    setting.error(DOING, owner.unwrap_or(setting.value), why)
}

/// Whether the content of a file is on another machine.
#[inline(never)]
pub fn is_remote(config: &CloudConfig<'_>) -> bool {
    let items = config.get("write_files").and_then(|setting| setting.value.items());
    items.unwrap_or_default().iter().filter_map(uri).any(|uri| uri.starts_with("http"))
}

fn fetched(setting: &Setting<'_>, item: &Value<'_>, uri: &str, file: WriteFile) -> Result<Task> {
    let is_known = ["http://", "https://", "file://", "/"].iter().any(|scheme| uri.starts_with(scheme));
    if !is_known || uri.bytes().any(|byte| byte < b' ') {
        return Err(setting.error(DOING, item, "source.uri is none of http, https and file"));
    }
    let mut headers = Vec::new();
    for (name, value) in
        item.get("source").and_then(|source| source.get("headers")).into_iter().flat_map(Value::entries)
    {
        match (name.as_str(), value.as_str()) {
            (Some(name), Some(value)) if !has(name, b'\n') && !has(value, b'\n') => {
                headers.push((name.into(), value.into()));
            }
            _ => return Err(setting.error(DOING, item, "source.headers has one that is no line of text")),
        }
    }
    let has_content = item.get_set("content").is_some();
    let what = ["fetch ", &file.path].concat();
    let fetched = Fetched { uri: uri.into(), headers, file, has_content, tries: TRIES, timeout: SECONDS };
    Ok(Task { what, effect: Effect::Fetch(Box::new(fetched)) })
}

fn is_set(item: &Value<'_>, key: &str) -> bool {
    item.get(key).is_some_and(is_true)
}

#[inline(never)]
fn entry(setting: &Setting<'_>, item: &Value<'_>, notes: &mut Vec<Error>) -> Result<Box<WriteFile>> {
    let Some(value) = item.get_set("path") else {
        return Err(setting.error(DOING, item, "it has no path"));
    };
    let path = match value.as_str() {
        Some(path) if !path.is_empty() && !has(path, b'\0') => path,
        _ => return Err(setting.error(DOING, value, "path is not a path")),
    };
    let content = match item.get_set("content") {
        None => Cow::default(),
        Some(value) => match raw_content(value) {
            Some(content) => content,
            None => return Err(setting.mismatch(DOING, value, "content", "a string")),
        },
    };
    let content = match item.get_set("encoding") {
        None => content.into_owned(),
        Some(name) => decode(setting, name, &content, notes)?,
    };
    let mut mode = DEFAULT_MODE;
    if let Some(value) = item.get_set("permissions") {
        match permissions(value) {
            Some(given) => mode = given,
            None => notes.push(setting.error("read permissions at", value, "no octal mode; 0644 is used")),
        }
    }
    let owner = match item.get_set("owner") {
        None => Owner::Root,
        Some(value) => match owner(value) {
            Some(owner) => owner,
            None => return Err(setting.error(DOING, value, "owner is not USER or USER:GROUP")),
        },
    };
    let existing = if is_set(item, "append") { Existing::Append } else { Existing::Replace };
    let path = ["/", path.trim_start_matches('/')].concat();
    Ok(Box::new(WriteFile { path, content, mode, owner, existing }))
}

/// Text, `!!binary`, or a number or truth value as Python would print it.
fn raw_content<'v>(value: &'v Value<'_>) -> Option<Cow<'v, [u8]>> {
    Some(Cow::Borrowed(match &value.data {
        Data::Str(text) | Data::Timestamp(text) | Data::BigInt(text) => text.as_bytes(),
        Data::Bytes(bytes) => bytes,
        Data::Int(integer) => return Some(Cow::Owned(integer.to_string().into_bytes())),
        Data::Bool(true) => b"True",
        Data::Bool(false) => b"False",
        _ => return None,
    }))
}

/// Encodings as cloud-init names them; an unknown one is text, with a note.
#[inline(never)]
fn decode(
    setting: &Setting<'_>,
    name: &Value<'_>,
    content: &[u8],
    notes: &mut Vec<Error>,
) -> Result<Vec<u8>> {
    let lower = name.as_str().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let (base64, gzip) = match lower.as_str() {
        "gz" | "gzip" => (false, true),
        "gz+base64" | "gzip+base64" | "gz+b64" | "gzip+b64" => (true, true),
        "b64" | "base64" => (true, false),
        "text/plain" => (false, false),
        _ => {
            notes.push(setting.error("decode the file at", name, "unknown encoding; taken as text"));
            (false, false)
        }
    };
    if base64 && encoding::has_strays(content) {
        notes.push(setting.error(
            "decode the file at",
            name,
            "content has characters that no base64 has; they are left out",
        ));
    }
    unpacked(content, base64, gzip).map_err(|why| setting.error(DOING, name, why))
}

fn unpacked(content: &[u8], base64: bool, gzip: bool) -> core::result::Result<Vec<u8>, &'static str> {
    let content = if base64 { encoding::base64(content)? } else { content.to_vec() };
    if gzip { encoding::gunzip(&content) } else { Ok(content) }
}

/// Permission bits: a number as it is (YAML reads 0644 as octal), a text in
/// base 8, with or without `0o`.
fn permissions(value: &Value<'_>) -> Option<u32> {
    let mode = match &value.data {
        Data::Int(number) => u32::try_from(*number).ok()?,
        Data::Str(text) => {
            let digits = text.trim_ascii();
            let digits = digits.strip_prefix("0o").or_else(|| digits.strip_prefix("0O")).unwrap_or(digits);
            u32::from_str_radix(digits, 8).ok()?
        }
        _ => return None,
    };
    // Git's `100644` has the type of the file in front.
    Some(mode & 0o7777)
}

fn owner(value: &Value<'_>) -> Option<Owner> {
    if let Some(uid) = value.as_int() {
        return Some(Owner::Ids { uid: u32::try_from(uid).ok()?, gid: 0 });
    }
    let text = value.as_str()?;
    let (user, group) = text.split_once(':').unwrap_or((text, ""));
    let (user, group) = (name(user)?, name(group)?);
    if user.is_empty() && group.is_empty() && !has(text, b':') {
        return None;
    }
    Some(match (user, group) {
        ("" | "root", "" | "root") => Owner::Root,
        ("", _) => Owner::Named { user: "root".into(), group: Some(group.into()) },
        _ => Owner::Named { user: user.into(), group: (!group.is_empty()).then(|| group.into()) },
    })
}

/// A name of a user or group, without surrounding blanks; empty for one that
/// is to stay as it is.
fn name(text: &str) -> Option<&str> {
    let name = text.trim_ascii();
    let name = if name == "-1" || name.eq_ignore_ascii_case("none") { "" } else { name };
    (!has(name, b'/') && !has(name, b'\0')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    /// The files of `write_files`, those of now or the deferred ones.
    fn planned(text: &str, deferred: bool) -> (Vec<WriteFile>, Vec<String>) {
        let (mut actions, mut problems) = (Vec::new(), Vec::new());
        plan(&layer(text), deferred, &mut actions, &mut problems);
        let file = |action| match action {
            Action::WriteFile(file) => *file,
            other => panic!("{other}"),
        };
        (actions.into_iter().map(file).collect(), texts(&problems))
    }

    fn texts(problems: &[Error]) -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_encoding_gives_the_bytes() {
        let text = "write_files:\n\
             - {path: /a, content: hello}\n\
             - {path: b, content: aGVsbG8=, encoding: B64}\n\
             - {path: /c, content: H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==, encoding: gz+b64}\n\
             - {path: /d, content: !!binary aGVsbG8=, append: true}\n\
             - {path: /e, defer: true}\n";
        let (files, problems) = planned(text, false);
        assert_eq!(problems, [""; 0]);
        let contents: Vec<_> = files.iter().map(|file| file.content.as_slice()).collect();
        assert_eq!(contents, [b"hello"; 4]);
        assert_eq!(files[1].path, "/b");
        assert_eq!(files[3].existing, Existing::Append);
        let (deferred, problems) = planned(text, true);
        assert_eq!((deferred.len(), problems.len()), (1, 0));
        assert_eq!((&*deferred[0].path, &*deferred[0].content), ("/e", &b""[..]));
    }

    #[test]
    fn permissions_as_number_and_text() {
        let (files, problems) = planned(
            "write_files:\n\
             - {path: /a, permissions: 0600}\n\
             - {path: /b, permissions: '0755'}\n\
             - {path: /c, permissions: ' 0o4711 '}\n\
             - {path: /d, permissions: 644}\n\
             - {path: /e, permissions: rw}\n",
            false,
        );
        let modes: Vec<_> = files.iter().map(|file| file.mode).collect();
        assert_eq!(modes, [0o600, 0o755, 0o4711, 0o1204, 0o644]);
        assert_eq!(problems, ["unable to read permissions at user-data:6:27: no octal mode; 0644 is used"]);
    }

    #[test]
    fn owners_by_name_and_number() {
        let owner_of = |text: &str| owner(&Value::bare(Data::Str(text.to_owned().into())));
        let named = |user: &str, group: Option<&str>| {
            Some(Owner::Named { user: user.into(), group: group.map(Into::into) })
        };
        assert_eq!(owner_of("root:root"), Some(Owner::Root));
        assert_eq!(owner_of("app:web"), named("app", Some("web")));
        assert_eq!(owner_of("app"), named("app", None));
        assert_eq!(owner_of("a:"), named("a", None));
        assert_eq!(owner_of(""), None);
        assert_eq!(owner_of("a/b"), None);
    }

    #[test]
    fn an_owner_may_be_a_group_alone() {
        let owner_of = |text: &str| owner(&Value::bare(Data::Str(text.to_owned().into())));
        let group = Some(Owner::Named { user: "root".into(), group: Some("web".into()) });
        for text in [":web", "-1:web", "None : web"] {
            assert_eq!(owner_of(text), group, "{text}");
        }
        assert_eq!(owner_of("app:-1"), Some(Owner::Named { user: "app".into(), group: None }));
        assert_eq!(owner_of(":"), Some(Owner::Root));
    }

    #[test]
    fn append_and_defer_may_be_words() {
        let text =
            "write_files: [{path: /a, append: 'yes', defer: 'on'}, {path: /b, append: 1, defer: 'no'}]";
        let [now, later] = [false, true].map(|deferred| planned(text, deferred).0);
        assert_eq!((&*now[0].path, now[0].existing), ("/b", Existing::Append));
        assert_eq!((&*later[0].path, later[0].existing), ("/a", Existing::Append));
    }

    #[test]
    fn content_may_be_elsewhere() {
        let text = "write_files:\n\
             - {path: /a/b, owner: app, content: x, source: {uri: 'http://h/f', headers: {A: b}}}\n\
             - {path: /c, source: {uri: 'ftp://h/f'}}\n\
             - {path: /d, source: {uri: 'file:///e', headers: {A: [b]}}}\n\
             - {path: /f, content: x, source: {uri: ''}}\n";
        let (mut actions, mut problems) = (Vec::new(), Vec::new());
        plan(&layer(text), false, &mut actions, &mut problems);
        let lines: Vec<String> = actions.iter().map(Action::text).collect();
        assert_eq!(lines, ["fetch /a/b", "write /f (0644 root, 1 bytes)"]);
        let Action::Task(task) = &actions[0] else { panic!("a task") };
        let Effect::Fetch(fetched) = &task.effect else { panic!("a file") };
        assert_eq!((fetched.uri.as_str(), fetched.has_content), ("http://h/f", true));
        assert_eq!(fetched.headers, [("A".into(), "b".into())]);
        assert_eq!(actions[0].path(), Some("/a/b"));
        assert_eq!(
            texts(&problems),
            [
                "unable to write the file at user-data:3:3: source.uri is none of http, https and file",
                "unable to write the file at user-data:4:3: source.headers has one that is no line of text",
            ]
        );
        assert!(is_remote(&layer(text)) && !is_remote(&layer("write_files: [{source: {uri: /x}}]")));
    }

    #[test]
    fn a_broken_entry_leaves_the_others() {
        let (files, problems) = planned(
            "write_files:\n\
             - {content: x}\n\
             - {path: /a, content: '!', encoding: gz}\n\
             - {path: /b, content: [x]}\n\
             - {path: /c, content: x, encoding: rot13}\n",
            false,
        );
        assert_eq!(files.len(), 1);
        assert_eq!(problems[0], "unable to write the file at user-data:2:3: it has no path");
        assert!(problems[1].starts_with("unable to write the file at user-data:3:"));
        assert_eq!(
            problems[2],
            "unable to write the file at user-data:4:23: content is a list, not a string"
        );
        assert_eq!(
            problems[3],
            "unable to decode the file at user-data:5:36: unknown encoding; taken as text"
        );
    }
}
