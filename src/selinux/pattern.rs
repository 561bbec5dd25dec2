//! The regular expressions of file_contexts(5): the whole path must match.
//! What the policies in use write is read (literals, `.`, classes, groups,
//! `|`, `?`, `*`, `+`, `{n,m}`); anything else is no pattern, not a guess.

use super::class::{class_end, in_class};
use crate::limits;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Characters that mean something, as libselinux tells a pattern from a path.
pub(super) const META: &[u8] = b".^$?*+|[({";

/// One step of a pattern. Jumps count from themselves, so that a run of steps
/// means the same wherever it is copied to.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// This byte.
    Byte(u8),
    /// Any byte.
    Any,
    /// A byte of the class that begins at this byte of the text, behind `[`.
    Class(u32),
    /// The next step, or the one that far away.
    Either(i32),
    /// The step that far away.
    Jump(i32),
    /// The start of the path.
    Start,
    /// The end of the path.
    End,
}

/// Matches paths against patterns, one after the other, in the same memory.
#[derive(Debug, Default)]
pub struct Matcher {
    steps: Vec<Step>,
    /// Step and byte of the path still to be tried.
    open: Vec<(u32, u32)>,
    /// A bit for each pair of step and byte that was tried.
    tried: Vec<u64>,
    /// Patterns outside the subset that might have matched a path.
    refused: Vec<String>,
}

impl Matcher {
    /// Whether `pattern` matches the whole of `path`, in time of the product
    /// of their lengths. A pattern outside the subset, or longer than
    /// [`limits::PATTERN_STEPS`], matches nothing.
    #[inline(never)]
    pub fn matches(&mut self, pattern: &str, path: &str) -> bool {
        if !may_match(pattern.as_bytes(), path.as_bytes()) {
            return false;
        }
        self.steps.clear();
        let mut reader = Reader { text: pattern.as_bytes(), at: 0, steps: &mut self.steps };
        if reader.alternatives(0).is_none() {
            if self.refused.len() < limits::PATTERNS_REFUSED
                && !self.refused.iter().any(|known| known == pattern)
            {
                self.refused.push(pattern.to_owned());
            }
            return false;
        }
        self.run(pattern.as_bytes(), path.as_bytes())
    }

    /// The patterns so far that were outside the subset, each once.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    fn run(&mut self, text: &[u8], path: &[u8]) -> bool {
        self.open.clear();
        self.tried.clear();
        self.tried.resize((self.steps.len() + 1) * (path.len() + 1) / 64 + 1, 0);
        self.open.push((0, 0));
        while let Some((step, at)) = self.open.pop() {
            let pair = step as usize * (path.len() + 1) + at as usize;
            let Some(word) = self.tried.get_mut(pair / 64) else { continue };
            if *word & 1 << (pair % 64) != 0 {
                continue;
            }
            *word |= 1 << (pair % 64);
            let Some(kind) = self.steps.get(step as usize) else {
                if at as usize == path.len() {
                    return true;
                }
                continue;
            };
            let byte = path.get(at as usize).copied();
            let passes = match *kind {
                Step::Byte(wanted) => byte == Some(wanted),
                Step::Any => byte.is_some(),
                Step::Class(class) => byte.is_some_and(|byte| in_class(text, class as usize, byte)),
                Step::Start => at == 0,
                Step::End => byte.is_none(),
                Step::Either(far) | Step::Jump(far) => {
                    self.open.push((step.wrapping_add_signed(far), at));
                    matches!(kind, Step::Either(_))
                }
            };
            if passes {
                let takes = matches!(kind, Step::Byte(_) | Step::Any | Step::Class(_));
                self.open.push((step + 1, at + u32::from(takes)));
            }
        }
        false
    }
}

/// Whether the pattern is a plain path, by libselinux' own measure.
#[inline(never)]
pub(super) fn is_plain(pattern: &str) -> bool {
    let mut escaped = false;
    for byte in pattern.bytes() {
        if !escaped && META.contains(&byte) {
            return false;
        }
        escaped = !escaped && byte == b'\\';
    }
    true
}

