//! Our YAML against `PyYAML` and cloud-init, live.
//!
//! Each file of tests/data/yaml holds one case, or several behind lines
//! `#--- name`. Both sides read every case; trees and dumps must be equal, or
//! both sides must refuse. Differences that are meant stand in
//! differences.tsv: case, outcome, reason.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test ends at its first surprise

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use corpus::Case;
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml::{self, emit};

#[path = "../../support/corpus.rs"]
mod corpus;

/// What the other side answers, a line per case.
fn python(cases: &[Case]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/yaml/oracle.py");
    let mut child = Command::new("python3")
        .arg(script)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 with yaml and cloudinit is needed");
    let mut input = Vec::new();
    for Case { text, .. } in cases {
        writeln!(input, "{}", text.len()).unwrap();
        input.extend_from_slice(text);
    }
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert!(output.status.success(), "the Python side failed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn ours(text: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(text) else { return "!not UTF-8".to_owned() };
    match yaml::load(text) {
        Err(error) => format!("!{error}"),
        Ok(value) => {
            let mut line = String::new();
            canonical(&value, &mut line);
            line.push('\t');
            quoted(&emit::dump(&value), &mut line);
            line
        }
    }
}

fn canonical(value: &Value<'_>, out: &mut String) {
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => write!(out, "{value}").unwrap(),
        Data::Int(value) => write!(out, "int {value}").unwrap(),
        Data::BigInt(digits) => write!(out, "int {digits}").unwrap(),
        Data::Float(text) => match yaml::float_value(text) {
            value if value.is_nan() => out.push_str("float nan"),
            value => write!(out, "float {:016x}", value.to_bits()).unwrap(),
        },
        Data::Str(text) => quoted(text, out),
        Data::Bytes(bytes) => {
            out.push_str("bytes ");
            bytes.iter().for_each(|byte| write!(out, "{byte:02x}").unwrap());
        }
        Data::Timestamp(text) => {
            out.push_str("time ");
            quoted(text, out);
        }
        Data::Seq(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                canonical(item, out);
            }
            out.push(']');
        }
        Data::Map(entries) => {
            out.push('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                canonical(key, out);
                out.push_str(": ");
                canonical(value, out);
            }
            out.push('}');
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{{{:x}}}", u32::from(character)).unwrap(),
            ' '..='~' => out.push(character),
            _ => write!(out, "\\{{{:x}}}", u32::from(character)).unwrap(),
        }
    }
    out.push('"');
}

/// The differences that are meant: case → outcome (`refused` or `accepted`
/// here, the contrary there).
fn differences() -> BTreeMap<String, String> {
    let text = fs::read_to_string(corpus::data().join("yaml/differences.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.split('\t');
            let (case, outcome, reason) = (fields.next(), fields.next(), fields.next());
            assert!(reason.is_some_and(|reason| !reason.is_empty()), "a reason is missing: {line}");
            (case.unwrap().to_owned(), outcome.unwrap().to_owned())
        })
        .collect()
}

#[test]
fn agrees_with_pyyaml_and_cloud_init() {
    let cases = corpus::yaml();
    let answers = python(&cases);
    assert_eq!(answers.len(), cases.len());
    let mut meant = differences();
    let (mut report, mut refused) = (String::new(), 0);
    for (Case { name, text }, theirs) in cases.iter().zip(&answers) {
        let ours = ours(text);
        let outcome = match (ours.starts_with('!'), theirs.starts_with('!')) {
            (true, true) => {
                refused += 1;
                continue;
            }
            (false, false) if ours == *theirs => continue,
            (true, false) => "refused",
            (false, true) => "accepted",
            (false, false) => "different",
        };
        if meant.remove(name).as_deref() != Some(outcome) {
            writeln!(report, "{name} ({outcome}):\n  ours   {ours}\n  theirs {theirs}").unwrap();
        }
    }
    for name in meant.keys() {
        writeln!(report, "{name}: no such difference any more").unwrap();
    }
    println!("{} cases, {refused} refused by both", cases.len());
    assert!(cases.len() > 300, "only {} cases", cases.len());
    assert!(report.is_empty(), "\n{report}");
}
