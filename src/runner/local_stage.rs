//! `glowplug init --local`: what the agent does before the pivot, on a machine
//! whose initramfs has none.

use crate::cli::{Arguments, Ended};
use crate::late;
use crate::output::{self, Redirection};
use crate::progress;
use crate::provision::{Machine, debug, kernel_line};
use crate::settings::Settings;
use crate::stage::{console, need_root, seed_state};
use crate::status::{MODES, Status};
use glowplug::action::LinkAction;
use glowplug::kernel_line::KernelLine;
use glowplug::module::Stage;
use glowplug::stage::local::{self, Local, Outcome};
use glowplug::stage::log::Log;
use glowplug::state::paths::HANDOFF;
use glowplug::sys::apply::Applier;
use glowplug::sys::netlink::Netlink;
use glowplug::sys::root::Root;
use glowplug::sys::{clock, mount};
use std::fs;

/// Runs the local stage; the exit status is [`progress::end`]'s.
pub(crate) fn run(arguments: &Arguments) -> Ended {
    need_root("init --local")?;
    let mut log = Log::new("glowplug", &console);
    let folder = arguments.value("root").unwrap_or("/");
    let running = fs::canonicalize(folder).is_ok_and(|path| path.as_os_str() == "/");
    if running && let Some(state) = seed_state() {
        let Some(why) = why_again(&state, arguments) else {
            log.info("init-local was done before this: {} is there", &[HANDOFF]);
            late::finish(&Machine::running(Settings::of(arguments)?)?, &mut log);
            progress::add_to_local(&log);
            return Ok(0);
        };
        progress::keep_agents_log();
        log.info("init-local runs again: {}", &[&why]);
    }
    let (root, run) = (Root::open(folder)?.labelled(), Root::open("/run")?);
    let begun = clock::monotonic();
    let mut output = None;
    let status = if running {
        let mut problems = Vec::new();
        let targets = output::of_system(&root, Some(Stage::Init), &mut problems);
        log.warn_of(&problems);
        output = Redirection::to(&targets, &mut log);
        progress::greet(MODES[0], begun);
        progress::begin(MODES[0], Status::default(), begun, &mut log)
    } else {
        Status::default()
    };
    // Nothing that is plugged into this machine belongs to an image.
    let line = if running { kernel_line() } else { KernelLine::parse("glowplug.wait=0") };
    log.warn_of(line.problems());
    let local = Local {
        root: &root,
        run: &run,
        kernel_line: &line,
        seed: arguments.value("seed"),
        writable: !mount::is_read_only(folder),
        unlock: None,
        running,
        runner: None,
    };
    let mut netlink = None;
    let mut link = |action: &LinkAction| Netlink::apply_when_needed(&mut netlink, action);
    let mut applier = Applier::new(&root, &run);
    applier.is_image = !running;
    applier.link = Some(&mut link);
    if Settings::of(arguments)?.debug {
        applier.watch = Some(&debug);
    }
    let outcome = local::run(&local, &mut applier, &mut log);
    local::close(&mut applier, &mut log);
    if !running {
        return Ok(progress::exit_status(&log));
    }
    if outcome == Outcome::Off {
        return Ok(0);
    }
    // The hand-off has them already.
    log.steps.clear();
    let exit_status = progress::end(MODES[0], status, begun, None, &mut log);
    if let Some(output) = output {
        output.end();
    }
    Ok(exit_status)
}

/// Why a stage that ended as `state` says runs once more; `None`: it was done.
fn why_again(state: &str, arguments: &Arguments) -> Option<String> {
    if let Some(folder) = arguments.value("seed") {
        return Some(format!("--seed {folder} is given"));
    }
    let done = [Outcome::Found, Outcome::Cached, Outcome::Fallback, Outcome::Remote];
    if !done.iter().any(|outcome| outcome.word() == state) {
        return Some(format!("before, it ended with {state}"));
    }
    let errors = progress::local_errors();
    (errors > 0)
        .then(|| format!("before, it ended with {errors} error{}", if errors == 1 { "" } else { "s" }))
}
