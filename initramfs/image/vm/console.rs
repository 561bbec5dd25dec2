//! What a machine says on its console, told line by line while it runs.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use glowplug::error::Result;

use super::host;

/// A line worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A step of ours: `glowplug-agent[1.234]: found …`.
    Step {
        /// Who says it.
        who: Who,
        /// Seconds of the machine's monotonic clock, as printed.
        at: String,
        /// What it says.
        text: String,
    },
    /// The kernel gives up, or a program crashed.
    Fault(String),
}

/// The two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// `glowplug-agent`, before the pivot.
    Agent,
    /// `glowplug`, after it.
    Runner,
}

/// What the kernel writes when something is badly wrong.
const FAULTS: &[&str] = &[
    "Kernel panic",
    "BUG:",
    "Oops",
    "segfault at",
    "trap invalid opcode",
    "general protection",
    "Out of memory",
    "EXT4-fs error",
    "glowplug: not found",
    "panicked at",
];

impl Line {
    /// Reads a line of the console; `None` for noise.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        // systemd's journal puts `[TIME] NAME[PID]: ` before it on its way to the console
        let step = [(Who::Agent, "glowplug-agent["), (Who::Runner, "glowplug[")]
            .into_iter()
            .find_map(|(who, mark)| line.split(mark).skip(1).find_map(|rest| step(who, rest)));
        step.or_else(|| {
            FAULTS.iter().any(|fault| line.contains(fault)).then(|| Self::Fault(line.trim().to_owned()))
        })
    }
}

/// Reads `1.234]: text`.
fn step(who: Who, line: &str) -> Option<Line> {
    let (at, text) = line.split_once("]: ")?;
    // a number without a point is a process's
    at.contains('.').then(|| at.parse::<f64>().ok())??;
    Some(Line::Step { who, at: at.to_owned(), text: text.trim_end().to_owned() })
}

/// Follows a file that grows.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    unfinished: Vec<u8>,
}

impl Tail {
    /// Starts at the beginning of `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Self { file: File::open(path).map_err(host::io("open", path))?, unfinished: Vec::new() })
    }

    /// The lines that were finished since the last call.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        // a file that can't be read now has nothing new
        let _ = self.file.read_to_end(&mut self.unfinished);
        let Some(end) = self.unfinished.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let rest = self.unfinished.split_off(end + 1);
        let finished = std::mem::replace(&mut self.unfinished, rest);
        String::from_utf8_lossy(&finished).lines().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_from_steps_and_faults() {
        let expected =
            Line::Step { who: Who::Agent, at: "1.234".into(), text: "found config drive /dev/sr0".into() };
        assert_eq!(Line::parse("glowplug-agent[1.234]: found config drive /dev/sr0\r"), Some(expected));
        let expected = Line::Step { who: Who::Agent, at: "19.628".into(), text: "is new".into() };
        let journal = "[   19.633451] glowplug-agent[163]: glowplug-agent[19.628]: is new";
        assert_eq!(Line::parse(journal), Some(expected));
        assert_eq!(Line::parse("[   62.1] glowplug[244]: The script has run."), None);
        let expected = Line::Step { who: Who::Runner, at: "5.678".into(), text: "done".into() };
        assert_eq!(Line::parse("glowplug[5.678]: done"), Some(expected));
        assert_eq!(Line::parse("[    0.1] virtio_blk virtio1: [vda] 262144 512-byte blocks"), None);
        let fault = "[    1.0] Kernel panic - not syncing: Attempted to kill init!";
        assert_eq!(Line::parse(fault), Some(Line::Fault(fault.into())));
    }
}
