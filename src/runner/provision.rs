//! What a stage does to the machine: the instance is made the present one, and
//! modules run.

use crate::fallback::remind;
use crate::host::Running;
use crate::http::cause;
use crate::included::{From, Included};
use crate::languages::LANGUAGES;
use crate::output::{self, Redirection};
use crate::settings::Settings;
use crate::stage::console;
use crate::status::seconds;
use crate::task::Tasks;
use crate::{
    addresses, argument, boothook, heat, instance_files, left, log_file, names, network_config, program,
    progress, refused, reporting, stage,
};
use glowplug::action::{Action, Task};
use glowplug::cloud_config::{CloudConfig, Layer};
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::instance::Instance;
use glowplug::kernel_line::KernelLine;
use glowplug::module::{self, Context, LEFT_MOUNTS, Module, Stage};
use glowplug::network::model::SystemLink;
use glowplug::network::render::lost::{LIVE, Lost, lost};
use glowplug::network::render::ours::Trees;
use glowplug::stage::config::{SystemConfig, add_datasource, cloud_config};
use glowplug::stage::consume::{Consumed, consume};
use glowplug::stage::engine::Engine;
use glowplug::stage::instance_data::template_data;
use glowplug::stage::listed::{Entry, listed, not_known};
use glowplug::stage::local::{Local, carry_out, network_of};
use glowplug::stage::log::{Level, Log};
use glowplug::stage::network::{of_initramfs, system_links};
use glowplug::stage::resume;
use glowplug::stage::{fallback, handoff, instancify};
use glowplug::state::cache;
use glowplug::state::paths::{CLOUD, HANDOFF_SEED, INSTANCE_ID, InstancePaths, semaphore};
use glowplug::syntax::value::Value;
use glowplug::sys::accounts::AccountEditor;
use glowplug::sys::apply::Applier;
use glowplug::sys::root::Root;
use glowplug::sys::tree;
use glowplug::sys::{clock, mount};
use glowplug::text::escaped;
use glowplug::user_data::{Includes, Merged, render_text};
use std::fs;

/// The files a stage works with.
pub(crate) struct Machine {
    pub(crate) root: Root,
    pub(crate) run: Root,
    pub(crate) settings: Settings,
}

/// What is to be done.
pub(crate) enum Work<'a> {
    /// All that a stage does that began at this time, microseconds.
    Stage(Stage, u64),
    /// One module.
    Single(Entry<'a>),
    /// All stages, told and not done; the paths that the local stage would
    /// have written.
    Plan(&'a dyn Fn(Stage, &Action), Vec<String>),
}

impl Work<'_> {
    /// Where what user-data includes is to come from.
    const fn includes_from(&self) -> From {
        match self {
            Self::Stage(Stage::Init, _) => From::Server,
            Self::Stage(..) | Self::Single(_) => From::Kept,
            Self::Plan(..) => From::Once,
        }
    }

    /// Sends output where the configuration says.
    fn redirection(&self, config: &CloudConfig<'_>, log: &mut Log<'_>) -> Option<Redirection> {
        let stage = match self {
            Self::Stage(stage, _) => Some(*stage),
            Self::Single(_) => None,
            Self::Plan(..) => return None,
        };
        let mut problems = Vec::new();
        let targets = output::targets(config, stage, &mut problems);
        log.warn_of(&problems);
        Redirection::to(&targets, log)
    }
}

impl Machine {
    /// The machine this program runs on.
    pub(crate) fn running(settings: Settings) -> Result<Self> {
        Ok(Self { root: Root::open("/")?.labelled(), run: Root::open("/run")?, settings })
    }

    /// This machine as the local stage sees it.
    pub(crate) fn local<'m>(&'m self, kernel_line: &'m KernelLine) -> Local<'m> {
        let writable = !mount::is_read_only("/");
        let (root, run) = (&self.root, &self.run);
        Local { root, run, kernel_line, seed: None, writable, unlock: None, running: true, runner: None }
    }

