//! A stage after the pivot: what the agent left is taken over, modules run,
//! and status, logs and results are written where people look.

use crate::cli::{Arguments, Ended, Fault};
use crate::http::cause;
use crate::provision::{self, Machine, Work};
use crate::settings::Settings;
use crate::status::{MODES, Status};
use crate::task::Tasks;
use crate::{fallback, late, local_stage, progress, remote, state_folder, untold};
use glowplug::error::{Error, Result};
use glowplug::limits;
use glowplug::module::Stage;
use glowplug::stage::local::Outcome;
use glowplug::stage::log::{Level, Log};
use glowplug::state::paths::{DISABLED, HANDOFF_SEED, InstancePaths};
use glowplug::sys::{clock, other_root, tree};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;

/// `glowplug init`.
pub(crate) fn init(arguments: &Arguments) -> Ended {
    if !arguments.has("local") {
        if arguments.has("seed") {
            return Err(Fault::Usage("unable to run init: --seed wants --local".into()));
        }
        return run(Stage::Init, arguments);
    }
    if arguments.has("file") {
        return Err(Fault::Usage("unable to run init --local: it reads no --file".into()));
    }
    local_stage::run(arguments)
}

/// `glowplug modules`.
pub(crate) fn modules(arguments: &Arguments) -> Ended {
    let stage = match arguments.value("mode") {
        Some("init") => Stage::Init,
        Some("final") => Stage::Final,
        _ => Stage::Config,
    };
    run(stage, arguments)
}

/// Runs a stage; the exit status is [`progress::end`]'s.
fn run(stage: Stage, arguments: &Arguments) -> Ended {
    need_root(name(stage))?;
    let settings = Settings::of(arguments)?;
    let other_root = enter(arguments)?;
    let mut log = Log::new("glowplug", &console);
    if let Some(why) = switched_off()? {
        log.info("provisioning is off: {}", &[why]);
        return Ok(0);
    }
    let begun = clock::monotonic();
    let machine = Machine::running(settings);
    if seed_state().as_deref() == Some(Outcome::Absent.word())
        && let Ok(machine) = &machine
        && machine.instance(&mut log).is_none()
    {
        log.info("no seed, and nothing that says there should be one: nothing is provisioned", &[]);
        return Ok(0);
    }
    let has_state = state_folder::prepare(&mut log);
    let earlier = match stage {
        Stage::Init => progress::local(),
        Stage::Config | Stage::Final => Status::read().unwrap_or_default(),
    };
    let mut status = progress::begin(name(stage), earlier, begun, &mut log);
    let mut tasks = Tasks::default();
    let mut missing = 0;
    let mut told = None;
    match machine {
        Ok(machine) => {
            if stage == Stage::Init {
                late::finish(&machine, &mut log);
                remote::fetch(&machine, &mut log);
            }
            let mut instance = machine.instance(&mut log);
            if stage == Stage::Init {
                instance = fallback::take(&machine, instance, &mut log);
            }
            if let Some(instance) = instance {
                status.datasource = Some(instance.datasource_name());
                if has_state {
                    tasks = provision::run(&Work::Stage(stage, begun), &machine, &instance, &mut log);
                    let path = InstancePaths::new(&instance.id).untold();
                    untold::tell(&machine.root, &path, &mut log);
                    told = Some(path);
                }
                log.warn_of(&machine.root.refused_patterns());
            } else {
                progress::greet(name(stage), begun);
                status.datasource = Some("DataSourceNone".into());
                missing = tell_missing(stage, &mut log);
            }
        }
        Err(error) => log.error(&error),
    }
    log.step(&format!("runner/{}", name(stage)), begun);
    let exit_status = progress::end(name(stage), status, begun, told.as_deref(), &mut log);
    tasks.end(other_root);
    Ok(if exit_status == 0 { missing } else { exit_status })
}

/// Says why there is no instance, the first stage as what it is; the value is the exit status of
/// each.
fn tell_missing(stage: Stage, log: &mut Log<'_>) -> u8 {
    let nothing = "nothing is provisioned: {}";
    let (level, why) = match seed_state() {
        Some(state) if state == Outcome::Broken.word() => {
            (Level::Error, "there is a seed that can't be used (init-local says why)")
        }
        Some(state) if state == Outcome::TimedOut.word() => {
            (Level::Warning, "the seed that was expected did not come (init-local says what was looked for)")
        }
        Some(state) if state == Outcome::Remote.word() => {
            (Level::Error, "the seed's server has not given it (the lines above say why)")
        }
        _ => (Level::Warning, "there is no seed and no cache"),
    };
    log.line(if stage == Stage::Init { level } else { Level::Info }, nothing, &[why]);
    if level == Level::Error { 1 } else { 2 }
}

/// How the local stage ended, an [`Outcome::word`]; `None`: it has not run.
pub(crate) fn seed_state() -> Option<String> {
    tree::text(HANDOFF_SEED).map(|text| text.trim().to_owned())
}

/// Changes to the root that the command line names, if that is not the
/// machine's; the value: what it is called outside.
fn enter(arguments: &Arguments) -> Result<Option<&str>> {
    let Some(root) = arguments.value("root") else { return Ok(None) };
    let path = fs::canonicalize(root).map_err(|error| Error::new("enter", root, cause(&error)))?;
    if path.as_os_str() == "/" {
        return Ok(None);
    }
    other_root::enter(root)?;
    Ok(Some(root))
}

/// Prints a line to standard error; to the journal with its priority.
pub(crate) fn console(level: Level, text: &str) {
    let prefix = if is_journal() { level.prefix() } else { "" };
    // A console that can't be written has nobody in front of it.
    let _ = std::io::stderr().write_all([prefix, text].concat().as_bytes());
}

/// Whether standard error is the journal: systemd says which file that is (systemd.exec(5),
/// `JOURNAL_STREAM`), since a service's output may be sent elsewhere.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let file = fs::metadata("/proc/self/fd/2");
    file.is_ok_and(|file| stream == format!("{}:{}", file.dev(), file.ino()))
}

/// An error for everybody but root; `what` can't be run.
pub(crate) fn need_root(what: &str) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Error::new("run", what, "only root may"))
}

/// The stage as status.json names it.
pub(crate) const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Init => MODES[1],
        Stage::Config => MODES[2],
        Stage::Final => MODES[3],
    }
}

/// Why nothing is to be done, if so. A switch that can't be looked up is an error: the machine
/// may be switched off.
pub(crate) fn switched_off() -> Result<Option<&'static str>> {
    match fs::metadata(DISABLED) {
        Ok(_) => return Ok(Some("/etc/cloud/cloud-init.disabled is there")),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Error::new("look up", DISABLED, cause(&error))),
    }
    let word = tree::read(HANDOFF_SEED, limits::ATTRIBUTE)?;
    Ok((word.as_deref() == Some(b"off\n")).then_some("the agent found it switched off"))
}
