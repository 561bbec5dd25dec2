//! MIME messages to parts, beside the peers: `cargo bench --bench mime`.
//!
//! "split" finds the parts, their types and bodies; "decoded" also undoes the
//! transfer encodings. mail-parser does both at once and stands in both tables.

use std::fmt::Write as _;
use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glowplug::syntax::mime;
use mail_parser::MessageParser;
use mailparse::ParsedMail;
use measure::{Contestant, compare};

mod measure;

/// As Python's `email` makes it.
const BOUNDARY: &str = "===============4398046511104398046==";

fn main() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let many: Vec<Part> = (0..100).map(|n| Part::of(n, &mut random)).collect();
    // 12 MB of content are 16 MB of base64.
    let big = [Part::base64("application/octet-stream", &random.bytes(12_000_000))];
    for (title, parts) in [("3 parts", &many[..3]), ("100 parts", &many), ("16 MB of base64", &big)] {
        bench(title, parts);
    }
}

fn bench(title: &str, parts: &[Part]) {
    let message = message(parts);
    let expected: Vec<&[u8]> = parts.iter().map(|part| &part.content[..]).collect();
    assert_eq!(own(&message), expected, "{title}: own result");
    let mailparse = check(&expected, &mailparse(&message));
    let mail_parser = check(&expected, &mail_parser(&message));

    let run_mail_parser = || drop(black_box(MessageParser::default().parse(black_box(&message))));
    compare(
        &format!("{title}, split"),
        message.len(),
        &mut [
            Contestant::own("glowplug", || {
                mime::walk(black_box(&message)).for_each(|leaf| drop(black_box(leaf)))
            }),
            Contestant::peer("mailparse", mailparse.clone(), || {
                drop(black_box(mailparse::parse_mail(black_box(&message))));
            }),
            Contestant::peer("mail-parser", mail_parser.clone(), run_mail_parser),
        ],
    );
    compare(
        &format!("{title}, decoded"),
        message.len(),
        &mut [
            Contestant::own("glowplug", || {
                mime::walk(black_box(&message)).flatten().for_each(|leaf| drop(black_box(leaf.content())));
            }),
            Contestant::peer("mailparse", mailparse, || {
                let whole = mailparse::parse_mail(black_box(&message)).expect("a message it has read before");
                whole.subparts.iter().for_each(|part| drop(black_box(part.get_body_raw())));
            }),
            Contestant::peer("mail-parser", mail_parser, run_mail_parser),
        ],
    );
}

/// What is wrong with a peer's contents, if anything.
fn check(expected: &[&[u8]], found: &[Vec<u8>]) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err("other contents than were written".into()) }
}

fn own(message: &[u8]) -> Vec<Vec<u8>> {
    mime::walk(message).flatten().map(|leaf| leaf.content().into_owned()).collect()
}

fn mailparse(message: &[u8]) -> Vec<Vec<u8>> {
    let content = |part: &ParsedMail<'_>| part.get_body_raw().unwrap_or_default();
    mailparse::parse_mail(message).map_or(Vec::new(), |whole| whole.subparts.iter().map(content).collect())
}

fn mail_parser(message: &[u8]) -> Vec<Vec<u8>> {
    let Some(message) = MessageParser::default().parse(message) else { return Vec::new() };
    message.parts.iter().skip(1).map(|part| part.contents().to_vec()).collect()
}

/// One part to write.
struct Part {
    content_type: &'static str,
    transfer_encoding: &'static str,
    content: Vec<u8>,
    encoded: String,
}

impl Part {
    /// The `n`th of a message as people write them: cloud-configs, scripts,
    /// and every third in base64.
    fn of(n: usize, random: &mut Random) -> Self {
        let mut text = String::new();
        for line in 0..10 + random.below(30) {
            let word = random.below(1_000_000);
            let written = match n % 3 {
                0 => write!(text, "- path: /etc/app-{word}/{line}.conf\n  permissions: '0644'\n"),
                1 => writeln!(text, "systemctl --now enable \"unit-{word}.service\" || echo {line} failed"),
                _ => writeln!(text, "key-{word} = value {line}"),
            };
            written.expect("a String takes everything");
        }
        match n % 3 {
            0 => Self::plain("text/cloud-config", &format!("#cloud-config\nwrite_files:\n{text}")),
            1 => Self::plain("text/x-shellscript", &format!("#!/bin/sh\nset -e\n{text}")),
            _ => Self::base64("text/plain", text.as_bytes()),
        }
    }

    fn plain(content_type: &'static str, text: &str) -> Self {
        Self { content_type, transfer_encoding: "7bit", content: text.into(), encoded: text.into() }
    }

    fn base64(content_type: &'static str, content: &[u8]) -> Self {
        let mut encoded = STANDARD.encode(content);
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
        encoded = lines.join("\n");
        Self { content_type, transfer_encoding: "base64", content: content.to_vec(), encoded }
    }
}

fn message(parts: &[Part]) -> Vec<u8> {
    let mut text = format!(
        "Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\nMIME-Version: 1.0\nNumber-Attachments: {}\n\n",
        parts.len()
    );
    for (n, part) in parts.iter().enumerate() {
        let Part { content_type, transfer_encoding, encoded, .. } = part;
        let written = write!(
            text,
            "--{BOUNDARY}\nContent-Type: {content_type}; charset=\"utf-8\"\nMIME-Version: 1.0\n\
             Content-Transfer-Encoding: {transfer_encoding}\n\
             Content-Disposition: attachment; filename=\"part-{n:03}\"\n\n{encoded}\n"
        );
        written.expect("a String takes everything");
    }
    text.push_str(&format!("--{BOUNDARY}--\n"));
    text.into_bytes()
}

/// Numbers from a linear feedback shift register (Marsaglia's xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 33) % bound
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(count).collect()
    }
}
