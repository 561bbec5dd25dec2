//! Runs modules: frequency, semaphore and journal are kept here, and a module
//! never sees them.

use super::log::{Level, Log};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::fstab::Covered;
use crate::limits;
use crate::module::{Context, Early, Module, Plan};
use crate::state::journal::{Journal, Progress, keys};
use crate::state::paths::{Frequency, InstancePaths, semaphore, semaphore_text};
use crate::sys::apply::Applier;
use crate::sys::clock;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What modules are run with.
pub struct Engine<'e, 'a> {
    /// Carries actions out.
    pub applier: &'e mut Applier<'a>,
    /// Before the pivot: what the root's own mounts will cover. After it: `None`.
    pub early: Option<&'e Covered>,
    /// What was done so far.
    pub journal: Journal,
    /// Where the journal is kept.
    pub journal_path: String,
}

/// A module's actions, sorted by what became of them.
#[derive(Default)]
struct Tally {
    failed: Vec<Error>,
    left: Vec<(String, String)>,
    lines: String,
    done: usize,
}

impl<'e, 'a> Engine<'e, 'a> {
    /// An engine that goes on with the instance's journal.
    pub fn new(applier: &'e mut Applier<'a>, early: Option<&'e Covered>, paths: &InstancePaths) -> Self {
        let mut journal = Journal::default();
        let journal_path = paths.journal();
        for (tree, path) in [(applier.root, journal_path.as_str()), (applier.run, "glowplug/journal")] {
            if let Ok(Some(text)) = tree.read(path, limits::ROOT_FILE) {
                journal.read(&String::from_utf8_lossy(&text));
            }
        }
        Self { applier, early, journal, journal_path }
    }

    /// Runs one module. The value is how many errors it ended with; each is
    /// in the log.
    pub fn run(&mut self, module: &Module, context: &Context<'_>, log: &mut Log<'_>) -> usize {
        let start = clock::monotonic();
        let mark = semaphore(module.name, module.frequency, context.paths);
        if mark.as_deref().is_some_and(|path| self.applier.root.exists(path)) {
            return 0;
        }
        if !module.keys.is_empty() && !context.config.has_any(module.keys) {
            return 0;
        }
        let plan = (module.plan)(context);
        for problem in &plan.problems {
            log.warn(problem);
        }
        let runs_programs = plan.actions.iter().any(|action| matches!(action, Action::RunProgram { .. }));
        // A program may reboot the machine: it is not started a second time.
        let mut marked = false;
        if runs_programs && self.early.is_none() {
            marked = self.mark(mark.as_deref(), log);
        }
        let tally = self.carry_out(module, &plan, log);
        let waits = self.early.is_some() && (module.early != Early::Whole || !plan.waits.is_empty());
        let finished = tally.left.is_empty() && !waits;
        report(module, &plan, &tally, self.early.is_some(), log);
        let mut lines = tally.lines;
        if finished && (marked || self.mark(mark.as_deref(), log)) && module.frequency != Frequency::Always {
            lines = self.journal.finished(module.name);
        }
        if module.frequency != Frequency::Always {
            self.keep(&lines, log);
        }
        let stage = if self.early.is_some() { "agent" } else { "module" };
        log.step(&format!("{stage}/{}", module.name), start);
        let waits = if self.early.is_some() { 0 } else { plan.waits.len() };
        tally.failed.len() + waits
    }

    fn carry_out(&mut self, module: &Module, plan: &Plan, log: &mut Log<'_>) -> Tally {
        let mut tally = Tally::default();
        for (action, key) in plan.actions.iter().zip(keys(&plan.actions)) {
            let progress = self.progress(module, &key);
            if progress == Progress::Done {
                continue;
            }
            if let Some(why) = self.must_wait(action, &tally) {
                tally.lines.push_str(&Journal::left(module.name, &key, &why));
                tally.left.push((object(action), why));
                continue;
            }
            match self.one(module, action, &key, progress, log) {
                Ok(line) => {
                    tally.lines.push_str(&line);
                    tally.done += 1;
                }
                // Before the pivot nothing has failed yet: the runner tries again.
                Err(error) if self.early.is_some() => {
                    let why = error.to_string();
                    tally.lines.push_str(&Journal::left(module.name, &key, &why));
                    tally.left.push((object(action), why));
                }
                Err(error) => {
                    tally.lines.push_str(&self.journal.done(module.name, &key));
                    tally.failed.push(error);
                }
            }
        }
        tally
    }

