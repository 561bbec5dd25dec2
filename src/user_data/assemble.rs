//! From raw bytes to parts: gzip, base64 and MIME undone, kinds told,
//! archives expanded.

use super::archive;
use super::part::{Kind, Part};
use crate::error::Error;
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::syntax::{encoding, mime, yaml};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What user data is made of.
#[derive(Clone, Debug, Default)]
pub struct Assembled<'a> {
    /// The parts in order.
    pub parts: Vec<Part<'a>>,
    /// What could not be used, and what is used though cloud-init would not.
    pub problems: Vec<Error>,
}

/// Takes raw user data apart. `source` is how messages name the file.
///
/// Nothing here fails as a whole: a part that can't be read is a problem, and
/// the others stay. Empty user data has no parts.
pub fn assemble<'a>(source: &str, raw: &'a [u8]) -> Assembled<'a> {
    let mut assembly = Assembly { source, out: Assembled::default(), full: false };
    match assembly.unwrap(raw) {
        None => {}
        Some(Cow::Borrowed(message)) => assembly.read(message),
        Some(Cow::Owned(message)) => {
            // The message lives here alone: its parts need bytes of their own.
            let mut inner = Assembly { source, out: Assembled::default(), full: false };
            inner.read(&message);
            assembly.out.parts = inner.out.parts.into_iter().map(Part::into_owned).collect();
            assembly.out.problems.append(&mut inner.out.problems);
        }
    }
    assembly.out
}

/// A part before its kind is known.
pub(super) struct Candidate<'a> {
    pub(super) content_type: String,
    pub(super) filename: Option<String>,
    pub(super) content: Cow<'a, [u8]>,
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

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) struct Assembly<'s, 'a> {
    pub(super) source: &'s str,
    pub(super) out: Assembled<'a>,
    /// The bound of parts was met and named.
    full: bool,
}

impl<'a> Assembly<'_, 'a> {
    /// Undoes what is around the whole; `None` when that is damaged.
    fn unwrap(&mut self, raw: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let mut content = Cow::Borrowed(raw);
        for _ in 0..limits::ENCODING_LAYERS {
            content = if encoding::is_gzip(&content) {
                match encoding::gunzip(&content) {
                    Ok(expanded) => Cow::Owned(expanded),
                    Err(cause) => {
                        self.out.problems.push(Error::new("decompress", self.source, cause));
                        return None;
                    }
                }
            } else if content.starts_with(BYTE_ORDER_MARK) {
                self.note(self.source.into(), "a byte order mark was taken off");
                without_mark(content)
            } else if let Some(decoded) = hidden_in_base64(&content) {
                self.note(self.source.into(), "it was base64 and has been decoded");
                Cow::Owned(decoded)
            } else {
                break;
            }
        }
        Some(content)
    }

    fn read(&mut self, message: &'a [u8]) {
        if message.is_empty() {
            return;
        }
        if !is_mime(message) {
            return self.take(Candidate {
                content_type: NOT_MULTIPART.into(),
                filename: None,
                content: Cow::Borrowed(message),
                merge_type: None,
                launch_index: None,
            });
        }
        for leaf in mime::walk(message) {
            match leaf {
                Ok(leaf) => self.take(Candidate {
                    filename: leaf.filename(),
                    content: leaf.content(),
                    merge_type: merge_type(&leaf.headers),
                    launch_index: leaf.headers.get("Launch-Index").map(Cow::into_owned),
                    content_type: leaf.content_type,
                }),
                Err(mime::Bound::Parts) => self.stop_at_bound(),
                Err(mime::Bound::Depth) => {
                    let cause = format!("parts are nested more than {} deep", limits::MIME_DEPTH);
                    self.out.problems.push(Error::new("read all of", self.source, cause));
                }
            }
        }
    }

    /// Adds the part, or the parts it holds.
    fn take(&mut self, mut candidate: Candidate<'a>) {
        let name = self.name(candidate.filename.as_deref());
        let compressed = COMPRESSED.contains(&&*candidate.content_type);
        let gzip_text = candidate.content_type.starts_with("text/") && encoding::is_gzip(&candidate.content);
        if gzip_text || (compressed && !candidate.content.is_empty()) {
            match encoding::gunzip(&candidate.content) {
                Ok(content) => candidate.content = Cow::Owned(content),
                Err(cause) => return self.out.problems.push(Error::new("decompress", name, cause)),
            }
        }
        if compressed {
            candidate.content_type = "text/plain".into();
        } else if gzip_text {
            self.note(name.clone(), "its type does not say so, but it was gzip and has been decompressed");
        }
        let found = if SNIFFED.contains(&&*candidate.content_type) {
            self.sniff(&name, &mut candidate)
        } else {
            None
        };
        match found.unwrap_or_else(|| Kind::from_content_type(&candidate.content_type)) {
            Kind::CloudConfigArchive => self.expand(&name, candidate),
            kind => self.push(kind, candidate),
        }
    }

    /// The kind that the content itself names.
    fn sniff(&mut self, name: &str, candidate: &mut Candidate<'a>) -> Option<Kind> {
        if let Some(kind) = Kind::of_content(&candidate.content) {
            return Some(kind);
        }
        if let Some(kind) = candidate.content.strip_prefix(BYTE_ORDER_MARK).and_then(Kind::of_content) {
            candidate.content = without_mark(core::mem::take(&mut candidate.content));
            self.note(name.into(), "a byte order mark was taken off");
            return Some(kind);
        }
        let kind = after_document_start(&candidate.content).and_then(Kind::of_content)?;
        if !matches!(kind, Kind::CloudConfig | Kind::CloudConfigArchive) {
            return None;
        }
        self.note(name.into(), "`---` stands before its first line");
        Some(kind)
    }

    fn expand(&mut self, name: &str, candidate: Candidate<'a>) {
        match candidate.content {
            Cow::Borrowed(content) => {
                for (kind, entry) in archive::entries(name, content, &mut self.out.problems) {
                    self.push(kind, entry);
                }
            }
            Cow::Owned(content) => {
                for (kind, entry) in archive::entries(name, &content, &mut self.out.problems) {
                    self.push(kind, entry.into_owned());
                }
            }
        }
    }

    fn push(&mut self, kind: Kind, candidate: Candidate<'a>) {
        if self.out.parts.len() >= limits::MIME_PARTS {
            return self.stop_at_bound();
        }
        let filename = match candidate.filename {
            Some(name) if !name.is_empty() => name,
            _ => format!("part-{:03}", self.out.parts.len() + 1),
        };
        let launch_index = match candidate.launch_index {
            Some(header) => header.trim().parse().ok(),
            None if kind == Kind::CloudConfig => own_launch_index(&candidate.content),
            None => None,
        };
        if let Some(problem) = left_alone(&kind, &filename, self.source, &candidate.content) {
            self.out.problems.push(problem);
        }
        let Candidate { content, merge_type, .. } = candidate;
        self.out.parts.push(Part { kind, filename, content, merge_type, launch_index });
    }

    fn stop_at_bound(&mut self) {
        if !self.full {
            self.full = true;
            let cause = format!("it has more than {} parts", limits::MIME_PARTS);
            self.out.problems.push(Error::new("read all of", self.source, cause));
        }
    }

    /// How messages name the next part.
    fn name(&self, filename: Option<&str>) -> String {
        match filename {
            Some(name) if !name.is_empty() => format!("{} {name}", self.source),
            _ => format!("{} part-{:03}", self.source, self.out.parts.len() + 1),
        }
    }

    fn note(&mut self, subject: String, what: &str) {
        let cause = format!("{what}; cloud-init would ignore such data in silence");
        self.out.problems.push(Error::new("take as it is", subject, cause));
    }
}

