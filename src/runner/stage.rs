//! A stage after the pivot: what the agent left is taken over, modules run,
//! and status, logs and results are written where people look.

use crate::cli::{Arguments, Ended};
use crate::host::Running;
use crate::status::{MODES, Status, seconds};
use crate::task::Tasks;
use crate::{boothook, local_stage, log_file, program, progress};
use glowplug::action::{AccountChange, Action, Task};
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::instance::Instance;
use glowplug::module::{self, Context, Stage};
use glowplug::stage::config::{SystemConfig, cloud_config};
use glowplug::stage::consume::{Consumed, consume};
use glowplug::stage::engine::Engine;
use glowplug::stage::listed::{listed, not_known};
use glowplug::stage::local::carry_out;
use glowplug::stage::log::Log;
use glowplug::stage::{handoff, instancify};
use glowplug::state::cache;
use glowplug::state::paths::{DISABLED, HANDOFF_SEED, INSTANCE_ID, InstancePaths};
use glowplug::sys::accounts;
use glowplug::sys::apply::Applier;
use glowplug::sys::clock;
use glowplug::sys::root::Root;
use glowplug::user_data::{LANGUAGES, Merged};
use std::fs;
use std::io::Write;

/// The files a stage works with.
struct Machine {
    root: Root,
    run: Root,
}

/// `glowplug init`.
pub(crate) fn init(arguments: &Arguments) -> Ended {
    if arguments.has("local") { local_stage::run(arguments) } else { run(Stage::Init) }
}

/// `glowplug modules`.
pub(crate) fn modules(arguments: &Arguments) -> Ended {
    run(match arguments.value("mode") {
        Some("init") => Stage::Init,
        Some("final") => Stage::Final,
        _ => Stage::Config,
    })
}

/// Runs a stage; the exit status is how many errors it ended with.
fn run(stage: Stage) -> Ended {
    need_root(name(stage))?;
    let mut log = Log::new("glowplug", &console);
    if let Some(why) = switched_off() {
        log.info("provisioning is off: {}", &[why]);
        return Ok(0);
    }
    let begun = clock::monotonic();
    let earlier = match stage {
        Stage::Init => progress::local(),
        Stage::Config | Stage::Final => Status::read().unwrap_or_default(),
    };
    let mut status = progress::begin(name(stage), earlier, begun, &mut log);
    let mut tasks = Tasks::default();
    match machine() {
        Ok(machine) => {
            if let Some(instance) = instance(&machine, &mut log) {
                status.datasource = Some(instance.datasource_name());
                tasks = provision(stage, &machine, &instance, &mut log);
            } else {
                status.datasource = Some("DataSourceNone".into());
                log.info("no seed and no cache: nothing is provisioned", &[]);
            }
        }
        Err(error) => log.error(&error),
    }
    log.step(&format!("runner/{}", name(stage)), begun);
    let exit_status = progress::end(name(stage), status, begun, &mut log);
    tasks.end();
    Ok(exit_status)
}

/// Says a line where somebody may watch the machine boot.
pub(crate) fn console(text: &str) {
    // A console that can't be written has nobody in front of it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// An error for everybody but root; `what` can't be run.
pub(crate) fn need_root(what: &str) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Error::new("run", what, "only root may"))
}

/// The stage as status.json names it.
const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Init => MODES[1],
        Stage::Config => MODES[2],
        Stage::Final => MODES[3],
    }
}

fn switched_off() -> Option<&'static str> {
    if fs::exists(DISABLED).unwrap_or(false) {
        return Some("/etc/cloud/cloud-init.disabled is there");
    }
    let word = fs::read_to_string(HANDOFF_SEED).unwrap_or_default();
    (word.trim() == "off").then_some("the agent found it switched off")
}

fn machine() -> Result<Machine> {
    Ok(Machine { root: Root::open("/")?.labelled(), run: Root::open("/run")? })
}

