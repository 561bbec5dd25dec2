//! No value of a seed becomes a second line, key, field, word or option in what
//! the modules plan: each text of each seed in [`seeds`] is replaced by values
//! made to break out of their place, and the plan is compared with that of a
//! harmless value, by readers of the formats in [`shape`]. A value may also be
//! refused, with an error. A file of a format that no reader knows fails, as
//! does a module without a seed.
//!
//! A run tries a sample, always the same. All values in all places, some
//! 250,000 plans:
//!
//! ```text
//! INJECTION_ALL=1 cargo test --profile fuzz --test injection -- --nocapture
//! ```
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod formats;
#[path = "../../src/runner/jinja/mod.rs"]
mod jinja;
mod machine;
mod network;
#[path = "../support/random.rs"]
#[allow(dead_code)] // mutations are the fuzzer's
mod random;
mod seeds;
mod shape;

use machine::{Planned, planned};
use random::Random;
use std::fmt::Write as _;

/// What a value begins and ends with where it may: it is found again by this.
const MARK: &str = "zz9";

/// Stands for the value that is harmless in a place.
const HARMLESS: char = '\u{e000}';

/// What breaks out of one format or another.
const HOSTILE: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\u{2028}",
    "\u{85}",
    "\u{b}",
    "\u{c}",
    "\t",
    " ",
    "  ",
    ":",
    "::0:0:",
    ",",
    ";",
    "=",
    "#",
    " # ",
    "\"",
    "'",
    "\\",
    "\\\n",
    "\\n",
    "%",
    "%h",
    "%%",
    "$(touch /x)",
    "`touch /x`",
    "$HOME",
    "${IFS}",
    "|",
    "&",
    "<",
    ">",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "!",
    "*",
    "?",
    "~",
    "@",
    "/",
    "/../",
    "..",
    "\n[evil]\nkey = 1\n",
    "\n\n[evil]\n",
    "\nALL ALL=(ALL) NOPASSWD: ALL\n",
    "\nroot::0:0::/:/bin/sh\n",
    "\n127.0.0.1 evil\n",
    "\"; Dir::Log::Terminal \"/x\"; //",
    "' ; touch /x ; '",
    "\ndeb http://evil/ x main\n",
    "\nTypes: deb\n",
    ", ALL=(ALL) ALL",
    " ssh-rsa AAAA\nssh-rsa BBBB",
    "\u{202e}",
    "\u{7f}",
    "\u{1b}[2J",
    "\u{feff}",
];

/// Values that are hostile from their first character on.
const LEADING: &[&str] = &[
    "-zz9",
    "--zz9",
    "--root=/zz9",
    "-ozz9",
    "#zz9",
    "!zz9",
    "%zz9",
    "+zz9",
    "[zz9]",
    ";zz9",
    "@zz9",
    "..",
    "../zz9",
    ".",
    "",
    " ",
    "\n",
    "\\",
    "\"",
    "'",
    "ALL",
    "#0",
    "zz9\\",
];

/// The values, the long ones at the end.
fn values() -> Vec<String> {
    let mut values: Vec<String> = HOSTILE.iter().map(|hostile| format!("{MARK}{hostile}{MARK}")).collect();
    values.extend(HOSTILE.iter().map(|hostile| format!("{HARMLESS}{hostile}{MARK}")));
    values.extend(HOSTILE.iter().map(|hostile| format!("{HARMLESS}{hostile}")));
    values.extend(LEADING.iter().map(ToString::to_string));
    values.push(format!("{MARK}{}", "x".repeat(5000)));
    values
}

/// A value as YAML writes it in double quotes.
fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => write!(text, "\\{c}").unwrap(),
            ' '..='~' => text.push(c),
            c => write!(text, "\\U{:08x}", u32::from(c)).unwrap(),
        }
    }
    text + "\""
}

/// The seed with the text at place `at` replaced by `value`, the others by a
/// harmless one: places are `<>`, with `<WORD>` for what is harmless there.
fn filled(template: &str, at: usize, value: &str) -> String {
    let (mut text, mut place) = (String::new(), 0);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('<') {
        let (harmless, after) = after.split_once('>').unwrap();
        text.push_str(before);
        let harmless = if harmless.is_empty() { MARK } else { harmless };
        let value = value.replace(HARMLESS, harmless);
        text.push_str(&quoted(if place == at { &value } else { harmless }));
        rest = after;
        place += 1;
    }
    text + rest
}

