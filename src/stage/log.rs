//! What a stage says: to the console as it happens, kept for the log file,
//! and how long each step took.

use crate::error::Error;
use crate::limits;
use crate::state::paths::decimal_point;
use crate::sys::clock;
use crate::text::{escaped, fill};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::take;

/// How grave a line is; the words are those of cloud-init.log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// An action that is carried out.
    Debug,
    /// What happens.
    Info,
    /// Something was wrong, and the boot goes on without it.
    Warning,
    /// Something that was asked for did not happen.
    Error,
}

/// Every level, in their order.
static LEVELS: [Level; 4] = [Level::Debug, Level::Info, Level::Warning, Level::Error];

impl Level {
    /// As cloud-init.log writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }

    /// As syslog(3) and the journal (sd-daemon(3)) read it at the start of a line.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Debug => "<7>",
            Self::Info => "<6>",
            Self::Warning => "<4>",
            Self::Error => "<3>",
        }
    }
}

/// A line of the log.
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
    console: &'a dyn Fn(Level, &str),
    /// Every line so far, up to [`limits::LOG`] bytes of each level: many of one can't displace
    /// those of another.
    pub lines: Vec<Line>,
    /// Bytes kept of each level.
    kept: [usize; LEVELS.len()],
    /// Every step that ended as the hand-off keeps it,
    /// `NAME<TAB>START<TAB>DURATION`: `agent/mount root` and microseconds of
    /// the monotonic clock; a step in which an error was logged has a fourth field, `FAIL`.
    pub steps: String,
}

impl<'a> Log<'a> {
    /// Lines go to `console` as `PROGRAM[SECONDS]: TEXT`.
    pub fn new(program: &'a str, console: &'a dyn Fn(Level, &str)) -> Self {
        Self { program, console, lines: Vec::new(), kept: [0; LEVELS.len()], steps: String::new() }
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

    /// Says each of the `problems` of a module, with its name.
    #[inline(never)]
    pub fn warn_of_module(&mut self, module: &str, problems: &[Error]) {
        for problem in problems {
            self.line(Level::Warning, "{}: {}", &[module, problem.text()]);
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
        (self.console)(level, &fill("{}[{}]: {}\n", &[self.program, &seconds, &text]));
        self.keep(at, level, text);
    }

    /// Keeps the actions that were carried out, each with its time; the console does not get them.
    #[inline(never)]
    pub fn trace(&mut self, actions: &mut Vec<(u64, String)>) {
        for (at, text) in take(actions) {
            self.keep(at, Level::Debug, escaped(&text));
        }
    }

    #[inline(never)]
    fn keep(&mut self, at: u64, level: Level, mut text: String) {
        let Some(kept) = self.kept.get_mut(level as usize).filter(|kept| **kept <= limits::LOG) else {
            return;
        };
        *kept += text.len();
        if *kept > limits::LOG {
            text = "(further lines of this level are on the console alone)".into();
        }
        self.lines.push(Line { at, level, text });
    }

    /// Whether a line of `level` was logged at `since` or later, in microseconds of the monotonic
    /// clock.
    pub fn has(&self, level: Level, since: u64) -> bool {
        self.lines.iter().rev().any(|line| line.level == level && line.at >= since)
    }

    /// Notes that the step `name` began at `start` and ends now.
    #[inline(never)]
    pub fn step(&mut self, name: &str, start: u64) {
        let duration = clock::monotonic().saturating_sub(start);
        let result = if self.has(Level::Error, start) { "\tFAIL" } else { "" };
        let fields = [name, &start.to_string(), &duration.to_string(), result];
        self.steps.push_str(&fill("{}\t{}\t{}{}\n", &fields));
    }

    /// The lines as the hand-off has them, `SECONDS.MICROS LEVEL TEXT`; [`read_lines`] reads it.
    #[inline(never)]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Line { at, level, text: said } in &self.lines {
            text.push_str(&fill("{} {} {}\n", &[&decimal_point(*at, 1_000_000), level.word(), said]));
        }
        text
    }
}

