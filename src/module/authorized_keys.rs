//! The lines of an `authorized_keys` file: which are keys, where sshd(8) looks
//! for them, and how they join those that are there.

use super::{Context, Plan};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::error::Error;
use crate::module::present::Unread;
use crate::syntax::order::firsts;
use crate::text::{PRIVATE_KEY, contains, parent_and_name, push_line, to_bytes};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Key types sshd(8) knows; a line without one is no key.
pub(super) const KEY_TYPES: &str = "ssh-rsa ssh-ed25519 \
    ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 \
    sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com \
    ssh-rsa-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com \
    ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com \
    ecdsa-sha2-nistp521-cert-v01@openssh.com \
    sk-ssh-ed25519-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com \
    rsa-sha2-256 rsa-sha2-512 ssh-dss";

/// A line for `authorized_keys`.
pub(super) struct Key<'a> {
    line: &'a str,
    /// The line without options of its own.
    bare: &'a str,
    /// The base64 of the key in it.
    material: &'a str,
}

impl<'a> Key<'a> {
    /// The key in a line of `authorized_keys`, options before it or not.
    #[inline(never)]
    fn of(line: &'a str) -> Option<Self> {
        let trimmed = line.trim_ascii();
        // sshd(8) reads no further than a NUL.
        if trimmed.starts_with('#') || trimmed.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 127)
        {
            return None;
        }
        let mut words = blank_separated(trimmed);
        let kind = words.by_ref().find(|word| KEY_TYPES.split(' ').any(|known| known == *word))?;
        let material = words.next()?;
        let bare = trimmed.get(kind.as_ptr() as usize - trimmed.as_ptr() as usize..)?;
        Some(Self { line, bare, material })
    }
}

/// Whose file it is.
pub(super) struct Account<'a> {
    pub(super) name: &'a str,
    pub(super) home: &'a str,
    pub(super) owner: Owner,
}

/// Those of the lines that are keys; the others are problems, which never
/// quote them: what was pasted instead may be a secret. `whose` follows the
/// number of the line in messages.
#[inline(never)]
pub(super) fn keys<'a>(lines: &[&'a str], whose: &str, plan: &mut Plan) -> Vec<Key<'a>> {
    let mut keys = Vec::new();
    let mut in_private_key = false;
    for (index, line) in lines.iter().enumerate() {
        if let Some(key) = Key::of(line) {
            keys.push(key);
            continue;
        }
        if !in_private_key {
            let is_private = PRIVATE_KEY.iter().any(|mark| contains(line, mark));
            let number = ((index + 1) as u64).to_string();
            let why = if is_private {
                "it is a private key; put the public one there, of a new pair, since this one is no secret now"
            } else {
                "no known key type with a key behind it"
            };
            plan.problems.push(Error::new("authorize key", [&*number, whose].concat(), why));
            // The lines of it that follow are told with it.
            in_private_key = line.starts_with("-----BEGIN");
        }
        in_private_key &= !line.starts_with("-----END");
    }
    keys
}

/// Words parted by blanks outside double quotes, as sshd(8) reads options.
pub(super) fn blank_separated(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |c: char| {
        let quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        quoted ^= quote;
        (c == ' ' || c == '\t') && !quoted
    })
    .filter(|word| !word.is_empty())
}

#[inline(never)]
pub(super) fn authorize(
    context: &Context<'_>,
    user: &Account<'_>,
    keys: &[Key<'_>],
    options: &str,
    plan: &mut Plan,
) {
    let Ok(path) = authorized_keys_path(context, user, plan) else { return };
    let Ok(present) = plan.old(context, &path) else { return };
    let present = present.unwrap_or_default();
    let lines = updated(&present, keys, options);
    if *lines == *present {
        return;
    }
    let (folder, _) = parent_and_name(&path);
    if folder.starts_with(user.home) {
        plan.actions.push(Action::MakeDirectory {
            path: folder.into(),
            mode: 0o700,
            owner: user.owner.clone(),
        });
    }
    let file = WriteFile {
        path,
        content: to_bytes(&lines),
        mode: 0o600,
        owner: user.owner.clone(),
        existing: Existing::KeepMetadata,
    };
    plan.actions.push(file.into());
}

/// The first `AuthorizedKeysFile` of the root's `sshd_config` that is the user's
/// own (`sshd_config(5)`), else `~/.ssh/authorized_keys`.
#[inline(never)]
pub(super) fn authorized_keys_path(
    context: &Context<'_>,
    user: &Account<'_>,
    plan: &mut Plan,
) -> Result<String, Unread> {
    let home = user.home.trim_end_matches('/');
    let text = plan.old(context, "/etc/ssh/sshd_config")?.unwrap_or_default();
    let patterns = text.lines().find_map(|line| {
        let line = line.trim_ascii();
        let end = line.bytes().position(|byte| b" \t=".contains(&byte))?;
        let (key, value) = (line.get(..end)?, line.get(end + 1..)?);
        key.eq_ignore_ascii_case("AuthorizedKeysFile").then_some(value)
    });
    for pattern in patterns.unwrap_or_default().split_ascii_whitespace() {
        if let Some(path) = expanded(pattern, home, user.name).filter(|_| pattern != "none") {
            return Ok(if path.starts_with('/') { path } else { [home, "/", &path].concat() });
        }
    }
    Ok([home, "/.ssh/authorized_keys"].concat())
}

/// A pattern of `AuthorizedKeysFile` with home and name in it; `None` for a
/// path that is the same for every user.
fn expanded(pattern: &str, home: &str, name: &str) -> Option<String> {
    let mut own = !pattern.starts_with('/');
    let mut path = String::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        let token = if c == '%' { rest.next() } else { None };
        match token {
            Some('h') => path.push_str(home),
            Some('u') => path.push_str(name),
            _ => path.push(c),
        }
        own |= matches!(token, Some('h' | 'u'));
    }
    own.then_some(path)
}