    /// The instance of this boot: the one handed over, else the last one's.
    pub(crate) fn instance(&self, log: &mut Log<'_>) -> Option<Box<Instance>> {
        let mut take = |instance: Result<Option<Box<Instance>>>| {
            instance.unwrap_or_else(|error| {
                // Nothing is provisioned then.
                log.error(&error);
                None
            })
        };
        let agent_ran = fs::exists(HANDOFF_SEED).unwrap_or(false);
        let handed_over = take(handoff::handed_over(&self.run));
        // Where the agent found no instance, an old cache is another machine's.
        let instance =
            if handed_over.is_some() || agent_ran { handed_over } else { take(handoff::cached(&self.root)) };
        instance.or_else(|| self.settings.force.then(fallback::bare).flatten())
    }
}

/// The line the kernel was started with.
pub(crate) fn kernel_line() -> KernelLine {
    tree::kernel_line().map_or_else(KernelLine::unreadable, |line| KernelLine::parse(&line))
}

/// The value: what is still to be done when the stage has ended.
pub(crate) fn run(work: &Work<'_>, machine: &Machine, instance: &Instance, log: &mut Log<'_>) -> Tasks {
    let paths = InstancePaths::new(&instance.id);
    let mut problems = Vec::new();
    let line = kernel_line();
    let mut system = SystemConfig::read(&machine.root, &machine.run, &line, &mut problems);
    if let Some(error) = &system.unread {
        let why = "no module is run: what the configuration switches off is not known: {}";
        log.line(Level::Error, why, &[error.text()]);
        return Tasks::default();
    }
    if system.template().is_some() {
        render(&mut system, instance, machine, &mut problems);
    }
    let mut trees = system.trees(&mut problems);
    add_datasource(&mut trees, instance);
    let mut included = Included::new(work.includes_from(), machine, &paths);
    let consumed = {
        let mut fetch = |url: &str, once: bool| included.fetch(url, once, log);
        let mut includes = Includes::new(&mut fetch);
        let languages = Some(&LANGUAGES);
        let consumed =
            consume(instance, &trees, &machine.root, languages, Some(&mut includes), &mut problems);
        let failed = includes.failed;
        if work.includes_from() != From::Kept {
            log.error_of(&failed);
        }
        consumed
    };
    let merged = consumed.merged(&mut problems);
    // They were read before.
    let files = machine.settings.trees().unwrap_or_default();
    let mut layers: Vec<Layer<'_>> = files.iter().map(|(name, value)| Layer { name, value }).collect();
    layers.extend(cloud_config(&merged, &trees).layers());
    let config = CloudConfig::new(layers);
    let taken = Taken {
        instance,
        consumed: &consumed,
        merged: &merged,
        system: &trees,
        line: &line,
        config: &config,
    };
    let mut tasks = Tasks::with_output(work.redirection(&config, log));
    let mut program = program::run;
    let mut account = AccountEditor::new(&machine.root);
    let mut task = |task: &Task| tasks.carry_out(task, machine);
    let mut applier = Applier::new(&machine.root, &machine.run);
    applier.account = Some(&mut account);
    applier.program = Some(&mut program);
    applier.task = Some(&mut task);
    if machine.settings.debug {
        applier.watch = Some(&debug);
    }
    if !matches!(work, Work::Plan(..)) {
        machine.root.note_writes(CLOUD);
    }
    match work {
        Work::Single(entry) => modules(&[*entry], &taken, &paths, machine, &mut applier, log),
        Work::Stage(stage, begun) => {
            progress::greet(stage::name(*stage), *begun);
            // The agent has told these already, where one ran and could read all.
            if *stage == Stage::Init
                && (consumed.uses_languages
                    || included.is_asked
                    || !fs::exists(HANDOFF_SEED).unwrap_or(false))
            {
                log.warn_of(&problems);
            }
            match stage {
                Stage::Init => included.keep(&mut applier, log),
                Stage::Config => {}
                Stage::Final => addresses::tell(log),
            }
            one_stage(*stage, &taken, &paths, (machine, &[]), &mut applier, log);
            if *stage == Stage::Final {
                remind(instance, &config, log);
                finish(&paths, log);
            }
        }
        Work::Plan(tell, written) => {
            // The local stage has told most of them.
            problems.retain(|problem| !log.lines.iter().any(|line| line.text == problem.text()));
            log.warn_of(&problems);
            for stage in [Stage::Init, Stage::Config, Stage::Final] {
                let own_notes = paths.file("glowplug.");
                let mut record = |action: &Action| {
                    if !action.path().is_some_and(|path| path.starts_with(&own_notes)) {
                        tell(stage, action);
                    }
                };
                let mut applier = Applier::new(&machine.root, &machine.run);
                applier.record = Some(&mut record);
                one_stage(stage, &taken, &paths, (machine, written), &mut applier, log);
            }
        }
    }
    if let Err(error) = applier.flush() {
        log.error(&error);
    }
    log.trace(&mut applier.trace);
    drop(applier);
    tasks
}

