//! From raw bytes to parts: gzip, base64 and MIME undone, kinds told,
//! archives expanded.

use super::heat;
use super::include::Includes;
use super::part::{Kind, Part};
use crate::error::Error;
use crate::limits;
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::{encoding, mime, yaml};
use crate::text::contains;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::take;

/// What user data is made of.
#[derive(Clone, Debug, Default)]
pub struct Assembled {
    /// The parts in order.
    pub parts: Vec<Part>,
    /// What could not be used, and what is used though cloud-init would not.
    pub problems: Vec<Error>,
    /// Bytes of the parts.
    taken: usize,
}

/// Takes raw user data apart. `source` is how messages name the file.
///
/// Nothing here fails as a whole: a part that can't be read is a problem, and
/// the others stay. Empty user data has no parts.
pub fn assemble(source: &str, raw: &[u8]) -> Assembled {
    let mut assembled = Assembled::default();
    assemble_into(source, raw, &mut assembled, None);
    assembled
}

/// As [`assemble`], of one of several pieces whose parts are counted on. What
/// the parts include is put in by `includes`.
#[inline(never)]
pub fn assemble_into(source: &str, raw: &[u8], out: &mut Assembled, includes: Option<&mut Includes<'_>>) {
    Assembly { source, out, includes, full: false }.all(raw);
}

/// A part before its kind is known.
///
/// It is large: references go about.
#[derive(Default)]
pub(super) struct Candidate {
    /// Lower case, without parameters.
    pub(super) content_type: String,
    /// Empty where none is given.
    pub(super) filename: String,
    pub(super) content: Vec<u8>,
    pub(super) merge_type: Option<String>,
    pub(super) launch_index: Option<String>,
}

/// The type cloud-init gives user data that is no MIME message.
const NOT_MULTIPART: &str = "text/x-not-multipart";

/// Content types whose content is looked at for what it really is.
const SNIFFED: [&str; 3] = ["text/plain", NOT_MULTIPART, "text/x-shellscript"];

/// Content types of gzip.
const COMPRESSED: [&str; 8] = [
    "application/gzip",
    "application/gzip-compressed",
    "application/gzipped",
    "application/x-compress",
    "application/x-compressed",
    "application/x-gunzip",
    "application/x-gzip",
    "application/x-gzip-compressed",
];

/// Why not all is read past [`limits::MIME_PARTS`].
const TOO_MANY: &str = "it has more than 1024 parts";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What user data is being made of.
pub(super) struct Assembly<'s, 'f> {
    pub(super) source: &'s str,
    pub(super) out: &'s mut Assembled,
    /// Who fetches what parts include.
    pub(super) includes: Option<&'s mut Includes<'f>>,
    /// A bound was met and named: nothing more is taken.
    pub(super) full: bool,
}

impl Assembly<'_, '_> {
    /// Takes raw user data apart.
    pub(super) fn all(&mut self, raw: &[u8]) {
        if let Some(message) = self.unwrap(raw) {
            self.read(&message);
        }
    }

