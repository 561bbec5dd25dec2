//! Boothooks: scripts of every boot, run as soon as user-data is there.

use glowplug::action::{Action, Program};
use glowplug::instance::Instance;
use glowplug::stage::consume::Consumed;
use glowplug::state::paths::InstancePaths;
use glowplug::user_data::{Kind, boothook_bytes, clean_name};

/// What writes the boothooks, and what runs them.
pub(crate) fn boothooks(consumed: &Consumed, instance: &Instance, paths: &InstancePaths) -> Vec<Action> {
    let mut actions = Vec::new();
    for part in consumed.parts().filter(|part| part.kind == Kind::Boothook) {
        let path = paths.file(&format!("boothooks/{}", clean_name(&part.filename)));
        actions.push(Action::write(&path, boothook_bytes(&part.content), 0o700));
        let environment = vec![("INSTANCE_ID".to_owned(), instance.id.as_str().to_owned())];
        actions.push(Program { environment, ..Program::new(&[&path]) }.into());
    }
    actions
}
