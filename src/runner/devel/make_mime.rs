//! `glowplug devel make-mime`: files put together into one MIME message, with
//! the checks and the messages of cloud-init's command of that name.

use super::read;
use crate::cli::{Arguments, Ended, Fault, print, say};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glowplug::error::{Error, Result};
use glowplug::syntax::value::Place;
use glowplug::user_data::Kind;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Characters of a line of base64 (RFC 2045).
const LINE: usize = 76;

#[derive(Debug, PartialEq)]
struct Attachment {
    file: String,
    /// As it was given: without `text/`.
    subtype: String,
}

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let mut known: Vec<_> = Kind::content_types().collect();
    known.sort_unstable();
    if arguments.has("list-types") {
        let list: Vec<_> = known.iter().map(|name| name.trim_start_matches("text/")).collect();
        print(&(list.join("\n") + "\n"))?;
        return Ok(0);
    }
    let attachments =
        arguments.values("attach").map(Attachment::parse).collect::<std::result::Result<Vec<_>, _>>()?;
    let force = arguments.has("force");
    let contents = attachments.iter().map(|attachment| text(&attachment.file)).collect::<Result<Vec<_>>>()?;
    let mut doubtful = false;
    for (index, attachment) in attachments.iter().enumerate() {
        let content_type = attachment.content_type();
        if !known.contains(&&*content_type) {
            let level = if force { "WARNING" } else { "ERROR" };
            say(&format!(
                "{level}: content type '{content_type}' for attachment {} may be incorrect!",
                index + 1
            ));
            doubtful = true;
        }
    }
    if doubtful {
        say("Invalid content-types, override with --force");
        if !force {
            return Ok(1);
        }
    }
    print(&message(&attachments, &contents))?;
    Ok(0)
}

impl Attachment {
    /// Takes `FILE:TYPE`.
    fn parse(argument: &str) -> std::result::Result<Self, Fault> {
        let Some((file, subtype)) = argument.split_once(':') else {
            return Err(Fault::Usage(format!("unable to attach {argument:?}: FILE:TYPE is expected")));
        };
        // Either stands in a header of the message.
        if argument.chars().any(char::is_control) {
            return Err(Fault::Usage(format!("unable to attach {argument:?}: it has control characters")));
        }
        Ok(Self { file: file.into(), subtype: subtype.trim().into() })
    }

    /// The type that a reader of the message sees; what is malformed counts
    /// as plain text (RFC 2045 §5.2).
    fn content_type(&self) -> String {
        let bare = self.subtype.split(';').next().unwrap_or_default().trim();
        if bare.contains('/') { "text/plain".into() } else { format!("text/{}", bare.to_lowercase()) }
    }
}

/// A file's text, its line ends as `\n`.
fn text(file: &str) -> Result<String> {
    let content = read(file)?;
    match String::from_utf8(content) {
        Ok(text) => Ok(text.replace("\r\n", "\n").replace('\r', "\n")),
        Err(error) => {
            let place = Place::of_byte(error.as_bytes(), error.utf8_error().valid_up_to());
            Err(Error::at("attach", file, place.line, place.column, "not UTF-8"))
        }
    }
}

fn message(attachments: &[Attachment], contents: &[String]) -> String {
    let boundary = boundary(contents);
    let mut out = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n");
    for (attachment, content) in attachments.iter().zip(contents) {
        let Attachment { file, subtype } = attachment;
        // Writing to a String can't fail.
        let _ = write!(
            out,
            "--{boundary}\nContent-Type: text/{subtype}; charset=\"utf-8\"\nMIME-Version: 1.0\n\
             Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"{file}\"\n\n"
        );
        for line in STANDARD.encode(content).as_bytes().chunks(LINE) {
            out.extend(line.iter().copied().map(char::from));
            out.push('\n');
        }
        out.push('\n');
    }
    if attachments.is_empty() {
        let _ = write!(out, "--{boundary}\n\n");
    }
    out + &format!("--{boundary}--\n\n")
}

/// A line that stands in no part: base64 has no `=` but at its end. The same
/// files give the same message.
fn boundary(contents: &[String]) -> String {
    let mut hash = Sha256::new();
    for content in contents {
        hash.update(Sha256::digest(content));
    }
    let number = hash.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("==============={number:020}==")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_as_a_reader_of_the_message_tells_them() {
        for (given, seen) in [
            ("cloud-config", "text/cloud-config"),
            ("X-ShellScript; x=y", "text/x-shellscript"),
            ("text/cloud-config", "text/plain"),
        ] {
            let attachment = Attachment { file: "f".into(), subtype: given.into() };
            assert_eq!(attachment.content_type(), seen);
        }
    }
}
