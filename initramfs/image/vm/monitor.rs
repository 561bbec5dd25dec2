//! What is plugged into a machine while it runs, by QEMU's monitor (QMP).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use glowplug::error::{Error, Result};
use miniserde::json::{self, Object, Value};

use super::disc::Drive;
use super::host;

/// Something that is plugged in while the machine runs.
#[derive(Clone, Debug)]
pub(crate) struct Plug {
    /// Words of a line of the console after which it is.
    pub(crate) after: &'static str,
    /// How long after that line.
    pub(crate) delay: Duration,
    /// The commands for QEMU, each in JSON.
    pub(crate) commands: Vec<String>,
}

impl Plug {
    /// A drive, some time after the agent has the root.
    pub(crate) fn drive(drive: &Drive, delay: Duration) -> Self {
        let file = json::to_string(&drive.file.display().to_string());
        let (driver, more) = drive.bus.device().split_once(',').unwrap_or((drive.bus.device(), ""));
        let more: String =
            more.split_once('=').map(|(key, value)| format!(r#", "{key}": "{value}""#)).unwrap_or_default();
        let commands = vec![
            format!(
                r#"{{"execute": "blockdev-add", "arguments": {{"driver": "raw", "node-name": "late", "read-only": true,
                    "file": {{"driver": "file", "filename": {file}, "read-only": true}}}}}}"#
            ),
            format!(
                r#"{{"execute": "device_add", "arguments": {{"driver": "{driver}", "drive": "late"{more}}}}}"#
            ),
        ];
        Self { after: "mounted the root from", delay, commands }
    }
}

/// The monitor of a QEMU that was started with `-qmp stdio`, and what it is to
/// plug in, in this order.
pub(super) struct Monitor {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    plugs: Vec<Plug>,
    /// When the first of them is due; `None`: its line was not heard yet.
    due: Option<Instant>,
}

impl Monitor {
    /// Greets the monitor of `qemu`, whose standard input and output are pipes.
    pub(super) fn open(qemu: &mut Child, plugs: &[Plug]) -> Result<Self> {
        let (Some(to), Some(from)) = (qemu.stdin.take(), qemu.stdout.take()) else {
            return Err(Error::new("talk to", "QEMU", "it has no pipes"));
        };
        let mut plugs = plugs.to_vec();
        plugs.reverse();
        let mut monitor = Self { to, from: BufReader::new(from), plugs, due: None };
        monitor.execute(r#"{"execute": "qmp_capabilities"}"#)?;
        Ok(monitor)
    }

    /// Plugs in what is due; `lines` are the console's new ones.
    pub(super) fn follow(&mut self, lines: &[String]) -> Result<()> {
        let Some(next) = self.plugs.last() else { return Ok(()) };
        if self.due.is_none() && lines.iter().any(|line| line.contains(next.after)) {
            self.due = Some(Instant::now() + next.delay);
        }
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.due = None;
            let commands = self.plugs.pop().map(|plug| plug.commands).unwrap_or_default();
            commands.iter().try_for_each(|command| self.execute(command))?;
        }
        Ok(())
    }

    /// An error when the machine has ended before everything was plugged in.
    pub(super) fn finish(self) -> Result<()> {
        match self.plugs.last() {
            None => Ok(()),
            Some(plug) => {
                let why = format!("the machine ended; it was due {:?} after \"{}\"", plug.delay, plug.after);
                Err(Error::new("plug in", plug.commands.concat(), why))
            }
        }
    }

    /// Runs one command. What QEMU tells unasked is passed over.
    fn execute(&mut self, command: &str) -> Result<()> {
        let monitor = Path::new("QEMU's monitor");
        let line = command.replace('\n', " ") + "\n";
        self.to.write_all(line.as_bytes()).map_err(host::io("write to", monitor))?;
        loop {
            let mut answer = String::new();
            if self.from.read_line(&mut answer).map_err(host::io("read from", monitor))? == 0 {
                return Err(Error::new("read from", "QEMU's monitor", "QEMU has closed it"));
            }
            let answer: Object = json::from_str(&answer).unwrap_or_default();
            match (answer.get("return"), answer.get("error")) {
                (Some(_), _) => return Ok(()),
                (None, Some(Value::Object(error))) => {
                    return Err(Error::new("plug in", command, json::to_string(error)));
                }
                _ => {}
            }
        }
    }
}
