//! Documents made by chance: collections in any style, scalars of all forms,
//! comments, and now and then a mistake.

use std::fmt::Write as _;

use crate::random::Random;

/// Scalars as they may stand plain, most of them anywhere.
const PLAIN: [&str; 66] = [
    "a",
    "b",
    "key",
    "yes",
    "No",
    "ON",
    "off",
    "y",
    "true",
    "False",
    "~",
    "null",
    "NULL",
    "nil",
    "0",
    "-0",
    "7",
    "-12",
    "+5",
    "0644",
    "0o644",
    "08",
    "0x1F",
    "0b101",
    "1_000",
    "12:30",
    "12:30:45",
    "1:60",
    "01:02",
    "1.5",
    "-.5",
    ".5",
    "5.",
    "1e3",
    "1.5e+3",
    "1.0e3",
    ".inf",
    "-.INF",
    ".nan",
    "1_0.5",
    "190:20:30.15",
    "2001-02-03",
    "2001-2-3",
    "2001-02-03T04:05:06Z",
    "2001-02-03 04:05:06.7 +1",
    "9223372036854775808",
    "123456789012345678901234567890",
    "a b",
    "two words here",
    "a#b",
    "a:b",
    "http://x.y/z",
    "a-b",
    "-a",
    "--x",
    "a'b",
    "a\"b",
    "x*y&z",
    "é",
    "漢字",
    "😀",
    "a\\b",
    "$HOME",
    "<a>",
    "=a",
    "10.0.0.1/8",
];

/// Scalars that mean something else than their text, or cannot stand plain.
const SPECIAL: [&str; 26] = [
    "-",
    "?",
    ":",
    "- a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "[a]",
    "{a: b}",
    "*a",
    "&a",
    "!a",
    "!!str a",
    "!!int 12",
    "!!binary aGk=",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
    "=",
    "<<",
    "---",
    "...",
    ",",
];

/// What stands between quotes, before escaping.
const QUOTED: [&str; 16] = [
    "",
    " ",
    "a",
    "yes",
    "1",
    "a b",
    " a ",
    "it's",
    "say \"x\"",
    "a\\b",
    "#a",
    "a: b",
    "é漢😀",
    "[x]",
    "~",
    "long words that are not so long",
];

/// Lines of a block scalar.
const LINES: [&str; 14] = [
    "text",
    "more text",
    "",
    "",
    "  deeper",
    " one deeper",
    "# no comment",
    "- no item",
    "key: value",
    "\ttab",
    "trailing  ",
    "é",
    "---x",
    "\"",
];

/// Most of them fit few of the nodes they come before.
const TAGS: [&str; 8] = ["!!str ", "!!map ", "!!seq ", "!!int ", "!!float ", "!!null ", "!x ", "! "];

const COMMENTS: [&str; 4] = ["#", "# a", "# a: b", "## é \"'"];

/// A document in the making.
pub(crate) struct Generator {
    random: Random,
    out: String,
    /// Names given so far.
    anchors: usize,
    /// One place in so many is spoilt; 0 for none.
    mistakes: usize,
}

/// One document.
pub(crate) fn document(seed: u64) -> String {
    let mut random = Random::new(seed);
    let mistakes = [0, 0, 60, 15][random.below(4)];
    let mut generator = Generator { random, out: String::new(), anchors: 0, mistakes };
    generator.document();
    if generator.random.once_in(12) {
        generator.out = generator.out.replace('\n', "\r\n");
    }
    generator.out
}

impl Generator {
    fn document(&mut self) {
        if self.random.once_in(30) {
            self.out.push('\u{feff}');
        }
        if self.random.once_in(5) {
            self.out.push_str("#cloud-config\n");
        }
        let directive = self.random.once_in(30);
        if directive {
            self.out.push_str("%YAML 1.1\n");
        }
        if directive || self.random.once_in(6) {
            self.out.push_str("---\n");
        }
        match self.random.below(8) {
            0 => self.value(0, 0, false),
            1..3 => self.list(0, 0),
            _ => self.mapping(0, 0),
        }
        if self.random.once_in(10) {
            self.out.push_str("...\n");
        }
    }

