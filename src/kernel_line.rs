//! The kernel's command line, as the kernel itself splits it: words parted by
//! blanks, double quotes keep blanks together (kernel-parameters.rst).

use crate::error::Error;
use crate::limits;
use crate::syntax::encoding::unescape;
use crate::text::cut_bytes;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The words of a kernel command line in order, without the quotes the kernel
/// takes off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelLine {
    words: Vec<String>,
    cloud_config: String,
    problems: Vec<Error>,
}

impl KernelLine {
    /// Splits the content of /proc/cmdline; any bytes are a valid line.
    pub fn parse(line: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        Self::split(line.as_ref())
    }

    /// The line of a machine whose own can't be read. It may have switched
    /// provisioning off, so it does.
    pub fn unreadable(error: Error) -> Self {
        Self { words: Vec::from(["glowplug=off".into()]), problems: Vec::from([error]), ..Self::default() }
    }

    #[inline(never)]
    fn split(line: &[u8]) -> Self {
        let mut this = Self::default();
        let mut rest = line;
        while let Some((word, after)) = next_word(rest) {
            // What follows `--` is init's, not ours.
            if word == b"--" {
                break;
            }
            rest = after;
            match String::from_utf8(word) {
                Ok(word) => this.words.push(word),
                Err(error) => this.refuse(error.as_bytes()),
            }
        }
        this.take_cloud_config(line);
        this
    }

    /// Notes a word that is not UTF-8: it has no effect.
    #[inline(never)]
    fn refuse(&mut self, word: &[u8]) {
        if self.problems.len() < limits::KERNEL_WORDS_REFUSED {
            let shown = word.get(..limits::KERNEL_WORD_SHOWN).unwrap_or(word);
            let more = if shown.len() < word.len() { "…" } else { "" };
            let what = [&*shown.escape_ascii().to_string(), more].concat();
            self.problems.push(Error::new("use a word of the kernel line", what, "it is not UTF-8"));
        }
    }

    /// What was wrong with single words.
    pub fn problems(&self) -> &[Error] {
        &self.problems
    }

    /// The words that have an effect.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The value of the last `key=value`.
    #[inline(never)]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.words.iter().rev().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    /// Whether the bare word `key` is there.
    pub fn has(&self, key: &str) -> bool {
        self.words.iter().any(|word| word == key)
    }

    /// `ro` or `rw`, whichever comes last; the kernel's own default is `ro`.
    pub fn wants_writable_root(&self) -> bool {
        let last = self.words.iter().rev().find(|word| *word == "rw" || *word == "ro");
        last.is_some_and(|word| word == "rw")
    }

    /// The cloud-config between `cc:` and `end_cc`, as cloud-init reads it
    /// (`read_cc_from_cmdline`): of several, one after the other; `%XX` and
    /// `\n` undone. Empty where there is none.
    pub fn cloud_config(&self) -> &str {
        &self.cloud_config
    }
}

/// The first word of `line` and what follows it, as the kernel's `next_arg`
/// splits (lib/cmdline.c): a quote keeps blanks together wherever it is; those
/// around a whole word or a whole value are taken off, others stay.
#[inline(never)]
fn next_word(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let start = line.iter().position(|byte| !is_blank(*byte))?;
    let line = line.get(start..)?;
    let mut open = false;
    let end = line.iter().position(|byte| {
        open ^= *byte == b'"';
        is_blank(*byte) && !open
    });
    let (word, rest) = line.split_at(end.unwrap_or(line.len()));
    let whole = word.strip_prefix(b"\"");
    let mut bare = whole.unwrap_or(word);
    // As for the kernel, a `=` at the very start parts nothing.
    let equals = bare.iter().skip(1).position(|byte| *byte == b'=').map_or(0, |at| at + 2);
    let (key, value) = bare.split_at(equals);
    let inner = if equals > 0 { value.strip_prefix(b"\"") } else { None };
    if let Some(inner) = inner {
        return Some(([key, without_quote(inner)].concat(), rest));
    }
    if whole.is_some() {
        bare = without_quote(bare);
    }
    Some((bare.to_vec(), rest))
}

/// The kernel's `isspace` for ASCII.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn without_quote(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\"").unwrap_or(text)
}

