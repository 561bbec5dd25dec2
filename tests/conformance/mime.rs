//! What `mime::walk` yields against Python's `email` package, live: over
//! tests/data/mime, and over hostile messages made with a fixed seed. Beside
//! it the encodings against `base64`, `quopri`, `gzip` and `zlib`.
//!
//! Differences that are meant stand with their reasons in
//! tests/data/mime/differences.tsv and are told to the oracle; one that is not
//! there fails, and so does one that no message shows any longer.
//! `MIME_ROUNDS=1000000 MIME_SEED=7 cargo test --test mime` runs longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use glowplug::syntax::{encoding, mime};
use mime_messages::Random;
use miniz_oxide::deflate::compress_to_vec;
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

    fn ask(&mut self, kind: &str, raw: &[u8]) -> String {
        let pipe = self.0.stdin.as_mut().unwrap();
        pipe.write_all(&[format!("{kind} {}\n", raw.len()).as_bytes(), raw].concat()).unwrap();
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line.strip_suffix('\n').expect("an answer").into()
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
        let answer = oracle.ask("message", &message);
        let (theirs, shown) = answer.split_once('\t').unwrap();
        let ours = ours(&message);
        if theirs.starts_with('!') {
            *differences.get_mut(RAISES).expect("a row for exceptions") += 1;
        } else if ours != theirs {
            let message = message.escape_ascii();
            wrong.push(format!("round {round}: {message}\n--- ours\n{ours}\n--- theirs\n{theirs}"));
        }
        for name in shown.split_whitespace() {
            *differences.get_mut(name).unwrap() += 1;
        }
    }
    let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} differ:\n{shown}", wrong.len());
    let raised = differences[RAISES];
    assert!(raised * 20 < rounds, "{raised} of {rounds} messages are not compared at all");
    differences.retain(|_, messages| *messages == 0);
    assert!(differences.is_empty(), "no message shows any longer: {differences:?}");
}

#[test]
fn encodings_as_pythons() {
    let mut oracle = Oracle::start([].iter());
    let mut random = Random::new(from_environment("MIME_SEED", 1));
    let (mut rounds, mut read) = (from_environment("MIME_ROUNDS", 4000) / 4, [0; 4]);
    while rounds > 0 {
        rounds -= 1;
        let content = random.content();
        let text = random.encoded_text();
        let stream = compress_to_vec(&content, random.level());
        let deflated = random.maybe_damaged(stream);
        let of_text = [
            ("base64", encoding::base64(&text)),
            ("quoted-printable", Ok(encoding::quoted_printable(&text))),
        ];
        for (kind, ours) in of_text {
            let theirs = oracle.ask(kind, &text);
            let ours = ours.map_or("!Error".into(), |content| hex(&content));
            assert_eq!(ours, theirs, "{kind} of {}", text.escape_ascii());
            read[0] += usize::from(!theirs.starts_with('!'));
        }
        let file = gzip_file(&deflated, b"\0\0\0\0\0\0\0\0");
        let ours = encoding::gunzip(&file);
        let theirs = oracle.ask("deflate", &file[10..]);
        let Some((length, rest)) = theirs.split_once(' ') else {
            let cause = ours.expect_err("what zlib refuses");
            assert!(!cause.contains("match"), "zlib refuses this: {}", deflated.escape_ascii());
            read[1] += 1;
            continue;
        };
        let (end, inflated) = rest.split_once(' ').unwrap();
        let stream = &file[10..10 + length.parse::<usize>().unwrap()];
        let end: Vec<u8> =
            (0..8).map(|at| u8::from_str_radix(&end[2 * at..2 * at + 2], 16).unwrap()).collect();
        let file = gzip_file(stream, &end);
        assert_eq!(
            encoding::gunzip(&file).as_deref().map(hex),
            Ok(inflated.into()),
            "{}",
            file.escape_ascii()
        );
        read[2] += 1;
        // Several members, zeros after them, and damage anywhere.
        let file = random.maybe_damaged([&file[..], &[0, 0], &file, &[0]].concat());
        let ours = encoding::gunzip(&file).map_or("!".into(), |content| hex(&content));
        let theirs = oracle.ask("gzip", &file);
        assert_eq!(ours, if theirs.starts_with('!') { "!" } else { &theirs }, "{}", file.escape_ascii());
        read[3] += usize::from(ours != "!");
    }
    assert!(read.iter().all(|&count| count > 100), "too few of a kind: {read:?}");
}

fn gzip_file(stream: &[u8], end: &[u8]) -> Vec<u8> {
    [b"\x1f\x8b\x08\0\0\0\0\0\0\x03", stream, end].concat()
}
