//! `ssh_authkey_fingerprints`: who may log in by which key, as a table.

use super::authorized_keys::{Account, authorized_keys_path};
use super::public_key::PublicKey;
use super::{Context, Early, Module, Plan, Stage};
use crate::accounts::Accounts;
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
    plan,
};

/// What every line begins with.
const PREFIX: &str = "ci-info: ";

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
    let accounts = Accounts::read(context.root);
    let mut text = String::new();
    // What is wrong with them, users_groups has told.
    for wanted in users(context.config, &mut Vec::new()) {
        let name = wanted.name;
        let Some(user) = accounts.user(name) else { continue };
        if wanted.has("no_create_home") || wanted.has("system") {
            continue;
        }
        let owner = Owner::Ids { uid: user.uid, gid: user.gid };
        let path = authorized_keys_path(context, &Account { name, home: user.home, owner });
        let lines = fetch::text(context.root, &path).unwrap_or_default();
        if lines.is_empty() {
            let line = [PREFIX, "no authorized SSH keys fingerprints found for user ", name, ".\n"];
            text.push_str(&line.concat());
        } else {
            let title = format!("Authorized keys from {path} for user {name}");
            table(&title, digest, lines.lines().filter_map(PublicKey::parse), &mut text);
        }
    }
    if !text.is_empty() {
        let what = "show the fingerprints of authorized keys".into();
        plan.actions.push(Task { what, effect: Effect::Print(text) }.into());
    }
}

/// A table of keys with lines around, its title above.
fn table<'k>(title: &str, digest: &str, keys: impl Iterator<Item = PublicKey<'k>>, out: &mut String) {
    let head = ["Keytype", &format!("Fingerprint ({digest})"), "Options", "Comment"].map(String::from);
    let or_dash = |text: &str| if text.is_empty() { "-".into() } else { String::from(text) };
    let mut rows = Vec::from([head]);
    rows.extend(keys.map(|key| {
        let fingerprint = key.hexadecimal(digest).unwrap_or_default();
        [key.kind.into(), or_dash(&fingerprint), or_dash(key.options), or_dash(key.comment)]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0) + 2;
    let widths = [0, 1, 2, 3].map(width);
    let rule = format!("+{}+", widths.map(|width| "-".repeat(width)).join("+"));
    let whole = rule.len();
    let mut line = |text: &str| out.push_str(&[PREFIX, text, "\n"].concat());
    line(&format!("{title:+^whole$}"));
    line(&rule);
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| centred(cell, width)).collect();
        line(&format!("|{}|", cells.join("|")));
        if at == 0 {
            line(&rule);
        }
    }
    line(&rule);
}

/// A cell as Python's `str.center` fills it: of an odd rest, the blank too many
/// stands on the left where the width is odd.
fn centred(text: &str, width: usize) -> String {
    let rest = width.saturating_sub(text.chars().count());
    let left = rest / 2 + (rest & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(rest - left))
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