impl KernelLine {
    /// Takes the cloud-config between each `cc:` and `end_cc`. A `cc:` within a
    /// word is none: MAC addresses have it.
    #[inline(never)]
    fn take_cloud_config(&mut self, line: &[u8]) {
        let (mut rest, mut start) = (line, true);
        while let Some((before, after)) = cut_bytes(rest, b"cc:") {
            let begins = before.last().map_or(start, |byte| is_blank(*byte));
            (rest, start) = (after, false);
            if !begins {
                continue;
            }
            let (content, behind) = cut_bytes(rest, b"end_cc").unwrap_or((rest, b""));
            rest = behind;
            match String::from_utf8(unescape(content.trim_ascii_start(), b'%')) {
                Ok(content) => self.add_cloud_config(&content),
                Err(error) => self.refuse(&[b"cc: ", error.as_bytes()].concat()),
            }
        }
    }

    fn add_cloud_config(&mut self, content: &str) {
        let config = &mut self.cloud_config;
        if !config.is_empty() {
            config.push('\n');
        }
        let mut pieces = content.split('\\');
        config.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            match piece.strip_prefix('n') {
                Some(piece) => config.extend(["\n", piece]),
                None => config.extend(["\\", piece]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_and_quotes_keep_blanks() {
        let line =
            KernelLine::parse("root=/dev/vda ro quiet rootflags=\"a b\" root=LABEL=x ds=nocloud;i=1 rw\n");
        assert_eq!(line.get("root"), Some("LABEL=x"));
        assert_eq!(line.get("rootflags"), Some("a b"));
        assert_eq!(line.get("ds"), Some("nocloud;i=1"));
        assert!(line.has("quiet") && line.wants_writable_root());
    }

    #[test]
    fn quotes_are_those_of_the_kernel() {
        let line = KernelLine::parse(
            "\"root=/dev/a b\" a=\"b=c d\" \"e\"=f g=h\"i j\"k dyndbg=\"file x +p; y\"\u{b}ro l=\" m",
        );
        let words = ["root=/dev/a b", "a=b=c d", "e\"=f", "g=h\"i j\"k", "dyndbg=file x +p; y", "ro", "l= m"];
        assert_eq!(line.words(), words);
        assert!(line.problems().is_empty());
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_the_trouble_of_its_word_alone() {
        let line = KernelLine::parse(
            b"glowplug=off BOOT_IMAGE=/M\xfcnchen root=LABEL=x cc: a: \xff end_cc cc: b: 1",
        );
        assert_eq!((line.get("glowplug"), line.get("root")), (Some("off"), Some("LABEL=x")));
        assert_eq!((line.get("BOOT_IMAGE"), line.cloud_config()), (None, "b: 1"));
        let texts: Vec<_> = line.problems().iter().map(Error::text).collect();
        let what = "unable to use a word of the kernel line BOOT_IMAGE=/M\\xfcnchen: it is not UTF-8";
        assert_eq!(texts[0], what);
        assert!(texts[1].contains("\\xff") && texts.len() == 3, "{texts:?}");
    }

    #[test]
    fn a_line_may_be_as_long_as_a_kernel_takes_it() {
        let mut line = b"x=".to_vec();
        line.resize(limits::KERNEL_LINE - 20, b'\xff');
        line.extend(b" glowplug=off");
        let line = KernelLine::parse(&line);
        assert_eq!(line.get("glowplug"), Some("off"));
        assert!(line.problems()[0].text().len() < 500);
        let many = KernelLine::parse(&b"\xff ".repeat(1000));
        assert_eq!(many.problems().len(), limits::KERNEL_WORDS_REFUSED);
    }

    #[test]
    fn words_behind_two_dashes_are_inits() {
        assert_eq!(KernelLine::parse("a=1 -- a=2").get("a"), Some("1"));
    }

    #[test]
    fn nothing_and_an_open_quote_are_lines_too() {
        assert_eq!(KernelLine::parse(" \n"), KernelLine::default());
        assert_eq!(KernelLine::parse("a=\"b c").get("a"), Some("b c"));
        assert!(!KernelLine::default().wants_writable_root());
    }

    #[test]
    fn cloud_config_stands_between_two_marks() {
        for (line, config) in [
            (
                "ro cc: hostname: a\\nruncmd: [ [ ls, -l ] ] end_cc quiet",
                "hostname: a\nruncmd: [ [ ls, -l ] ] ",
            ),
            ("cc:a: %5B1%5D end_cc cc:b: 2 end_cc", "a: [1] \nb: 2 "),
            ("ro cc: a: 1\n", "a: 1\n"),
            ("ip=::::h:eth0 ifname=eth0:52:54:00:cc:00:01 BOOTIF=cc:dd acc: x", ""),
            ("quiet", ""),
            ("x cc:", ""),
        ] {
            assert_eq!(KernelLine::parse(line).cloud_config(), config, "{line}");
        }
    }
}