/// False where the plain text a pattern begins with is not how the path does:
/// nearly all lines of a policy end here, so what follows the pattern's first
/// blank is not looked at.
#[inline(never)]
pub(super) fn may_match(pattern: &[u8], path: &[u8]) -> bool {
    let mut same = 0;
    while let (Some(have), Some(wanted)) = (path.get(same), pattern.get(same)) {
        if have != wanted || META.contains(wanted) {
            break;
        }
        same += 1;
    }
    // What stopped it: the end, something that is not plain, or one behind it that makes it optional.
    let plain = |byte: Option<&u8>| {
        byte.is_some_and(|byte| !META.contains(byte) && *byte != b'\\' && !byte.is_ascii_whitespace())
    };
    !plain(pattern.get(same)) || pattern.get(same + 1).is_some_and(|byte| b"?*{|".contains(byte))
}

/// Reads a pattern into steps; `None`: it is none.
struct Reader<'p> {
    text: &'p [u8],
    at: usize,
    steps: &'p mut Vec<Step>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// What is parted by `|`, to the closing bracket or, at depth 0, the end.
    fn alternatives(&mut self, depth: usize) -> Option<()> {
        let mut ends = Vec::new();
        loop {
            let start = self.steps.len();
            self.sequence(depth)?;
            if !self.eat(b'|') {
                break;
            }
            // Outside of brackets `^` and `$` each belong to one side only (`super::group`).
            if depth == 0 {
                return None;
            }
            self.steps.insert(start, Step::Either(distance(start, self.steps.len() + 2)?));
            ends.push(self.steps.len());
            self.push(Step::Jump(0))?;
        }
        for end in ends {
            let far = distance(end, self.steps.len())?;
            *self.steps.get_mut(end)? = Step::Jump(far);
        }
        let closed = if depth == 0 { self.peek().is_none() } else { self.eat(b')') };
        closed.then_some(())
    }

    fn sequence(&mut self, depth: usize) -> Option<()> {
        while let Some(byte) = self.peek() {
            if byte == b'|' || byte == b')' {
                break;
            }
            self.at += 1;
            let start = self.steps.len();
            let step = match byte {
                b'(' => {
                    let plain = !self.eat(b'?') || self.eat(b':');
                    if !plain || depth == limits::PATTERN_DEPTH {
                        return None;
                    }
                    self.alternatives(depth + 1)?;
                    None
                }
                b'[' => Some(self.class()?),
                b'.' => Some(Step::Any),
                b'^' => Some(Step::Start),
                b'$' => Some(Step::End),
                b'?' | b'*' | b'+' | b'{' => return None,
                b'\\' => {
                    let escaped = self.peek().filter(|byte| !byte.is_ascii_alphanumeric())?;
                    self.at += 1;
                    Some(Step::Byte(escaped))
                }
                byte => Some(Step::Byte(byte)),
            };
            if let Some(step) = step {
                self.push(step)?;
            }
            self.repeat(start)?;
        }
        Some(())
    }

    /// How often the steps from `start` on are taken.
    fn repeat(&mut self, start: usize) -> Option<()> {
        let (least, most) = match self.peek() {
            Some(b'?') => (0, Some(1)),
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'{') => self.count()?,
            _ => return Some(()),
        };
        self.at += 1;
        // `*?` matches what `*` does; `*+` does not, and neither is one of two in a row.
        if !self.eat(b'?') && matches!(self.peek(), Some(b'+' | b'*' | b'{')) {
            return None;
        }
        let body = self.steps.get(start..)?.to_vec();
        self.steps.truncate(start);
        for _ in 0..least {
            self.append(&body)?;
        }
        let around = distance(0, body.len() + 1)?;
        match most {
            None => {
                self.push(Step::Either(around + 1))?;
                self.append(&body)?;
                self.push(Step::Jump(-around))?;
            }
            Some(most) => {
                for _ in least..most {
                    self.push(Step::Either(around))?;
                    self.append(&body)?;
                }
            }
        }
        Some(())
    }

    /// `{n}`, `{n,}` or `{n,m}`; the closing bracket is still to be eaten.
    fn count(&mut self) -> Option<(usize, Option<usize>)> {
        self.at += 1;
        let least = self.number()?;
        if !self.eat(b',') {
            return (self.peek() == Some(b'}')).then_some((least, Some(least)));
        }
        let most = if self.peek() == Some(b'}') { None } else { Some(self.number()?) };
        (self.peek() == Some(b'}') && most.is_none_or(|most| most >= least)).then_some((least, most))
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = Some(number.unwrap_or(0) * 10 + usize::from(digit - b'0'));
            self.at += 1;
            if number > Some(limits::PATTERN_STEPS) {
                return None;
            }
        }
        number
    }

    /// A class; `[` is eaten.
    fn class(&mut self) -> Option<Step> {
        let class = self.at;
        self.at = class_end(self.text, class)? + 1;
        u32::try_from(class).ok().map(Step::Class)
    }

    fn push(&mut self, step: Step) -> Option<()> {
        self.append(&[step])
    }

    #[inline(never)]
    fn append(&mut self, steps: &[Step]) -> Option<()> {
        if self.steps.len() + steps.len() > limits::PATTERN_STEPS {
            return None;
        }
        self.steps.extend_from_slice(steps);
        Some(())
    }
}

