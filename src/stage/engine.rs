//! Runs modules: frequency, semaphore and journal are kept here, and a module
//! never sees them.

use super::listed::Entry;
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
use crate::sys::mount::{is_mount_point, is_of_read_only, is_read_only};
use crate::sys::root::Root;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::take;

/// What lies under another mount once the root runs: before the pivot it is
/// not written to, since that mount will cover it.
pub struct Cover<'a> {
    root: &'a Root,
    points: Covered,
}

impl<'a> Cover<'a> {
    /// Reads the mounts that `root` will have; of a root that is `running`,
    /// those that are not there yet.
    pub fn of(root: &'a Root, running: bool) -> Self {
        let mut points = Covered::read(root, root.read_link("/lib").is_some());
        if running {
            points.retain(&|point| !is_mount_point(point));
        }
        Self { root, points }
    }

    /// The mount point that covers `path`, by its own name or by what symbolic
    /// links make of it.
    #[inline(never)]
    pub fn by(&self, path: &str) -> Option<&str> {
        if self.points.is_empty() {
            return None;
        }
        self.points.by(path).or_else(|| self.points.by(&self.root.real_path(path)?))
    }
}

/// What modules are run with.
pub struct Engine<'e, 'a> {
    /// Carries actions out.
    applier: &'e mut Applier<'a>,
    /// Before the pivot: what the root's own mounts will cover. After it: `None`.
    early: Option<&'e Cover<'e>>,
    /// What was done so far.
    journal: Journal,
    /// Where the journal is kept.
    journal_path: String,
    /// The instance's directory lies under a mount of the running root:
    /// neither journal nor semaphores may be written there yet.
    state_waits: bool,
    /// Modules that have run and are not marked yet.
    unmarked: Vec<Unmarked>,
}

/// What is to be kept of a module once its files are on the disk.
struct Unmarked {
    module: &'static str,
    /// The semaphore of one that is finished.
    mark: Option<String>,
    /// The journal's lines of one that is not.
    lines: String,
}

/// What became of a module's actions.
#[derive(Default)]
struct Tally<'p> {
    /// Those that wait.
    left: Vec<&'p Action>,
    /// What the journal is to keep.
    lines: String,
    done: usize,
    failed: usize,
}

impl<'e, 'a> Engine<'e, 'a> {
    /// An engine that goes on with the instance's journal.
    #[inline(never)]
    pub fn new(applier: &'e mut Applier<'a>, early: Option<&'e Cover<'e>>, paths: &InstancePaths) -> Self {
        let mut journal = Journal::default();
        let journal_path = paths.journal();
        for &(tree, path) in &[(applier.root, &*journal_path), (applier.run, "glowplug/journal")] {
            journal.read(&fetch::text(tree, path).unwrap_or_default());
        }
        let state_waits = early.is_some_and(|cover| cover.by(paths.folder()).is_some());
        Self { applier, early, journal, journal_path, state_waits, unmarked: Vec::new() }
    }

    /// Runs one module. The value is how many errors it ended with; each is
    /// in the log. [`Engine::settle`] has to follow the last one.
    #[inline(never)]
    pub fn run(&mut self, entry: &Entry<'_>, context: &Context<'_>, log: &mut Log<'_>) -> usize {
        let start = clock::monotonic();
        let early = self.early.is_some();
        let &Entry { module, frequency, arguments } = entry;
        let mark = semaphore(module.name, frequency, context.paths);
        let root = self.applier.root;
        // what others could not read is not this module's
        root.take_unreadable();
        let is_unmarked = self.unmarked.iter().any(|other| mark.is_some() && other.mark == mark);
        if is_unmarked {
            return 0;
        }
        // One that may have run does not run a second time.
        match mark.as_deref().map_or(Ok(false), |path| root.exists(path)) {
            Ok(false) => {}
            Ok(true) => return 0,
            Err(error) => return self.leave(module, &error, log),
        }
        if !module.keys.is_empty() && !context.config.has_any(module.keys) {
            return 0;
        }
        let mut plan = Plan::default();
        (module.plan)(&Context { arguments, ..*context }, &mut plan);
        if let Some(error) = root.take_unreadable() {
            return self.leave(module, &error, log);
        }
        log.warn_of(&plan.problems);
        // A program may reboot the machine: it is not started a second time.
        let runs_programs = plan.actions.iter().any(|action| matches!(action, Action::RunProgram(_)));
        let marked = runs_programs && !early && self.mark_ahead(mark.as_deref(), log);
        let tally = self.carry_out(entry, &plan, log);
        tell(module.name, &plan.waits, tally.done, early, log);
        let waits = early && (module.early != Early::Whole || !plan.waits.is_empty());
        if frequency != Frequency::Always {
            let whole = tally.left.is_empty() && !waits;
            if whole && marked {
                let line = self.journal.finished(module.name);
                self.keep(&line, log);
            } else {
                let mark = mark.filter(|_| whole);
                self.unmarked.push(Unmarked { module: module.name, mark, lines: tally.lines });
            }
        }
        log.step(&fill(if early { "agent/{}" } else { "module/{}" }, &[module.name]), start);
        tally.failed + if early { 0 } else { plan.waits.len() }
    }