    fn progress(&self, module: &Module, key: &str) -> Progress {
        match module.frequency {
            Frequency::Always => Progress::Fresh,
            _ => self.journal.progress(module.name, key),
        }
    }

    fn one(
        &mut self,
        module: &Module,
        action: &Action,
        key: &str,
        progress: Progress,
        log: &mut Log<'_>,
    ) -> Result<String> {
        let begun = match (action, progress) {
            (Action::WriteFile(WriteFile { existing: Existing::Append, .. }), Progress::Begun(length)) => {
                Some(length)
            }
            (Action::WriteFile(WriteFile { path, existing: Existing::Append, .. }), _) => {
                let length = self.applier.length(path);
                let line = self.journal.begun(module.name, key, length);
                self.keep(&line, log);
                None
            }
            _ => None,
        };
        self.applier.apply(action, begun)?;
        Ok(self.journal.done(module.name, key))
    }

    /// Why an action is not for the agent, if it is not.
    fn must_wait(&self, action: &Action, tally: &Tally) -> Option<String> {
        let covered = self.early?;
        let path = match action {
            Action::WriteFile(WriteFile { path, .. })
            | Action::MakeDirectory { path, .. }
            | Action::MakeLink { path, .. }
            | Action::RemoveFile { path } => path,
            Action::RunProgram { .. } => return Some("programs run after the pivot".into()),
            Action::SetHostname { .. } | Action::Link(_) => return None,
        };
        if tally.left.iter().any(|(object, _)| object == path) {
            return Some("an earlier part of it waits".into());
        }
        let real = self.applier.root.real_path(path);
        let point = covered.by(path).or_else(|| covered.by(real.as_deref()?));
        point.map(|point| format!("{point} is another mount once the root runs"))
    }

    fn mark(&mut self, path: Option<&str>, log: &mut Log<'_>) -> bool {
        let Some(path) = path else { return true };
        let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        let content = semaphore_text(pid, clock::realtime()).into_bytes();
        let existing = Existing::Replace;
        let file = WriteFile { path: path.into(), content, mode: 0o644, owner: Owner::Root, existing };
        let marked = self.applier.apply(&Action::WriteFile(file), None);
        if let Err(error) = &marked {
            log.error(error);
        }
        marked.is_ok()
    }

    /// Appends to the journal, durably; where the root can't take it, the
    /// hand-off does.
    fn keep(&mut self, lines: &str, log: &mut Log<'_>) {
        if lines.is_empty() {
            return;
        }
        let mut append = |path: &str| {
            let file = WriteFile {
                path: path.into(),
                content: lines.into(),
                mode: 0o600,
                owner: Owner::Root,
                existing: Existing::Append,
            };
            self.applier.apply(&Action::WriteFile(file), None)
        };
        let kept = append(&self.journal_path).or_else(|_| append(crate::state::paths::HANDOFF_JOURNAL));
        if let Err(error) = kept {
            log.warn(&error);
        }
    }
}

/// One line for what was done, one for each thing that waits or failed.
fn report(module: &Module, plan: &Plan, tally: &Tally, early: bool, log: &mut Log<'_>) {
    let name = module.name;
    if tally.done > 0 {
        let s = if tally.done == 1 { "" } else { "s" };
        log.info(format!("{name}: {} action{s} done", tally.done));
    }
    for (object, why) in &tally.left {
        log.info(format!("{name}: {object} is left to the runner: {why}"));
    }
    for error in &tally.failed {
        log.error(error);
    }
    for wait in &plan.waits {
        let level = if early { Level::Info } else { Level::Error };
        let tail = if early { "; left to the runner" } else { "" };
        log.line(level, format!("{name}: {wait}{tail}"));
    }
}

/// What an action is about, for a line.
fn object(action: &Action) -> String {
    match action {
        Action::WriteFile(WriteFile { path, .. })
        | Action::MakeDirectory { path, .. }
        | Action::MakeLink { path, .. }
        | Action::RemoveFile { path } => path.clone(),
        Action::SetHostname { name } => name.clone(),
        Action::RunProgram { argv, .. } => argv.join(" "),
        Action::Link(link) => format!("{link:?}"),
    }
}
