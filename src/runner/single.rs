//! `glowplug single`: one module, now.

use crate::cli::{Arguments, Ended, Fault};
use crate::provision::{self, Machine, Work};
use crate::settings::Settings;
use crate::stage::{console, need_root};
use crate::status::KEPT;
use crate::{log_file, progress, untold};
use glowplug::cloud_config::schema::nearest;
use glowplug::error::Error;
use glowplug::module;
use glowplug::stage::listed::{Entry, is_called, parse_frequency};
use glowplug::stage::log::{Level, Log};
use glowplug::state::paths::{InstancePaths, semaphore};
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::clock;
use std::fs;

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let name = arguments.value("name").unwrap_or_default();
    let Some(module) = module::ALL.iter().find(|module| is_called(module, name)) else {
        let near = nearest(&name.replace('-', "_"), &mut module::ALL.iter().map(|module| module.name));
        let hint = near.map(|near| format!(" (is {near} meant?)")).unwrap_or_default();
        return Err(Error::new("run module", name, format!("there is no such module{hint}")).into());
    };
    need_root("single")?;
    let values: Vec<Value<'_>> =
        arguments.operands().iter().map(|word| Value::bare(Data::Str(word.into()))).collect();
    let mut entry = Entry { arguments: &values, ..Entry::of(module) };
    if let Some(frequency) = arguments.value("frequency").and_then(parse_frequency) {
        entry.frequency = frequency;
    }
    let mut log = Log::new("glowplug", &console);
    let machine = Machine::running(Settings::of(arguments)?)?;
    let Some(instance) = machine.instance(&mut log) else {
        let why = "there is no instance yet (glowplug init makes one; --force runs without)";
        return Err(Fault::Failed(Error::new("run module", module.name, why)));
    };
    let mark = semaphore(module.name, entry.frequency, &InstancePaths::new(&instance.id));
    if let Some(mark) = mark.filter(|mark| fs::exists(mark).unwrap_or(false)) {
        log.info("{} has run: {} is there (--frequency always runs it again)", &[module.name, &mark]);
    }
    let untold = InstancePaths::new(&instance.id).untold();
    let has_others = fs::exists(&untold).unwrap_or(true);
    let begun = clock::monotonic();
    let tasks = provision::run(&Work::Single(entry), &machine, &instance, &mut log);
    log.step("runner/single", begun);
    log_file::append("glowplug", &log.lines);
    progress::keep_timings(&log);
    // What it has to tell is in the log, and no stage's.
    if !has_others {
        untold::forget(&untold, KEPT)?;
    }
    tasks.end(None);
    Ok(u8::from(log.has(Level::Error, 0)))
}
