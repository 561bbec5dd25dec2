//! status.json and result.json, as cloud-init keeps them.

use glowplug::limits;
use glowplug::stage::log::{Level, Line};
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::tree;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

/// The stages as status.json names them, in their order.
pub(crate) const MODES: [&str; 4] = ["init-local", "init", "modules-config", "modules-final"];

/// Where the files are, and the links to them.
const DATA: &str = "/var/lib/cloud/data";

/// status.json where the root takes files.
pub(crate) const KEPT: &str = "/var/lib/cloud/data/status.json";
const RUN: &str = "/run/cloud-init";

/// What is known of one stage. Times are seconds of the monotonic clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mode {
    pub(crate) errors: Vec<String>,
    pub(crate) recoverable: Vec<String>,
    pub(crate) start: Option<String>,
    pub(crate) finished: Option<String>,
}

/// What is known of this boot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Status {
    pub(crate) datasource: Option<String>,
    /// The stage under way.
    pub(crate) stage: Option<String>,
    pub(crate) modes: BTreeMap<String, Mode>,
}

/// A stage that has not begun.
static NO_MODE: Mode = Mode { errors: Vec::new(), recoverable: Vec::new(), start: None, finished: None };

/// Seconds as status.json writes them.
pub(crate) fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

impl Mode {
    /// Takes errors and warnings out of a log.
    pub(crate) fn of_lines(lines: &[Line]) -> Self {
        let texts = |level: Level| {
            lines.iter().filter(|line| line.level == level).map(|line| line.text.clone()).collect()
        };
        Self { errors: texts(Level::Error), recoverable: texts(Level::Warning), start: None, finished: None }
    }
}

impl Status {
    /// What the last stage wrote; `None` when none has.
    pub(crate) fn read() -> Option<Self> {
        let text = tree::bytes(&format!("{RUN}/status.json"), limits::ROOT_FILE)?;
        Self::parse(&json::parse(&text).ok()?)
    }

    fn parse(value: &Value<'_>) -> Option<Self> {
        let v1 = value.get("v1")?;
        let text = |key: &str| v1.get(key).and_then(Value::as_str).map(Into::into);
        let mode = |name: &&str| Some(((*name).to_owned(), parse_mode(v1.get_set(name)?)));
        Some(Self {
            datasource: text("datasource"),
            stage: text("stage"),
            modes: MODES.iter().filter_map(mode).collect(),
        })
    }

    /// Writes status.json, so that a reader sees the old or the new one.
    pub(crate) fn write(&self) -> io::Result<()> {
        write_json("status.json", &self.value())
    }

    /// Writes result.json: every error of this boot.
    pub(crate) fn write_result(&self) -> io::Result<()> {
        let errors = self.errors().map(|text| string(text)).collect();
        let entries = vec![
            ("datasource", optional(self.datasource.as_deref())),
            ("errors", Value::bare(Data::Seq(errors))),
        ];
        write_json("result.json", &map(vec![("v1", map(entries))]))
    }

    /// The errors of all stages.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &String> {
        self.in_order().flat_map(|mode| &mode.errors)
    }

    /// The warnings of all stages.
    pub(crate) fn recoverable(&self) -> impl Iterator<Item = &String> {
        self.in_order().flat_map(|mode| &mode.recoverable)
    }

    fn in_order(&self) -> impl Iterator<Item = &Mode> {
        MODES.iter().filter_map(|name| self.modes.get(*name))
    }

    /// The tree of status.json.
    pub(crate) fn value(&self) -> Value<'_> {
        let mut entries = vec![
            ("datasource", optional(self.datasource.as_deref())),
            ("stage", optional(self.stage.as_deref())),
        ];
        for name in MODES {
            entries.push((name, mode_value(self.modes.get(name).unwrap_or(&NO_MODE))));
        }
        map(vec![("v1", map(entries))])
    }
}

fn parse_mode(value: &Value<'_>) -> Mode {
    let texts = |value: Option<&Value<'_>>| -> Vec<String> {
        let items = value.and_then(Value::items).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(Into::into).collect()
    };
    let time = |key: &str| match &value.get(key)?.data {
        Data::Float(number) => Some(number.to_string()),
        Data::Int(number) => Some(number.to_string()),
        _ => None,
    };
    let warnings = value.get("recoverable_errors").and_then(|levels| levels.get(Level::Warning.word()));
    Mode {
        errors: texts(value.get("errors")),
        recoverable: texts(warnings),
        start: time("start"),
        finished: time("finished"),
    }
}

fn mode_value(mode: &Mode) -> Value<'_> {
    let warnings = strings(&mode.recoverable);
    let levels = if mode.recoverable.is_empty() { vec![] } else { vec![(Level::Warning.word(), warnings)] };
    map(vec![
        ("errors", strings(&mode.errors)),
        ("finished", number(mode.finished.as_deref())),
        ("recoverable_errors", map(levels)),
        ("start", number(mode.start.as_deref())),
    ])
}

fn string(text: &str) -> Value<'_> {
    Value::bare(Data::Str(text.into()))
}

fn strings(texts: &[String]) -> Value<'_> {
    Value::bare(Data::Seq(texts.iter().map(|text| string(text)).collect()))
}

fn optional(text: Option<&str>) -> Value<'_> {
    text.map_or_else(|| Value::bare(Data::Null), string)
}

fn number(text: Option<&str>) -> Value<'_> {
    Value::bare(text.map_or(Data::Null, |text| Data::Float(text.into())))
}

fn map<'a>(entries: Vec<(&'a str, Value<'a>)>) -> Value<'a> {
    Value::bare(Data::Map(entries.into_iter().map(|(key, value)| (string(key), value)).collect()))
}

/// Writes a file under /var/lib/cloud/data with a relative link to it in
/// /run/cloud-init; where the root takes no file, it is in /run itself.
fn write_json(name: &str, value: &Value<'_>) -> io::Result<()> {
    let mut text = String::new();
    json::write(value, Style::File, &mut text);
    text.push('\n');
    fs::create_dir_all(RUN)?;
    let link = Path::new(RUN).join(name);
    if fs::create_dir_all(DATA).and_then(|()| replace(&Path::new(DATA).join(name), &text)).is_err() {
        return replace(&link, &text);
    }
    let target = format!("../../var/lib/cloud/data/{name}");
    if fs::read_link(&link).is_ok_and(|old| old.as_os_str() == target.as_str()) {
        return Ok(());
    }
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => symlink(target, link),
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("json.glowplug");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_as_cloud_init_writes_it_and_comes_back() {
        let mut status =
            Status { datasource: Some("DataSourceConfigDrive [net]".into()), ..Status::default() };
        let mode = Mode {
            errors: vec!["é".into()],
            recoverable: vec!["w".into()],
            start: Some("1.5".into()),
            finished: None,
        };
        status.modes = MODES.iter().map(|name| ((*name).to_owned(), Mode::default())).collect();
        status.modes.insert("init".into(), mode);
        let mut text = String::new();
        json::write(&status.value(), Style::File, &mut text);
        let start = "{\n \"v1\": {\n  \"datasource\": \"DataSourceConfigDrive [net]\",\n  \"init\": {\n   \"errors\": [\n    \"\\u00e9\"\n   ],\n   \"finished\": null,\n   \"recoverable_errors\": {\n    \"WARNING\": [\n     \"w\"\n    ]\n   },\n   \"start\": 1.5\n  },\n";
        assert!(text.starts_with(start), "{text}");
        assert_eq!(Status::parse(&json::parse(text.as_bytes()).unwrap()), Some(status));
    }
}
