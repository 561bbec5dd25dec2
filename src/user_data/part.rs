//! One part of user data: what kind it is, and its name and bytes.

use super::heat;
use crate::text::is_space;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// What a part is, by its content type or its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `#cloud-config`.
    CloudConfig,
    /// `#cloud-config-archive`: a list of parts. Those that can be read are
    /// expanded by [`super::assemble`]; one inside another is left.
    CloudConfigArchive,
    /// `#cloud-config-jsonp`: an RFC 6902 patch of the merged cloud-config.
    CloudConfigJsonp,
    /// `#!`: a script for the end of the first boot.
    Script,
    /// A script for the end of every boot.
    ScriptPerBoot,
    /// A script for once in an instance's life.
    ScriptPerInstance,
    /// A script for once in the machine's life.
    ScriptPerOnce,
    /// `#cloud-boothook`: a script run at once, in every boot.
    Boothook,
    /// `#include`: URLs of further user data.
    Include,
    /// `#include-once`.
    IncludeOnce,
    /// `## template: jinja`.
    Jinja,
    /// `#upstart-job`.
    UpstartJob,
    /// `#part-handler`: Python code that handles further types.
    PartHandler,
    /// A file for the tools of OpenStack Heat.
    HeatData,
    /// Any other content type.
    Unknown,
}

/// Content types of the kinds.
static CONTENT_TYPES: [(&str, Kind); 14] = [
    ("text/cloud-config", Kind::CloudConfig),
    ("text/cloud-config-archive", Kind::CloudConfigArchive),
    ("text/cloud-config-jsonp", Kind::CloudConfigJsonp),
    ("text/x-shellscript", Kind::Script),
    ("text/x-shellscript-per-boot", Kind::ScriptPerBoot),
    ("text/x-shellscript-per-instance", Kind::ScriptPerInstance),
    ("text/x-shellscript-per-once", Kind::ScriptPerOnce),
    ("text/cloud-boothook", Kind::Boothook),
    ("text/x-include-url", Kind::Include),
    ("text/x-include-once-url", Kind::IncludeOnce),
    ("text/jinja2", Kind::Jinja),
    ("text/upstart-job", Kind::UpstartJob),
    ("text/part-handler", Kind::PartHandler),
    (heat::DATA, Kind::HeatData),
];

/// First bytes of the kinds, in any case; a longer one before its own prefix.
static BEGINNINGS: [(&[u8], Kind); 10] = [
    (b"#cloud-config-archive", Kind::CloudConfigArchive),
    (b"#cloud-config-jsonp", Kind::CloudConfigJsonp),
    (b"#cloud-config", Kind::CloudConfig),
    (b"## template: jinja", Kind::Jinja),
    (b"#cloud-boothook", Kind::Boothook),
    (b"#include-once", Kind::IncludeOnce),
    (b"#include", Kind::Include),
    (b"#part-handler", Kind::PartHandler),
    (b"#upstart-job", Kind::UpstartJob),
    (b"#!", Kind::Script),
];

impl Kind {
    /// The kind of a content type in lower case, without parameters.
    pub fn from_content_type(content_type: &str) -> Self {
        CONTENT_TYPES.iter().find(|(name, _)| *name == content_type).map_or(Self::Unknown, |(_, kind)| *kind)
    }

    /// The content type that cloud-init gives such a part; `None` for
    /// [`Kind::Unknown`].
    pub fn content_type(self) -> Option<&'static str> {
        CONTENT_TYPES.iter().find(|(_, kind)| *kind == self).map(|(name, _)| *name)
    }

    /// The content types of all kinds.
    pub fn content_types() -> impl Iterator<Item = &'static str> {
        CONTENT_TYPES.iter().map(|(name, _)| *name)
    }

    /// The kind that `content` names in its first bytes after white space.
    pub fn of_content(content: &[u8]) -> Option<Self> {
        let text = without_space(content);
        let begins = |beginning: &[u8]| {
            text.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
        };
        BEGINNINGS.iter().find(|(beginning, _)| begins(beginning)).map(|(_, kind)| *kind)
    }
}

/// `content` without the white space before it, as Python's `str.lstrip`.
fn without_space(mut content: &[u8]) -> &[u8] {
    loop {
        let length = match *content {
            [b' ' | b'\t'..=b'\r' | 0x1c..=0x1f, ..] => 1,
            [0xc2, ..] => 2,
            [0xe1..=0xe3, ..] => 3,
            _ => return content,
        };
        let Some((head, rest)) = content.split_at_checked(length) else { return content };
        let space = length == 1 || core::str::from_utf8(head).is_ok_and(|head| head.chars().all(is_space));
        if !space {
            return content;
        }
        content = rest;
    }
}

/// One part of user data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// The content type that cloud-init gives it: its kind's, of a template
    /// always `text/jinja2`; of an unknown kind the one it came with, lower
    /// case and without parameters.
    pub content_type: String,
    /// The name it came with, any characters; else `part-001` and so on,
    /// counted over all parts.
    pub filename: String,
    /// Its bytes, every encoding undone.
    pub content: Vec<u8>,
    /// The `Merge-Type` or `X-Merge-Type` header.
    pub merge_type: Option<String>,
    /// The one instance of several that it is for: the `Launch-Index` header,
    /// or a cloud-config's own `launch-index`.
    pub launch_index: Option<i64>,
}

impl Part {
    /// Whether the part is for the instance with this `launch-index` in its
    /// metadata; without one it is for every instance.
    pub fn is_for(&self, launch_index: Option<i64>) -> bool {
        match (self.launch_index, launch_index) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        }
    }
}

/// The file name a script gets: `/` becomes `_`, and only ASCII letters,
/// digits and `_-.()` stay. Where nothing usable is left: `part`.
pub fn clean_name(filename: &str) -> String {
    let mut name = String::new();
    for character in filename.chars() {
        match character {
            '/' => name.push('_'),
            '_' | '-' | '.' | '(' | ')' | 'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(character),
            _ => {}
        }
    }
    if matches!(&*name, "" | "." | "..") { "part".into() } else { name }
}

/// A script as it is written to its file: CR LF becomes LF, but only when the
/// first line ends so.
pub fn script_bytes(content: &[u8]) -> Cow<'_, [u8]> {
    let first_end = content.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    if first_end == 0 || content[first_end - 1] != b'\r' {
        return Cow::Borrowed(content);
    }
    let mut script = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [text @ .., b'\r', b'\n'] => {
                script.extend_from_slice(text);
                script.push(b'\n');
            }
            _ => script.extend_from_slice(line),
        }
    }
    Cow::Owned(script)
}

/// A boothook as it is written to its file: as a script, without the mark
/// `#cloud-boothook` and the white space around it.
pub fn boothook_bytes(content: &[u8]) -> Vec<u8> {
    let script = script_bytes(content);
    script.strip_prefix(b"#cloud-boothook").unwrap_or(&script).trim_ascii_start().to_vec()
}

/// The path of an upstart job: its name ends in `.conf`.
pub fn upstart_path(filename: &str) -> String {
    let name = clean_name(filename);
    let end = if name.len() > 5 && name.to_ascii_lowercase().ends_with(".conf") { "" } else { ".conf" };
    ["/etc/init/", &name, end].concat()
}
