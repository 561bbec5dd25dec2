//! Runs modules: frequency, semaphore and journal are kept here, and a module
//! never sees them.

use super::listed::Entry;
use super::log::{Level, Log};
use super::resume::{Planned, Planner};
use super::untold;
use crate::action::{Action, Again, Existing, Owner, WriteFile};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::fstab::Covered;
use crate::limits;
use crate::module::{Context, Early, Module, Plan};
use crate::state::journal::{Journal, Progress, keys};
use crate::state::paths::{Frequency, HANDOFF_JOURNAL, InstancePaths, semaphore, semaphore_text};
use crate::syntax::order::firsts;
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
    /// After the pivot: plans so that an interrupted plan can go on. Before it: `None`.
    planner: Option<Planner>,
    /// What earlier processes did; `None`: it can't be read.
    journal: Option<Journal>,
    /// The instance's paths.
    paths: &'e InstancePaths,
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
    /// Its warnings and errors, as the log has them: once it is marked no later boot finds them again.
    untold: String,
}

/// A module's plan as one process carries it out.
struct Attempt {
    plan: Plan,
    /// Whether the module runs once: its actions are kept in the journal.
    is_kept: bool,
    /// An earlier process was interrupted in this plan.
    is_resumed: bool,
    /// Whether what was done before is known.
    is_known: bool,
}

/// One action of an attempt.
#[derive(Clone, Copy)]
struct Step<'p> {
    module: &'static Module,
    action: &'p Action,
    /// Its name in the journal.
    key: u64,
    /// How far an earlier process came with it.
    progress: Progress,
    attempt: &'p Attempt,
}

/// How an action ended.
enum End {
    Done,
    /// It was asked for and did not happen.
    Failed(Error),
    /// An earlier process was interrupted in it; how it ended is not known, and it is
    /// not done again.
    Unknown(Error),
    /// It is not done in this boot: it could be a second time, or be forgotten.
    Refused(Error),
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
    /// Whether one is not done in this boot.
    refused: bool,
}

impl<'e, 'a> Engine<'e, 'a> {
    /// An engine that goes on with the instance's journal. `planner`:
    /// [`super::resume::plan`] after the pivot.
    #[inline(never)]
    pub fn new(
        applier: &'e mut Applier<'a>,
        early: Option<&'e Cover<'e>>,
        planner: Option<Planner>,
        paths: &'e InstancePaths,
        log: &mut Log<'_>,
    ) -> Self {
        let journal = read_journal(applier, &paths.journal(), log);
        let state_waits = early.is_some_and(|cover| cover.by(paths.folder()).is_some());
        Self { applier, early, planner, journal, paths, state_waits, unmarked: Vec::new() }
    }

    /// Runs one module. The value is how many errors it ended with; each is
    /// in the log. [`Engine::settle`] has to follow the last one.
    #[inline(never)]
    pub fn run(&mut self, entry: &Entry<'_>, context: &Context<'_>, log: &mut Log<'_>) -> usize {
        let start = clock::monotonic();
        let early = self.early.is_some();
        let said = log.lines.len();
        let &Entry { module, frequency, arguments } = entry;
        let mark = semaphore(module.name, frequency, context.paths);
        // What others could not read is not this module's.
        self.applier.root.take_unreadable();
        match self.has_run(module, mark.as_deref()) {
            Ok(false) => {}
            Ok(true) => return 0,
            // A module that has run must not run again.
            Err(error) => {
                log.line(Level::Error, "{} is not run: {}", &[module.name, error.text()]);
                return 1;
            }
        }
        if !module.keys.is_empty() && !context.config.has_any(module.keys) {
            return 0;
        }
        let context = Context { arguments, ..*context };
        let Some(attempt) = self.attempt(module, frequency, &context, log) else {
            return usize::from(!early);
        };
        let mut tally = self.carry_out(module, &attempt, log);
        if let Some(error) = self.applier.take_account_error() {
            tally.fail(module, &error, false, log);
        }
        log.trace(&mut self.applier.trace);
        let plan = &attempt.plan;
        tell(module.name, &plan.waits, tally.done, early, log);
        let waits = early && (module.early != Early::Whole || !plan.waits.is_empty());
        if attempt.is_kept {
            let is_done = tally.left.is_empty() && !waits && !tally.refused;
            let mark = mark.filter(|_| is_done);
            let untold = untold::problems(log.lines.get(said..).unwrap_or_default());
            self.unmarked.push(Unmarked { module: module.name, mark, lines: tally.lines, untold });
        }
        log.step(&fill(if early { "agent/{}" } else { "module/{}" }, &[module.name]), start);
        tally.failed + if early { 0 } else { plan.waits.len() }
    }

