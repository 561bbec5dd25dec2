//! A machine without a seed whose configuration names the datasource None: what
//! /etc/cloud says is done all the same.

use crate::provision::{Machine, kernel_line};
use glowplug::action::Action;
use glowplug::cloud_config::CloudConfig;
use glowplug::instance::Instance;
use glowplug::stage::config::SystemConfig;
use glowplug::stage::local::carry_out;
use glowplug::stage::log::{Level, Log};
use glowplug::stage::{fallback, handoff};
use glowplug::state::cache;
use glowplug::state::paths::CACHE;
use glowplug::sys::apply::Applier;

/// Its datasource.
const NAME: &str = fallback::NAME;

/// The instance of this boot: the one that was `found`, else what the
/// configuration makes of a machine without a seed; that is read anew at each
/// boot. Later stages find it where the agent would have left it.
pub(crate) fn take(
    machine: &Machine,
    found: Option<Box<Instance>>,
    log: &mut Log<'_>,
) -> Option<Box<Instance>> {
    if found.as_ref().is_some_and(|found| found.datasource != NAME) {
        return found;
    }
    let Some(instance) = of_configuration(machine, log) else { return found };
    if found.is_none() {
        log.info("no seed: this is {}, as /etc/cloud alone describes it", &[instance.id.as_str()]);
    }
    let frame = cache::encode(&instance);
    let mut applier = Applier::new(&machine.root, &machine.run);
    handoff::instance(&instance, &frame, &mut |action| _ = carry_out(&mut applier, &action, log));
    let kept = handoff::cached(&machine.root).ok().flatten();
    if kept.is_some_and(|kept| kept.id == instance.id && kept != instance) {
        carry_out(&mut applier, &Action::write(CACHE, frame, 0o400), log);
    }
    Some(instance)
}

/// The instance that the configuration describes; `None` where it does not
/// count without a seed.
pub(crate) fn of_configuration(machine: &Machine, log: &mut Log<'_>) -> Option<Box<Instance>> {
    let line = kernel_line();
    // What can't be read there, the stage itself tells.
    let system = SystemConfig::read(&machine.root, &machine.run, &line, &mut Vec::new());
    let trees = system.trees(&mut Vec::new());
    if !fallback::is_listed(&line, &machine.root, &trees) {
        return None;
    }
    // A root that has had an instance, and nobody can say which, stays as it is.
    handoff::cached(&machine.root).ok()?;
    let mut problems = Vec::new();
    let instance = fallback::instance(&trees, &mut problems);
    log.warn_of(&problems);
    instance
}

/// Says at the end that no seed was there, unless `config` wants none.
pub(crate) fn remind(instance: &Instance, config: &CloudConfig<'_>, log: &mut Log<'_>) {
    let names = config.get("datasource_list").and_then(|list| list.value.items());
    let wants_none = names.is_some_and(|names| matches!(names, [name] if name.as_str() == Some(NAME)));
    if instance.datasource == NAME && !wants_none {
        log.line(Level::Warning, "Used fallback datasource", &[]);
    }
}
