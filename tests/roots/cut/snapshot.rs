//! A folder taken into memory and put back, whole and quickly.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;

/// Folders of a root that are mounted there and stay as they are.
const MOUNTED: [&str; 8] =
    ["/dev", "/proc", "/sys", "/run", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64"];

/// What one path is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    /// A file's content, a link's target.
    pub(crate) content: Vec<u8>,
}

/// Everything below a folder, by its path from there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Snapshot(pub(crate) BTreeMap<String, Entry>);

const KIND: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;

impl Entry {
    pub(crate) fn is_file(&self) -> bool {
        self.mode & KIND == FILE
    }
}

impl Snapshot {
    /// Takes what is below `top`.
    pub(crate) fn take(top: &Path) -> Self {
        let mut all = BTreeMap::new();
        gather(top, "", &mut all);
        Self(all)
    }

    /// Makes `top` what it was.
    pub(crate) fn put_back(&self, top: &Path) {
        let now = Self::take(top);
        for path in now.0.keys().rev() {
            if self.0.get(path) != now.0.get(path) {
                let path = top.join(&path[1..]);
                let gone = if path.is_dir() && !path.is_symlink() {
                    // one that stays has what is below it still
                    fs::remove_dir(&path).or(Ok(()))
                } else {
                    fs::remove_file(&path)
                };
                gone.unwrap_or_else(|error: std::io::Error| panic!("{}: {error}", path.display()));
            }
        }
        for (path, entry) in &self.0 {
            if now.0.get(path) != Some(entry) {
                make(&top.join(&path[1..]), entry);
            }
        }
    }

    /// A number that two equal snapshots have in common.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

fn make(path: &Path, entry: &Entry) {
    let made = match entry.mode & KIND {
        FOLDER => fs::create_dir(path).or_else(|error| if path.is_dir() { Ok(()) } else { Err(error) }),
        LINK => symlink(String::from_utf8_lossy(&entry.content).as_ref(), path),
        _ => fs::write(path, &entry.content),
    };
    made.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if entry.mode & KIND == LINK {
        return lchown(path, Some(entry.owner.0), Some(entry.owner.1)).unwrap();
    }
    chown(path, Some(entry.owner.0), Some(entry.owner.1)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(entry.mode & 0o7777)).unwrap();
}

fn gather(folder: &Path, name: &str, all: &mut BTreeMap<String, Entry>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        let status = path.symlink_metadata().unwrap();
        let content = if status.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if status.is_file() && !name.ends_with("/usr/bin/glowplug") {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        if status.is_dir() && !MOUNTED.contains(&&*name) {
            gather(&path, &name, all);
        }
        all.insert(name, Entry { mode: status.mode(), owner: (status.uid(), status.gid()), content });
    }
}

/// The first differences between two snapshots, a line each.
pub(crate) fn differences(wanted: &Snapshot, found: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, entry) in &wanted.0 {
        match found.0.get(path) {
            None => lines.push(format!("{path} is missing")),
            Some(other) if other == entry => {}
            Some(other) if other.content == entry.content => lines.push(format!(
                "{path} is {:o} {:?}, not {:o} {:?}",
                other.mode, other.owner, entry.mode, entry.owner
            )),
            Some(other) => lines.push(format!(
                "{path} is {:?}, not {:?}",
                shown(&other.content, &entry.content),
                shown(&entry.content, &other.content)
            )),
        }
    }
    for path in found.0.keys().filter(|path| !wanted.0.contains_key(*path)) {
        lines.push(format!("{path} is too much"));
    }
    lines
}

/// The lines of a file that another has not.
fn shown(content: &[u8], other: &[u8]) -> String {
    let other = String::from_utf8_lossy(other).into_owned();
    let text = String::from_utf8_lossy(content).into_owned();
    let mut lines: String = text
        .split_inclusive('\n')
        .filter(|line| !other.split_inclusive('\n').any(|theirs| theirs == *line))
        .collect();
    lines.truncate(lines.char_indices().nth(160).map_or(lines.len(), |(at, _)| at));
    lines
}
