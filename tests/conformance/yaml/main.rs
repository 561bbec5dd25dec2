//! Our YAML against `PyYAML` and cloud-init, live.
//!
//! Both sides read the documents of tests/data/yaml, thousands made by chance
//! and thousands of mutations; trees and dumps must be equal, or both sides
//! must refuse. Differences that are meant stand in
//! tests/data/yaml/differences.tsv: case, outcome, reason.
//!
//! `YAML_DOCUMENTS=100000 YAML_SEED=7 cargo test --release --test yaml` makes
//! so many of both kinds instead of the few thousand of a normal run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test ends at its first surprise

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;

use corpus::Case;
use differences::{Differences, Outcome, why};
use glowplug::syntax::yaml::{self, emit};
use random::Random;

#[path = "../../support/corpus.rs"]
mod corpus;
mod differences;
mod generate;
mod python;
#[path = "../../support/random.rs"]
mod random;
mod suite;
mod tree;
#[path = "../../support/yaml_pieces.rs"]
mod yaml_pieces;

/// Documents of one kind in a normal run.
const DOCUMENTS: u64 = 2500;

/// Questions asked, each some tenths of a second, to make a fault short.
const ROUNDS: usize = 100;

/// An environment variable that is a number.
fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
}

#[test]
fn corpus_reads_as_pyyaml_reads_it() {
    let cases = corpus::yaml();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    let mut meant = Differences::read();
    let mut shown = BTreeSet::new();
    let (mut report, mut refused) = (String::new(), 0);
    for (Case { name, text }, theirs) in cases.iter().zip(&python::answers(&cases)) {
        let ours = tree::ours(text);
        refused += u32::from(ours.starts_with('!'));
        let Some(outcome) = Outcome::of(&ours, theirs) else { continue };
        if meant.cases.remove(name) != Some(outcome) {
            writeln!(report, "{name} ({outcome:?}):\n  ours   {ours}\n  theirs {theirs}").unwrap();
        }
        let refusal = if outcome == Outcome::Refused { &ours } else { theirs };
        shown.insert(why(refusal).to_owned());
        let at = differences::character_at(text, refusal).unwrap_or(' ');
        shown.insert(format!("{}, at {at}", why(refusal)));
    }
    for name in meant.cases.keys() {
        writeln!(report, "{name}: no such difference any more").unwrap();
    }
    for rule in meant.rules.keys().filter(|rule| !shown.contains(*rule)) {
        writeln!(report, "any: {rule}: no case shows this difference").unwrap();
    }
    println!("{} cases, {refused} refused", cases.len());
    assert!(cases.len() > 300, "only {} cases", cases.len());
    assert!(report.is_empty(), "\n{report}");
}

/// How `text` differs without a rule that allows it.
fn fault(meant: &Differences, text: &[u8], theirs: &str) -> Option<Outcome> {
    let ours = tree::ours(text);
    Outcome::of(&ours, theirs).filter(|outcome| !meant.allow(*outcome, text, &ours, theirs))
}

/// Both sides on documents without names.
fn compare(kind: &str, cases: &[Case]) {
    let meant = Differences::read();
    let refused = cases.iter().filter(|case| tree::ours(&case.text).starts_with('!')).count();
    let answers = python::answers(cases);
    let wrong: Vec<_> = cases
        .iter()
        .zip(&answers)
        .filter_map(|(case, theirs)| Some((case, fault(&meant, &case.text, theirs)?)))
        .collect();
    println!("{kind}: {} documents, {refused} refused by us, {} wrong", cases.len(), wrong.len());
    assert!(refused * 10 < cases.len() * 9, "nearly all refused: nothing was compared");
    let mut report = String::new();
    for (case, outcome) in wrong.iter().take(3) {
        println!("{} ({outcome:?}), as it was:\n{:?}", case.name, String::from_utf8_lossy(&case.text));
        let text = shrunk(&meant, &case.text, *outcome);
        let shown = String::from_utf8_lossy(&text);
        let theirs = python::answers(&[Case { name: String::new(), text: text.clone() }]).remove(0);
        let ours = tree::ours(&text);
        let name = &case.name;
        writeln!(report, "{name} ({outcome:?}):\n  {shown:?}\n  ours   {ours}\n  theirs {theirs}").unwrap();
    }
    assert!(wrong.is_empty(), "{} of {kind} differ; the first, made short:\n{report}", wrong.len());
}