    /// Undoes what is around the whole; `None` when that is damaged.
    #[inline(never)]
    fn unwrap<'r>(&mut self, raw: &'r [u8]) -> Option<Cow<'r, [u8]>> {
        let mut content = Cow::Borrowed(raw);
        let mut expanded = false;
        for _ in 0..limits::ENCODING_LAYERS {
            let inner = if encoding::is_gzip(&content) {
                if core::mem::replace(&mut expanded, true) {
                    self.note(self.source, "it was gzip inside gzip and has been decompressed");
                }
                self.gunzip(&content, self.source)?
            } else if let Some(rest) = content.strip_prefix(BYTE_ORDER_MARK) {
                self.note(self.source, "a byte order mark was taken off");
                rest.to_vec()
            } else if let Some(decoded) = hidden_in_base64(&content) {
                self.note(self.source, "it was base64 and has been decoded");
                decoded
            } else {
                break;
            };
            content = Cow::Owned(inner);
        }
        Some(content)
    }

    fn read(&mut self, message: &[u8]) {
        if message.is_empty() {
            return;
        }
        if !is_mime(message) {
            let (content_type, content) = (NOT_MULTIPART.into(), message.to_vec());
            return self.take(&mut Candidate { content_type, content, ..Candidate::default() });
        }
        for leaf in mime::walk(message) {
            if self.full {
                return;
            }
            match leaf {
                Ok(leaf) => self.take(&mut candidate(leaf)),
                Err(mime::Bound::Parts) => self.stop_at_bound(TOO_MANY),
                Err(mime::Bound::Depth) => {
                    self.problem("read all of", self.source, "parts are nested more than 16 deep");
                }
            }
        }
    }

    /// Adds the part, or the parts it holds.
    #[inline(never)]
    fn take(&mut self, candidate: &mut Candidate) {
        let name = [self.source, " ", &self.filename(candidate)].concat();
        let compressed = COMPRESSED.contains(&&*candidate.content_type);
        let gzip_text = candidate.content_type.starts_with("text/") && encoding::is_gzip(&candidate.content);
        if gzip_text || (compressed && !candidate.content.is_empty()) {
            let Some(content) = self.gunzip(&candidate.content, &name) else { return };
            candidate.content = content;
        }
        if compressed {
            candidate.content_type = "text/plain".into();
        } else if gzip_text {
            self.note(&name, "its type does not say so, but it was gzip and has been decompressed");
        }
        let mut kind = Kind::from_content_type(&candidate.content_type);
        if SNIFFED.contains(&&*candidate.content_type) {
            kind = self.sniff(&name, &mut candidate.content).unwrap_or(kind);
        }
        if kind == Kind::CloudConfigArchive {
            self.expand(&name, &candidate.content);
        } else {
            self.push(kind, candidate);
        }
    }

    #[inline(never)]
    fn gunzip(&mut self, content: &[u8], name: &str) -> Option<Vec<u8>> {
        match encoding::gunzip(content) {
            Ok(expanded) => Some(expanded),
            Err(cause) => {
                self.problem("decompress", name, cause);
                None
            }
        }
    }

    /// The kind that the content itself names.
    #[inline(never)]
    fn sniff(&mut self, name: &str, content: &mut Vec<u8>) -> Option<Kind> {
        if let Some(kind) = Kind::of_content(content) {
            return Some(kind);
        }
        if let Some(rest) = content.strip_prefix(BYTE_ORDER_MARK)
            && let Some(kind) = Kind::of_content(rest)
        {
            content.drain(..BYTE_ORDER_MARK.len());
            self.note(name, "a byte order mark was taken off");
            return Some(kind);
        }
        let kind = after_document_start(content).and_then(Kind::of_content)?;
        if !matches!(kind, Kind::CloudConfig | Kind::CloudConfigArchive) {
            return None;
        }
        self.note(name, "`---` stands before its first line");
        Some(kind)
    }

    /// Adds a part of this kind; `candidate` is left without its content.
    #[inline(never)]
    pub(super) fn push(&mut self, kind: Kind, candidate: &mut Candidate) {
        if self.include(kind, candidate) {
            return;
        }
        if self.out.parts.len() >= limits::MIME_PARTS {
            return self.stop_at_bound(TOO_MANY);
        }
        if candidate.content.len() > self.room() {
            return self.stop_at_bound("its parts come to more than 64 MiB");
        }
        let filename = self.filename(candidate);
        let launch_index = match &candidate.launch_index {
            Some(header) => header.trim_ascii().parse().ok(),
            None if kind == Kind::CloudConfig => own_launch_index(&candidate.content),
            None => None,
        };
        self.tell_if_left_alone(kind, &filename, candidate);
        let content_type = kind.content_type().unwrap_or(&candidate.content_type).into();
        let (content, merge_type) = (take(&mut candidate.content), candidate.merge_type.take());
        self.out.taken += content.len();
        self.out.parts.push(Part { kind, content_type, filename, content, merge_type, launch_index });
    }

    /// Bytes that further parts may still have.
    fn room(&self) -> usize {
        limits::USER_DATA_TOTAL.saturating_sub(self.out.taken)
    }

    fn stop_at_bound(&mut self, cause: &str) {
        if !self.full {
            self.full = true;
            self.problem("read all of", self.source, cause);
        }
    }

    /// The name that the part has, or else gets as the next one.
    #[inline(never)]
    pub(super) fn filename(&self, candidate: &Candidate) -> String {
        match &*candidate.filename {
            "" => {
                let number = (self.out.parts.len() as u64 + 1).to_string();
                ["part-", "000".get(number.len()..).unwrap_or_default(), &number].concat()
            }
            name => name.into(),
        }
    }

    fn note(&mut self, subject: &str, what: &str) {
        let what = [what, " (cloud-init would ignore such data)"].concat();
        self.out.problems.push(Error::note(subject, &what));
    }

    #[inline(never)]
    fn problem(&mut self, doing: &str, subject: &str, cause: &str) {
        self.out.problems.push(Error::new(doing, subject, cause));
    }

    /// Says that an entry of the archive `name` can't be read.
    #[inline(never)]
    pub(super) fn problem_at(&mut self, name: &str, place: Place, cause: &str) {
        self.out.problems.push(Error::at("read", name, place.line, place.column, cause));
    }

    /// Says so of a part that this version does nothing with.
    #[inline(never)]
    fn tell_if_left_alone(&mut self, kind: Kind, filename: &str, candidate: &Candidate) {
        let (doing, object, cause) = match kind {
            Kind::PartHandler if heat::is_handler(&candidate.content) => return,
            Kind::PartHandler => ("run", "part handler", "this version runs no Python"),
            Kind::CloudConfigArchive => ("expand", "archive", "an archive inside an archive is not expanded"),
            Kind::Unknown if !candidate.content.is_empty() => ("use", "part", ""),
            _ => return,
        };
        let content_type = &*candidate.content_type;
        let cause = match kind {
            Kind::Unknown if SNIFFED.contains(&content_type) => {
                "its first line names no kind of user data (#cloud-config, #!, …)".into()
            }
            Kind::Unknown => ["content type ", content_type, " is not known"].concat(),
            _ => cause.into(),
        };
        self.problem(doing, &[object, " ", filename, " of ", self.source].concat(), &cause);
    }
}

