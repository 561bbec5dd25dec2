//! What somebody meant whose user data is read as something else: the commonest mistakes of its
//! first lines.

use super::part::Kind;
use crate::text::contains;
use alloc::string::String;

/// How `content` was probably meant that is of a `kind`; `None`: nothing says that it was not meant
/// so.
pub fn hint(content: &[u8], kind: Kind) -> Option<&'static str> {
    if is_utf16(content) {
        return Some("it is UTF-16; save it as UTF-8");
    }
    let text = String::from_utf8_lossy(content);
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let lower = first.to_ascii_lowercase();
    match kind {
        Kind::Script if lower.starts_with("#!cloud-config") => {
            Some("its first line makes it a script for a program called cloud-config; write #cloud-config")
        }
        Kind::Unknown => Some(of_first_line(text, &lower)),
        _ => None,
    }
}

/// Whether user data is taken for a MIME message.
pub fn is_message(content: &[u8]) -> bool {
    let head = content.get(..4096.min(content.len())).unwrap_or_default();
    contains(&String::from_utf8_lossy(head).to_ascii_lowercase(), "mime-version:")
}

/// How a message was meant of which no part came.
pub const NO_PART: &str = "it is a MIME message, and no line of it begins a part: that is `--` and the boundary of its \
                           header";

fn of_first_line(text: &str, first: &str) -> &'static str {
    let letters: String = first.chars().filter(char::is_ascii_alphanumeric).collect();
    if first.starts_with('#') && (letters.starts_with("cloudconf") || letters.starts_with("cloudinit")) {
        return "its first line is probably meant to be #cloud-config, in just these characters";
    }
    if first.starts_with("mime-version:") || first.starts_with("content-type:") {
        return if is_message(text.as_bytes()) {
            "it looks like MIME, and an empty line stands before its headers; they have to begin in its first line"
        } else {
            "it looks like MIME, and MIME-Version: 1.0 is missing in its headers"
        };
    }
    if first.starts_with("--") && contains(&text.to_ascii_lowercase(), "\ncontent-type:") {
        return "it looks like MIME without its headers: MIME-Version: 1.0 and Content-Type: multipart/mixed; \
                boundary=\"…\" have to come first, then an empty line";
    }
    if ["#ps1", "<powershell", "rem cmd", "<script"].iter().any(|mark| first.starts_with(mark)) {
        return "it is a script of Windows, which is not run here";
    }
    if first.starts_with('{') {
        return if contains(text, "\"ignition\"") {
            "it is a configuration for Ignition, which is another program"
        } else {
            "it looks like JSON; with the line #cloud-config before it it is read as a cloud-config"
        };
    }
    let key = first.split_once(':').filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if key.is_some_and(|(key, _)| is_key(key)) {
        return "it looks like a cloud-config whose first line, #cloud-config, is missing";
    }
    "a cloud-config begins with the line #cloud-config, a script with #! and its program (#!/bin/sh)"
}

/// Whether every other byte of the beginning is NUL, or a byte order mark says so.
fn is_utf16(content: &[u8]) -> bool {
    let head = content.get(..32.min(content.len())).unwrap_or_default();
    let is_wide = |first: usize| {
        let mut others = head.iter().skip(first).step_by(2).peekable();
        head.len() >= 4 && others.peek().is_some() && others.all(|byte| *byte == 0)
    };
    matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || is_wide(0) != is_wide(1)
}