    /// Does nothing of a module that may have run, or whose plan was made without a
    /// file that is there and could not be read: the plan would put ours in its
    /// place. It is planned again at the next boot, or by the runner.
    #[inline(never)]
    fn leave(&self, module: &Module, error: &Error, log: &mut Log<'_>) -> usize {
        if self.early.is_some() {
            log.info("{} is left to the runner: {}", &[module.name, error.text()]);
            return 0;
        }
        log.line(Level::Error, "{}: nothing of it is done in this boot: {}", &[module.name, error.text()]);
        1
    }

    #[inline(never)]
    fn carry_out<'p>(&mut self, entry: &Entry<'_>, plan: &'p Plan, log: &mut Log<'_>) -> Tally<'p> {
        let module = entry.module;
        let mut tally = Tally::default();
        for (action, key) in plan.actions.iter().zip(keys(&plan.actions)) {
            let progress = match entry.frequency {
                Frequency::Always => Progress::Fresh,
                _ => self.journal.progress(module.name, key),
            };
            if progress == Progress::Done {
                continue;
            }
            let why = match self.must_wait(entry.frequency, action, &tally.left) {
                Some(why) => why,
                None => match self.one(module, action, key, progress, log) {
                    // Before the pivot nothing has failed yet: the runner tries again.
                    Err(error) if self.early.is_some() => error.into(),
                    result => {
                        tally.lines.push_str(&self.journal.done(module.name, key));
                        tally.done += usize::from(result.is_ok());
                        match result {
                            // As with cloud-init, nobody at home is no failure of the boot;
                            // neither is a root that was made to take nothing.
                            Err(error) if action.is_courtesy() || is_of_read_only_root(&error) => {
                                log.warn(&error);
                            }
                            Err(error) => {
                                tally.failed += 1;
                                log.error(&error);
                            }
                            Ok(()) => {}
                        }
                        continue;
                    }
                },
            };
            tally.lines.push_str(&Journal::left(module.name, key, &why));
            tally.left.push(action);
            log.info("{}: {} is left to the runner: {}", &[module.name, &action.object(), &why]);
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
                let length = self.applier.length(&file.path)?;
                let line = self.journal.begun(module.name, key, length);
                self.keep(&line, log);
                self.flush(log);
                None
            }
            _ => None,
        };
        self.applier.apply(action, begun)
    }

    /// Why an action is not for the agent, if it is not.
    #[inline(never)]
    fn must_wait(&self, frequency: Frequency, action: &Action, left: &[&Action]) -> Option<String> {
        let cover = self.early?;
        // Of what is done at every boot no journal is kept: the runner would add it once more.
        if let (Frequency::Always, Action::WriteFile(file)) = (frequency, action)
            && file.existing == Existing::Append
        {
            return Some("it is added at every boot".into());
        }
        if matches!(action, Action::RunProgram(_) | Action::Account(_) | Action::Task(_)) {
            return Some("programs run after the pivot".into());
        }
        let path = action.path()?;
        if left.iter().any(|earlier| earlier.path() == Some(path)) {
            return Some("an earlier part of it waits".into());
        }
        Some(fill("{} is another mount once the root runs", &[cover.by(path)?]))
    }

    /// Marks the modules that have run: neither a semaphore nor the journal is
    /// on the disk before what it stands for.
    #[inline(never)]
    pub fn settle(&mut self, log: &mut Log<'_>) {
        let unmarked = take(&mut self.unmarked);
        if unmarked.is_empty() || !self.flush(log) {
            return;
        }
        let mut lines = String::new();
        for Unmarked { module, mark, lines: done } in unmarked {
            if mark.is_some_and(|path| self.mark(&path, log)) {
                lines.push_str(&self.journal.finished(module));
            } else {
                lines.push_str(&done);
            }
        }
        self.keep(&lines, log);
    }

    /// Marks a module before its programs run, durably.
    fn mark_ahead(&mut self, path: Option<&str>, log: &mut Log<'_>) -> bool {
        self.settle(log);
        path.is_none_or(|path| self.mark(path, log) && self.flush(log))
    }

    #[inline(never)]
    fn mark(&mut self, path: &str, log: &mut Log<'_>) -> bool {
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

    /// Waits until what was done is on the disk; the value: whether it is.
    #[inline(never)]
    fn flush(&self, log: &mut Log<'_>) -> bool {
        let flushed = self.applier.flush();
        if let Err(error) = &flushed {
            log.error(error);
        }
        flushed.is_ok()
    }

    /// Appends to the journal; where the root can't take it, the hand-off does.
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

/// Whether the running root takes no file at all, and this is why.
fn is_of_read_only_root(error: &Error) -> bool {
    is_read_only("/") && is_of_read_only(error)
}

/// One line for what was done, one for each thing that waits.
#[inline(never)]
fn tell(module: &str, waits: &[Error], done: usize, early: bool, log: &mut Log<'_>) {
    match done as u64 {
        0 => {}
        1 => log.info("{}: 1 action done", &[module]),
        count => log.info("{}: {} actions done", &[module, &count.to_string()]),
    }
    for wait in waits {
        if early {
            log.info("{}: {}; left to the runner", &[module, wait.text()]);
        } else {
            log.line(Level::Error, "{}: {}", &[module, wait.text()]);
        }
    }
}
