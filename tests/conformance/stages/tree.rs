//! The files that a boot changed.

use crate::normal;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// What stands at a path.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    /// Type and permission bits; 0 for a file that was removed.
    pub(crate) mode: u32,
    /// `UID:GID`.
    pub(crate) owner: String,
    /// A file's bytes or a link's target, without what differs at every boot.
    pub(crate) content: String,
}

/// Path, without the first `/`, to what stands there.
#[derive(Debug, Default)]
pub(crate) struct Tree(pub(crate) BTreeMap<String, Entry>);

impl Tree {
    /// Reads WORK/changed, and WORK/log as the file `(log)`.
    pub(crate) fn read(work: &Path) -> Self {
        let mut tree = Self::default();
        tree.add(&work.join("changed"), "");
        let log = fs::read_to_string(work.join("log")).unwrap();
        // Warnings are 2, as in cloud-init 26.2; 22.4.2 knows 0 and 1.
        let of_22_4 = |line| if line == "== status 2" { "== status 0" } else { line };
        let statuses: Vec<&str> = log.lines().filter(|line| line.starts_with("== ")).map(of_22_4).collect();
        let entry = Entry { mode: 0o100_644, owner: "0:0".into(), content: statuses.join("\n") };
        tree.0.insert("(exit statuses and host names)".into(), entry);
        tree
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    fn add(&mut self, top: &Path, path: &str) {
        for entry in fs::read_dir(top.join(path)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            let full = top.join(&path);
            let metadata = fs::symlink_metadata(&full).unwrap();
            let kind = metadata.file_type();
            if is_noise(&path) {
                continue;
            }
            let mut mode = metadata.mode();
            let owner = format!("{}:{}", metadata.uid(), metadata.gid());
            let content = if kind.is_symlink() {
                fs::read_link(&full).unwrap().display().to_string()
            } else if kind.is_file() {
                normal::content(&path, &fs::read(&full).unwrap())
            } else if kind.is_dir() {
                self.add(top, &path);
                let host = fs::symlink_metadata(Path::new("/").join(&path));
                // One that is only passed through is no change.
                if host.is_ok_and(|host| host.mode() == mode && !path.starts_with("run")) {
                    continue;
                }
                String::new()
            } else if kind.is_char_device() && metadata.rdev() == 0 {
                mode = 0;
                String::new()
            } else {
                "special".into()
            };
            self.0.insert(path, Entry { mode, owner, content });
        }
    }
}

/// What no boot is about: caches of interpreters, and files that programs
/// keep for themselves.
fn is_noise(path: &str) -> bool {
    let own = ["var/cache/debconf/", "var/log/dpkg.log", "etc/ssl/certs/java/"];
    own.iter().any(|own| path.starts_with(own))
        || path.ends_with(".pyc")
        || path.ends_with("__pycache__")
        || path.starts_with("root/.cache")
}
