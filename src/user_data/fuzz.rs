//! Mutated user data: nothing panics, hangs or grows past its bounds.
//!
//! `FUZZ_ROUNDS=1000000 cargo test --release --lib fuzz` runs longer.

use super::*;
use crate::limits;
use crate::syntax::{encoding, json};
use alloc::vec::Vec;

/// Messages to begin from, and pieces to put into them.
const SEEDS: [&[u8]; 7] = [
    b"Content-Type: multipart/mixed; boundary=\"BB\"\nMIME-Version: 1.0\n\n--BB\nContent-Type: text/cloud-config\nContent-Disposition: attachment; filename*0*=utf-8''%C3%A4; filename*1=\"b\"\n\na: 1\n--BB\nContent-Transfer-Encoding: base64\n\nIyEvYmluL3No\n--BB--\n",
    b"MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=A\n\n--A\n\nContent-Type: multipart/x; boundary=B\n\n--B\nContent-Transfer-Encoding: quoted-printable\n\n=41=\n=\n--B--\n--A\nContent-Type: message/rfc822\n\n\nx\n",
    b"#cloud-config-archive\n- type: text/x-shellscript\n  content: |\n    #!/bin/sh\n- content: \"a\"\n  Merge-Type: list(append)\n",
    b"#cloud-config\nmerge_how: list(append)+dict(recurse_array)+str()\nl: [1, {\"a\": \"b\"}]\nlaunch-index: 1\n",
    b"{\"a\": [1, 2.5e3, \"\\u00e9\\ud83d\\ude00\", null, true], \"b\": {}}",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
    b"I2Nsb3VkLWNvbmZpZwphOiAxCg==",
];

const PIECES: [&[u8]; 16] = [
    b"\n",
    b"\r",
    b"--",
    b"--BB",
    b"--BB--\n",
    b"\"",
    b";",
    b"=",
    b"=?utf-8?q?",
    b"?=",
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf",
    b"From ",
    b"*0*=",
    b"[",
];

/// Numbers from a linear feedback shift register (Marsaglia's xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        let end = (at + self.below(20)).min(text.len());
        match self.below(5) {
            0 => drop(text.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
            1 => drop(text.drain(at..end)),
            2 => {
                let copy = text[at..end].to_vec();
                let to = self.below(text.len() + 1);
                drop(text.splice(to..to, copy));
            }
            3 if at < text.len() => text[at] = u8::try_from(self.below(256)).unwrap(),
            _ => drop(text.splice(at..at, SEEDS[self.below(SEEDS.len())].iter().copied())),
        }
    }
}

#[test]
fn mutations_end_well() {
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(3000, |rounds| rounds.parse().unwrap());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let mut text = SEEDS[round % SEEDS.len()].to_vec();
        for _ in 0..=random.below(12) {
            random.mutate(&mut text);
        }
        let assembled = assemble("user_data", &text);
        assert!(assembled.parts.len() <= limits::MIME_PARTS);
        let merged = merge("user_data", &assembled.parts);
        assert!(matches!(merged.config.data, crate::syntax::value::Data::Map(_)));
        for part in &assembled.parts {
            assert!(!clean_name(&part.filename).contains('/'));
            assert!(script_bytes(&part.content).len() <= part.content.len());
        }
        let _ = encoding::gunzip(&text);
        assert!(
            encoding::base64(&text).is_ok_and(|out| out.len() <= text.len())
                || encoding::base64(&text).is_err()
        );
        assert!(encoding::quoted_printable(&text).len() <= text.len());
        if let Ok(value) = json::parse(&text) {
            let mut once = alloc::string::String::new();
            json::write(&value, json::Style::File, &mut once);
            // What Python writes for numbers past a double is no JSON.
            if !once.contains("Infinity") {
                let mut twice = alloc::string::String::new();
                json::write(&json::parse(once.as_bytes()).unwrap(), json::Style::File, &mut twice);
                assert_eq!(once, twice);
            }
        }
    }
}