/// What becomes of a leaf.
#[inline(never)]
fn candidate(leaf: mime::Leaf<'_>) -> Candidate {
    Candidate {
        filename: leaf.filename().unwrap_or_default(),
        content: leaf.content().into_owned(),
        merge_type: merge_type(&leaf.headers),
        launch_index: leaf.headers.get("Launch-Index").map(Cow::into_owned),
        content_type: leaf.content_type.into_owned(),
    }
}

#[inline(never)]
fn merge_type(headers: &mime::Headers<'_>) -> Option<String> {
    for name in &["Merge-Type", "X-Merge-Type"] {
        if let Some(value) = headers.get(name)
            && !value.trim_ascii().is_empty()
        {
            return Some(value.trim_ascii().into());
        }
    }
    None
}

/// The `launch-index` key of a cloud-config.
#[inline(never)]
fn own_launch_index(content: &[u8]) -> Option<i64> {
    // Most have none: then nothing needs to be parsed here.
    let text = core::str::from_utf8(content).ok().filter(|text| contains(text, "launch-index"))?;
    let config = yaml::load(text).ok()?;
    as_index(config.get("launch-index")?)
}

/// An index as Python's `int()` reads it.
fn as_index(value: &Value<'_>) -> Option<i64> {
    match &value.data {
        Data::Int(index) => Some(*index),
        Data::Bool(index) => Some(i64::from(*index)),
        Data::Float(index) => index.split('.').next()?.parse().ok(),
        Data::Str(text) => text.trim_ascii().parse().ok(),
        _ => None,
    }
}

/// Whether user data is a MIME message: the words stand near its start.
#[inline(never)]
fn is_mime(message: &[u8]) -> bool {
    let words = b"mime-version:";
    let head = message.get(..4096).unwrap_or(message);
    head.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words))
}

/// What base64 text hides, if that is user data; nobody means such text as it
/// stands.
#[inline(never)]
fn hidden_in_base64(content: &[u8]) -> Option<Vec<u8>> {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/= \t\r\n".contains(byte);
    if !content.iter().all(base64) {
        return None;
    }
    let decoded = encoding::base64(content).ok()?;
    let known = encoding::is_gzip(&decoded)
        || is_mime(&decoded)
        || decoded.starts_with(BYTE_ORDER_MARK)
        || Kind::of_content(&decoded).is_some();
    known.then_some(decoded)
}

/// What follows a line `---` at the start of `content`.
fn after_document_start(content: &[u8]) -> Option<&[u8]> {
    let after = content.trim_ascii_start().strip_prefix(b"---")?;
    let end = after.iter().position(|&byte| byte == b'\n')?;
    let (line, rest) = after.split_at_checked(end + 1)?;
    line.trim_ascii().is_empty().then_some(rest)
}
