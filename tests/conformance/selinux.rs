//! The labels of [`FileContexts`] against libselinux' own, live: for examples
//! of every pattern in Debian's policy and paths near them. The policy is
//! downloaded, not installed, and kept under target/selinux.
//! `SELINUX_SEED=7 cargo test --test selinux` asks for other paths.

#![allow(clippy::unwrap_used, clippy::panic)]

use glowplug::selinux::{FileContexts, Kind, Matcher};
use glowplug::sys::root::Root;
use std::path::Path;
use std::process::Command;

#[test]
fn labels_are_those_of_libselinux() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("selinux");
    let seed = std::env::var("SELINUX_SEED").unwrap_or_else(|_| "1".into());
    let output = Command::new("/usr/bin/python3")
        .arg(top.join("tests/conformance/selinux_oracle.py"))
        .arg(&folder)
        .arg(seed)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let contexts = FileContexts::read(&Root::open(folder.to_str().unwrap()).unwrap()).unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let mut matcher = Matcher::default();
    let (mut asked, mut labelled, mut wrong) = (0, 0, Vec::new());
    for line in answers.lines() {
        let mut fields = line.split('\t');
        let (kind, path, expected) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let kind = match kind {
            "-d" => Kind::Directory,
            "-l" => Kind::Link,
            _ => Kind::File,
        };
        let label = contexts.label(path, kind, &mut matcher).unwrap_or("<<none>>");
        asked += 1;
        labelled += usize::from(label != "<<none>>");
        if label != expected {
            wrong.push(format!("{kind:?} {path}: {label}, libselinux says {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 8000 && labelled > 8000, "only {labelled} of {asked} paths have a label");
}