/// The lines of a log as [`Log::text`] has it, in the order of their times; what is no line is
/// passed over.
pub fn read_lines(log: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut fields = line.splitn(3, ' ');
        let (seconds, micros) = fields.next()?.split_once('.')?;
        let at = seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)?;
        let word = fields.next()?;
        let level = LEVELS.into_iter().find(|level| level.word() == word)?;
        Some(Line { at, level, text: fields.next()?.into() })
    };
    let mut lines: Vec<Line> = log.lines().filter_map(line).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_the_hand_off() {
        let said = core::cell::RefCell::new(String::new());
        let console = |level: Level, text: &str| *said.borrow_mut() += &[level.prefix(), text].concat();
        let mut log = Log::new("glowplug-agent", &console);
        log.info("found{}", &["\u{1b}[2J it"]);
        log.warn(&Error::new("read", "x", "why {}"));
        let lines = read_lines(&log.text());
        assert_eq!(lines, log.lines);
        let texts: Vec<_> = lines.iter().map(|line| (line.level, &*line.text)).collect();
        assert_eq!(
            texts,
            [(Level::Info, "found\\u{1b}[2J it"), (Level::Warning, "unable to read x: why {}")]
        );
        assert!(lines[0].at <= lines[1].at && lines[1].at <= clock::monotonic());
        let said = said.borrow();
        let mut said = said.lines();
        assert!(said.next().unwrap().starts_with("<6>glowplug-agent["));
        let second = said.next().unwrap();
        assert!(second.starts_with("<4>glowplug-agent[") && second.ends_with("]: unable to read x: why {}"));
        assert!(read_lines("nonsense\n1.5 LOUD x\n.. INFO\n").is_empty());
    }

    #[test]
    fn actions_are_kept_in_their_time_and_not_said() {
        let mut log = Log::new("x", &|level, _| assert_ne!(level, Level::Debug));
        log.info("b", &[]);
        let mut actions = Vec::from([(1_000_001, String::from("write /a"))]);
        log.trace(&mut actions);
        assert!(actions.is_empty());
        let lines = read_lines(&log.text());
        assert_eq!((lines[0].at, lines[0].level, &*lines[0].text), (1_000_001, Level::Debug, "write /a"));
        assert_eq!(lines[1].text, "b");
    }

    #[test]
    fn steps_are_lines_too_and_say_whether_they_failed() {
        let mut log = Log::new("x", &|_, _| ());
        let start = clock::monotonic();
        log.step("agent/mount root", start);
        let fields: Vec<_> = log.steps.split('\t').collect();
        assert_eq!(fields[..2], ["agent/mount root", &start.to_string()]);
        assert!(fields[2].strip_suffix('\n').unwrap().parse::<u64>().is_ok());
        log.error(&Error::new("read", "x", "why"));
        log.step("agent/read", start);
        let last = clock::monotonic() + 1;
        log.step("agent/rest", last);
        let results: Vec<bool> = log.steps.lines().map(|line| line.ends_with("\tFAIL")).collect();
        assert_eq!(results, [false, true, false]);
    }

    #[test]
    fn a_talkative_seed_does_not_fill_the_memory_and_hides_no_error() {
        let mut log = Log::new("x", &|_, _| ());
        for _ in 0..20 {
            log.info("{}", &[&"y".repeat(limits::LOG / 10)]);
        }
        log.error(&Error::new("read", "x", "why"));
        assert!(log.text().len() <= limits::LOG * 2);
        let texts: Vec<&str> = log.lines.iter().map(|line| &*line.text).collect();
        assert_eq!(texts.len(), 12);
        assert_eq!(
            texts[10..],
            ["(further lines of this level are on the console alone)", "unable to read x: why"]
        );
        assert!(log.has(Level::Error, 0) && !log.has(Level::Warning, 0) && !log.has(Level::Error, u64::MAX));
    }
}
