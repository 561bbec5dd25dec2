//! Writer of the kernel's initramfs archive: cpio "newc"
//! (Documentation/driver-api/early-userspace/buffer-format.rst). Needs no
//! root: device nodes are entries like any other.

use std::collections::BTreeSet;

/// An archive in the making; every entry belongs to root.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    folders: BTreeSet<String>,
}

/// What an entry is; the numbers are `st_mode`'s type bits.
const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

/// The fields of a header that differ between entries.
#[derive(Default)]
struct Header {
    mode: u32,
    links: u32,
    device: (u32, u32),
}

impl Archive {
    /// Adds a regular file, and the folders above it. `path` has no leading slash.
    pub(crate) fn file(&mut self, path: &str, permissions: u32, content: &[u8]) {
        self.folders_above(path);
        self.entry(path, &Header { mode: FILE | permissions, links: 1, ..Header::default() }, content);
    }

    /// Adds a folder, 0755, unless it is there.
    pub(crate) fn folder(&mut self, path: &str) {
        self.folders_above(&format!("{path}/"));
    }

    /// Adds a character device, mode 0600.
    pub(crate) fn character_device(&mut self, path: &str, major: u32, minor: u32) {
        self.folders_above(path);
        self.entry(path, &Header { mode: CHARACTER_DEVICE | 0o600, links: 1, device: (major, minor) }, &[]);
    }

    /// The finished archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", &Header { links: 1, ..Header::default() }, &[]);
        self.bytes
    }

    fn folders_above(&mut self, path: &str) {
        for (end, _) in path.match_indices('/') {
            let above = &path[..end];
            if self.folders.insert(above.to_owned()) {
                self.entry(above, &Header { mode: FOLDER | 0o755, links: 2, ..Header::default() }, &[]);
            }
        }
    }

    fn entry(&mut self, path: &str, header: &Header, content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name_size = u32::try_from(path.len() + 1).unwrap_or(u32::MAX);
        let (major, minor) = header.device;
        // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        let fields =
            [self.entries, header.mode, 0, 0, header.links, 0, size, 0, 0, major, minor, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    /// Names and contents end on a multiple of four bytes.
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Path, mode, device and content of an entry.
    type Entry = (String, u32, (u32, u32), Vec<u8>);

    /// Reads an archive back.
    fn read(bytes: &[u8]) -> Vec<Entry> {
        let mut at = 0;
        let mut entries = Vec::new();
        loop {
            assert_eq!(&bytes[at..at + 6], b"070701");
            let field = |index: usize| {
                let start = at + 6 + index * 8;
                u32::from_str_radix(std::str::from_utf8(&bytes[start..start + 8]).unwrap(), 16).unwrap()
            };
            let name_end = at + 110 + field(11) as usize;
            let name = std::str::from_utf8(&bytes[at + 110..name_end - 1]).unwrap();
            let content = name_end.next_multiple_of(4);
            let end = content + field(6) as usize;
            if name == "TRAILER!!!" {
                assert_eq!(end, bytes.len());
                return entries;
            }
            entries.push((name.to_owned(), field(1), (field(9), field(10)), bytes[content..end].to_vec()));
            at = end.next_multiple_of(4);
        }
    }

    #[test]
    fn hundreds_of_entries_read_back() {
        let mut archive = Archive::default();
        archive.character_device("dev/console", 5, 1);
        archive.folder("dev");
        for number in 0..700_usize {
            archive.file(&format!("lib/{number}"), 0o644, &vec![b'x'; number % 9]);
        }
        let entries = read(&archive.finish());
        assert_eq!(entries[0], ("dev".into(), 0o040_755, (0, 0), vec![]));
        assert_eq!(entries[1], ("dev/console".into(), 0o020_600, (5, 1), vec![]));
        assert_eq!(entries[2], ("lib".into(), 0o040_755, (0, 0), vec![]));
        assert_eq!(entries.len(), 3 + 700);
        assert_eq!(entries[3 + 17], ("lib/17".into(), 0o100_644, (0, 0), vec![b'x'; 8]));
    }
}