/// A short text that differs as `text` does: pieces are left out, from halves
/// to single bytes, as long as that lasts and [`ROUNDS`] allow.
fn shrunk(meant: &Differences, text: &[u8], outcome: Outcome) -> Vec<u8> {
    let mut text = text.to_vec();
    let mut piece = text.len() / 2;
    for _ in 0..ROUNDS {
        if piece == 0 {
            break;
        }
        let without = |start: usize| {
            let end = (start + piece).min(text.len());
            let rest = [&text[..start], &text[end..]].concat();
            Case { name: String::new(), text: rest }
        };
        let shorter: Vec<Case> = (0..text.len()).step_by(piece).map(without).collect();
        let answers = python::answers(&shorter);
        let mut all = shorter.into_iter().zip(answers);
        let found = all.find(|(case, theirs)| {
            case.text.ends_with(b"\n") && fault(meant, &case.text, theirs) == Some(outcome)
        });
        match found {
            Some((case, _)) => text = case.text,
            None => piece /= 2,
        }
    }
    text
}

#[test]
fn documents_made_by_chance_read_as_pyyaml_reads_them() {
    let seed = number("YAML_SEED", 0) << 32;
    let make = |number| Case {
        name: format!("chance {number}"),
        text: generate::document(seed + number).into_bytes(),
    };
    let cases: Vec<Case> = (0..number("YAML_DOCUMENTS", DOCUMENTS)).map(make).collect();
    compare("made by chance", &cases);
}

#[test]
fn mutations_of_the_corpus_read_as_pyyaml_reads_them() {
    let seeds: Vec<Case> = corpus::yaml().into_iter().filter(|case| case.text.len() < 4096).collect();
    let mut random = Random::new(number("YAML_SEED", 0));
    let mut cases = Vec::new();
    for number in 0..number("YAML_DOCUMENTS", DOCUMENTS) {
        let seed = &seeds[random.below(seeds.len())];
        let mut text = seed.text.clone();
        for _ in 0..=random.below(3) {
            let other = random.below(seeds.len());
            random.mutate(&mut text, &yaml_pieces::PIECES, &seeds[other].text);
        }
        // At a missing last line break the two sides differ on purpose.
        text.push(b'\n');
        // Nearly all that is no UTF-8 would be refused for that alone.
        let text = String::from_utf8_lossy(&text).into_owned().into_bytes();
        cases.push(Case { name: format!("mutation {number} of {}", seed.name), text });
    }
    compare("mutations", &cases);
}

/// What we write is read back as what it was, by both sides. Where a key is
/// long or binary, a dump has keys with `? `, which we write but don't read.
#[test]
fn what_is_written_reads_back() {
    let mut cases = corpus::yaml();
    for number in 0..number("YAML_DOCUMENTS", DOCUMENTS) / 2 {
        cases.push(Case { name: format!("chance {number}"), text: generate::document(number).into_bytes() });
    }
    let mut dumps = Vec::new();
    for Case { name, text } in cases {
        let Ok(Ok(value)) = std::str::from_utf8(&text).map(yaml::load) else { continue };
        let written = emit::dump(&value);
        if written.lines().any(|line| line.trim_start_matches([' ', '-']).starts_with("? ")) {
            continue;
        }
        let again = yaml::load(&written).unwrap_or_else(|error| panic!("{name}: {error} in {written}"));
        assert_eq!(tree::unordered(&again), tree::unordered(&value), "{name}: {written}");
        dumps.push(Case { name, text: written.into_bytes() });
    }
    println!("{} documents written", dumps.len());
    assert!(dumps.len() > 1000, "only {} documents were written", dumps.len());
    for (Case { name, text }, theirs) in dumps.iter().zip(&python::answers(&dumps)) {
        assert_eq!(tree::ours(text), *theirs, "{name}");
    }
}
