//! The kernel's command line, as the kernel itself splits it: words parted by
//! blanks, double quotes keep blanks together (kernel-parameters.rst).

use alloc::string::String;
use alloc::vec::Vec;

/// The words of a kernel command line in order, their quotes taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelLine {
    words: Vec<String>,
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
        Self { words }
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
}
