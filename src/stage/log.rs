//! What a stage says: to the console as it happens, kept for the log file,
//! and how long each step took.

use crate::error::Error;
use crate::limits;
use crate::state::paths::decimal_point;
use crate::sys::clock;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How grave a line is; the words are those of cloud-init.log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What happens.
    Info,
    /// Something was wrong, and the boot goes on without it.
    Warning,
    /// Something that was asked for did not happen.
    Error,
}

impl Level {
    /// As cloud-init.log writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// A line that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Microseconds of the monotonic clock.
    pub at: u64,
    /// How grave.
    pub level: Level,
    /// What.
    pub text: String,
}

/// A step that took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `agent/mount root`.
    pub name: String,
    /// Microseconds of the monotonic clock.
    pub start: u64,
    /// Microseconds.
    pub duration: u64,
}

/// The log of one program.
pub struct Log<'a> {
    program: &'a str,
    console: &'a dyn Fn(&str),
    kept: usize,
    /// Every line so far, up to [`limits::LOG`] bytes.
    pub lines: Vec<Line>,
    /// Every step that ended.
    pub steps: Vec<Step>,
}

impl<'a> Log<'a> {
    /// Lines go to `console` as `PROGRAM[SECONDS]: TEXT`.
    pub fn new(program: &'a str, console: &'a dyn Fn(&str)) -> Self {
        Self { program, console, kept: 0, lines: Vec::new(), steps: Vec::new() }
    }

    /// Says what happens; the pieces make one line.
    pub fn info(&mut self, pieces: &[&str]) {
        self.line(Level::Info, pieces);
    }

    /// Says what was wrong and does not matter to the rest.
    pub fn warn(&mut self, problem: &Error) {
        self.line(Level::Warning, &[problem.text()]);
    }

    /// Says what was asked for and did not happen.
    pub fn error(&mut self, problem: &Error) {
        self.line(Level::Error, &[problem.text()]);
    }

    /// Says a line made of `pieces`.
    #[inline(never)]
    pub fn line(&mut self, level: Level, pieces: &[&str]) {
        let at = clock::monotonic();
        // What comes from a seed must not draw on the console.
        let text: String = pieces.concat().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let seconds = decimal_point(at / 1000, 1000);
        (self.console)(&[self.program, "[", &seconds, "]: ", &text, "\n"].concat());
        self.kept += text.len() + 32;
        if self.kept <= limits::LOG {
            self.lines.push(Line { at, level, text });
        }
    }

    /// Notes that the step `name` began at `start` and ends now.
    #[inline(never)]
    pub fn step(&mut self, name: &str, start: u64) {
        let duration = clock::monotonic().saturating_sub(start);
        self.steps.push(Step { name: name.into(), start, duration });
    }
}

/// The lines as the hand-off keeps them: `SECONDS.MICROS LEVEL TEXT`.
pub fn write_lines(lines: &[Line]) -> String {
    let mut out = String::new();
    for Line { at, level, text } in lines {
        for piece in [&*decimal_point(*at, 1_000_000), " ", level.word(), " ", text, "\n"] {
            out.push_str(piece);
        }
    }
    out
}

/// Reads what [`write_lines`] wrote; what is no such line is passed over.
pub fn read_lines(text: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut fields = line.splitn(3, ' ');
        let (seconds, micros) = fields.next()?.split_once('.')?;
        let at = seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)?;
        let word = fields.next()?;
        let level =
            [Level::Info, Level::Warning, Level::Error].into_iter().find(|level| level.word() == word)?;
        Some(Line { at, level, text: fields.next()?.into() })
    };
    text.lines().filter_map(line).collect()
}

/// The steps as the hand-off keeps them: `NAME<TAB>START<TAB>DURATION`.
pub fn write_steps(steps: &[Step]) -> String {
    let mut out = String::new();
    for Step { name, start, duration } in steps {
        for piece in [&**name, "\t", &start.to_string(), "\t", &duration.to_string(), "\n"] {
            out.push_str(piece);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_the_hand_off() {
        let said = core::cell::RefCell::new(String::new());
        let console = |text: &str| said.borrow_mut().push_str(text);
        let mut log = Log::new("glowplug-agent", &console);
        log.info(&["found", "\u{1b}[2J it"]);
        log.warn(&Error::new("read", "x", "why"));
        assert_eq!(read_lines(&write_lines(&log.lines)), log.lines);
        assert_eq!(log.lines[0].text, "found [2J it");
        let said = said.borrow();
        assert!(said.starts_with("glowplug-agent[") && said.ends_with("]: unable to read x: why\n"));
        assert!(read_lines("nonsense\n1.5 LOUD x\n.. INFO\n").is_empty());
    }

    #[test]
    fn a_talkative_seed_does_not_fill_the_memory() {
        let mut log = Log::new("x", &|_| ());
        for _ in 0..20 {
            log.info(&[&"y".repeat(limits::LOG / 10)]);
        }
        assert!(log.lines.len() < 10);
    }
}
