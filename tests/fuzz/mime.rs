//! Parts lie in the message, in order and without overlap; nothing decoded is
//! longer than its encoding; parts are bounded.

use std::fs;

use glowplug::limits;
use glowplug::syntax::{encoding, mime};

use crate::{Target, corpus};

pub(crate) const PIECES: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"--",
    b"--BB",
    b"--BB\n",
    b"--BB--\n",
    b"\"",
    b";",
    b"=",
    b"=\n",
    b"=?utf-8?q?",
    b"=?utf-8?b?",
    b"?=",
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf",
    b"From ",
    b"*0*=",
    b"*1=",
    b"[",
    b" ",
    b"\t",
    b"(",
    b")",
    b"\\",
    b"Content-Type: multipart/mixed; boundary=BB\n",
    b"Content-Type: multipart/digest; boundary=\"B B\"\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Disposition: attachment; filename=\"a\"\n",
    b"MIME-Version: 1.0\n",
    b"boundary=",
    b"filename*=utf-8''%C3%A4",
];

/// Messages with boundaries that mutations put in.
const MESSAGES: [&str; 2] = [
    "Content-Type: multipart/mixed; boundary=\"BB\"\nMIME-Version: 1.0\n\n--BB\nContent-Type: text/cloud-config\n\na: 1\n--BB\n\
     Content-Transfer-Encoding: base64\n\nIyEvYmluL3No\n--BB--\n",
    "MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=A\n\n--A\n\nContent-Type: multipart/x; boundary=BB\n\n--BB\n\
     Content-Transfer-Encoding: quoted-printable\n\n=41=\n=\n--BB--\n--A\nContent-Type: message/rfc822\n\n\nx\n",
];

pub(crate) fn messages() -> Vec<Vec<u8>> {
    let files = corpus::files(&corpus::data().join("mime"), &["eml"]);
    let mut corpus: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    corpus.extend(MESSAGES.iter().map(|text| text.as_bytes().to_vec()));
    corpus
}

pub(crate) fn target() -> Target {
    Target { name: "mime", corpus: messages(), pieces: PIECES, check, rounds: 50_000 }
}

fn check(input: &[u8]) -> bool {
    let (mut parts, mut behind) = (0, 0);
    let mut walk = mime::walk(input);
    while let Some(leaf) = walk.next() {
        let Ok(leaf) = leaf else {
            assert!(walk.next().is_none(), "a walk goes on behind its bound");
            break;
        };
        parts += 1;
        // Offsets say where a slice lies: it must be one of the message.
        let start = (leaf.body.as_ptr() as usize).wrapping_sub(input.as_ptr() as usize);
        assert!(leaf.body.is_empty() || start >= behind && start + leaf.body.len() <= input.len());
        if !leaf.body.is_empty() {
            behind = start + leaf.body.len();
        }
        let content = leaf.content();
        assert!(content.len() <= leaf.body.len());
        // A byte that is no character becomes one of three.
        assert!(leaf.content_type.len() <= 3 * input.len().max("text/plain".len()));
        if let Some(name) = leaf.filename() {
            assert!(name.len() <= 3 * input.len());
        }
    }
    assert!(parts <= limits::MIME_PARTS);
    assert!(encoding::quoted_printable(input).len() <= input.len());
    assert!(encoding::unescape(input, b'%').len() <= input.len());
    assert!(
        encoding::base64(input).is_ok_and(|out| out.len() <= input.len()) || encoding::base64(input).is_err()
    );
    parts > 1
}
