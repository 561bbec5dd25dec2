//! What only the runner does: lines for people, and the machine's end.

use crate::download::{self, Source};
use crate::http::cause;
use crate::output::Redirection;
use crate::program::print;
use crate::provision::Machine;
use crate::{checked_files, http, new_home, program};
use glowplug::action::{Effect, Fetched, ShutDown, Task};
use glowplug::error::{Error, Result};
use glowplug::limits;
use glowplug::sys::apply::Applier;
use glowplug::sys::grow;
use std::io::Write;
use std::time::{Duration, Instant};

/// How long the program that ends the machine is watched. Most hand over at
/// once; those that count the minutes themselves are left to it.
const WATCHED: Duration = Duration::from_secs(5);

/// The tasks of a stage.
#[derive(Default)]
pub(crate) struct Tasks {
    shut_down: Option<ShutDown>,
    /// Where output goes until all is done.
    output: Option<Redirection>,
}

impl Tasks {
    /// None yet; output goes there until all is done.
    pub(crate) fn with_output(output: Option<Redirection>) -> Self {
        Self { output, ..Self::default() }
    }

    /// Does one, or notes it for the end.
    pub(crate) fn carry_out(&mut self, task: &Task, machine: &Machine) -> Result<()> {
        match &task.effect {
            Effect::Print(text) => print(text),
            Effect::Tell(text) => tell(text),
            Effect::Post(post) => return http::post(post),
            Effect::Fetch(wanted) => return fetch(wanted, machine),
            Effect::Check(checked) => return checked_files::put_in_place(checked, machine),
            Effect::CompleteHome { user } => return new_home::complete(user, machine),
            Effect::GrowPartition { disk, number } => return grow::grow_partition(disk, *number).map(drop),
            Effect::GrowExt { device, point } => return grow::grow_ext(device, point),
            Effect::ShutDown(shut_down) => self.shut_down = Some((**shut_down).clone()),
        }
        Ok(())
    }

    /// Does what was noted for the end. Everything is written by now: what
    /// goes wrong is told to the console and to the log of all output. What ran
    /// in another root than the machine's leaves the machine on.
    pub(crate) fn end(self, other_root: Option<&str>) {
        match (&self.shut_down, other_root) {
            (Some(shut_down), None) => end(shut_down),
            (Some(_), Some(root)) => print(&format!("the machine stays on: {root} is not its root\n")),
            (None, _) => {}
        }
        if let Some(output) = self.output {
            output.end();
        }
    }
}

/// Ends the machine, if its condition holds.
fn end(shut_down: &ShutDown) {
    if let Some(condition) = &shut_down.condition
        && let Err(error) = program::run(condition)
    {
        let why = match error.errno() {
            Some(_) => error.to_string(),
            None => format!("the condition does not hold: {}", condition.argv.join(" ")),
        };
        return print(&format!("the machine stays on: {why}\n"));
    }
    if let Err(error) = leave(shut_down) {
        print(&format!("{error}\n"));
    }
}

/// Writes a file with what is elsewhere, else with the content it has itself.
fn fetch(wanted: &Fetched, machine: &Machine) -> Result<()> {
    let Fetched { uri, headers, tries, timeout, .. } = wanted;
    let mut file = wanted.file.clone();
    let source = Source { url: uri, headers, tries: *tries, timeout: *timeout };
    match download::fetch(&source, limits::SEED_FILE) {
        Ok(content) => file.content = content,
        Err(why) => {
            let error = Error::new("fetch", download::shown(uri), why);
            if !wanted.has_content {
                return Err(error);
            }
            print(&format!("warning: {error}; {} gets the content beside it\n", file.path));
        }
    }
    Applier::new(&machine.root, &machine.run).apply(&file.into(), None)
}

/// Says lines to the machine's console alone. The standard outputs may be
/// somebody's log.
fn tell(text: &str) {
    let console = std::fs::OpenOptions::new().write(true).open("/dev/console");
    // A machine without a console has nobody in front of it.
    let _ = console.and_then(|mut console| console.write_all(text.as_bytes()));
}

/// Starts the program that ends the machine in a session of its own, and
/// leaves it there unless it fails at once.
fn leave(shut_down: &ShutDown) -> Result<()> {
    let name = shut_down.program.argv.join(" ");
    let failed = |why: String| Error::new("run", &name, why);
    let mut child = program::start(&shut_down.program).map_err(|error| failed(cause(&error)))?;
    let begun = Instant::now();
    while begun.elapsed() < WATCHED {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(failed(program::ending(status))),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => return Err(failed(cause(&error))),
        }
    }
    Ok(())
}
