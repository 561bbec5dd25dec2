//! `ssh_authkey_fingerprints`: who may log in by which key, as a table.

use super::authorized_keys::{Account, authorized_keys_path};
use super::console_table::{PREFIX, console_table};
use super::public_key::PublicKey;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Owner, Task};
use crate::cloud_config::users::users;
use crate::error::Error;
use crate::fetch;
use crate::state::paths::Frequency;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "ssh_authkey_fingerprints",
    keys: &[],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    if context.config.is_true("no_ssh_fingerprints", false) {
        return;
    }
    let mut digest = context.config.text("authkey_hash").unwrap_or("sha256");
    if !matches!(digest, "sha224" | "sha256" | "sha384" | "sha512") {
        let why = "only sha224, sha256, sha384 and sha512 are known; sha256 is used";
        plan.problems.push(Error::new("use authkey_hash", digest, why));
        digest = "sha256";
    }
    let Ok(accounts) = plan.accounts(context) else { return };
    let mut text = String::new();
    // What is wrong with them, users_groups has told.
    for wanted in users(context.config, &mut Vec::new()) {
        let name = wanted.name;
        let Some(user) = accounts.user(name) else { continue };
        if wanted.has("no_create_home") || wanted.has("system") {
            continue;
        }
        let owner = Owner::Ids { uid: user.uid, gid: user.gid };
        let Ok(path) = authorized_keys_path(context, &Account { name, home: user.home, owner }, plan) else {
            continue;
        };
        let lines = fetch::text(context.root, &path).unwrap_or_default();
        if lines.is_empty() {
            let line = [PREFIX, "no authorized SSH keys fingerprints found for user ", name, ".\n"];
            text.push_str(&line.concat());
        } else {
            let title = format!("Authorized keys from {path} for user {name}");
            let head = ["Keytype", &format!("Fingerprint ({digest})"), "Options", "Comment"];
            let keys = lines.lines().filter_map(PublicKey::parse);
            text.push_str(&console_table(&title, &head, rows(digest, keys)));
        }
    }
    if !text.is_empty() {
        let what = "show the fingerprints of authorized keys".into();
        plan.actions.push(Task { what, effect: Effect::Print(text) }.into());
    }
}

/// The keys as rows of the table.
fn rows<'k>(digest: &str, keys: impl Iterator<Item = PublicKey<'k>>) -> Vec<Vec<String>> {
    let or_dash = |text: &str| if text.is_empty() { "-".into() } else { String::from(text) };
    keys.map(|key| {
        let fingerprint = key.hexadecimal(digest).unwrap_or_default();
        Vec::from([key.kind.into(), or_dash(&fingerprint), or_dash(key.options), or_dash(key.comment)])
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, printed, texts};

    fn root() -> Tree {
        let passwd = "me:x:7:7::/home/me:/bin/sh\nyou:x:8:8::/home/you:/bin/sh\nd:x:9:9::/:/bin/sh\n";
        Tree::default().with("/etc/passwd", passwd, FILE).with(
            "/home/me/.ssh/authorized_keys",
            "# mine\nno-pty ssh-ed25519 AAAA me@home\n",
            FILE,
        )
    }

    #[test]
    fn every_user_has_a_table() {
        let text = "{user: me, users: [default, {name: you}, {name: d, system: true}, gone]}";
        let plan = planned(MODULE.name, text, &root());
        // sha256 of three zero bytes
        let digest =
            "70:9e:80:c8:84:87:a2:41:1e:1e:e4:df:b9:f2:2a:86:14:92:d2:0c:47:65:15:0c:0c:79:4a:bd:70:f8:14:7c";
        let rule = format!("ci-info: +-------------+{}+---------+---------+\n", "-".repeat(97));
        let title = "Authorized keys from /home/me/.ssh/authorized_keys for user me";
        let head = format!("{:>59}{:38}", "Fingerprint (sha256)", "");
        let expected = format!(
            "ci-info: no authorized SSH keys fingerprints found for user you.\nci-info: {title:+^133}\n{rule}ci-info: |   Keytype   |{head}| Options | Comment |\n{rule}\
             ci-info: | ssh-ed25519 | {digest} |  no-pty | me@home |\n{rule}"
        );
        assert_eq!(printed(&plan), expected);
        assert_eq!(planned(MODULE.name, "{user: me, no_ssh_fingerprints: true}", &root()).actions, []);
    }

    #[test]
    fn a_digest_that_is_not_known_is_told() {
        let plan = planned(MODULE.name, "{user: me, authkey_hash: md5}", &root());
        assert!(printed(&plan).contains("Fingerprint (sha256)"));
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to use authkey_hash md5: only sha224, sha256, sha384 and sha512 are known; sha256 is used"
            ]
        );
    }
}
