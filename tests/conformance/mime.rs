//! What `mime::walk` yields against Python's `email` package, live: over
//! tests/data/mime, and over hostile messages made with a fixed seed.
//!
//! Differences that are meant stand with their reasons in
//! tests/data/mime/differences.tsv and are told to the oracle; one that is not
//! there fails, and so does one that no message shows any longer.
//! `MIME_ROUNDS=1000000 MIME_SEED=7 cargo test --test mime` runs longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use glowplug::syntax::mime;
use mime_messages::Random;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

mod mime_messages;

/// The exception of Python's own is told in the answer, not by the oracle.
const RAISES: &str = "raises";

/// The python3 that answers, all messages through one pipe.
struct Oracle(Child, BufReader<ChildStdout>);

impl Oracle {
    fn start<'n>(differences: impl Iterator<Item = &'n String>) -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/mime_oracle.py"))
            .args(differences)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("/usr/bin/python3 is needed");
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self(child, answers)
    }

    /// The leaves, and the differences that play a part in them.
    fn ask(&mut self, message: &[u8]) -> (String, Vec<String>) {
        let pipe = self.0.stdin.as_mut().unwrap();
        pipe.write_all(&[format!("{}\n", message.len()).as_bytes(), message].concat()).unwrap();
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        let (leaves, names) = line.trim_end_matches('\n').split_once('\t').expect("an answer");
        (leaves.into(), names.split_whitespace().map(String::from).collect())
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mime")
}

/// Name → messages that showed it.
fn differences() -> BTreeMap<String, usize> {
    let table = fs::read_to_string(data().join("differences.tsv")).unwrap();
    let name = |row: &str| match row.split('\t').collect::<Vec<_>>()[..] {
        [name, reason] if !reason.is_empty() => (name.to_string(), 0),
        _ => panic!("malformed row: {row}"),
    };
    table.lines().filter(|row| !row.starts_with('#')).map(name).collect()
}

fn corpus() -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

/// Our leaves as the oracle writes its own.
fn ours(message: &[u8]) -> String {
    let leaf = |leaf: Result<mime::Leaf<'_>, mime::Bound>| {
        let leaf = leaf.expect("no message here is past a bound");
        let name = leaf.filename().map_or("-".into(), |name| format!("'{}", hex(name.as_bytes())));
        [hex(leaf.content_type.as_bytes()), name, hex(&leaf.content())].join("/")
    };
    mime::walk(message).map(leaf).collect::<Vec<_>>().join(" ")
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

#[test]
fn as_pythons_email() {
    let corpus = corpus();
    assert!(corpus.len() >= 100, "the corpus has {} messages", corpus.len());
    let mut differences = differences();
    let mut oracle = Oracle::start(differences.keys());
    let mut random = Random::new(from_environment("MIME_SEED", 1));
    let rounds = usize::try_from(from_environment("MIME_ROUNDS", 4000)).unwrap();
    let mut wrong = Vec::new();
    for round in 0..corpus.len() + rounds {
        let message = match corpus.get(round) {
            Some(message) => message.clone(),
            None => random.hostile_message(&corpus),
        };
        let (theirs, shown) = oracle.ask(&message);
        let ours = ours(&message);
        if theirs.starts_with('!') {
            *differences.get_mut(RAISES).expect("a row for exceptions") += 1;
        } else if ours != theirs {
            let message = message.escape_ascii();
            wrong.push(format!("round {round}: {message}\n--- ours\n{ours}\n--- theirs\n{theirs}"));
        }
        for name in shown {
            *differences.get_mut(&name).unwrap() += 1;
        }
    }
    let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} differ:\n{shown}", wrong.len());
    let raised = differences[RAISES];
    assert!(raised * 20 < rounds, "{raised} of {rounds} messages are not compared at all");
    differences.retain(|_, messages| *messages == 0);
    assert!(differences.is_empty(), "no message shows any longer: {differences:?}");
}
