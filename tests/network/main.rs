//! Golden cases: each folder of tests/data/network holds a description, the
//! machine's links (`INDEX NAME MAC up|down` a line), and under `expected`
//! every file and step that comes of them, compared whole.
//!
//! With `GLOWPLUG_BLESS=1` the expected files are written instead; look at the
//! difference before keeping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod json;

use glowplug::action::Action;
use glowplug::error::Error;
use glowplug::network::model::{Mac, SystemLink};
use glowplug::network::parse::network_data;
use glowplug::network::render::distribution::Distribution;
use glowplug::network::render::{self, Target, live};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/network")
}

fn present(case: &Path) -> Vec<SystemLink> {
    let text = fs::read_to_string(case.join("present")).unwrap();
    let link = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        SystemLink {
            index: fields[0].parse().unwrap(),
            name: fields[1].into(),
            mac: Mac::parse(fields[2]),
            own_mac: true,
            up: fields[3] == "up",
            ..SystemLink::default()
        }
    };
    text.lines().map(link).collect()
}

/// Everything that comes of a case, by path below `expected`.
fn outcome(case: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(case.join("network_data.json")).unwrap();
    let data = json::parse(&text);
    let parsed = network_data::parse(&data);
    let links = present(case);
    let resolved = parsed.network.resolve(&links);
    let mut files = BTreeMap::new();
    let distribution = Distribution::named("debian").unwrap();
    let target = Target { distribution, lasting: false };
    for renderer in render::ALL {
        add(&mut files, renderer.name, &(renderer.render)(&resolved, target));
    }
    add(&mut files, "live", &live::render(&resolved));
    let renames: String =
        resolved.renames().iter().fold(String::new(), |text, step| text + &format!("{step:?}\n"));
    files.insert("renames".into(), renames);
    let mut problems = String::new();
    let live_problems = live::problems(&resolved);
    let sections: [(&str, &[Error]); 3] =
        [("parse", &parsed.problems), ("resolve", &resolved.problems), ("live", &live_problems)];
    for (stage, found) in sections {
        for problem in found {
            writeln!(problems, "{stage}: {problem}").unwrap();
        }
    }
    files.insert("problems".into(), problems);
    files.retain(|_, text| !text.is_empty());
    files
}

/// Files under their own paths, all other steps as lines of `steps`.
fn add(files: &mut BTreeMap<String, String>, renderer: &str, actions: &[Action]) {
    let mut steps = String::new();
    for action in actions {
        match action {
            Action::WriteFile(file) => {
                let text = String::from_utf8(file.content.clone()).unwrap();
                let name = format!("{renderer}{}", file.path);
                assert!(files.insert(name, text).is_none(), "{} is written once", file.path);
                let secret = file.path.ends_with(".nmconnection") || file.path.contains("netplan");
                assert!(!secret || file.mode == 0o600, "{} may hold secrets", file.path);
            }
            Action::Link(step) => writeln!(steps, "{step:?}").unwrap(),
            other => panic!("{other:?} is no part of a network"),
        }
    }
    files.insert(format!("{renderer}/steps"), steps);
}

/// Every file below `folder`, by relative path.
fn tree(folder: &Path, below: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            tree(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

#[test]
fn every_case_comes_out_as_expected() {
    let bless = std::env::var_os("GLOWPLUG_BLESS").is_some();
    let mut seen = 0;
    for entry in fs::read_dir(cases()).unwrap() {
        let case = entry.unwrap().path();
        let (actual, folder) = (outcome(&case), case.join("expected"));
        if bless {
            let _ = fs::remove_dir_all(&folder);
            for (name, text) in &actual {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
        let mut expected = BTreeMap::new();
        tree(&folder, "", &mut expected);
        for (name, text) in &expected {
            assert_eq!(actual.get(name), Some(text), "{}: {name}", case.display());
        }
        let extra: Vec<_> = actual.keys().filter(|name| !expected.contains_key(*name)).collect();
        assert!(extra.is_empty(), "{}: unexpected {extra:?}", case.display());
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} cases");
}
