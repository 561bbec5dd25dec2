//! Messages that try every corner of MIME, made from random numbers.

/// Numbers from a linear feedback shift register (Marsaglia's xorshift64).
pub(crate) struct Random(u64);

/// Boundaries: some begin others, some are hard to quote.
const BOUNDARIES: [&str; 16] = [
    "B",
    "BB",
    "BBB",
    "BBC",
    "B-",
    "B--",
    "-",
    "--",
    "",
    "=_a b:c/d?",
    "a b ",
    "b;c",
    "q\\\"r",
    "\u{e4}",
    "===============4398046511104398046==",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
];

const TYPES: [&str; 22] = [
    "text/plain",
    "text/cloud-config",
    "Text/X-ShellScript",
    "application/gzip",
    "application/octet-stream",
    "message/rfc822",
    "message/rfc822",
    "message/partial",
    "message/delivery-status",
    "multipart/mixed",
    "multipart/mixed",
    "multipart/mixed",
    "MULTIPART/Alternative",
    "multipart/digest",
    "multipart/digest",
    "multipart/",
    "text",
    "text/a/b",
    "",
    "/",
    " text/html ",
    "\u{c4}/\u{a0}x",
];

const ENCODINGS: [&str; 14] = [
    "7bit",
    "8bit",
    "binary",
    "base64",
    "base64",
    "BASE64",
    "base64 ",
    "quoted-printable",
    "Quoted-Printable",
    "quoted-printable\t",
    "x-uuencode",
    "uue",
    "unknown",
    "",
];

/// Values of a file name's parameter, with the name's ending before them.
const NAMES: [&str; 40] = [
    "=plain.cfg",
    "=\"quoted.cfg\"",
    "=\"a;b\\\"c\"",
    " = spaced ",
    "=",
    "=\"\"",
    "=\"",
    "=\"open",
    "=<angle>",
    "=\"<both>\"",
    "=\"\\\"twice\\\"\"",
    "=\"back\\\\slash\\\\\"",
    "=../../etc/passwd",
    "=\"na\u{ef}ve\"",
    "=\"\u{20ac}\"",
    "*=utf-8''na%C3%AFve",
    "*=UTF8'en'%e2%82%ac\u{20ac}",
    "*=iso-8859-1'en'na%EFve",
    "*=us-ascii''a%FFb",
    "*=''none",
    "*=nothing",
    "*=utf-16''a%00b",
    "*=koi8-r'ru'%c1%c2",
    "*=utf-8'one",
    "*0=ab; filename*1=cd",
    "*1=cd; filename*0=\"ab\"",
    "*0*=utf-8''%C3; filename*1*=%A4",
    "*0*=utf-8''%C3%A4; filename*1=b%20",
    "*10=k; filename*9=j; filename*009=i",
    "*0=a; filename*=utf-8''star",
    "**=x",
    "*x=y",
    "*0**=z",
    "*1*=utf-8''late",
    "*99999999999999999999=z; filename*2=y",
    "=\"=?utf-8?q?na=C3=AFve_x?=\"",
    "=\"=?utf-8?b?bmHDr3Zl?= =?UTF-8?Q?=C3?= =?utf-8?q?=A4?= tail\"",
    "=\"=?iso-8859-1*en?q?=E9?==?utf-8?b?!?=\"",
    "=\" =?x?q?=?=a?= =?utf-8?b?YQ?= \t=?ascii?b?YQ==?=\"",
    "=\"=?utf-8?q?open =?utf-8?x?a?= =?u?B?QQ=?=\"",
];

/// Lines that mean something somewhere.
const LINES: [&str; 24] = [
    "",
    "",
    "text",
    "#cloud-config",
    "a: 1",
    "#!/bin/sh",
    "From somebody",
    "From: a@b",
    "From ",
    ":",
    ": nameless",
    " continued",
    "\tcontinued",
    "Content-Type: text/plain",
    "content-type:text/html",
    "Content-Type : text/x-no",
    "X-\u{e4}: y",
    "garbage",
    "-",
    "--",
    "-----",
    "=",
    "=3D=\u{e9}",
    "aGk=",
];

