//! Runs modules: frequency, semaphore and journal are kept here, and a module
//! never sees them.

use super::log::{Level, Log};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::error::{Error, Result};
use crate::fetch;
use crate::fstab::Covered;
use crate::module::{Context, Early, Module, Plan};
use crate::state::journal::{Journal, Progress, keys};
use crate::state::paths::{Frequency, HANDOFF_JOURNAL, InstancePaths, semaphore, semaphore_text};
use crate::sys::apply::Applier;
use crate::sys::clock;
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
    /// The instance's directory lies under a mount of the running root:
    /// neither journal nor semaphores may be written there yet.
    state_waits: bool,
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
    #[inline(never)]
    pub fn new(applier: &'e mut Applier<'a>, early: Option<&'e Covered>, paths: &InstancePaths) -> Self {
        let mut journal = Journal::default();
        let journal_path = paths.journal();
        for (tree, path) in [(applier.root, journal_path.as_str()), (applier.run, "glowplug/journal")] {
            if let Some(text) = fetch::text(tree, path) {
                journal.read(&text);
            }
        }
        let real = early.and_then(|_| applier.root.real_path(&journal_path));
        let state_waits = early.zip(real).is_some_and(|(covered, real)| covered.by(&real).is_some());
        Self { applier, early, journal, journal_path, state_waits }
    }

    /// Runs one module. The value is how many errors it ended with; each is
    /// in the log.
    #[inline(never)]
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
        log.step(&[stage, "/", module.name].concat(), start);
        let waits = if self.early.is_some() { 0 } else { plan.waits.len() };
        tally.failed.len() + waits
    }

    #[inline(never)]
    fn carry_out(&mut self, module: &Module, plan: &Plan, log: &mut Log<'_>) -> Tally {
        let mut tally = Tally::default();
        for (action, key) in plan.actions.iter().zip(keys(&plan.actions)) {
            let progress = match module.frequency {
                Frequency::Always => Progress::Fresh,
                _ => self.journal.progress(module.name, key),
            };
            if progress == Progress::Done {
                continue;
            }
            let why = match self.must_wait(action, &tally) {
                Some(why) => why,
                None => match self.one(module, action, key, progress, log) {
                    // Before the pivot nothing has failed yet: the runner tries again.
                    Err(error) if self.early.is_some() => error.into(),
                    result => {
                        tally.lines.push_str(&self.journal.done(module.name, key));
                        match result {
                            Ok(()) => tally.done += 1,
                            Err(error) => tally.failed.push(error),
                        }
                        continue;
                    }
                },
            };
            tally.lines.push_str(&Journal::left(module.name, key, &why));
            tally.left.push((action.object(), why));
        }
        tally
    }

    fn one(
        &mut self,
        module: &Module,
        action: &Action,
        key: u64,
        progress: Progress,
        log: &mut Log<'_>,
    ) -> Result<()> {
        let begun = match (action, progress) {
            (Action::WriteFile(file), _) if file.existing != Existing::Append => None,
            (Action::WriteFile(_), Progress::Begun(length)) => Some(length),
            (Action::WriteFile(file), _) => {
                let length = self.applier.length(&file.path);
                let line = self.journal.begun(module.name, key, length);
                self.keep(&line, log);
                None
            }
            _ => None,
        };
        self.applier.apply(action, begun)
    }

    /// Why an action is not for the agent, if it is not.
    #[inline(never)]
    fn must_wait(&self, action: &Action, tally: &Tally) -> Option<String> {
        let covered = self.early?;
        if matches!(action, Action::RunProgram { .. }) {
            return Some("programs run after the pivot".into());
        }
        let path = action.path()?;
        if tally.left.iter().any(|(object, _)| object == path) {
            return Some("an earlier part of it waits".into());
        }
        let real = self.applier.root.real_path(path);
        let point = covered.by(path).or_else(|| covered.by(real.as_deref()?))?;
        Some([point, " is another mount once the root runs"].concat())
    }

    fn mark(&mut self, path: Option<&str>, log: &mut Log<'_>) -> bool {
        let Some(path) = path else { return true };
        if self.state_waits {
            return false;
        }
        let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        let content = semaphore_text(pid, clock::realtime()).into_bytes();
        let marked = self.applier.apply(&Action::write(path, content, 0o644), None);
        if let Err(error) = &marked {
            log.error(error);
        }
        marked.is_ok()
    }

    /// Appends to the journal, durably; where the root can't take it, the
    /// hand-off does.
    #[inline(never)]
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
            self.applier.apply(&file.into(), None)
        };
        let kept = if self.state_waits {
            append(HANDOFF_JOURNAL)
        } else {
            append(&self.journal_path).or_else(|_| append(HANDOFF_JOURNAL))
        };
        if let Err(error) = kept {
            log.warn(&error);
        }
    }
}

/// One line for what was done, one for each thing that waits or failed.
#[inline(never)]
fn report(module: &Module, plan: &Plan, tally: &Tally, early: bool, log: &mut Log<'_>) {
    let name = module.name;
    match tally.done as u64 {
        0 => {}
        1 => log.info(&[name, ": 1 action done"]),
        count => log.info(&[name, ": ", &count.to_string(), " actions done"]),
    }
    for (object, why) in &tally.left {
        log.info(&[name, ": ", object, " is left to the runner: ", why]);
    }
    for error in &tally.failed {
        log.error(error);
    }
    let (level, tail) = if early { (Level::Info, "; left to the runner") } else { (Level::Error, "") };
    for wait in &plan.waits {
        log.line(level, &[name, ": ", wait.text(), tail]);
    }
}
