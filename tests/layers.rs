//! The rooms of `src` and who may import whom. Data flows one way, and this
//! keeps it so: a `crate::room` outside the list of its room fails.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// Room, and what it may name besides `error`, `limits`, `text` and itself. The
/// longest room a file lies in counts.
const ROOMS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("limits", &[]),
    ("text", &[]),
    ("checksum", &[]),
    ("syntax", &["checksum"]),
    ("fetch", &[]),
    ("ip", &[]),
    ("action", &["ip"]),
    ("date", &[]),
    ("kernel_line", &["syntax"]),
    ("os_release", &["fetch"]),
    ("accounts", &["action", "fetch", "syntax"]),
    ("fstab", &["fetch"]),
    ("selinux", &["fetch"]),
    ("instance", &["syntax"]),
    ("datasource", &["fetch", "instance", "syntax"]),
    ("user_data", &["syntax"]),
    ("cloud_config", &["action", "instance", "ip", "syntax"]),
    ("network", &["action", "ip"]),
    ("network/parse", &["instance", "ip", "network", "syntax"]),
    ("network/render", &["action", "fetch", "ip", "network", "os_release", "syntax"]),
    ("state", &["action", "fetch", "instance", "syntax"]),
    (
        "module",
        &[
            "accounts",
            "action",
            "cloud_config",
            "date",
            "fetch",
            "instance",
            "os_release",
            "selinux",
            "state",
            "syntax",
            "user_data",
        ],
    ),
    ("sys", &["accounts", "action", "checksum", "fetch", "ip", "selinux", "syntax"]),
    (
        "stage",
        &[
            "action",
            "cloud_config",
            "datasource",
            "fetch",
            "fstab",
            "instance",
            "kernel_line",
            "module",
            "network",
            "os_release",
            "state",
            "syntax",
            "sys",
            "user_data",
        ],
    ),
];

/// The programs: they use the library, and it can't name them.
const PROGRAMS: [&str; 2] = ["agent", "runner"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The room of a file, by its path below `src` without `.rs`.
fn room(path: &str) -> Option<(&'static str, &'static [&'static str])> {
    let lies_in =
        |room: &str| path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ROOMS.iter().filter(|(room, _)| lies_in(room)).max_by_key(|(room, _)| room.len()).copied()
}

/// Every `crate::NAME` of a text, `crate::{A, B}` included.
fn named(text: &str) -> Vec<&str> {
    text.split("crate::")
        .skip(1)
        .flat_map(|rest| {
            let list = rest.strip_prefix('{').and_then(|list| list.split_once('}')).map(|(list, _)| list);
            list.unwrap_or(rest).split(if list.is_some() { ", " } else { "::" }).take(if list.is_some() {
                99
            } else {
                1
            })
        })
        .map(|name| name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect()
}

#[test]
fn rooms_import_only_what_they_may() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut wrong, mut seen) = (Vec::new(), Vec::new(), 0);
    sources(&top, &mut files);
    for file in files {
        let path = file.strip_prefix(&top).unwrap().with_extension("");
        let path = path.to_str().unwrap();
        if path == "lib" || PROGRAMS.iter().any(|program| path.starts_with(program)) {
            continue;
        }
        let (room, allowed) =
            room(path).unwrap_or_else(|| panic!("src/{path}.rs is in no room of the table"));
        let own = room.split('/').next().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        for name in named(&text) {
            seen += 1;
            let may = name == own && !room.contains('/')
                || ["error", "limits", "text"].contains(&name)
                // the runner's, which the library has for its unit tests alone
                || name == "jinja"
                || allowed.contains(&name);
            if !may {
                wrong.push(format!("src/{path}.rs names crate::{name}; {room} may name {allowed:?}"));
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were found: is this reading the right files?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_stays_where_it_is_allowed() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&top, &mut files);
    for file in files {
        let path = file.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let allowed = path.starts_with("sys/") || path.starts_with("agent/start/");
        assert!(allowed || !text.contains("allow(unsafe_code)"), "src/{path} allows unsafe code");
    }
}
