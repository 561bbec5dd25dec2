//! The kernel's command line, as the kernel itself splits it: words parted by
//! blanks, double quotes keep blanks together (kernel-parameters.rst).

use alloc::string::String;
use alloc::vec::Vec;

/// The words of a kernel command line in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelLine {
    words: Vec<(String, Option<String>)>,
}

impl KernelLine {
    /// Splits the text of /proc/cmdline; every text is a valid line.
    pub fn parse(text: &str) -> Self {
        let mut words = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let mut quoted = false;
            let end = rest
                .find(|c: char| {
                    quoted ^= c == '"';
                    c.is_ascii_whitespace() && !quoted
                })
                .unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            // What follows `--` is init's, not ours.
            if word == "--" {
                break;
            }
            words.push(match word.split_once('=') {
                Some((key, value)) => (unquote(key), Some(unquote(value))),
                None => (unquote(word), None),
            });
            rest = tail.trim_start();
        }
        Self { words }
    }

    /// The value of the last `key=value`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.words.iter().rev().find(|(name, _)| name == key).and_then(|(_, value)| value.as_deref())
    }

    /// Whether the bare word `key` is there.
    pub fn has(&self, key: &str) -> bool {
        self.words.iter().any(|(name, value)| name == key && value.is_none())
    }

    /// `ro` or `rw`, whichever comes last; the kernel's own default is `ro`.
    pub fn wants_writable_root(&self) -> bool {
        self.words
            .iter()
            .rev()
            .find_map(|(name, value)| match (name.as_str(), value) {
                ("rw", None) => Some(true),
                ("ro", None) => Some(false),
                _ => None,
            })
            .unwrap_or(false)
    }
}

fn unquote(text: &str) -> String {
    text.chars().filter(|&c| c != '"').collect()
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
