//! The kernel's command line, as the kernel itself splits it: words parted by
//! blanks, double quotes keep blanks together (kernel-parameters.rst).

use crate::syntax::encoding::unescape;
use crate::text::cut;
use alloc::string::String;
use alloc::vec::Vec;

/// The words of a kernel command line in order, their quotes taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelLine {
    words: Vec<String>,
    cloud_config: String,
}

impl KernelLine {
    /// Splits the text of /proc/cmdline; every text is a valid line.
    #[inline(never)]
    pub fn parse(text: &str) -> Self {
        let mut words = Vec::new();
        let mut quoted = false;
        let is_end = |byte: &u8| {
            quoted ^= *byte == b'"';
            byte.is_ascii_whitespace() && !quoted
        };
        for word in text.as_bytes().split(is_end) {
            // What follows `--` is init's, not ours.
            if word == b"--" {
                break;
            }
            if !word.is_empty() {
                let mut word = word.to_vec();
                word.retain(|byte| *byte != b'"');
                words.extend(String::from_utf8(word));
            }
        }
        Self { words, cloud_config: cloud_config(text) }
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

/// What stands between each `cc:` and `end_cc`. A `cc:` within a word is none:
/// MAC addresses have it.
#[inline(never)]
fn cloud_config(text: &str) -> String {
    let mut config = String::new();
    let (mut rest, mut start) = (text, true);
    while let Some((before, after)) = cut(rest, "cc:") {
        let begins =
            if before.is_empty() { start } else { before.ends_with(|c: char| c.is_ascii_whitespace()) };
        (rest, start) = (after, false);
        if !begins {
            continue;
        }
        let (content, behind) = cut(rest, "end_cc").unwrap_or((rest, ""));
        if !config.is_empty() {
            config.push('\n');
        }
        let content = unescape(content.trim_ascii_start().as_bytes(), b'%');
        let content = String::from_utf8_lossy(&content);
        let mut pieces = content.split('\\');
        config.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            match piece.strip_prefix('n') {
                Some(piece) => config.extend(["\n", piece]),
                None => config.extend(["\\", piece]),
            }
        }
        rest = behind;
    }
    config
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
