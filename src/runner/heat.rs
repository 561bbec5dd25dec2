//! Files for the tools of OpenStack Heat, as its part handler places them.

use crate::instance_files::CONSUMED;
use glowplug::action::Action;
use glowplug::fetch::{Fetch, may_exist};
use glowplug::stage::consume::Consumed;
use glowplug::stage::log::Log;
use glowplug::state::paths::InstancePaths;
use glowplug::user_data::Kind;
use glowplug::user_data::heat::{FOLDER, OLD_FOLDER, data_file, is_provision_script};

/// Writes them once in an instance, for root alone: they hold passwords of the cloud.
pub(crate) fn files(
    consumed: &Consumed,
    paths: &InstancePaths,
    root: &dyn Fetch,
    log: &mut Log<'_>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    if may_exist(root, &paths.file(CONSUMED)) {
        return actions;
    }
    for part in consumed.parts().filter(|part| part.kind == Kind::HeatData) {
        if actions.is_empty() {
            actions.push(Action::make_directory(FOLDER, 0o700));
        }
        let (name, mode) = data_file(part);
        log.info("Heat's part {} becomes {}/{}, without its handler in Python", &[&name, FOLDER, &name]);
        for folder in [FOLDER, OLD_FOLDER] {
            actions.push(Action::write(&format!("{folder}/{name}"), part.content.clone(), mode));
        }
    }
    if consumed.parts().any(is_provision_script) {
        log.info("Heat's script loguserdata.py is replaced by one that needs no Python", &[]);
    }
    actions
}
