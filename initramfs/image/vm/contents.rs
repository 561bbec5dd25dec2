//! What an ext4 image holds, read by debugfs(8): no mount, no root.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;

use glowplug::error::{Error, Result};

use super::host;

/// Symbolic links followed on the way to one file, as the kernel's own bound.
const LINKS: usize = 40;

/// The root file system of a machine that is powered off.
#[derive(Debug)]
pub(crate) struct Contents {
    /// Every path but `/` itself.
    pub(crate) entries: BTreeMap<String, Entry>,
    /// The same as files of the host.
    folder: PathBuf,
}

/// One path's inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Number of the inode.
    pub(crate) inode: u32,
    /// Type and permission bits, as `st_mode`.
    pub(crate) mode: u32,
    /// Owner.
    pub(crate) user: u32,
    /// Group.
    pub(crate) group: u32,
}

impl Entry {
    /// Whether it is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }
}

impl Contents {
    /// Copies what `image` holds into the empty folder `to`.
    pub(crate) fn copy(image: &Path, to: &Path) -> Result<Self> {
        let entries = Self::list(image)?;
        let quoted = to.display().to_string().replace('"', "\"\"");
        debugfs(image, &[], &format!("rdump / \"{quoted}\"\n"))?;
        Ok(Self { entries, folder: to.to_owned() })
    }

    /// Lists every path of an image, one folder's depth at a time.
    pub(crate) fn list(image: &Path) -> Result<BTreeMap<String, Entry>> {
        let mut entries = BTreeMap::new();
        let mut folders = vec![(2, String::new())];
        while !folders.is_empty() {
            let commands: String = folders.iter().fold(String::new(), |mut text, (inode, _)| {
                let _ = writeln!(text, "ls -p <{inode}>");
                text
            });
            let listing = debugfs(image, &[], &commands)?;
            let mut answers = listing.split("debugfs: ls -p ").skip(1);
            let mut below = Vec::new();
            for (_, folder) in folders {
                for (name, entry) in answers.next().unwrap_or_default().lines().filter_map(parse) {
                    let path = format!("{folder}/{name}");
                    if entry.is_folder() {
                        below.push((entry.inode, path.clone()));
                    }
                    entries.insert(path, entry);
                }
            }
            folders = below;
        }
        Ok(entries)
    }

    /// The bytes of a file; `None` where there is none. Links are followed
    /// within the image, never into the host.
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.resolve(path)?).ok()
    }

    /// As [`Contents::read`], as text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn resolve(&self, path: &str) -> Option<PathBuf> {
        let mut left: Vec<String> = parts(Path::new(path));
        let mut here = PathBuf::new();
        let mut links = 0;
        while let Some(part) = left.pop() {
            if part == ".." {
                here.pop();
                continue;
            }
            let Ok(target) = fs::read_link(self.folder.join(&here).join(&part)) else {
                here.push(part);
                continue;
            };
            links += 1;
            if links > LINKS {
                return None;
            }
            if target.is_absolute() {
                here = PathBuf::new();
            }
            left.extend(parts(&target));
        }
        Some(self.folder.join(here))
    }
}

/// The bytes of one file in an image, without copying the others out; `None`
/// where there is none. Links are followed within the image.
pub(crate) fn read(image: &Path, path: &str) -> Result<Option<Vec<u8>>> {
    let output = host::command("debugfs")?
        .args(["-R", &format!("cat \"{path}\"")])
        .arg(image)
        .output()
        .map_err(host::io("read", image))?;
    let missing = String::from_utf8_lossy(&output.stderr).contains("File not found");
    Ok((!missing).then_some(output.stdout))
}

/// The names of a path, the first one last.
fn parts(path: &Path) -> Vec<String> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::ParentDir => Some("..".to_owned()),
        _ => None,
    });
    let mut names: Vec<String> = names.collect();
    names.reverse();
    names
}

/// A line of `ls -p`: `/INODE/MODE/USER/GROUP/NAME/SIZE/`.
fn parse(line: &str) -> Option<(String, Entry)> {
    let mut fields = line.strip_prefix('/')?.split('/');
    let inode = fields.next()?.parse().ok()?;
    let mode = u32::from_str_radix(fields.next()?, 8).ok()?;
    let user = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let name = fields.next()?;
    (inode != 0 && !matches!(name, "." | "..")).then(|| (name.to_owned(), Entry { inode, mode, user, group }))
}

/// Runs debugfs with commands, one a line, and returns what it printed.
pub(crate) fn debugfs(image: &Path, options: &[&str], commands: &str) -> Result<String> {
    let mut command = host::command("debugfs")?;
    command.args(options).args(["-f", "-"]).arg(image);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(host::io("read", image))?;
    let mut input = child.stdin.take();
    let text = commands.to_owned();
    // the answers may fill their pipe before the commands are all read
    let writer = std::thread::spawn(move || input.as_mut().map(|input| input.write_all(text.as_bytes())));
    let output = child.wait_with_output().map_err(host::io("read", image))?;
    let _ = writer.join();
    if !output.status.success() {
        let cause = format!("debugfs ended with {}", output.status);
        return Err(Error::new("read", image.display().to_string(), cause));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
