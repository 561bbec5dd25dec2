//! `ssh`: the authorized keys of root and the default user.

use super::{Context, Early, Module, Plan, Stage};
use crate::accounts::{Accounts, User};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::cloud_config::ssh;
use crate::error::Error;
use crate::limits;
use crate::state::paths::Frequency;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "ssh",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    early: Early::Part,
    plan,
};

/// Key types sshd(8) knows; a line without one is no key.
const KEY_TYPES: [&str; 17] = [
    "ssh-rsa",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ssh-dss",
];

fn plan(context: &Context<'_>) -> Plan {
    let (wanted, problems) = ssh::parse(context.config, &context.instance.metadata);
    let mut plan = Plan { problems, ..Plan::default() };
    let keys: Vec<&str> =
        wanted.keys.iter().map(String::as_str).filter(|key| is_key(key, &mut plan.problems)).collect();
    if keys.is_empty() {
        return plan;
    }
    let accounts = Accounts::read(context.root);
    let login = wanted.user.as_deref().map(|name| (name, ""));
    for (name, options) in login.into_iter().chain([("root", wanted.root_options.as_str())]) {
        match accounts.user(name) {
            Some(user) => authorize(context, user, &keys, options, &mut plan),
            None => plan.waits.push(Error::new("authorize the keys of", name, "the root has no such user")),
        }
    }
    plan
}

fn is_key(line: &str, problems: &mut Vec<Error>) -> bool {
    let known = material(line).is_some();
    if !known {
        let shown: String = line.chars().take(40).collect();
        problems.push(Error::new(
            "authorize key",
            format!("{shown:?}"),
            "no known key type with a key behind it",
        ));
    }
    known
}

/// The base64 of the key in a line of authorized_keys, options before it or not.
fn material(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let mut words = blank_separated(line);
    words.by_ref().find(|word| KEY_TYPES.contains(word))?;
    words.next().filter(|word| !word.is_empty())
}

/// Words parted by blanks outside double quotes, as sshd(8) reads options.
fn blank_separated(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |c: char| {
        let quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        quoted ^= quote;
        (c == ' ' || c == '\t') && !quoted
    })
    .filter(|word| !word.is_empty())
}

fn authorize(context: &Context<'_>, user: &User, keys: &[&str], options: &str, plan: &mut Plan) {
    let path = authorized_keys_path(context, user);
    let present = match context.root.read(&path, limits::ROOT_FILE) {
        Ok(present) => String::from_utf8_lossy(&present.unwrap_or_default()).into_owned(),
        Err(error) => return plan.problems.push(error),
    };
    let content = updated(&present, keys, options);
    if content == present {
        return;
    }
    let owner = Owner::Ids { uid: user.uid, gid: user.gid };
    if let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| folder.starts_with(&user.home)) {
        plan.actions.push(Action::MakeDirectory {
            path: folder.to_owned(),
            mode: 0o700,
            owner: owner.clone(),
        });
    }
    let content = content.into_bytes();
    plan.actions.push(Action::WriteFile(WriteFile {
        path,
        content,
        mode: 0o600,
        owner,
        existing: Existing::KeepMetadata,
    }));
}

/// The first AuthorizedKeysFile of the root's sshd_config that is the user's
/// own (sshd_config(5)), else `~/.ssh/authorized_keys`.
fn authorized_keys_path(context: &Context<'_>, user: &User) -> String {
    let home = user.home.trim_end_matches('/');
    let content =
        context.root.read("/etc/ssh/sshd_config", limits::ROOT_FILE).ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&content);
    let patterns = text.lines().find_map(|line| {
        let (key, value) = line.trim().split_once(|c: char| c.is_ascii_whitespace() || c == '=')?;
        key.eq_ignore_ascii_case("AuthorizedKeysFile").then_some(value)
    });
    for pattern in patterns.unwrap_or_default().split_whitespace() {
        let own = pattern.contains("%u") || pattern.contains("%h") || !pattern.starts_with('/');
        if own && pattern != "none" {
            let path = pattern.replace("%h", home).replace("%u", &user.name).replace("%%", "%");
            return if path.starts_with('/') { path } else { format!("{home}/{path}") };
        }
    }
    format!("{home}/.ssh/authorized_keys")
}

/// The file with the keys in it: a line with the same key is replaced where it
/// stands, the others stay, new ones go to the end in their order.
fn updated(present: &str, keys: &[&str], options: &str) -> String {
    let line = |key: &str| if options.is_empty() { key.to_owned() } else { format!("{options} {key}") };
    let mut placed = alloc::vec![false; keys.len()];
    let mut lines: Vec<String> = Vec::new();
    for old in present.lines() {
        let same = material(old).and_then(|old| keys.iter().position(|key| material(key) == Some(old)));
        match same {
            Some(at) => {
                placed[at] = true;
                lines.push(line(keys[at]));
            }
            None => lines.push(old.to_owned()),
        }
    }
    lines.extend(keys.iter().zip(&placed).filter(|(_, placed)| !**placed).map(|(key, _)| line(key)));
    let mut content = lines.join("\n");
    content.push('\n');
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_replaced_in_place_and_others_stay() {
        let present = "# mine\nssh-rsa AAAA old\ncommand=\"a b\" ssh-ed25519 BBBB other\n";
        let content = updated(present, &["ssh-ed25519 CCCC new", "ssh-rsa AAAA renamed"], "");
        assert_eq!(
            content,
            "# mine\nssh-rsa AAAA renamed\ncommand=\"a b\" ssh-ed25519 BBBB other\nssh-ed25519 CCCC new\n"
        );
        assert_eq!(updated(&content, &["ssh-ed25519 CCCC new", "ssh-rsa AAAA renamed"], ""), content);
    }

    #[test]
    fn quotes_may_hide_a_key_type() {
        assert_eq!(material("command=\"echo ssh-rsa XX\" ssh-ed25519 BBBB me"), Some("BBBB"));
        assert_eq!(material("from=\"a\\\" ssh-rsa Q\" ssh-rsa K"), Some("K"));
        assert_eq!(material("# ssh-rsa AAAA"), None);
        assert_eq!(material("ssh-rsa"), None);
        assert_eq!(material("hello world"), None);
    }
}
