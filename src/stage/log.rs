//! What a stage says: to the console as it happens, kept for the log file,
//! and how long each step took.

use crate::error::Error;
use crate::limits;
use crate::state::paths::decimal_point;
use crate::sys::clock;
use crate::text::{escaped, fill};
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

/// The log of one program.
pub struct Log<'a> {
    program: &'a str,
    console: &'a dyn Fn(&str),
    /// Every line so far as the hand-off keeps it, `SECONDS.MICROS LEVEL TEXT`,
    /// up to [`limits::LOG`] bytes; [`read_lines`] reads it.
    pub lines: String,
    /// Every step that ended as the hand-off keeps it,
    /// `NAME<TAB>START<TAB>DURATION`: `agent/mount root` and microseconds of
    /// the monotonic clock.
    pub steps: String,
}

impl<'a> Log<'a> {
    /// Lines go to `console` as `PROGRAM[SECONDS]: TEXT`.
    pub fn new(program: &'a str, console: &'a dyn Fn(&str)) -> Self {
        Self { program, console, lines: String::new(), steps: String::new() }
    }

    /// Says what happens; the line is made as [`fill`] makes it.
    pub fn info(&mut self, pattern: &str, values: &[&str]) {
        self.line(Level::Info, pattern, values);
    }

    /// Says what was wrong and does not matter to the rest.
    pub fn warn(&mut self, problem: &Error) {
        self.line(Level::Warning, "{}", &[problem.text()]);
    }

    /// Says each of `problems` as [`Log::warn`] does.
    #[inline(never)]
    pub fn warn_of(&mut self, problems: &[Error]) {
        for problem in problems {
            self.warn(problem);
        }
    }

    /// Says what was asked for and did not happen.
    pub fn error(&mut self, problem: &Error) {
        self.line(Level::Error, "{}", &[problem.text()]);
    }

    /// Says each of `problems` as [`Log::error`] does.
    #[inline(never)]
    pub fn error_of(&mut self, problems: &[Error]) {
        for problem in problems {
            self.error(problem);
        }
    }

    /// Says a line made as [`fill`] makes it.
    #[inline(never)]
    pub fn line(&mut self, level: Level, pattern: &str, values: &[&str]) {
        let at = clock::monotonic();
        // What comes from a seed must not draw on the console.
        let text = escaped(&fill(pattern, values));
        let seconds = decimal_point(at / 1000, 1000);
        (self.console)(&fill("{}[{}]: {}\n", &[self.program, &seconds, &text]));
        let kept = fill("{} {} {}\n", &[&decimal_point(at, 1_000_000), level.word(), &text]);
        if self.lines.len() + kept.len() <= limits::LOG {
            self.lines.push_str(&kept);
        }
    }

    /// Notes that the step `name` began at `start` and ends now.
    #[inline(never)]
    pub fn step(&mut self, name: &str, start: u64) {
        let duration = clock::monotonic().saturating_sub(start);
        self.steps.push_str(&fill("{}\t{}\t{}\n", &[name, &start.to_string(), &duration.to_string()]));
    }
}

/// The lines of a log as [`Log::lines`] has it; what is no line is passed over.
pub fn read_lines(log: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut fields = line.splitn(3, ' ');
        let (seconds, micros) = fields.next()?.split_once('.')?;
        let at = seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)?;
        let word = fields.next()?;
        let level =
            [Level::Info, Level::Warning, Level::Error].into_iter().find(|level| level.word() == word)?;
        Some(Line { at, level, text: fields.next()?.into() })
    };
    log.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_the_hand_off() {
        let said = core::cell::RefCell::new(String::new());
        let console = |text: &str| said.borrow_mut().push_str(text);
        let mut log = Log::new("glowplug-agent", &console);
        log.info("found{}", &["\u{1b}[2J it"]);
        log.warn(&Error::new("read", "x", "why {}"));
        let lines = read_lines(&log.lines);
        let texts: Vec<_> = lines.iter().map(|line| (line.level, &*line.text)).collect();
        assert_eq!(
            texts,
            [(Level::Info, "found\\u{1b}[2J it"), (Level::Warning, "unable to read x: why {}")]
        );
        assert!(lines[0].at <= lines[1].at && lines[1].at <= clock::monotonic());
        let said = said.borrow();
        assert!(said.starts_with("glowplug-agent[") && said.ends_with("]: unable to read x: why {}\n"));
        assert!(read_lines("nonsense\n1.5 LOUD x\n.. INFO\n").is_empty());
    }

    #[test]
    fn steps_are_lines_too() {
        let mut log = Log::new("x", &|_| ());
        let start = clock::monotonic();
        log.step("agent/mount root", start);
        let fields: Vec<_> = log.steps.split('\t').collect();
        assert_eq!(fields[..2], ["agent/mount root", &start.to_string()]);
        assert!(fields[2].strip_suffix('\n').unwrap().parse::<u64>().is_ok());
    }

    #[test]
    fn a_talkative_seed_does_not_fill_the_memory() {
        let mut log = Log::new("x", &|_| ());
        for _ in 0..20 {
            log.info("{}", &[&"y".repeat(limits::LOG / 10)]);
        }
        assert!(log.lines.len() <= limits::LOG && read_lines(&log.lines).len() == 9);
    }
}