    /// Whether a module has run as often as it should.
    fn has_run(&mut self, module: &Module, mark: Option<&str>) -> Result<bool> {
        let Some(mark) = mark else { return Ok(false) };
        if self.unmarked.iter().any(|other| other.mark.as_deref() == Some(mark)) {
            return Ok(true);
        }
        let has_run = self.applier.root.exists(mark)?;
        if has_run && self.planner.is_some() {
            self.forget_plan(module.name);
        }
        Ok(has_run)
    }

    /// Plans a module. `None`: what was to be kept of the plan could not be, so that it is not
    /// carried out.
    #[inline(never)]
    fn attempt(
        &mut self,
        module: &Module,
        frequency: Frequency,
        context: &Context<'_>,
        log: &mut Log<'_>,
    ) -> Option<Attempt> {
        let is_kept = frequency != Frequency::Always;
        let is_known = self.journal.is_some();
        let mut attempt = Attempt { plan: Plan::default(), is_kept, is_resumed: false, is_known };
        let Some(planner) = self.planner.filter(|_| is_kept) else {
            (module.plan)(context, &mut attempt.plan);
            return (!self.leaves(module, &attempt.plan, log)).then(|| {
                log.warn_of_module(module.name, &attempt.plan.problems);
                attempt
            });
        };
        let path = self.paths.plan_record(module.name);
        let planned = self
            .applier
            .root
            .read(&path, limits::PLAN_RECORD)
            .and_then(|record| planner(module, context, record.as_deref(), &mut attempt.plan));
        if self.leaves(module, &attempt.plan, log) {
            return None;
        }
        log.warn_of_module(module.name, &attempt.plan.problems);
        let record = match planned {
            Ok(Planned::First(record)) => record,
            Ok(Planned::Resumed) => {
                log.info("{} was interrupted: it goes on", &[module.name]);
                attempt.is_resumed = true;
                return Some(attempt);
            }
            Err(error) => {
                log.error(&error);
                attempt.plan = Plan::default();
                (module.plan)(context, &mut attempt.plan);
                (attempt.is_resumed, attempt.is_known) = (true, false);
                return Some(attempt);
            }
        };
        if attempt.plan.actions.iter().all(is_same_again) {
            return Some(attempt);
        }
        // A program may end the machine, or this process: what ran before it is marked by then.
        self.settle(log);
        self.keep_plan(&path, record, log).then_some(attempt)
    }

    /// Whether a module's plan was made without a file that is there and could not be read: the
    /// plan would put ours in its place. Then nothing of it is done; it is planned again at the next
    /// boot, or by the runner.
    #[inline(never)]
    fn leaves(&self, module: &Module, plan: &Plan, log: &mut Log<'_>) -> bool {
        let unread = self.applier.root.take_unreadable();
        // A plan that knows what it could not read does the rest.
        let is_known = |error: &Error| !plan.actions.is_empty() && plan.waits.contains(error);
        let Some(error) = unread.iter().find(|error| !is_known(error)) else { return false };
        if self.early.is_some() {
            log.info("{} is left to the runner: {}", &[module.name, error.text()]);
        } else {
            log.line(
                Level::Error,
                "{}: nothing of it is done in this boot: {}",
                &[module.name, error.text()],
            );
        }
        true
    }

    /// Keeps what a module planned by, durably; the value: whether the plan may be carried out.
    fn keep_plan(&mut self, path: &str, record: Vec<u8>, log: &mut Log<'_>) -> bool {
        let kept = self.applier.apply(&Action::write(path, record, 0o600), None);
        match kept {
            Ok(()) => self.flush(log),
            // Such a root keeps nothing: all of it is done at every boot.
            Err(error) if is_of_read_only(&error) => true,
            Err(error) => {
                log.error(&error);
                false
            }
        }
    }

    fn forget_plan(&mut self, module: &str) {
        let path = self.paths.plan_record(module);
        if self.applier.root.exists(&path).unwrap_or(false) {
            // Left behind it says nothing: the semaphore is there.
            let _ = self.applier.apply(&Action::RemoveFile { path }, None);
        }
    }

