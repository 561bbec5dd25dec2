//! Where the agent's lines go.

use super::start::{Environment, print};
use glowplug::stage::log::Level;
use glowplug::sys::{kernel_log, mount};
use glowplug::text::cut;

/// What of the agent's surroundings decides that.
#[derive(Clone, Copy)]
pub(crate) struct Console {
    /// Standard error is systemd's journal, which takes priorities.
    is_journal: bool,
    /// This is an initramfs: what is printed before the pivot is seen nowhere after it.
    is_early: bool,
}

impl Console {
    pub(crate) fn of(environment: &Environment) -> Self {
        let is_journal = environment.has("JOURNAL_STREAM=");
        Self { is_journal, is_early: !is_journal && mount::is_in_memory("/") }
    }

    /// Prints a line, `glowplug-agent[SECONDS]: TEXT`, and adds it to the kernel's log where no
    /// journal gets it.
    #[inline(never)]
    pub(crate) fn print(self, level: Level, line: &str) {
        let prefix = if self.is_journal { level.prefix() } else { "" };
        print(&[prefix, line].concat());
        if self.is_early
            && let Some((_, text)) = cut(line, "]: ")
        {
            // The kernel shows debug messages on no console, which has this line already.
            let level = if level == Level::Info { Level::Debug } else { level };
            kernel_log::write(&[level.prefix(), "glowplug-agent: ", text].concat());
        }
    }
}