/// The instance of this boot: the agent's, else the last one's.
fn instance(machine: &Machine, log: &mut Log<'_>) -> Option<Box<Instance>> {
    let mut take = |instance: Result<Option<Box<Instance>>>| {
        instance.unwrap_or_else(|error| {
            log.warn(&error);
            None
        })
    };
    let agent_ran = fs::exists(HANDOFF_SEED).unwrap_or(false);
    let handed_over = take(handoff::handed_over(&machine.run));
    // Where the agent found no instance, an old cache is another machine's.
    if handed_over.is_some() || agent_ran { handed_over } else { take(handoff::cached(&machine.root)) }
}

/// The value: what is still to be done when the stage has ended.
fn provision(stage: Stage, machine: &Machine, instance: &Instance, log: &mut Log<'_>) -> Tasks {
    let paths = InstancePaths::new(&instance.id);
    let mut problems = Vec::new();
    let system = SystemConfig::read(&machine.root, &machine.run, &mut problems);
    let trees = system.trees(&mut problems);
    let consumed = consume(instance, &trees, &machine.root, Some(&LANGUAGES), &mut problems);
    let merged = consumed.merged(&mut problems);
    let config = cloud_config(&merged, &trees);
    let mut run = program::run;
    let mut account = |change: &AccountChange| accounts::apply(&machine.root, change);
    let mut applier = Applier::new(&machine.root, &machine.run);
    applier.account = Some(&mut account);
    applier.program = Some(&mut run);
    let mut tasks = Tasks::default();
    let mut carry_out_task = |task: &Task| tasks.carry_out(task);
    applier.task = Some(&mut carry_out_task);
    if stage == Stage::Init {
        // The agent has told these already, where one ran and could read all.
        if consumed.uses_languages || !fs::exists(HANDOFF_SEED).unwrap_or(false) {
            log.warn_of(&problems);
        }
        for surprise in consumed.surprises() {
            log.info("{}", &[&surprise]);
        }
        settle(machine, instance, &paths, (&consumed, &merged), &mut applier, log);
    }
    let jobs = consumed.upstart_jobs();
    let context = Context {
        config: &config,
        instance,
        jobs: &jobs,
        paths: &paths,
        root: &machine.root,
        host: &Running,
        arguments: &[],
    };
    let mut problems = Vec::new();
    let entries = listed(stage, module::ALL, &config, &machine.root, Some(not_known), &mut problems);
    log.warn_of(&problems);
    let mut engine = Engine::new(&mut applier, None, &paths);
    for entry in &entries {
        engine.run(entry, &context, log);
    }
    if stage == Stage::Final {
        finish(&paths, log);
    }
    tasks
}

/// Makes the instance the present one where the agent could not, and writes
/// what user-data leaves in its directory.
fn settle(
    machine: &Machine,
    instance: &Instance,
    paths: &InstancePaths,
    (consumed, merged): (&Consumed, &[(&'static str, Merged<'_>)]),
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let id = machine.root.read(INSTANCE_ID, 4096).ok().flatten().unwrap_or_default();
    if id.trim_ascii() != instance.id.as_str().as_bytes() {
        let cache = cache::encode(instance);
        instancify::plan(instance, &cache, paths, &machine.root, &mut |action| {
            carry_out(applier, &action, log);
        });
    }
    let _ = fs::remove_file(paths.file("boot-finished"));
    for action in consumed.files(instance, merged, paths) {
        if !carry_out(applier, &action, log) {
            break;
        }
    }
    for action in boothook::boothooks(consumed, instance, paths) {
        if let Err(error) = applier.apply(&action, None) {
            log.error(&error);
        } else if let Action::RunProgram(program) = &action {
            log.info("ran boothook {}", &[&program.argv.join(" ")]);
        }
    }
}

/// boot-finished: `UPTIME - DATE - v. VERSION`.
fn finish(paths: &InstancePaths, log: &mut Log<'_>) {
    let uptime = seconds(clock::monotonic());
    let date = log_file::utc(clock::realtime()).rfc2822();
    let text = format!("{uptime} - {date} - v. {}\n", env!("CARGO_PKG_VERSION"));
    let path = paths.file("boot-finished");
    if let Err(error) = fs::write(&path, text) {
        log.warn(&Error::new("write", path, error.to_string()));
    }
}
