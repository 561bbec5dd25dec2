//! `glowplug plan`: what a boot would do to this machine.

use crate::cli::{Arguments, Ended, print, say};
use crate::fallback;
use crate::provision::{self, Machine, Work, kernel_line};
use crate::settings::Settings;
use crate::stage;
use crate::status::MODES;
use glowplug::action::Action;
use glowplug::error::Error;
use glowplug::instance::Instance;
use glowplug::module::Stage;
use glowplug::stage::local::{self, Local, Outcome};
use glowplug::stage::log::{Level, Log};
use glowplug::state::cache;
use glowplug::state::paths::HANDOFF_INSTANCE;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::apply::Applier;
use glowplug::sys::root::Root;
use glowplug::text::escaped;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;

/// An action and the stage that would do it.
struct Step {
    stage: &'static str,
    path: Option<String>,
    text: String,
}

impl Step {
    fn of(stage: &'static str, action: &Action) -> Self {
        Self { stage, path: action.path().map(Into::into), text: action.text() }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let folder = arguments.value("root").unwrap_or("/");
    let run = Path::new(folder).join("run");
    let run = if run.is_dir() { run.display().to_string() } else { "/run".into() };
    let machine =
        Machine { root: Root::open(folder)?, run: Root::open(&run)?, settings: Settings::default() };
    // Of what is only recorded nothing was done.
    let said = |_: Level, line: &str| {
        let line = line.trim_end();
        if !line.ends_with(" action done") && !line.ends_with(" actions done") {
            say(line);
        }
    };
    let mut log = Log::new("glowplug", &said);
    let steps = RefCell::new(Vec::new());
    let (outcome, mut instance) = local_stage(arguments, &machine, &steps, &mut log);
    if outcome == Outcome::Fallback {
        instance = fallback::of_configuration(&machine, &mut log);
    }
    if let Some(instance) = &instance {
        let done = steps.borrow().iter().filter_map(|step| step.path.clone()).collect();
        let tell = |stage: Stage, action: &Action| {
            steps.borrow_mut().push(Step::of(stage::name(stage), action));
        };
        provision::run(&Work::Plan(&tell, done), &machine, instance, &mut log);
    }
    let steps = steps.into_inner();
    print(&if arguments.value("format") == Some("json") { as_json(&steps) } else { as_text(&steps) })?;
    if instance.is_none() && outcome != Outcome::Off {
        return Err(Error::new("plan a boot", folder, "there is no seed").into());
    }
    // With the last instance there is a plan all the same.
    Ok(u8::from(outcome == Outcome::Broken))
}

/// The local stage on paper; the value has the instance it would hand over.
fn local_stage(
    arguments: &Arguments,
    machine: &Machine,
    steps: &RefCell<Vec<Step>>,
    log: &mut Log<'_>,
) -> (Outcome, Option<Box<Instance>>) {
    let line = kernel_line();
    let local = Local {
        root: &machine.root,
        run: &machine.run,
        kernel_line: &line,
        seed: arguments.value("seed"),
        writable: true,
        unlock: None,
        running: arguments.value("root").is_none(),
        runner: None,
    };
    let mut instance = None;
    let mut record = |action: &Action| {
        if let Action::WriteFile(file) = action
            && file.path == HANDOFF_INSTANCE
        {
            instance = cache::decode(&file.content, HANDOFF_INSTANCE).ok();
        }
        steps.borrow_mut().push(Step::of(MODES[0], action));
    };
    let mut applier = Applier::new(&machine.root, &machine.run);
    applier.record = Some(&mut record);
    let outcome = local::run(&local, &mut applier, log);
    drop(applier);
    (outcome, instance)
}

/// A heading for each stage, a line for each action.
fn as_text(steps: &[Step]) -> String {
    let mut text = String::new();
    for stage in MODES {
        let mut own = steps.iter().filter(|step| step.stage == stage).peekable();
        if own.peek().is_some() {
            let _ = writeln!(text, "{stage}:");
        }
        for step in own {
            let _ = writeln!(text, "  {}", escaped(&step.text));
        }
    }
    text
}

/// A list of `{stage, path, action}`.
fn as_json(steps: &[Step]) -> String {
    let word = |text: &str| Value::bare(Data::Str(text.to_owned().into()));
    let item = |step: &Step| {
        let path = step.path.as_deref().map_or_else(|| Value::bare(Data::Null), word);
        let entries =
            vec![(word("stage"), word(step.stage)), (word("path"), path), (word("action"), word(&step.text))];
        Value::bare(Data::Map(entries))
    };
    let list = Value::bare(Data::Seq(steps.iter().map(item).collect()));
    let mut text = String::new();
    json::write(&list, Style::File, &mut text);
    text + "\n"
}