const PIECES: [&[u8]; 22] = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"--",
    b"--B",
    b"\n--BB\n",
    b"\n--BB--\n",
    b"\"",
    b"\\",
    b";",
    b"=",
    b"'",
    b"*0*=",
    b"=?utf-8?q?",
    b"?=",
    b" ",
    b"\t",
    b"\xff",
    b"\0",
    b"From ",
    b"\nContent-Type: multipart/mixed; boundary=BB\n",
];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    /// True once in `n` times.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A message made here, or one of `corpus`; often damaged.
    pub(crate) fn hostile_message(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut message = if self.one_in(4) {
            corpus[self.below(corpus.len())].clone()
        } else {
            let line_end = self.pick(&["\n", "\n", "\n", "\r\n", "\r\n", "\r"]);
            let mut text = Vec::new();
            self.entity(0, line_end, &mut text);
            text
        };
        if self.one_in(2) {
            for _ in 0..=self.below(4) {
                self.damage(&mut message);
            }
        }
        message
    }

    /// Bytes to compress: of few kinds or many, with and without repeats.
    pub(crate) fn content(&mut self) -> Vec<u8> {
        let (kinds, mut content) = (1 + self.below(256), Vec::new());
        for _ in 0..self.below(40) {
            if self.one_in(2) {
                let skewed = self.below(kinds) * self.below(kinds) / kinds;
                content.extend(
                    (0..self.below(60)).map(|_| (self.below(kinds) * skewed / kinds).to_le_bytes()[0]),
                );
            } else {
                let from = self.below(content.len());
                let copy = content[from..].to_vec();
                content.extend(copy.iter().cycle().take(self.below(400).min(copy.len() * 300)));
            }
        }
        content
    }

    /// A level of compression.
    pub(crate) fn level(&mut self) -> u8 {
        self.pick(&[0, 1, 2, 6, 9, 10])
    }

    /// Base64 or quoted-printable, with all that may go wrong in it.
    pub(crate) fn encoded_text(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let encoding = self.pick(&["base64", "quoted-printable"]);
        for _ in 0..=self.below(3) {
            self.body(encoding, "\n", &mut text);
        }
        text
    }

    /// `bytes`, every second time with a bit or more changed.
    pub(crate) fn maybe_damaged(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.below(2) * (1 + self.below(3)) {
            // The codes of a block stand in its first bytes.
            let near = if self.one_in(2) { 40 } else { bytes.len() };
            let at = self.below(bytes.len().min(near));
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (at % 8);
            }
        }
        bytes
    }

    fn damage(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        let end = (at + self.below(30)).min(text.len());
        match self.below(6) {
            0 | 1 => drop(text.splice(at..at, self.pick(&PIECES).iter().copied())),
            2 => drop(text.drain(at..end)),
            3 => {
                let copy = text[at..end].to_vec();
                let to = self.below(text.len() + 1);
                drop(text.splice(to..to, copy));
            }
            4 if at < text.len() => text[at] = u8::try_from(self.below(256)).unwrap(),
            _ => text.truncate(at.max(text.len() / 2)),
        }
    }

    /// Headers and a body that mostly fits them.
    fn entity(&mut self, depth: usize, line_end: &str, out: &mut Vec<u8>) {
        let mut kind = self.pick(&TYPES);
        if depth == 0 && self.one_in(2) {
            kind = "multipart/mixed";
        }
        let boundary = self.pick(&BOUNDARIES);
        let mut fields = Vec::new();
        if depth == 0 || self.one_in(3) {
            fields.push("MIME-Version: 1.0".to_string());
        }
        if !self.one_in(5) {
            fields.push(self.content_type(kind, boundary));
        }
        let encoding = self.pick(&ENCODINGS);
        if self.one_in(2) {
            fields.push(format!("Content-Transfer-Encoding: {encoding}"));
        }
        if self.one_in(2) {
            let first = self.pick(&[
                "attachment; filename",
                "attachment; FileName",
                "filename",
                "inline;; x=\"a;b\"; filename",
                "\"; filename",
            ]);
            fields.push(format!("Content-Disposition: {first}{}", self.pick(&NAMES)));
        }
        if self.one_in(4) {
            fields.push(self.pick(&LINES).to_string());
        }
        let first = self.below(fields.len());
        fields.rotate_left(first);
        for field in fields {
            self.folded(&field, line_end, out);
            self.end_line(line_end, out);
        }
        if !self.one_in(12) {
            self.end_line(line_end, out);
        }
        match kind.to_ascii_lowercase() {
            kind if kind.starts_with("multipart") && depth < 4 => {
                self.multipart(boundary, depth, line_end, out);
            }
            kind if kind.starts_with("message") && depth < 4 => self.entity(depth + 1, line_end, out),
            _ => self.body(encoding, line_end, out),
        }
    }

    fn content_type(&mut self, kind: &str, boundary: &str) -> String {
        let name = self.pick(&["Content-Type: ", "content-type:", "CONTENT-TYPE:  "]);
        let escaped = boundary.replace('\\', "\\\\").replace('"', "\\\"");
        let parameter = match self.below(12) {
            0 => format!("boundary={boundary}"),
            1 => format!("Boundary = \"{boundary}\" ; x=y"),
            2 => format!("boundary*=utf-8''{}", boundary.replace(' ', "%20")),
            3 => {
                let (head, tail) = escaped.split_at(escaped.floor_char_boundary(escaped.len() / 2));
                format!("boundary*1=\"{tail}\"; boundary*0=\"{head}\"")
            }
            4 => format!("charset=\"x;y\"; boundary=\"{escaped} \""),
            5 => format!("boundary=<{boundary}>"),
            6 => format!("name{}", self.pick(&NAMES)),
            _ => format!("boundary=\"{escaped}\""),
        };
        let separator = self.pick(&["; ", ";", " ;; "]);
        format!("{name}{kind}{separator}{parameter}")
    }

    /// `field`, perhaps on several lines.
    fn folded(&mut self, field: &str, line_end: &str, out: &mut Vec<u8>) {
        for piece in field.split_inclusive(' ') {
            out.extend_from_slice(piece.as_bytes());
            if piece.ends_with(' ') && self.one_in(8) {
                self.end_line(line_end, out);
                out.extend_from_slice(self.pick(&[" ", "\t", "  "]).as_bytes());
            }
        }
    }

    fn multipart(&mut self, boundary: &str, depth: usize, line_end: &str, out: &mut Vec<u8>) {
        if self.one_in(3) {
            self.line(line_end, out);
        }
        for _ in 0..self.below(4) {
            self.delimiter(boundary, "", line_end, out);
            self.entity(depth + 1, line_end, out);
            if !self.one_in(10) {
                self.end_line(line_end, out);
            }
        }
        if !self.one_in(4) {
            self.delimiter(boundary, "--", line_end, out);
        }
        for _ in 0..self.below(3) {
            self.line(line_end, out);
        }
    }

    fn delimiter(&mut self, boundary: &str, closing: &str, line_end: &str, out: &mut Vec<u8>) {
        let before = if self.one_in(20) { " " } else { "" };
        let after = self.pick(&["", "", "", "", "", "", " ", "\t ", "x", "--"]);
        out.extend_from_slice([before, "--", boundary.trim_end(), closing, after].concat().as_bytes());
        self.end_line(line_end, out);
        if self.one_in(15) {
            out.extend_from_slice(["--", boundary, line_end].concat().as_bytes());
        }
    }

    fn body(&mut self, encoding: &str, line_end: &str, out: &mut Vec<u8>) {
        if self.one_in(3) || !encoding.to_ascii_lowercase().starts_with("base64") {
            for _ in 0..self.below(6) {
                self.line(line_end, out);
            }
            return;
        }
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let width = self.pick(&[4, 7, 57, 60, 76, 1000]);
        for at in 1..=self.below(300) {
            out.push(if self.one_in(200) { self.pick(b"=-_ \xc3\0*") } else { self.pick(alphabet) });
            if at % width == 0 {
                self.end_line(line_end, out);
            }
        }
        out.extend_from_slice(self.pick(&["", "=", "==", "=\n=", "===", "==tail", "A"]).as_bytes());
    }

    /// A line of a body: most mean nothing here, some are delimiters of others.
    fn line(&mut self, line_end: &str, out: &mut Vec<u8>) {
        if self.one_in(6) {
            out.extend_from_slice(["--", self.pick(&BOUNDARIES)].concat().as_bytes());
        } else if self.one_in(8) {
            out.extend_from_slice(self.pick(&["=41=\r", "=", "==42", "=4", "=zz", "=\r junk"]).as_bytes());
        } else if self.one_in(12) {
            out.extend((0..self.below(20)).map(|_| u8::try_from(self.below(256)).unwrap()));
        } else {
            out.extend_from_slice(self.pick(&LINES).as_bytes());
        }
        self.end_line(line_end, out);
    }

    /// Mostly the message's own line end.
    fn end_line(&mut self, line_end: &str, out: &mut Vec<u8>) {
        let line_end = if self.one_in(40) { self.pick(&["\n", "\r\n", "\r"]) } else { line_end };
        out.extend_from_slice(line_end.as_bytes());
    }
}