    #[inline(never)]
    fn carry_out<'p>(
        &mut self,
        module: &'static Module,
        attempt: &'p Attempt,
        log: &mut Log<'_>,
    ) -> Tally<'p> {
        let mut tally = Tally::default();
        let actions = &attempt.plan.actions;
        // Actions of one path are known by the first of them.
        let firsts = firsts(actions.len(), &|at| actions.get(at).and_then(Action::path).unwrap_or_default());
        let mut waits = alloc::vec![false; actions.len()];
        for ((action, key), first) in actions.iter().zip(keys(actions)).zip(firsts) {
            let progress = match &self.journal {
                Some(journal) if attempt.is_kept => journal.progress(module.name, key),
                _ => Progress::Fresh,
            };
            if progress == Progress::Done {
                continue;
            }
            let why = match self.must_wait(attempt.is_kept, action, waits[first]) {
                Some(why) => why,
                None => match self.one(Step { module, action, key, progress, attempt }, log) {
                    // Before the pivot nothing has failed yet: the runner tries again.
                    End::Failed(error) | End::Refused(error) if self.early.is_some() => error.into(),
                    end => {
                        take_end(end, module, action, key, &mut tally, log);
                        continue;
                    }
                },
            };
            tally.lines.push_str(&Journal::left(module.name, key, &why));
            tally.left.push(action);
            waits[first] = true;
            log.info("{}: {} is left to the runner: {}", &[module.name, &action.object(), &why]);
        }
        tally
    }

    /// Carries out one action. What must not happen twice is in the journal, on the disk, before
    /// it begins.
    fn one(&mut self, step: Step<'_>, log: &mut Log<'_>) -> End {
        let Step { module, action, key, progress, attempt } = step;
        let mut begun = None;
        match action {
            _ if !attempt.is_kept => {}
            Action::WriteFile(file) if file.existing == Existing::Append => {
                if !attempt.is_known {
                    return End::Refused(unknown(action, "it may have been added in an earlier boot"));
                }
                if let Progress::Begun(length) = progress {
                    begun = Some(length);
                } else {
                    let length = match self.applier.length(&file.path) {
                        Ok(length) => length,
                        Err(error) => return End::Failed(error),
                    };
                    let line = Journal::begun(module.name, key, length);
                    if !self.keep_durably(&line, log) {
                        return End::Refused(unknown(action, "the journal can't keep that it begins"));
                    }
                }
            }
            Action::RunProgram(program)
                if attempt.is_resumed
                    && let Again::Instead(others) = &program.again =>
            {
                let mut applied = others.iter().map(|other| self.applier.apply(other, None));
                return end_of(applied.find(Result::is_err).unwrap_or(Ok(())));
            }
            _ if *action.again() == Again::Never => {
                return self.once(step, log);
            }
            _ => {}
        }
        end_of(self.applier.apply(action, begun))
    }

    /// Carries out what must not be done twice.
    fn once(&mut self, step: Step<'_>, log: &mut Log<'_>) -> End {
        let Step { module, action, key, progress, attempt } = step;
        if progress == Progress::Started {
            return End::Unknown(unknown(
                action,
                "an earlier boot was interrupted in it; its outcome is unknown, and it is not run again",
            ));
        }
        if !attempt.is_known {
            return End::Refused(unknown(action, "it may have run in an earlier boot"));
        }
        if !self.keep_durably(&Journal::started(module.name, key), log) {
            return End::Refused(unknown(action, "the journal can't keep that it starts"));
        }
        let ended = self.applier.apply(action, None);
        self.keep(&Journal::done(module.name, key), log);
        end_of(ended)
    }

    /// Why an action is not for the agent, if it is not; `is_behind`: an earlier one of
    /// its path waits.
    #[inline(never)]
    fn must_wait(&self, is_kept: bool, action: &Action, is_behind: bool) -> Option<String> {
        let cover = self.early?;
        // Of what is done at every boot no journal is kept: the runner would add it once more.
        if let Action::WriteFile(file) = action
            && !is_kept
            && file.existing == Existing::Append
        {
            return Some("it is added at every boot".into());
        }
        if matches!(action, Action::RunProgram(_) | Action::Account(_) | Action::Task(_)) {
            return Some("programs run after the pivot".into());
        }
        let path = action.path()?;
        if is_behind {
            return Some("an earlier part of it waits".into());
        }
        match cover.by(path)? {
            "" => Some("/etc/fstab can't be read, and may mount something over it".into()),
            point => Some(fill("{} is another mount once the root runs", &[point])),
        }
    }

    /// Marks the modules that have run: neither a semaphore nor the journal is
    /// on the disk before what it stands for.
    #[inline(never)]
    pub fn settle(&mut self, log: &mut Log<'_>) {
        let unmarked = take(&mut self.unmarked);
        if unmarked.is_empty() || !self.flush(log) {
            return;
        }
        self.keep_untold(&unmarked, log);
        let mut lines = String::new();
        let mut finished = Vec::new();
        for Unmarked { module, mark, lines: done, .. } in unmarked {
            if mark.is_some_and(|path| self.mark(&path, log)) {
                lines.push_str(&Journal::finished(module));
                finished.push(module);
            } else {
                lines.push_str(&done);
            }
        }
        self.keep(&lines, log);
        if self.planner.is_some() {
            for module in finished {
                self.forget_plan(module);
            }
        }
    }

    /// Keeps what those have to tell of which an action is kept that is not tried again.
    fn keep_untold(&mut self, unmarked: &[Unmarked], log: &mut Log<'_>) {
        if self.state_waits {
            return;
        }
        let mut lines = String::new();
        for one in unmarked {
            lines.push_str(&one.untold);
        }
        untold::keep(&lines, self.paths, self.applier, log);
    }

    /// Appends to the journal and waits until that is on the disk; the value: whether it is.
    fn keep_durably(&mut self, lines: &str, log: &mut Log<'_>) -> bool {
        self.keep(lines, log) && self.flush(log)
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

    /// Appends to the journal; the value: whether it holds the lines. A root that takes no
    /// file at all has it in the hand-off.
    #[inline(never)]
    fn keep(&mut self, lines: &str, log: &mut Log<'_>) -> bool {
        if lines.is_empty() {
            return true;
        }
        let torn = self.journal.as_mut().map_or("", Journal::end_torn_line);
        let content = [torn, lines].concat().into_bytes();
        let mut append = |path: &str| {
            let (path, owner, existing) = (path.into(), Owner::Root, Existing::Append);
            let file = WriteFile { path, content: content.clone(), mode: 0o600, owner, existing };
            self.applier.apply(&file.into(), None)
        };
        let kept = if self.state_waits {
            append(HANDOFF_JOURNAL)
        } else {
            match append(&self.paths.journal()) {
                Err(error) if is_of_read_only(&error) => append(HANDOFF_JOURNAL),
                kept => kept,
            }
        };
        if let Err(error) = &kept {
            log.error(error);
        }
        kept.is_ok()
    }
}