/// Renders the templates among the root's own configuration with the instance data, whose
/// `merged_cfg` has the others; one that can't be is a problem.
fn render(system: &mut SystemConfig, instance: &Instance, machine: &Machine, problems: &mut Vec<Error>) {
    let mut rendered = Vec::new();
    {
        // What is wrong with the others is told when all are read.
        let mut trees = system.trees(&mut Vec::new());
        add_datasource(&mut trees, instance);
        let data = template_data(instance, &trees, &machine.root);
        for (name, text) in system.templates() {
            rendered.push(render_text(LANGUAGES.jinja, name, text, &data));
        }
    }
    let mut rendered = rendered.into_iter();
    system.render(&mut |_, _| {
        let text = rendered.next()?;
        text.map_err(|error| problems.push(error)).ok()
    });
}

/// What was made of the seed and of the root's configuration.
struct Taken<'t> {
    instance: &'t Instance,
    consumed: &'t Consumed,
    merged: &'t [(&'static str, Merged<'t>)],
    system: &'t [(&'t str, Value<'t>)],
    line: &'t KernelLine,
    config: &'t CloudConfig<'t>,
}

/// What is marked by one of the files `written` in a plan has run in it.
fn one_stage(
    stage: Stage,
    taken: &Taken<'_>,
    paths: &InstancePaths,
    (machine, written): (&Machine, &[String]),
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    if stage == Stage::Init {
        for surprise in taken.consumed.surprises(taken.instance, &refused::untold) {
            let level = if surprise.is_mistake { Level::Warning } else { Level::Info };
            log.line(level, "{}", &[&surprise.text]);
        }
        settle(machine, taken, paths, applier, log);
        log.warn_of(&reporting::unsent(taken.config));
        for action in names::plan() {
            carry_out(applier, &action, log);
        }
    }
    let mut problems = Vec::new();
    machine.root.take_unreadable();
    let mut entries = listed(stage, module::ALL, taken.config, &machine.root, Some(not_known), &mut problems);
    log.warn_of(&problems);
    if let Some(error) = machine.root.take_unreadable().first() {
        // Of another distribution others run.
        return log.line(Level::Error, "no module is run: {}", &[error.text()]);
    }
    entries.retain(|entry| {
        let mark = semaphore(entry.module.name, entry.frequency, paths);
        mark.is_none_or(|mark| !written.contains(&mark))
    });
    modules(&entries, taken, paths, machine, applier, log);
}

