//! What a module saw of the root when it planned. A plan that is made once more
//! of the same observations is the same plan, whatever of it was carried out in
//! between: a module that was interrupted goes on with what it intended.
//!
//! The record is `GLOWPLAN`, a digest of the rest, then for each observation a kind
//! (`r` a file's content, `l` a directory's names, `m` a type and mode), 1 where there was
//! something and 0 where not, the path and the value, both with their lengths before them
//! (u32, little-endian). It may hold secrets.

use super::cache::digest;
use crate::error::Result;
use crate::fetch::Fetch;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

const MAGIC: &[u8; 8] = b"GLOWPLAN";

/// Kinds of observations.
const READ: u8 = b'r';
const LIST: u8 = b'l';
const MODE: u8 = b'm';

/// Trees of the kernel's, which are not kept.
const OF_THIS_BOOT: [&str; 4] = ["/proc/", "/sys/", "/dev/", "/run/"];

/// Answers of the root, by kind and path; each question is asked once.
type Answers = BTreeMap<(u8, String), Option<Vec<u8>>>;

/// A root, observed: it answers as an earlier boot was answered, else as the root does now.
pub struct Observed<'a> {
    root: &'a dyn Fetch,
    /// What was seen, in an earlier boot or in this one.
    seen: RefCell<Answers>,
}

impl<'a> Observed<'a> {
    /// A root that is seen for the first time.
    pub fn new(root: &'a dyn Fetch) -> Self {
        Self { root, seen: RefCell::default() }
    }

    /// A root as the record of an earlier boot has it; `None`: the record is damaged.
    pub fn of_record(root: &'a dyn Fetch, record: &[u8]) -> Option<Self> {
        let body = record.strip_prefix(MAGIC)?;
        let (sum, mut body) = body.split_at_checked(8)?;
        if sum != digest(body).to_le_bytes() {
            return None;
        }
        let mut seen = Answers::new();
        while let Some((&[kind, present], rest)) = body.split_first_chunk() {
            let (path, rest) = field(rest)?;
            let (value, rest) = field(rest)?;
            let path = core::str::from_utf8(path).ok()?.into();
            seen.insert((kind, path), (present == 1).then(|| value.to_vec()));
            body = rest;
        }
        body.is_empty().then(|| Self { root, seen: RefCell::new(seen) })
    }

    /// The record of what was seen.
    pub fn record(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for ((kind, path), value) in &*self.seen.borrow() {
            body.extend([*kind, u8::from(value.is_some())]);
            for field in [path.as_bytes(), value.as_deref().unwrap_or_default()] {
                // A file of the root has megabytes at the most.
                body.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_le_bytes());
                body.extend(field);
            }
        }
        [MAGIC.as_slice(), &digest(&body).to_le_bytes(), &body].concat()
    }

    /// The answer that was given before, else the present one, which is noted.
    fn ask(
        &self,
        kind: u8,
        path: &str,
        now: &dyn Fn() -> Result<Option<Vec<u8>>>,
    ) -> Result<Option<Vec<u8>>> {
        // What the kernel says of its devices is of this boot, whatever it said in an earlier one.
        if OF_THIS_BOOT.iter().any(|folder| path.starts_with(folder)) {
            return now();
        }
        let question = (kind, path.to_string());
        if let Some(answer) = self.seen.borrow().get(&question) {
            return Ok(answer.clone());
        }
        let answer = now()?;
        self.seen.borrow_mut().insert(question, answer.clone());
        Ok(answer)
    }
}

/// A field with its length before it, and what follows.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

impl Fetch for Observed<'_> {
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        self.ask(READ, path, &|| self.root.read(path, limit))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        let names = self.ask(LIST, path, &|| {
            // No name has a `/` in it.
            Ok(self.root.list(path)?.map(|names| names.join("/").into_bytes()))
        })?;
        let split = |names: Vec<u8>| {
            let names = String::from_utf8(names).unwrap_or_default();
            names.split('/').filter(|name| !name.is_empty()).map(ToString::to_string).collect()
        };
        Ok(names.map(split))
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        let now = || Ok(self.root.mode(path)?.map(|mode| mode.to_le_bytes().to_vec()));
        let mode = self.ask(MODE, path, &now)?;
        Ok(mode.and_then(|mode| Some(u32::from_le_bytes(*mode.first_chunk()?))))
    }

    fn name(&self, path: &str) -> String {
        self.root.name(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    #[test]
    fn a_root_answers_as_it_did_before_the_cut() {
        let before = Tree::of("", &[("/etc/passwd", "root\n"), ("/etc/d/a", ""), ("/etc/d/b", "x")]);
        let observed = Observed::new(&before);
        assert_eq!(observed.read("/etc/passwd", 100).unwrap().as_deref(), Some(&b"root\n"[..]));
        assert_eq!(observed.read("/etc/shadow", 100).unwrap(), None);
        assert_eq!(observed.list("/etc/d").unwrap().unwrap(), ["a", "b"]);
        assert_eq!(observed.mode("/home/ann").unwrap(), None);
        assert_eq!(observed.mode("/etc/d/b").unwrap(), Some(0o100_644));
        let record = observed.record();

        let after = Tree::of("", &[("/etc/passwd", "root\nann\n"), ("/etc/shadow", "s"), ("/home/ann", "")]);
        let again = Observed::of_record(&after, &record).unwrap();
        assert_eq!(again.read("/etc/passwd", 100).unwrap().as_deref(), Some(&b"root\n"[..]));
        assert_eq!(again.read("/etc/shadow", 100).unwrap(), None);
        assert_eq!(again.list("/etc/d").unwrap().unwrap(), ["a", "b"]);
        assert_eq!(again.mode("/home/ann").unwrap(), None);
        assert_eq!(again.mode("/etc/passwd").unwrap(), Some(0o100_644), "what was not asked is as it is now");
    }

    #[test]
    fn a_disk_that_has_another_name_in_this_boot_is_seen_as_it_is() {
        let before = Tree::of("", &[("/sys/class/block/vdb/size", "8")]);
        let observed = Observed::new(&before);
        observed.read("/sys/class/block/vdb/size", 100).unwrap();
        let after = Tree::of("", &[("/sys/class/block/vdb/size", "4096")]);
        let record = observed.record();
        let again = Observed::of_record(&after, &record).unwrap();
        assert_eq!(again.read("/sys/class/block/vdb/size", 100).unwrap().as_deref(), Some(&b"4096"[..]));
    }

    #[test]
    fn any_damage_of_a_record_is_noticed() {
        let tree = Tree::of("", &[("/etc/passwd", "root\n")]);
        let observed = Observed::new(&tree);
        observed.read("/etc/passwd", 100).unwrap();
        let record = observed.record();
        for length in 0..record.len() {
            assert!(Observed::of_record(&tree, &record[..length]).is_none(), "{length} bytes");
        }
        for at in 0..record.len() {
            let mut damaged = record.clone();
            damaged[at] ^= 0x10;
            assert!(Observed::of_record(&tree, &damaged).is_none(), "byte {at}");
        }
        // a right digest and a length past the end
        let body = [&[READ, 1][..], &u32::MAX.to_le_bytes(), b"x"].concat();
        let absurd = [MAGIC.as_slice(), &digest(&body).to_le_bytes(), &body].concat();
        assert!(Observed::of_record(&tree, &absurd).is_none());
    }
}