fn distance(from: usize, to: usize) -> Option<i32> {
    i32::try_from(to - from).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        let mut matcher = Matcher::default();
        for (pattern, yes, no) in [
            ("/etc", &["/etc"][..], &["/etc/", "/et", "x/etc", ""][..]),
            ("/etc(/.*)?", &["/etc", "/etc/", "/etc/a/b"], &["/etcetera"]),
            ("/a\\.b", &["/a.b"], &["/axb"]),
            ("/lib(64)?/x+", &["/lib/x", "/lib64/xx"], &["/lib6/x", "/lib/"]),
            ("/(a|b|cd)?e", &["/e", "/ae", "/cde"], &["/ce", "/abe"]),
            ("/dev/[shmxv]d[^/]*", &["/dev/sda1", "/dev/sd"], &["/dev/sd/a", "/dev/ad"]),
            ("/[]a-]x[a\\]-c]", &["/]xa", "/-x]", "/axb"], &["/bxa", "/]xd"]),
            ("/x{2}y{1,2}z{0,}", &["/xxy", "/xxyyzzz"], &["/xy", "/xxyyy", "/xxxy"]),
            ("/(a*)*b", &["/b", "/aaab"], &["/a"]),
            ("/ab?c*|x", &[], &["/a", "x"]),
            ("/ab?", &["/a", "/ab"], &["/", "/abb"]),
            ("^/a$", &["/a"], &["/ab"]),
            ("/a{x", &[], &["/a{x"]),
            ("/(?!a)b", &[], &["/b"]),
            ("/\\d", &[], &["/1", "/d"]),
            ("/a**", &[], &["/aa"]),
            ("/(a", &[], &["/a"]),
            ("/a)", &[], &["/a"]),
            ("/[a", &[], &["/a"]),
            ("/[[:alpha:]]", &["/a"], &["/1", "/:"]),
            ("/[^[:digit:]_-]x", &["/ax", "/.x"], &["/1x", "/_x", "/-x"]),
            ("/[]a[:upper:]-]", &["/]", "/a", "/Q", "/-"], &["/b", "/["]),
            ("/[[:none:]]", &[], &["/n", "/:"]),
            ("/[[.a.]]", &[], &["/a"]),
            ("/a.*?", &["/a", "/abc"], &["/"]),
        ] {
            for path in yes {
                assert!(matcher.matches(pattern, path), "{pattern} {path}");
            }
            for path in no {
                assert!(!matcher.matches(pattern, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_here_is_known_by_name() {
        let mut matcher = Matcher::default();
        for _ in 0..2 {
            assert!(!matcher.matches("/a(?=b)", "/ab") && !matcher.matches("/b(?=b)", "/ab"));
        }
        assert_eq!(matcher.refused(), ["/a(?=b)"], "one that can't be meant is not told");
    }

    #[test]
    fn no_pattern_takes_long_or_much() {
        let mut matcher = Matcher::default();
        let path = ["/", &"a".repeat(4000)].concat();
        assert!(!matcher.matches("/(a*)*(a*)*(a|aa)*b", &path));
        assert!(matcher.matches("/((a{1,9}){1,9}){1,9}.*", &path));
        assert!(!matcher.matches("/((((a{99}){99}){99}){99})?", "/"));
        assert!(!matcher.matches(&["/", &"(".repeat(100_000)].concat(), "/"));
        assert!(!matcher.matches("/a{99999999999999999999}", "/a"));
        assert!(matcher.tried.len() * 8 < 3 << 20);
    }

    #[test]
    fn a_path_is_told_from_a_pattern() {
        assert!(is_plain("/etc/a\\.b") && is_plain("/a\\\\") && is_plain(""));
        assert!(!is_plain("/etc/a.b") && !is_plain("/a\\\\.") && !is_plain("/(x)"));
    }
}
