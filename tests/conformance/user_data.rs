//! Our parts and merged cloud-configs against the real cloud-init's and, for
//! MIME, Python's `email` package, over tests/data/mime and
//! tests/data/user-data.
//!
//! /usr/bin/python3 with cloud-init 22.4 must be there: without them this
//! fails. Differences that are meant stand with their reasons in
//! tests/data/user-data/differences.tsv; one that no longer differs fails too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::mime;
use glowplug::syntax::value::{Data, Value};
use glowplug::user_data::{assemble, cloud_config_text, merge};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is compared of each file.
const LEVELS: [&str; 4] = ["email", "parts", "config", "text"];

/// The python3 that answers; one line in, one line out.
struct Oracle(Child, BufReader<std::process::ChildStdout>);

impl Oracle {
    fn start() -> Self {
        let driver = data().join("../support/user_data.py");
        let mut child = Command::new("/usr/bin/python3")
            .arg(driver)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("/usr/bin/python3 with cloud-init is needed");
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self(child, answers)
    }

    fn ask(&mut self, path: &Path) -> Value<'static> {
        writeln!(self.0.stdin.as_mut().unwrap(), "{}", path.display())
            .expect("python3 with cloud-init is needed");
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        json::parse(line.leak().as_bytes()).expect("python3 with cloud-init is needed: no answer")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn object(entries: Vec<(&str, Value<'static>)>) -> Value<'static> {
    let entry = |(key, value): (&str, _)| (text(key.to_string()), value);
    Value::bare(Data::Map(entries.into_iter().map(entry).collect()))
}

fn text(text: String) -> Value<'static> {
    Value::bare(Data::Str(text.into()))
}

fn list(items: impl Iterator<Item = Value<'static>>) -> Value<'static> {
    Value::bare(Data::Seq(items.collect()))
}

fn part(content_type: &str, filename: Option<&str>, content: &[u8]) -> Value<'static> {
    object(vec![
        ("content_type", text(content_type.to_string())),
        ("filename", filename.map_or(Value::bare(Data::Null), |name| text(name.to_string()))),
        ("content", text(STANDARD.encode(content))),
    ])
}

fn shown(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write(value, Style::File, &mut out);
    out
}

/// Our answer at each of [`LEVELS`].
fn ours(raw: &[u8]) -> [String; 4] {
    let leaves = mime::walk(raw).map(|leaf| {
        let leaf = leaf.unwrap();
        part(&leaf.content_type, leaf.filename().as_deref(), &leaf.content())
    });
    let assembled = assemble("user_data", raw);
    let parts =
        assembled.parts.iter().map(|each| part(&each.content_type, Some(&each.filename), &each.content));
    let merged = merge("user_data", &assembled.parts);
    let config = if merged.present {
        let mut keys = String::new();
        json::write(&merged.config, Style::Compact, &mut keys);
        let keys = json::parse(keys.leak().as_bytes()).unwrap();
        object(vec![("from", list(merged.from.iter().cloned().map(text))), ("keys", keys)])
    } else {
        Value::bare(Data::Null)
    };
    [shown(&list(leaves)), shown(&list(parts)), shown(&config), shown(&text(cloud_config_text(&merged)))]
}

/// Files of both folders, by their path under tests/data.
fn corpus() -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    for folder in ["mime", "user-data"] {
        for entry in fs::read_dir(data().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "tsv") {
                files.insert(format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()), path);
            }
        }
    }
    files
}

/// (file, level) → reason.
fn differences() -> BTreeMap<(String, String), String> {
    let table = fs::read_to_string(data().join("user-data/differences.tsv")).unwrap();
    let mut differences = BTreeMap::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let [file, levels, reason] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("malformed row: {row}")
        };
        for level in levels.split(',') {
            assert!(LEVELS.contains(&level), "no level {level}: {row}");
            differences.insert((file.to_string(), level.to_string()), reason.to_string());
        }
    }
    differences
}

#[test]
fn as_cloud_init_and_pythons_email() {
    let mut oracle = Oracle::start();
    let mut known = differences();
    let files = corpus();
    assert!(files.len() >= 60, "the corpus has {} files", files.len());
    let mut wrong = Vec::new();
    for (name, path) in &files {
        let theirs = oracle.ask(path);
        let ours = ours(&fs::read(path).unwrap());
        for (level, ours) in LEVELS.into_iter().zip(&ours) {
            if level == "email" && !name.starts_with("mime/") {
                continue;
            }
            let theirs = shown(theirs.get(level).unwrap());
            let reason = known.remove(&(name.clone(), level.to_string()));
            match (*ours == theirs, reason) {
                (true, Some(reason)) => wrong.push(format!("{name} {level} no longer differs: {reason}")),
                (false, None) => {
                    wrong.push(format!("{name} {level}\n--- ours\n{ours}\n--- theirs\n{theirs}"));
                }
                _ => {}
            }
        }
    }
    wrong.extend(known.keys().map(|(file, level)| format!("differences.tsv: no such file: {file} {level}")));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