/// The records that are not among the `wanted`, which `left` is without those that are.
fn compared(wanted: &[String], found: &[String]) -> (Vec<String>, Vec<String>) {
    let mut left = wanted.to_vec();
    let mut new = Vec::new();
    for record in found {
        match left.iter().position(|known| known == record) {
            Some(at) => drop(left.swap_remove(at)),
            None => new.push(record.clone()),
        }
    }
    (new, left)
}

/// What `value` is at place `at` of a seed.
fn actual(template: &str, at: usize, value: &str) -> String {
    let harmless =
        template.split('<').nth(at + 1).and_then(|after| after.split('>').next()).unwrap_or_default();
    value.replace(HARMLESS, if harmless.is_empty() { MARK } else { harmless })
}

/// What a hostile plan has and the harmless one has not.
fn faults(harmless: &Planned, hostile: &Planned, value: &str) -> Vec<String> {
    let (new, left) = compared(&shape::of(harmless, MARK), &shape::of(hostile, value));
    let mut faults: Vec<String> = new.iter().map(|record| format!("{record:?} is new")).collect();
    if !left.is_empty()
        && hostile.problems.iter().all(|problem| harmless.problems.contains(problem))
        && !value.trim().is_empty()
    {
        faults.push(format!("{left:?} are missing, and no error tells of it"));
    }
    faults
}

/// Modules without a seed here, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("seed_files", "whole files of a person's own"),
    ("resizefs", "a truth value"),
    ("disable_ec2_metadata", "a truth value"),
    ("update_hostname", "the name that set_hostname has read"),
    ("scripts_vendor", "runs what is in a folder"),
    ("scripts_per_once", "runs what is in a folder"),
    ("scripts_per_boot", "runs what is in a folder"),
    ("scripts_per_instance", "runs what is in a folder"),
    ("scripts_user", "runs what is in a folder"),
];

#[test]
fn each_module_that_writes_texts_has_a_seed() {
    let named: Vec<&str> = seeds::SEEDS
        .iter()
        .map(|(name, _)| name.trim_start_matches('-').split(' ').next().unwrap())
        .collect();
    let without: Vec<&str> = glowplug::module::ALL
        .iter()
        .map(|module| module.name)
        .filter(|name| !named.contains(name) && !WITHOUT.iter().any(|(known, _)| known == name))
        .collect();
    assert_eq!(without, [""; 0]);
    for (name, _) in WITHOUT {
        assert!(!named.contains(name), "{name} has a seed");
    }
}

#[test]
fn no_value_of_a_seed_leaves_its_place() {
    let values = values();
    let mut random = Random::new(18);
    let all = std::env::var_os("INJECTION_ALL").is_some();
    let (mut tried, mut wrong) = (0, String::new());
    for (name, template) in seeds::SEEDS {
        let module = name.trim_start_matches('-').split(' ').next().unwrap();
        assert!(glowplug::module::ALL.iter().any(|known| known.name == module), "{module}");
        for root in machine::ROOTS.iter().filter(|root| root.has(name)) {
            let places = template.matches('<').count();
            let harmless = planned(module, &filled(template, usize::MAX, ""), root);
            assert!(!harmless.actions.is_empty() || name.starts_with('-'), "{name} on {}", root.id);
            for at in 0..places {
                for value in &values {
                    // Some of all in each run, the same.
                    if !all && !random.once_in(24) {
                        continue;
                    }
                    let text = filled(template, at, value);
                    let hostile = planned(module, &text, root);
                    tried += 1;
                    for fault in faults(&harmless, &hostile, &actual(template, at, value)) {
                        let shown: String = value.chars().take(60).collect();
                        writeln!(wrong, "{name} on {}, place {at}, {shown:?}: {fault}", root.id).unwrap();
                    }
                }
            }
        }
    }
    println!("{tried} values tried");
    assert!(tried > 1500, "only {tried}");
    assert!(wrong.is_empty(), "{} faults\n{wrong}", wrong.lines().count());
}