    fn spaces(&mut self, count: usize) {
        let spoilt = self.mistakes > 0 && self.random.once_in(self.mistakes);
        let count = match (spoilt, self.random.below(3)) {
            (true, 0) => count + 1,
            (true, 1) => count.saturating_sub(1),
            (true, _) => count + 2,
            _ => count,
        };
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// Between two entries: perhaps blank lines and comments.
    fn gap(&mut self, indent: usize) {
        if self.random.once_in(10) {
            let spaces = if self.random.once_in(2) { 0 } else { self.random.below(indent + 3) };
            self.out.push_str(&" ".repeat(spaces));
            let comment = self.random.once_in(2);
            self.out.push_str(if comment { self.random.pick(&COMMENTS) } else { "" });
            self.out.push('\n');
        }
    }

    /// Ends the line, perhaps with a comment.
    fn end(&mut self) {
        if self.random.once_in(10) {
            let spaces = 1 + self.random.below(3);
            self.spaces(spaces);
            let comment = self.random.pick(&COMMENTS);
            self.out.push_str(comment);
        } else if self.random.once_in(20) {
            self.out.push_str("  ");
        }
        self.out.push('\n');
    }

    fn mapping(&mut self, indent: usize, depth: usize) {
        let entries = 1 + self.random.below(5);
        for entry in 0..entries {
            if entry > 0 {
                self.gap(indent);
                self.spaces(indent);
            } else if !self.out.ends_with(' ') {
                self.spaces(indent);
            }
            self.key();
            self.value(indent, depth, true);
        }
    }

    fn key(&mut self) {
        match self.random.below(12) {
            0 => self.quoted(),
            1 => self.scalar(),
            2 if self.anchors > 0 && self.random.once_in(5) => self.out.push_str("<<"),
            3 => {
                self.anchor();
                self.name();
            }
            _ => self.name(),
        }
        self.out.push_str(if self.random.once_in(20) { " :" } else { ":" });
    }

    /// A key that seldom comes twice.
    fn name(&mut self) {
        let number = self.random.below(200);
        let stem = self.random.pick(&["k", "key_", "a b", "x.", "é", "0"]);
        write!(self.out, "{stem}{number}").unwrap();
    }

    fn list(&mut self, indent: usize, depth: usize) {
        let items = 1 + self.random.below(4);
        for item in 0..items {
            if item > 0 {
                self.gap(indent);
                self.spaces(indent);
            } else if !self.out.ends_with(' ') {
                self.spaces(indent);
            }
            self.out.push('-');
            let inline = depth < 6 && self.random.once_in(3);
            if !inline {
                self.value(indent, depth, false);
                continue;
            }
            let wide = 1 + if self.random.once_in(5) { self.random.below(4) } else { 0 };
            self.out.push_str(&" ".repeat(wide));
            if self.random.once_in(3) {
                self.list(indent + 1 + wide, depth + 1);
            } else {
                self.mapping(indent + 1 + wide, depth + 1);
            }
        }
    }

    /// What stands behind a colon or dash in a collection at `indent`, its
    /// line end included.
    fn value(&mut self, indent: usize, depth: usize, in_map: bool) {
        let shape = if depth >= 6 { self.random.below(12) } else { self.random.below(18) };
        if shape == 0 {
            return self.end();
        }
        self.out.push(' ');
        if self.random.once_in(12) {
            self.anchor();
        }
        if self.random.once_in(150) {
            let tag = self.random.pick(&TAGS);
            self.out.push_str(tag);
        }
        let deeper = indent + 1 + self.random.below(4);
        match shape {
            1..6 => self.scalar(),
            6 => self.quoted(),
            7 | 8 => self.flow(depth, deeper),
            9 => return self.block_scalar(indent),
            10 => self.lines(deeper),
            11 if self.anchors > 0 && self.random.once_in(4) => {
                let anchor = self.random.below(self.anchors);
                write!(self.out, "*n{anchor}").unwrap();
            }
            12..16 => {
                self.end();
                self.gap(deeper);
                return self.mapping(deeper, depth + 1);
            }
            _ => {
                self.end();
                let loose = in_map && self.random.once_in(2);
                return self.list(if loose { indent } else { deeper }, depth + 1);
            }
        }
        self.end();
    }

    fn anchor(&mut self) {
        write!(self.out, "&n{} ", self.anchors).unwrap();
        self.anchors += 1;
    }

    fn scalar(&mut self) {
        let special = self.mistakes > 0 && self.random.once_in(self.mistakes);
        let text = self.random.pick(if special { &SPECIAL[..] } else { &PLAIN[..] });
        self.out.push_str(text);
    }

    fn quoted(&mut self) {
        let text = self.random.pick(&QUOTED);
        if self.random.once_in(2) {
            write!(self.out, "'{}'", text.replace('\'', "''")).unwrap();
            return;
        }
        let escape =
            self.random.pick(&["", "", "\\n", "\\t", "\\x41", "\\u00e9", "\\U0001F600", "\\0", "\\ "]);
        write!(self.out, "\"{}{escape}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).unwrap();
    }

    /// A plain or quoted scalar over several lines.
    fn lines(&mut self, indent: usize) {
        let quote = self.random.pick(&["", "'", "\""]);
        self.out.push_str(quote);
        self.out.push_str("first");
        for _ in 0..=self.random.below(3) {
            let glue = self.random.pick(&["\n", "\n", "\n\n", " \n", "\n \n"]);
            let escaped = quote == "\"" && self.random.once_in(4);
            self.out.push_str(if escaped { "\\\n" } else { glue });
            let deeper = indent + self.random.below(3);
            self.spaces(deeper);
            let word = self.random.pick(&["second", "x y", "é", "12", "a:b", "-a", "- b", "a#b"]);
            self.out.push_str(word);
        }
        self.out.push_str(quote);
    }

    fn block_scalar(&mut self, parent: usize) {
        let style = self.random.pick(&["|", ">"]);
        let chomp = self.random.pick(&["", "", "-", "+"]);
        let digit = 1 + self.random.below(4);
        let explicit = self.random.once_in(4);
        let number = if explicit { digit.to_string() } else { String::new() };
        let swapped = self.random.once_in(2);
        let (one, two) = if swapped { (chomp, &number[..]) } else { (&number[..], chomp) };
        write!(self.out, "{style}{one}{two}").unwrap();
        self.end();
        for number in 0..self.random.below(6) {
            // Deeper than the second, the first line would need a number.
            let line = if number == 0 && !explicit { "first" } else { self.random.pick(&LINES) };
            if !line.is_empty() || self.random.once_in(4) {
                self.spaces(parent + digit);
            }
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    fn flow(&mut self, depth: usize, indent: usize) {
        let map = self.random.once_in(2);
        self.out.push(if map { '{' } else { '[' });
        let items = self.random.below(4);
        for item in 0..items {
            if item > 0 {
                self.out.push_str(", ");
            }
            self.flow_break(indent);
            let pair = map || self.random.once_in(8);
            if pair {
                self.flow_key();
            }
            match self.random.below(6) {
                0 if depth < 6 => self.flow(depth + 1, indent),
                1 => self.quoted(),
                2 if self.anchors > 0 && self.random.once_in(3) => {
                    let anchor = self.random.below(self.anchors);
                    write!(self.out, "*n{anchor} ").unwrap();
                }
                _ => self.scalar(),
            }
            self.flow_break(indent);
        }
        if items > 0 && self.random.once_in(8) {
            self.out.push(',');
        }
        self.out.push(if map { '}' } else { ']' });
    }

    fn flow_key(&mut self) {
        if self.random.once_in(3) {
            self.quoted();
        } else {
            self.name();
        }
        self.out.push_str(": ");
    }

    fn flow_break(&mut self, indent: usize) {
        if self.random.once_in(12) {
            self.end();
            self.spaces(indent);
        }
    }
}