impl Candidate<'_> {
    fn into_owned(self) -> Candidate<'static> {
        Candidate {
            content_type: self.content_type,
            filename: self.filename,
            content: Cow::Owned(self.content.into_owned()),
            merge_type: self.merge_type,
            launch_index: self.launch_index,
        }
    }
}

/// What to say about a part that this version does nothing with.
fn left_alone(kind: &Kind, filename: &str, source: &str, content: &[u8]) -> Option<Error> {
    let (doing, object, cause) = match kind {
        Kind::Include | Kind::IncludeOnce => ("fetch", "the URLs of", "this version fetches none"),
        Kind::Jinja => ("render", "template", "this version has no templates"),
        Kind::PartHandler => ("run", "part handler", "this version runs no Python"),
        Kind::CloudConfigJsonp => ("apply", "JSON patch", "this version applies none"),
        Kind::CloudConfigArchive => ("expand", "archive", "an archive inside an archive is not expanded"),
        Kind::Unknown(_) if content.is_empty() => return None,
        Kind::Unknown(content_type) if SNIFFED.contains(&&**content_type) => {
            ("use", "part", "its first line names no kind of user data (#cloud-config, #!, …)")
        }
        Kind::Unknown(content_type) => {
            let cause = format!("content type {content_type} is not known");
            return Some(Error::new("use", format!("part {filename} of {source}"), cause));
        }
        _ => return None,
    };
    Some(Error::new(doing, format!("{object} {filename} of {source}"), cause))
}

fn merge_type(headers: &mime::Headers<'_>) -> Option<String> {
    let given = ["Merge-Type", "X-Merge-Type"].into_iter().filter_map(|name| headers.get(name));
    given.map(|value| value.trim().to_string()).find(|value| !value.is_empty())
}

/// The `launch-index` key of a cloud-config.
fn own_launch_index(content: &[u8]) -> Option<i64> {
    // Most have none: then nothing needs to be parsed here.
    let text = core::str::from_utf8(content).ok().filter(|text| text.contains("launch-index"))?;
    let config = yaml::load(text).ok()?;
    as_index(config.get("launch-index")?)
}

/// An index as Python's `int()` reads it.
fn as_index(value: &Value<'_>) -> Option<i64> {
    match &value.data {
        Data::Int(index) => Some(*index),
        Data::Bool(index) => Some(i64::from(*index)),
        Data::Float(index) => index.split('.').next()?.parse().ok(),
        Data::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether user data is a MIME message: the words stand near its start.
fn is_mime(message: &[u8]) -> bool {
    let words = b"mime-version:";
    let head = &message[..message.len().min(4096)];
    head.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words))
}

/// What base64 text hides, if that is user data; nobody means such text as it
/// stands.
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

fn without_mark(content: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match content {
        Cow::Borrowed(content) => Cow::Borrowed(content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content)),
        Cow::Owned(content) => Cow::Owned(content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content).to_vec()),
    }
}

/// What follows a line `---` at the start of `content`.
fn after_document_start(content: &[u8]) -> Option<&[u8]> {
    let after = content.trim_ascii_start().strip_prefix(b"---")?;
    let end = after.iter().position(|&byte| byte == b'\n')?;
    after[..end].trim_ascii().is_empty().then_some(&after[end + 1..])
}