fn modules(
    entries: &[Entry<'_>],
    taken: &Taken<'_>,
    paths: &InstancePaths,
    machine: &Machine,
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let jobs = taken.consumed.upstart_jobs();
    let context = Context {
        config: taken.config,
        instance: taken.instance,
        jobs: &jobs,
        paths,
        root: &machine.root,
        host: &Running,
        jinja: Some(LANGUAGES.jinja),
        arguments: &[],
    };
    let mut engine = Engine::new(applier, None, Some(resume::plan), paths, log);
    for entry in entries {
        let argument = argument::layer(entry, &machine.root).unwrap_or_else(|error| {
            log.error(&error);
            None
        });
        let mut layers = Vec::new();
        layers.extend(argument.as_ref().map(|value| Layer { name: "the module's argument", value }));
        layers.extend(taken.config.layers());
        let config = CloudConfig::new(layers);
        if machine.settings.debug {
            debug(&announced(entry, &config, paths));
        }
        let is_again = entry.module.name == LEFT_MOUNTS.name && has_run(entry, paths, machine);
        let context = Context { config: &config, ..context };
        engine.run(entry, &context, log);
        if is_again {
            engine.run(&Entry::of(&LEFT_MOUNTS), &context, log);
        }
    }
    engine.settle(log);
}

/// Whether an earlier boot has done all of a module.
fn has_run(entry: &Entry<'_>, paths: &InstancePaths, machine: &Machine) -> bool {
    let mark = semaphore(entry.module.name, entry.frequency, paths);
    mark.is_some_and(|mark| machine.root.exists(&mark).unwrap_or(false))
}

/// What becomes of a module, for who wants to know all.
fn announced(entry: &Entry<'_>, config: &CloudConfig<'_>, paths: &InstancePaths) -> String {
    let Module { name, keys, .. } = entry.module;
    let mark = semaphore(name, entry.frequency, paths);
    if let Some(mark) = mark.filter(|mark| fs::exists(mark).unwrap_or(false)) {
        return format!("{name} has run: {mark} is there");
    }
    if !keys.is_empty() && !config.has_any(keys) {
        return format!("{name} has nothing to do: none of {} is set", keys.join(", "));
    }
    format!("{name} runs")
}

/// Says a line to who wants to know all.
pub(crate) fn debug(line: &str) {
    console(Level::Debug, &format!("glowplug: debug: {}\n", escaped(line)));
}

/// Makes the instance the present one where the agent could not, and writes
/// what user-data leaves in its directory.
fn settle(
    machine: &Machine,
    taken: &Taken<'_>,
    paths: &InstancePaths,
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let Taken { instance, consumed, merged, system, line, config } = taken;
    left::write(applier, log);
    let id = machine.root.read(INSTANCE_ID, 4096).ok().flatten().unwrap_or_default();
    if id.trim_ascii() != instance.id.as_str().as_bytes() {
        let cache = cache::encode(instance);
        instancify::plan(instance, &cache, paths, &machine.root, &mut |action| {
            carry_out(applier, &action, log);
        });
    }
    let layers: Vec<&Value<'_>> = config.layers().iter().map(|layer| layer.value).collect();
    let mut actions = vec![Action::RemoveFile { path: paths.file("boot-finished") }];
    actions.extend(consumed.files(instance, merged, paths));
    actions.extend(heat::files(consumed, paths, &machine.root, log));
    actions.extend(instance_files::plan(consumed, instance, paths, (&layers, system), &machine.root));
    let links = system_links().unwrap_or_default();
    let initramfs = of_initramfs(&Trees { root: &machine.root, run: &machine.run }, line, &links);
    let sources = network_config::Sources { instance, system, line, initramfs, links: &links };
    log.warn_of(&network_config::unread_keys(&sources));
    tell_lost_settings(machine, taken, &links, log);
    actions.extend(network_config::plan(&sources, paths));
    for action in actions {
        if !carry_out(applier, &action, log) {
            break;
        }
    }
    for action in boothook::boothooks(consumed, instance, paths) {
        if let Err(error) = applier.apply(&action, None) {
            // As with cloud-init, a hook that says no is no failure of the boot.
            log.warn(&error);
        } else if let Action::RunProgram(program) = &action {
            log.info("ran boothook {}", &[&program.argv.join(" ")]);
        }
    }
}

/// Tells what of the network's description the root's back end has no setting for.
fn tell_lost_settings(machine: &Machine, taken: &Taken<'_>, links: &[SystemLink], log: &mut Log<'_>) {
    let Some(network) = network_of(&machine.local(taken.line), taken.instance, links) else { return };
    let system = cloud_config(&[], taken.system);
    let back_end = network_config::back_end(&system, &machine.root).unwrap_or(LIVE);
    for Lost { error, matters } in lost(&network, back_end) {
        log.line(if matters { Level::Warning } else { Level::Info }, "{}", &[error.text()]);
    }
}

/// boot-finished: `UPTIME - DATE - v. VERSION`.
fn finish(paths: &InstancePaths, log: &mut Log<'_>) {
    let uptime = seconds(clock::monotonic());
    let date = log_file::utc(clock::realtime()).rfc2822();
    let text = format!("{uptime} - {date} - v. {}\n", env!("CARGO_PKG_VERSION"));
    let path = paths.file("boot-finished");
    if let Err(error) = fs::write(&path, text) {
        log.warn(&Error::new("write", path, cause(&error)));
    }
}
