//! Our parts, merged cloud-configs, scripts and templates against the real
//! cloud-init's and, for MIME, Python's `email` package: over tests/data/mime,
//! tests/data/user-data and tests/data/template, and over user data made up
//! from a fixed seed.
//!
//! /usr/bin/python3 with cloud-init 22.4 must be there: without them this
//! fails. Differences that are meant stand with their reasons in
//! tests/data/user-data/differences.tsv and tests/data/template/differences.tsv;
//! one that no longer differs fails too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod generate;
mod instance;
#[path = "../../../src/runner/jinja/mod.rs"]
mod jinja;
mod oracle;
#[path = "../../support/python.rs"]
mod python;
mod template;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generate::Random;
use glowplug::action::Action;
use glowplug::fetch::Nothing;
use glowplug::instance::{File, USER_DATA};
use glowplug::stage::consume::consume;
use glowplug::state::paths::{CLOUD, InstancePaths};
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::mime;
use glowplug::syntax::value::{Data, Value};
use glowplug::user_data::{
    Kind, Languages, Part, assemble, boothook_bytes, clean_name, cloud_config_text, merge, patch, render,
};
use oracle::Oracle;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is compared of each file.
const LEVELS: [&str; 5] = ["email", "parts", "config", "text", "files"];

/// Made-up user data that is compared.
const GENERATED: usize = 200;

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
fn ours(raw: &[u8], instance_data: &Value<'_>) -> [String; 5] {
    let leaves = mime::walk(raw).map(|leaf| {
        let leaf = leaf.unwrap();
        part(&leaf.content_type, leaf.filename().as_deref(), &leaf.content())
    });
    let mut assembled = assemble("user_data", raw);
    let parts: Vec<_> = assembled
        .parts
        .iter()
        .map(|each| part(&each.content_type, Some(&each.filename), &each.content))
        .collect();
    render(jinja::render, "user_data", &mut assembled.parts, instance_data, &mut assembled.problems);
    let merged = merge("user_data", &assembled.parts, Some(patch));
    let config = if merged.present {
        let mut keys = String::new();
        json::write(&merged.config, Style::Compact, &mut keys);
        let keys = json::parse(keys.leak().as_bytes()).unwrap();
        object(vec![("from", list(merged.names().into_iter().map(text))), ("keys", keys)])
    } else {
        Value::bare(Data::Null)
    };
    [
        shown(&list(leaves)),
        shown(&list(parts.into_iter())),
        shown(&config),
        shown(&text(cloud_config_text(&merged))),
        shown(&files(raw, &assembled.parts)),
    ]
}

/// The scripts and boothooks as they are written, below /var/lib/cloud.
fn files(raw: &[u8], rendered: &[Part]) -> Value<'static> {
    let mut instance = instance::of_drive();
    instance.raw.retain(|file| file.path != USER_DATA);
    instance.raw.push(File { path: USER_DATA.into(), content: raw.to_vec() });
    let paths = InstancePaths::new(&instance.id);
    let consumed = consume(
        &instance,
        &[],
        &Nothing,
        Some(&Languages { jinja: jinja::render, patch }),
        None,
        &mut Vec::new(),
    );
    let merged = consumed.merged(&mut Vec::new());
    let mut found = BTreeMap::new();
    for action in consumed.files(&instance, &merged, &paths) {
        let Action::WriteFile(file) = action else { panic!("{action}") };
        let path = file.path.replace(paths.folder(), &format!("{CLOUD}/instance"));
        if let Some(path) = path.strip_prefix("/var/lib/cloud/").filter(|path| path.contains("scripts/")) {
            found.insert(path.to_string(), (file.mode, file.content.clone()));
        }
    }
    for part in rendered.iter().filter(|part| part.kind == Kind::Boothook) {
        let path = format!("instance/boothooks/{}", clean_name(&part.filename));
        found.insert(path, (0o700, boothook_bytes(&part.content)));
    }
    list(found.into_iter().map(|(path, (mode, content))| {
        let fields = [path, format!("0o{mode:o}"), STANDARD.encode(content)];
        list(fields.into_iter().map(text))
    }))
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

/// Compares all levels of one piece of user data, and counts the known
/// differences off.
fn compare(
    oracle: &mut Oracle,
    (name, path): (&str, &Path),
    instance_data: &Value<'_>,
    known: &mut BTreeMap<(String, String), String>,
    wrong: &mut Vec<String>,
) {
    let theirs = oracle.ask("file", path.to_str().unwrap());
    let ours = ours(&fs::read(path).unwrap(), instance_data);
    for (level, ours) in LEVELS.into_iter().zip(&ours) {
        if level == "email" && !name.starts_with("mime/") {
            continue;
        }
        let theirs = shown(theirs.get(level).unwrap());
        let reason = known.remove(&(name.to_string(), level.to_string()));
        match (*ours == theirs, reason) {
            (true, Some(reason)) => wrong.push(format!("{name} {level} no longer differs: {reason}")),
            (false, None) => {
                wrong.push(format!("{name} {level}\n--- ours\n{ours}\n--- theirs\n{theirs}"));
            }
            _ => {}
        }
    }
}

#[test]
fn as_cloud_init_and_pythons_email() {
    let mut oracle = Oracle::start();
    let instance_data = template::instance_data();
    let mut known = differences();
    let files = corpus();
    assert!(files.len() >= 100, "the corpus has {} files", files.len());
    let mut wrong = Vec::new();
    for (name, path) in &files {
        compare(&mut oracle, (name, path), &instance_data, &mut known, &mut wrong);
    }
    wrong.extend(known.keys().map(|(file, level)| format!("differences.tsv: no such file: {file} {level}")));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn made_up_user_data_as_cloud_init() {
    let mut oracle = Oracle::start();
    let instance_data = template::instance_data();
    let path = std::env::temp_dir().join(format!("glowplug-user-data-{}", std::process::id()));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut wrong = Vec::new();
    for round in 0..GENERATED {
        let raw = generate::user_data(&mut random);
        fs::write(&path, &raw).unwrap();
        let name = format!("number {round}: {}", raw.escape_ascii());
        compare(&mut oracle, (&name, &path), &instance_data, &mut BTreeMap::new(), &mut wrong);
    }
    fs::remove_file(&path).unwrap();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
