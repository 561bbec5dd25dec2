//! Mutated messages: nothing panics, hangs or grows past its bounds.

use super::*;

/// What holds for any bytes at all, taken as a message and in each encoding.
pub(crate) fn check(input: &[u8]) {
    let mut leaves = 0;
    for leaf in walk(input) {
        let Ok(leaf) = leaf else { break };
        leaves += 1;
        assert!(leaf.body.is_empty() || input.as_ptr_range().contains(&leaf.body.as_ptr()), "a slice of it");
        assert!(leaf.content().len() <= leaf.body.len());
        // A byte of Latin-1 takes two in UTF-8, one that is damaged three.
        assert!(leaf.filename().is_none_or(|name| name.len() <= 3 * input.len()));
        assert!(leaf.content_type.matches('/').count() == 1);
    }
    assert!(leaves <= limits::MIME_PARTS);
    assert!(!encoding::base64(input).is_ok_and(|out| out.len() > input.len()));
    assert!(encoding::quoted_printable(input).len() <= input.len());
    assert!(encoding::unescape(input, b'%').len() <= input.len());
    assert!(!encoding::gunzip(input).is_ok_and(|out| out.len() > limits::EXPANDED));
}

const MESSAGES: [&[u8]; 4] = [
    b"Content-Type: multipart/mixed; boundary=\"BB\"\n\n--BB\nContent-Disposition: x; filename*0*=utf-8''%C3; filename*1*=%A4\n\na: 1\n--BB\nContent-Transfer-Encoding: base64\n\nIyEvYmluL3No\n--BB--\n",
    b"Content-Type: multipart/digest; boundary=A\r\n\r\n--A\r\n\r\nContent-Type: multipart/x; boundary*=utf-8''B\r\n\r\n--B\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41=\r\n=\r\n--B--\r\n--A--",
    b"From x\nContent-Disposition: x; filename=\"=?utf-8?q?a?= =?utf-8?b?YQ==?=\"\n folded\n: nameless\n\nbody",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
];

const PIECES: [&[u8]; 12] =
    [b"\n", b"\r", b"--", b"--BB\n", b"--A--", b"\"", b";", b"=", b"=?utf-8?b?", b"?=", b"\xff", b"*0*="];

/// `FUZZ_ROUNDS=1000000 cargo test --release --lib mime::fuzz` runs longer.
#[test]
fn mutations_end_well() {
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(3000, |rounds| rounds.parse().unwrap());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % bound.max(1)
    };
    for round in 0..rounds {
        let mut text = MESSAGES[round % MESSAGES.len()].to_vec();
        for _ in 0..=below(12) {
            let at = below(text.len() + 1);
            let end = (at + below(20)).min(text.len());
            match below(4) {
                0 => drop(text.splice(at..at, PIECES[below(PIECES.len())].iter().copied())),
                1 => drop(text.drain(at..end)),
                2 if at < text.len() => text[at] = u8::try_from(below(256)).unwrap(),
                _ => drop(text.splice(at..at, MESSAGES[below(MESSAGES.len())].iter().copied())),
            }
        }
        check(&text);
    }
}
