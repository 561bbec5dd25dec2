//! Boothooks: scripts of every boot, run as soon as user-data is there.

use glowplug::action::Action;
use glowplug::instance::Instance;
use glowplug::stage::consume::Consumed;
use glowplug::state::paths::InstancePaths;
use glowplug::user_data::{Kind, clean_name};

/// What writes the boothooks, and what runs them.
pub(crate) fn boothooks(consumed: &Consumed, instance: &Instance, paths: &InstancePaths) -> Vec<Action> {
    let mut actions = Vec::new();
    for part in consumed.parts().filter(|part| part.kind == Kind::Boothook) {
        let path = paths.file(&format!("boothooks/{}", clean_name(&part.filename)));
        actions.push(Action::write(&path, without_mark(&part.content).to_vec(), 0o700));
        let environment = vec![("INSTANCE_ID".to_owned(), instance.id.as_str().to_owned())];
        actions.push(Action::RunProgram { argv: vec![path], environment });
    }
    actions
}

/// The script behind the line `#cloud-boothook`.
fn without_mark(content: &[u8]) -> &[u8] {
    match content.iter().position(|&byte| byte == b'\n') {
        Some(end) if content.trim_ascii_start().starts_with(b"#cloud-boothook") => &content[end + 1..],
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_no_part_of_the_script() {
        assert_eq!(without_mark(b"#cloud-boothook\n#!/bin/sh\nx\n"), b"#!/bin/sh\nx\n");
        assert_eq!(without_mark(b"#!/bin/sh\nx\n"), b"#!/bin/sh\nx\n");
    }
}
