//! `glowplug init --local`: what the agent does before the pivot, on a machine
//! whose initramfs has none.

use crate::cli::{Arguments, Ended};
use crate::late;
use crate::output::{self, Redirection};
use crate::progress;
use crate::provision::{Machine, debug, kernel_line};
use crate::settings::Settings;
use crate::stage::{console, need_root};
use crate::status::{MODES, Status};
use glowplug::action::LinkAction;
use glowplug::kernel_line::KernelLine;
use glowplug::module::Stage;
use glowplug::stage::local::{self, Local, Outcome};
use glowplug::stage::log::Log;
use glowplug::state::paths::{HANDOFF, HANDOFF_SEED};
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
    if running && fs::exists(HANDOFF_SEED).unwrap_or(false) {
        log.info("init-local was done before this: {} is there", &[HANDOFF]);
        late::finish(&Machine::running(Settings::of(arguments)?)?, &mut log);
        progress::add_to_local(&log);
        return Ok(0);
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
    if outcome == Outcome::Off || !running {
        return Ok(0);
    }
    // The hand-off has them already.
    log.steps.clear();
    let exit_status = progress::end(MODES[0], status, begun, &mut log);
    if let Some(output) = output {
        output.end();
    }
    Ok(exit_status)
}
