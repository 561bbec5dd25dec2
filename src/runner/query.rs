//! `glowplug query`: what is known of the instance, as cloud-init's command of
//! that name prints it.

use crate::cli::{Arguments, Ended, Fault, print, say};
use crate::input::read;
use crate::languages::LANGUAGES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glowplug::error::Error;
use glowplug::state::paths::INSTANCE_LINK;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::text::escaped;
use glowplug::user_data::{MISSING, render_text};

const RUN: &str = "/run/cloud-init";

/// What everybody but root sees in place of what is secret.
const REDACTED: &str = "<redacted for non-root user>";

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let (key, format) = (arguments.operand(), arguments.value("format"));
    if key.is_none() && format.is_none() && !arguments.has("all") && !arguments.has("list-keys") {
        let why = "KEY, --all, --format or --list-keys is missing, see --help";
        return Err(Fault::Failed(Error::new("run", "query", why)));
    }
    let is_root = rustix::process::geteuid().is_root();
    let name = if is_root { "instance-data-sensitive.json" } else { "instance-data.json" };
    let path = arguments.value("instance-data").map_or_else(|| format!("{RUN}/{name}"), Into::into);
    let text = read(&path)?;
    let mut data = json::parse(&text).map_err(|error| error.in_file(&path))?;
    for (key, option, file) in
        [("userdata", "user-data", "user-data.txt"), ("vendordata", "vendor-data", "vendor-data.txt")]
    {
        let file = arguments.value(option).map_or_else(|| format!("{INSTANCE_LINK}/{file}"), Into::into);
        put(&mut data, key, raw(&file, is_root));
    }
    let answer = if let Some(format) = format {
        let text = render_text(LANGUAGES.jinja, "--format", &format!("## template: jinja\n{format}"), &data)
            .map_err(|error| Error::new("query", "with --format", placed(error.text())))?;
        for name in missing(&text) {
            say(&format!("glowplug: unable to render all of --format: there is no {name}"));
        }
        text + "\n"
    } else if let Some(key) = key {
        let names = flattened(&data);
        listed_or_text(at(&names, key)?, key, arguments.has("list-keys"))?
    } else if arguments.has("all") {
        text_of(&flattened(&data))
    } else {
        listed_or_text(&flattened(&data), "", true)?
    };
    print(&answer)?;
    Ok(0)
}

/// A fault of a template, its line counted without the one before the format.
fn placed(fault: &str) -> String {
    let place = fault.split_once("--format:").and_then(|(_, place)| place.split_once(':'));
    let counted = place.and_then(|(line, rest)| Some((line.parse::<u32>().ok()?.saturating_sub(1), rest)));
    counted.map_or_else(|| fault.into(), |(line, rest)| format!("{line}:{rest}"))
}

/// The names of variables that a text was rendered without.
fn missing(text: &str) -> impl Iterator<Item = &str> {
    text.split(MISSING).skip(1).map(|after| after.split(char::is_whitespace).next().unwrap_or_default())
}

fn put<'a>(data: &mut Value<'a>, key: &'a str, text: String) {
    if let Data::Map(entries) = &mut data.data {
        entries.push((Value::bare(Data::Str(key.into())), Value::bare(Data::Str(text.into()))));
    }
}

/// The text of a file that only root may see; bytes that are no text as base64.
fn raw(path: &str, is_root: bool) -> String {
    if !is_root {
        return format!("{REDACTED} file:{path}");
    }
    match read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .unwrap_or_else(|error| format!("ci-b64:{}", STANDARD.encode(error.as_bytes()))),
        Err(_) => String::new(),
    }
}

/// The data with the keys of `v1` at the top as well.
fn flattened<'a>(data: &Value<'a>) -> Value<'a> {
    let mut flat = data.clone();
    if let Data::Map(entries) = &mut flat.data {
        let inner: Vec<_> = data.get("v1").map(|v1| v1.entries().to_vec()).unwrap_or_default();
        for (key, value) in inner {
            if data.get(key.as_str().unwrap_or_default()).is_none() {
                entries.push((key, value));
            }
        }
        entries.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
    }
    flat
}

/// Whether `given` names `key`: `_` stands for every character that no
/// variable's name may have.
fn names(given: &str, key: &str) -> bool {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    given == key || key.chars().map(plain).eq(given.chars())
}

/// The value at a path of names with dots between them.
fn at<'v, 'a>(data: &'v Value<'a>, path: &str) -> Result<&'v Value<'a>, Error> {
    let mut value = data;
    let mut walked = String::new();
    for name in path.split('.') {
        let inner = match &value.data {
            Data::Seq(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => value.get(name).or_else(|| {
                let entries = value.entries();
                let named = entries.iter().find(|(key, _)| key.as_str().is_some_and(|key| names(name, key)));
                named.map(|(_, value)| value)
            }),
        };
        let place =
            if walked.is_empty() { "instance-data".into() } else { format!("instance-data '{walked}'") };
        value = inner.ok_or_else(|| Error::new("query", path, format!("{place} has no '{name}'")))?;
        walked = if walked.is_empty() { name.into() } else { format!("{walked}.{name}") };
    }
    Ok(value)
}

/// A value's keys, a line each, or its text.
fn listed_or_text(value: &Value<'_>, path: &str, keys: bool) -> Result<String, Error> {
    if !keys {
        return Ok(text_of(value));
    }
    if !matches!(value.data, Data::Map(_)) {
        let why = format!("--list-keys provided but '{path}' is not a dict");
        return Err(Error::new("query", path, why));
    }
    let mut names: Vec<&str> = value.entries().iter().filter_map(|(key, _)| key.as_str()).collect();
    names.sort_unstable();
    Ok(names.iter().map(|name| escaped(name) + "\n").collect())
}

/// A string as it is, since programs read it (for a terminal it is escaped when
/// it is printed), anything else as JSON.
fn text_of(value: &Value<'_>) -> String {
    let mut text = String::new();
    match value.as_str() {
        Some(string) => text.push_str(string),
        None => json::write(value, Style::File, &mut text),
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_keys_by_any_of_their_names() {
        let text = br#"{"v1": {"instance-id": "i", "list": [1, {"a b": 2}]}, "ds": {"x.y": true}}"#;
        let data = flattened(&json::parse(text).unwrap());
        let ask = |path: &str| match at(&data, path) {
            Ok(value) => text_of(value),
            Err(error) => error.to_string(),
        };
        assert_eq!(ask("v1.instance_id"), "i\n");
        assert_eq!(ask("instance-id"), "i\n");
        assert_eq!(ask("list.1.a_b"), "2\n");
        assert_eq!(ask("ds.x_y"), "true\n");
        assert_eq!(ask("v1.nothing"), "unable to query v1.nothing: instance-data 'v1' has no 'nothing'");
        assert_eq!(ask("none"), "unable to query none: instance-data has no 'none'");
        assert_eq!(listed_or_text(&data, "", true).unwrap(), "ds\ninstance-id\nlist\nv1\n");
        assert!(listed_or_text(at(&data, "list").unwrap(), "list", true).is_err());
    }
}
