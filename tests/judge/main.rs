//! What each real back end makes of our files is what `live` makes of the same
//! description, and what the description asks for, as the kernel, resolvers and
//! the wire show it: names, MAC addresses, MTU, bridges' ports, addresses,
//! routes, rules, DNS servers and search domains, DHCP of either family, router
//! solicitations.
//!
//! Each description is set live in a network of its own, then written for
//! systemd-networkd, NetworkManager, netplan (by way of networkd) and ifupdown,
//! which run as daemons in networks of their own; what differs must be in
//! `differences.tsv` with a reason, and what is there must differ. Needs root and
//! what tests/run installs; the back ends are unpacked below target/, not
//! installed. Bonds, VLANs, dummies and InfiniBand are not for kernels of
//! containers: descriptions with one are counted and left out.
//!
//! `GLOWPLUG_JUDGE=all cargo test --test judge` is over every description of
//! tests/data; `GLOWPLUG_JUDGE=PART` over those with PART in their name; without
//! it a choice of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod case;
mod facts;
mod inside;

use case::Case;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

/// Set for the process in a network of its own: a case and a back end.
const INSIDE: &str = "GLOWPLUG_JUDGE_INSIDE";

/// The file with what is expected of it, a line each.
const EXPECTED: &str = "GLOWPLUG_JUDGE_EXPECTED";

const BACK_ENDS: [&str; 4] = ["networkd", "network-manager", "netplan", "eni"];

/// Of all descriptions those that are judged when nothing else is asked for.
const CHOSEN: &str = include_str!("chosen.txt");

/// Networks at a time: they mostly wait.
const AT_A_TIME: usize = 6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge")
}

/// Where the back ends are unpacked.
fn machine() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("judge/root")
}

/// `INPUT<TAB>BACK END…<TAB>reason`
fn differences() -> BTreeMap<(String, String), bool> {
    let text = fs::read_to_string(folder().join("differences.tsv")).unwrap();
    let mut differences = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [input, back_ends, reason] = fields[..] else { panic!("{line}: three fields") };
        assert!(!reason.is_empty(), "{line}: no reason");
        for back_end in back_ends.split(' ') {
            assert!(BACK_ENDS.contains(&back_end), "{line}: {back_end} is no back end");
            differences.insert((input.to_string(), back_end.to_string()), false);
        }
    }
    differences
}

/// Whether a description is among those to judge.
fn is_asked_for(name: &str) -> bool {
    match std::env::var("GLOWPLUG_JUDGE") {
        Ok(all) if all == "all" => true,
        Ok(part) => name.contains(&part),
        Err(_) => CHOSEN.lines().any(|line| line == name),
    }
}

/// What a back end made of a case, in a network of its own; a line each.
fn judged(case: &Case, back_end: &str, expected: &BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("judge-{}-{back_end}", case.name));
    let lines: Vec<&str> = expected.iter().map(String::as_str).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let output = Command::new("unshare")
        .args(["--net", "--mount", "--uts", "--pid", "--fork", "sh"])
        .arg(folder().join("world.sh"))
        .arg(machine())
        .arg(case.nics())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "inside_a_network_of_its_own", "--nocapture"])
        .env(INSIDE, format!("{} {back_end}", case.name))
        .env(EXPECTED, &file)
        .output()
        .expect("unshare runs");
    fs::remove_file(&file).unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let facts = text.lines().filter_map(|line| Some(line.strip_prefix("fact: ")?.to_string()));
    if output.status.success() && text.contains("1 passed") { Ok(facts.collect()) } else { Err(text.into()) }
}

/// What is only in one of two sets, for a person to read.
fn compare(expected: &BTreeSet<String>, found: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for line in expected.difference(found) {
        writeln!(text, "  missing: {line}").unwrap();
    }
    for line in found.difference(expected) {
        writeln!(text, "  too much: {line}").unwrap();
    }
    text
}

#[test]
fn every_back_end_makes_of_a_description_what_live_makes() {
    if std::env::var_os(INSIDE).is_some() {
        return;
    }
    let unpacked = Command::new("sh").arg(folder().join("unpack.sh")).arg(machine()).status().unwrap();
    assert!(unpacked.success(), "the back ends can't be unpacked: see above");
    let (mut cases, mut left_out) = (Vec::new(), 0);
    for case in case::all().into_iter().filter(|case| is_asked_for(&case.name)) {
        if case.can_be_judged() { cases.push(case) } else { left_out += 1 }
    }
    assert!(!cases.is_empty(), "no description is asked for");
    println!("{} descriptions; {left_out} with links that this kernel can't make are left out", cases.len());
    let known = Mutex::new(differences());
    let (work, wrong) = (Mutex::new(cases.iter()), Mutex::new(String::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(case) = work.lock().unwrap().next() else { return };
                    let text = judge(case, &known);
                    wrong.lock().unwrap().push_str(&text);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    for ((input, back_end), seen) in known.into_inner().unwrap() {
        if !seen && cases.iter().any(|case| case.name == input) {
            writeln!(wrong, "##### {input} {back_end}: in differences.tsv, and differs in nothing").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Every back end's verdict on a case; what is not known to differ.
fn judge(case: &Case, known: &Mutex<BTreeMap<(String, String), bool>>) -> String {
    let mut wrong = String::new();
    let expected = match judged(case, "live", &BTreeSet::new()) {
        Ok(facts) => facts,
        Err(text) => return format!("##### {} live\n{text}\n", case.name),
    };
    for back_end in BACK_ENDS {
        let text = match judged(case, back_end, &expected) {
            Ok(found) => compare(&expected, &facts::like(&found, &expected)),
            Err(text) => text,
        };
        if text.is_empty() {
            continue;
        }
        match known.lock().unwrap().get_mut(&(case.name.clone(), back_end.to_string())) {
            Some(seen) => *seen = true,
            None => writeln!(wrong, "##### {} {back_end}\n{text}", case.name).unwrap(),
        }
    }
    wrong
}

/// The program in each network: see [`judged`].
#[test]
fn inside_a_network_of_its_own() {
    let Some(what) = std::env::var_os(INSIDE) else { return };
    let what = what.to_str().unwrap();
    let (name, back_end) = what.split_once(' ').unwrap();
    let case = case::all().into_iter().find(|case| case.name == name).unwrap();
    for fact in inside::run(&case, back_end) {
        println!("fact: {fact}");
    }
}
