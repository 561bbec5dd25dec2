//! The files of a machine that count, as values to compare.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::scene::story_folder;
use crate::vm::contents::{Contents, debugfs};

/// The folders that are compared.
pub(super) const FOLDERS: [&str; 4] = ["etc", "home", "root", "var/lib/cloud"];

/// Type and permission bits, owner, group, content (a link's: its target).
pub(super) type Entry = (u32, u32, u32, Vec<u8>);

/// Path to entry.
pub(super) type Tree = BTreeMap<String, Entry>;

/// The tree in an archive of tar(5)'s format `ustar`, as busybox writes it.
pub(super) fn of_tar(archive: &[u8]) -> Tree {
    let mut tree = Tree::new();
    let mut rest = archive;
    let mut long_name = None;
    while let Some((header, after)) = rest.split_at_checked(512) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let text = |from: usize, to: usize| {
            let field = &header[from..to];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let octal = |from: usize, to: usize| u32::from_str_radix(&text(from, to), 8).unwrap();
        let size = octal(124, 136) as usize;
        let content = &after[..size];
        rest = &after[size.next_multiple_of(512)..];
        let kind = header[156];
        if kind == b'L' {
            long_name = Some(String::from_utf8_lossy(content).trim_end_matches('\0').to_owned());
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| text(0, 100));
        let content = if kind == b'2' { text(157, 257).into_bytes() } else { content.to_vec() };
        let mode = octal(100, 108) | u32::from(kind) << 16;
        tree.insert(name.trim_matches('/').to_owned(), (mode, octal(108, 116), octal(116, 124), content));
    }
    assert!(tree.len() > 20, "the archive has {} files", tree.len());
    tree
}

/// The tree in an ext4 image.
pub(super) fn of_ext4(image: &Path, story: &str) -> Tree {
    let copy = story_folder(&format!("{story}-tree"));
    for folder in FOLDERS {
        let to = copy.join(folder);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        debugfs(image, &[], &format!("rdump /{folder} {}\n", to.parent().unwrap().display())).unwrap();
    }
    let mut tree = Tree::new();
    for (path, entry) in Contents::list(image).unwrap() {
        let path = path.trim_start_matches('/');
        if !FOLDERS.iter().any(|folder| path.starts_with(&format!("{folder}/"))) {
            continue;
        }
        let file = copy.join(path);
        let content = fs::read_link(&file)
            .map(|target| target.to_string_lossy().into_owned().into_bytes())
            .or_else(|_| if entry.is_file() { fs::read(&file) } else { Ok(Vec::new()) });
        let content = content.unwrap_or_else(|error| panic!("{path}: {error}"));
        tree.insert(path.to_owned(), (entry.mode, entry.user, entry.group, content));
    }
    fs::remove_dir_all(copy).unwrap();
    tree
}

/// What is another in every run: times, process numbers, random keys, what programs
/// keep of a file that they replaced.
const OTHER_EACH_TIME: [&str; 9] = [
    "/glowplug.journal",
    "/boot-finished",
    "/status.json",
    "/result.json",
    "/ssh_host_",
    "/systemd/random-seed",
    "/.updated",
    "/.pwd.lock",
    "/ld.so.cache",
];

/// What of `tree` must be the same after the same seed.
fn settled(tree: &Tree) -> Tree {
    let mut settled = Tree::new();
    for (path, (mode, user, group, content)) in tree {
        let name = format!("/{path}");
        if OTHER_EACH_TIME.iter().any(|part| name.contains(part))
            || (path.starts_with("etc/") && path.ends_with('-'))
        {
            continue;
        }
        let mut content = content.clone();
        if name.contains("/sem/") {
            content.clear();
        }
        let text = String::from_utf8_lossy(&content).into_owned();
        if let Some(boundary) = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            content = text.replace(boundary, "BOUNDARY").into_bytes();
        }
        settled.insert(path.clone(), (*mode, *user, *group, content));
    }
    settled
}

/// What differs, a line each.
pub(super) fn differences(wanted: &Tree, found: &Tree, passed_over: &[&str]) -> Vec<String> {
    let (wanted, found) = (settled(wanted), settled(found));
    let mut lines = Vec::new();
    for path in wanted.keys().chain(found.keys().filter(|path| !wanted.contains_key(*path))) {
        let (want, find) = (wanted.get(path), found.get(path));
        if want == find || passed_over.contains(&path.as_str()) {
            continue;
        }
        let shown = |entry: Option<&Entry>| {
            entry.map_or("absent".to_owned(), |(mode, user, group, content)| {
                format!("{mode:o} {user}:{group} {:?}", String::from_utf8_lossy(content))
            })
        };
        lines.push(format!("{path}:\n  wanted {}\n  found  {}", shown(want), shown(find)));
    }
    lines
}