/// The journal, of the root and of the hand-off; `None` where it can't be read,
/// which the log says.
#[inline(never)]
fn read_journal(applier: &Applier<'_>, path: &str, log: &mut Log<'_>) -> Option<Journal> {
    let read = |tree: &Root, path: &str| tree.read(path, limits::JOURNAL);
    let in_run = HANDOFF_JOURNAL.strip_prefix("/run/").unwrap_or_default();
    let files = read(applier.root, path).and_then(|root| Ok((root, read(applier.run, in_run)?)));
    let journal = files.and_then(|(root, run)| {
        let files = [root.as_deref().unwrap_or_default(), run.as_deref().unwrap_or_default()];
        Journal::read(&files).ok_or_else(|| Error::new("read", path, "it is damaged"))
    });
    if let Err(error) = &journal {
        log.line(
            Level::Error,
            "{}: what this instance has done is not known; nothing that must not happen twice is done until it is \
             mended or removed",
            &[error.text()],
        );
    }
    journal.ok()
}

/// Takes in how an action ended.
fn take_end(end: End, module: &Module, action: &Action, key: u64, tally: &mut Tally<'_>, log: &mut Log<'_>) {
    if let End::Refused(error) = end {
        tally.refused = true;
        tally.failed += 1;
        return log.line(Level::Error, "{}: {}", &[module.name, error.text()]);
    }
    tally.lines.push_str(&Journal::done(module.name, key));
    tally.done += usize::from(matches!(end, End::Done));
    match end {
        End::Done => {}
        End::Unknown(error) => log.line(Level::Warning, "{}: {}", &[module.name, error.text()]),
        End::Failed(error) | End::Refused(error) => tally.fail(module, &error, action.is_courtesy(), log),
    }
}

impl Tally<'_> {
    /// Takes in what did not happen. As with cloud-init, nobody at home is no failure of the boot;
    /// neither is a root that was made to take nothing.
    fn fail(&mut self, module: &Module, error: &Error, is_courtesy: bool, log: &mut Log<'_>) {
        if is_courtesy || is_of_read_only_root(error) {
            return log.line(Level::Warning, "{}: {}", &[module.name, error.text()]);
        }
        self.failed += 1;
        log.line(Level::Error, "{}: {}", &[module.name, error.text()]);
    }
}

fn end_of(applied: Result<()>) -> End {
    applied.map_or_else(End::Failed, |()| End::Done)
}

/// What can't be said of an action, and what becomes of it.
fn unknown(action: &Action, why: &str) -> Error {
    let verb = if matches!(action, Action::WriteFile(_)) { "append to" } else { "run" };
    Error::new(verb, action.object(), why)
}

/// Whether an action needs no record: planned once more, of a root that it has changed, it is
/// the same.
fn is_same_again(action: &Action) -> bool {
    match action {
        Action::WriteFile(file) => file.existing != Existing::Append,
        Action::RunProgram(_) | Action::Account(_) | Action::Task(_) => false,
        _ => true,
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