/// The file with the keys in it: a line with the same key is replaced where it
/// stands, the others stay, new ones go to the end in their order. `options`
/// that are given take the place of a key's own.
#[inline(never)]
fn updated<'a>(present: &str, keys: &[Key<'a>], options: &str) -> String {
    let present: Vec<(&str, Option<&str>)> =
        present.split_inclusive('\n').map(|line| (line, Key::of(line).map(|key| key.material))).collect();
    // New keys first, so that a line there finds the new one with its key.
    let material = |at: usize| match keys.get(at) {
        Some(key) => key.material,
        None => present.get(at - keys.len()).and_then(|(_, material)| *material).unwrap_or_default(),
    };
    let firsts = firsts(keys.len() + present.len(), &material);
    let mut placed = alloc::vec![false; keys.len()];
    let mut content = String::new();
    let push = |content: &mut String, line: &str| {
        let blank = if options.is_empty() { "" } else { " " };
        push_line(content, &[options, blank, line].concat());
    };
    let line = |key: &Key<'a>| if options.is_empty() { key.line } else { key.bare };
    let (_, of_present) = firsts.split_at(keys.len());
    for ((old, material), &same) in present.iter().zip(of_present) {
        match keys.get(same).filter(|_| material.is_some()) {
            Some(key) => {
                placed[same] = true;
                push(&mut content, line(key));
            }
            None => content.push_str(old),
        }
    }
    for (key, placed) in keys.iter().zip(placed) {
        if !placed {
            push(&mut content, line(key));
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(present: &str, keys: &[&str], options: &str) -> String {
        let keys: Vec<_> = keys.iter().map(|line| Key::of(line).unwrap()).collect();
        super::updated(present, &keys, options)
    }

    #[test]
    fn a_private_key_pasted_as_an_authorized_one_was_in_the_log() {
        let pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5v\nQyNTUxOQAAACDR\n-----END OPENSSH PRIVATE KEY-----";
        let lines: Vec<&str> = ["b3BlbnNzaC1rZXktdjEAAAAAsecret", "hunter2", "ssh-rsa AAAA me"]
            .into_iter()
            .chain(pem.lines())
            .chain(["ssh-rsa BBBB"])
            .collect();
        let mut plan = Plan::default();
        assert_eq!(keys(&lines, " of ada", &mut plan).len(), 2);
        let texts: Vec<&str> = plan.problems.iter().map(Error::text).collect();
        let private =
            "it is a private key; put the public one there, of a new pair, since this one is no secret now";
        assert_eq!(
            texts,
            [
                &*["unable to authorize key 1 of ada: ", private].concat(),
                "unable to authorize key 2 of ada: no known key type with a key behind it",
                &*["unable to authorize key 4 of ada: ", private].concat(),
            ]
        );
    }

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
    fn options_that_are_given_take_the_place_of_a_keys_own() {
        let key = "command=\"/bin/x \\\"q\\\"\",no-pty ssh-rsa AAAA with options";
        assert_eq!(updated("", &[key], "no-pty"), "no-pty ssh-rsa AAAA with options\n");
        assert_eq!(updated("", &[key], ""), [key, "\n"].concat());
    }

    #[test]
    fn patterns_name_a_users_own_file() {
        let expanded = |pattern| expanded(pattern, "/home/me", "me");
        assert_eq!(expanded("%h/keys%%/%u").as_deref(), Some("/home/me/keys%/me"));
        assert_eq!(expanded("/etc/keys/%u").as_deref(), Some("/etc/keys/me"));
        assert_eq!(expanded(".ssh/keys").as_deref(), Some(".ssh/keys"));
        assert_eq!(expanded("/etc/keys"), None);
    }

    #[test]
    fn quotes_may_hide_a_key_type() {
        let material = |line| Key::of(line).map(|key| key.material);
        assert_eq!(material("command=\"echo ssh-rsa XX\" ssh-ed25519 BBBB me"), Some("BBBB"));
        assert_eq!(material("from=\"a\\\" ssh-rsa Q\" ssh-rsa K"), Some("K"));
        assert_eq!(material("# ssh-rsa AAAA"), None);
        assert_eq!(material("ssh-rsa"), None);
        assert_eq!(material("hello world"), None);
    }
}
