//! What `glowplug install` put into a root, kept in the root: `uninstall`
//! takes away that and nothing else.

use super::files::Piece;
use glowplug::action::Action;
use glowplug::error::{Error, Result};
use glowplug::fetch::{Fetch, may_exist};
use glowplug::limits;
use glowplug::sys::root::Root;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Where it is.
pub(super) const MANIFEST: &str = "/usr/lib/glowplug/manifest";

const HEADER: &str = "# What `glowplug install` put into this root; `glowplug uninstall` reads it.\n";

/// One line: `KIND<TAB>VALUE<TAB>PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A file and the SHA-256 of its content.
    File { digest: String, path: String },
    /// A link and its text.
    Link { target: String, path: String },
    /// A link that was taken away, and its text.
    Away { target: String, path: String },
    /// A line that was added to somebody else's file.
    Line { line: String, path: String },
    /// A directory that was made.
    Directory { path: String },
}

impl Entry {
    pub(super) fn of(piece: &Piece) -> Self {
        match piece.clone() {
            Piece::File { path, content, .. } => Self::File { digest: digest(&content), path },
            Piece::Link { path, target } => Self::Link { target, path },
            Piece::Away { path, target } => Self::Away { target, path },
            Piece::Line { path, line } => Self::Line { line, path },
        }
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::File { path, .. }
            | Self::Link { path, .. }
            | Self::Away { path, .. }
            | Self::Line { path, .. }
            | Self::Directory { path } => path,
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, '\t');
        let (kind, value, path) = (fields.next()?, fields.next()?.to_owned(), fields.next()?.to_owned());
        path.starts_with('/').then_some(())?;
        match kind {
            "file" => Some(Self::File { digest: value, path }),
            "link" => Some(Self::Link { target: value, path }),
            "away" => Some(Self::Away { target: value, path }),
            "line" => Some(Self::Line { line: value, path }),
            "directory" => Some(Self::Directory { path }),
            _ => None,
        }
    }

    fn line(&self) -> String {
        match self {
            Self::File { digest, path } => format!("file\t{digest}\t{path}\n"),
            Self::Link { target, path } => format!("link\t{target}\t{path}\n"),
            Self::Away { target, path } => format!("away\t{target}\t{path}\n"),
            Self::Line { line, path } => format!("line\t{line}\t{path}\n"),
            Self::Directory { path } => format!("directory\t\t{path}\n"),
        }
    }

    /// The action that undoes this, if one is needed; a file that was changed since is an error.
    pub(super) fn undo(&self, root: &Root) -> Result<Option<Action>> {
        let path = self.path().to_owned();
        Ok(match self {
            Self::File { digest: ours, .. } => match content(root, &path)? {
                None => None,
                Some(content) if digest(&content) == *ours => Some(Action::RemoveFile { path }),
                Some(_) => return Err(Error::new("remove", path, "it was changed since it was installed")),
            },
            Self::Link { target, .. } => leads_to(root, &path, target).then_some(Action::RemoveFile { path }),
            Self::Away { target, .. } => {
                let target = target.clone();
                (!root.stands(&path)).then_some(Action::MakeLink { path, target })
            }
            Self::Line { line, .. } => {
                let there = content(root, &path)?;
                there.and_then(|there| without_line(&there, line)).map(|left| match left {
                    left if left.is_empty() => Action::RemoveFile { path },
                    left => Action::write(&path, left, mode(root, self.path())),
                })
            }
            Self::Directory { .. } => may_exist(root, &path).then_some(Action::RemoveDirectory { path }),
        })
    }
}

/// Whether the link at `path` is one to `target`, in these or other words: `systemctl enable` writes
/// /lib/systemd/system where /lib is a link to /usr/lib.
pub(super) fn leads_to(root: &Root, path: &str, target: &str) -> bool {
    let Some(there) = root.read_link(path) else { return false };
    let real = |path: &str| root.real_path(path).filter(|path| may_exist(root, path));
    there == target
        || there.starts_with('/')
            && target.starts_with('/')
            && real(&there).is_some_and(|there| Some(there) == real(target))
}

/// The permission bits a file has, or gets.
fn mode(root: &Root, path: &str) -> u32 {
    root.mode(path).ok().flatten().unwrap_or(0o644) & 0o7777
}

/// The entries of a root's manifest; none where it has none.
pub(super) fn read(root: &Root) -> Result<Vec<Entry>> {
    let text = content(root, MANIFEST)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&text).lines().filter_map(Entry::parse).collect())
}

/// Of `entries` those at `paths`, and the directories that they and the manifest are in; none
/// without any `paths`.
pub(super) fn kept(entries: &[Entry], paths: &[&str]) -> Vec<Entry> {
    let is_above =
        |folder: &str, path: &&str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let stays = |entry: &&Entry| match entry {
        Entry::Directory { path } => {
            !paths.is_empty() && paths.iter().chain([&MANIFEST]).any(|kept| is_above(path, kept))
        }
        entry => paths.contains(&entry.path()),
    };
    entries.iter().filter(stays).cloned().collect()
}

/// Starts the last line, which says what the initramfs was packed with: the digest of the lines
/// before it.
const PACKED: &[u8] = b"packed\t";

/// The manifest's own lines, and whether an initramfs was packed since they last changed.
pub(super) fn lines_and_packed(content: &[u8]) -> (&[u8], bool) {
    let at = content.windows(PACKED.len()).position(|bytes| bytes == PACKED);
    let Some((lines, packed)) = at.and_then(|at| content.split_at_checked(at)) else {
        return (content, false);
    };
    (lines, packed.strip_prefix(PACKED).map(<[u8]>::trim_ascii_end) == Some(digest(lines).as_bytes()))
}

/// The manifest once an initramfs was packed with what it lists.
pub(super) fn packed(lines: &[u8]) -> Vec<u8> {
    [lines, PACKED, digest(lines).as_bytes(), b"\n"].concat()
}

/// The manifest as a file.
pub(super) fn text(entries: &[Entry]) -> Vec<u8> {
    let lines = entries.iter().map(Entry::line);
    std::iter::once(HEADER.to_owned()).chain(lines).collect::<String>().into_bytes()
}

/// The content of a file of the root; `None` when there is none.
pub(super) fn content(root: &Root, path: &str) -> Result<Option<Vec<u8>>> {
    root.read(path, limits::INSTALLED)
}

/// `content` with `line` at its end; `None` when it has that line already.
pub(super) fn with_line(content: &[u8], line: &str) -> Option<Vec<u8>> {
    if without_line(content, line).is_some() {
        return None;
    }
    let newline: &[u8] = if content.is_empty() || content.ends_with(b"\n") { b"" } else { b"\n" };
    Some([content, newline, line.as_bytes(), b"\n"].concat())
}

/// `content` without `line`; `None` when it has no such line.
fn without_line(content: &[u8], line: &str) -> Option<Vec<u8>> {
    let is_ours = |have: &&[u8]| have.strip_suffix(b"\n").unwrap_or(have) == line.as_bytes();
    let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    let others: Vec<&[u8]> = lines.iter().copied().filter(|have| !is_ours(have)).collect();
    (others.len() < lines.len()).then(|| others.concat())
}

/// SHA-256 in hexadecimal.
pub(super) fn digest(content: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(content) {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
