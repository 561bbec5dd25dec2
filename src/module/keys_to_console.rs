//! `keys_to_console`: the host keys and their fingerprints, for whoever logs in
//! for the first time to compare.

use super::public_key::PublicKey;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Task};
use crate::fetch;
use crate::state::paths::Frequency;
use crate::syntax::value::Data;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "keys_to_console",
    keys: &[],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const FOLDER: &str = "/etc/ssh";
const RULE: &str = "#############################################################\n";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    if !context.config.is_true("ssh.emit_keys_to_console", true) {
        return;
    }
    let silent = kinds(context, "ssh_fp_console_blacklist", &[], plan);
    let hidden = kinds(context, "ssh_key_console_blacklist", &["ssh-dss"], plan);
    let names = match context.root.list(FOLDER) {
        Ok(names) => names.unwrap_or_default(),
        Err(error) => return plan.problems.push(error),
    };
    let (mut fingerprints, mut keys) = (String::new(), String::new());
    for name in names.iter().filter(|name| name.starts_with("ssh_host_") && name.ends_with("key.pub")) {
        let text = fetch::text(context.root, &[FOLDER, "/", name].concat()).unwrap_or_default();
        let Some(key) = text.lines().find_map(PublicKey::parse) else { continue };
        if let Some(line) = key.fingerprint().filter(|_| !silent.contains(&key.kind)) {
            fingerprints.push_str(&(line + "\n"));
        }
        if !hidden.contains(&key.kind) {
            keys.push_str(text.trim_end());
            keys.push('\n');
        }
    }
    let mut text = String::new();
    if !fingerprints.is_empty() {
        for piece in [
            RULE,
            "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n",
            &fingerprints,
            "-----END SSH HOST KEY FINGERPRINTS-----\n",
            RULE,
        ] {
            text.push_str(piece);
        }
    }
    if !keys.is_empty() {
        for piece in ["-----BEGIN SSH HOST KEY KEYS-----\n", &keys, "-----END SSH HOST KEY KEYS-----\n"] {
            text.push_str(piece);
        }
    }
    if !text.is_empty() {
        let what = "show the host keys".into();
        plan.actions.push(Task { what, effect: Effect::Print(text) }.into());
    }
}

/// The kinds of keys a list names; the value of an absent one is `default`.
fn kinds<'a>(context: &Context<'a>, key: &str, default: &[&'a str], plan: &mut Plan) -> Vec<&'a str> {
    let Some(setting) = context.config.get(key) else { return default.into() };
    match &setting.value.data {
        Data::Str(kind) => [&**kind].into(),
        Data::Seq(items) => items.iter().filter_map(|item| item.as_str()).collect(),
        _ => {
            plan.problems.push(setting.mismatch("show host keys by", setting.value, key, "a list"));
            default.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, printed};

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINl8fxW6wZc1kuZWkY2z00l/aIlZrV/CK4CM7ihqYQL0 ed25519 key";
    const HASH: &str = "256 SHA256:uwOqZNk9/hBXL/0QYIiQ3XHbS3PZhEgmxk8XinW716s ed25519 key (ED25519)";

    fn root() -> Tree {
        Tree::default().with("/etc/ssh/ssh_host_ed25519_key.pub", &format!("{KEY}\n"), FILE).with(
            "/etc/ssh/ssh_host_ed25519_key",
            "secret",
            FILE,
        )
    }

    #[test]
    fn host_keys_are_shown_between_lines_of_their_own() {
        let plan = planned(MODULE.name, "{}", &root());
        assert_eq!(
            printed(&plan),
            format!(
                "{RULE}-----BEGIN SSH HOST KEY FINGERPRINTS-----\n{HASH}\n\
                 -----END SSH HOST KEY FINGERPRINTS-----\n{RULE}-----BEGIN SSH HOST KEY KEYS-----\n{KEY}\n\
                 -----END SSH HOST KEY KEYS-----\n"
            )
        );
    }

    #[test]
    fn kinds_can_be_left_out() {
        let plan = planned(MODULE.name, "ssh_fp_console_blacklist: [ssh-ed25519]", &root());
        assert!(printed(&plan).starts_with("-----BEGIN SSH HOST KEY KEYS"));
        let plan = planned(MODULE.name, "ssh_key_console_blacklist: [ssh-ed25519]", &root());
        assert!(!printed(&plan).contains("KEY KEYS"));
        let text = "ssh: {emit_keys_to_console: false}";
        assert_eq!(planned(MODULE.name, text, &root()).actions, []);
    }
}
