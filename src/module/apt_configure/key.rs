//! Keys that sign packages (OpenPGP, RFC 9580 §6: ASCII armor).

use super::DOING;
use crate::action::{Action, Program};
use crate::cloud_config::Setting;
use crate::module::Plan;
use crate::syntax::encoding;
use crate::syntax::value::Value;
use alloc::string::String;
use alloc::vec::Vec;

const KEYSERVER: &str = "keyserver.ubuntu.com";

/// Gets a key from a key server into a file, by way of a keyring that is thrown
/// away. Key servers fail often: it is tried twice.
const RECEIVE: &str = "\
# a key from a key server
set -e
home=$(mktemp -d)
trap 'rm -rf \"$home\"' EXIT
receive() { gpg --homedir \"$home\" --batch --no-tty --keyserver \"$1\" --recv-keys \"$2\"; }
receive \"$1\" \"$2\" || { sleep 1; receive \"$1\" \"$2\"; }
gpg --homedir \"$home\" --batch --no-tty --export \"$2\" > \"$home/key\"
test -s \"$home/key\"
mkdir -p \"${3%/*}\"
install -m 644 \"$home/key\" \"$3\"";

/// Plans the key of an entry, if it has one: `key`, the text itself, or `keyid`
/// and `keyserver`. The value is its file; a key that only the entry's own
/// source is to trust is kept apart from the others.
pub(super) fn add(
    setting: &Setting<'_>,
    entry: &Value<'_>,
    name: &str,
    apart: bool,
    plan: &mut Plan,
) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem });
    let folder = if apart { "/etc/apt/cloud-init.gpg.d/" } else { "/etc/apt/trusted.gpg.d/" };
    let path = [folder, stem, ".gpg"].concat();
    let has_key = entry.get_set("key").is_some() || entry.get_set("keyid").is_some();
    if has_key && path.contains(|c: char| c.is_control() || c.is_whitespace() || "[]\"'\\#,".contains(c)) {
        plan.problems.push(setting.error(
            "use the key at",
            entry,
            "its name can't be that of a file of keys",
        ));
        return None;
    }
    if let Some(key) = entry.get_set("key") {
        let Some(bytes) = key.as_str().and_then(unarmored) else {
            let why = "it is no OpenPGP public key in ASCII armor";
            plan.problems.push(setting.error("use the key at", key, why));
            return None;
        };
        plan.actions.push(Action::write(&path, bytes, 0o644));
        return Some(path);
    }
    let id = entry.get_set("keyid")?;
    let is_id =
        |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit() || c == ' ' || c == 'x');
    let Some(id_text) = id.as_str().filter(is_id) else {
        plan.problems.push(setting.error("use the key at", id, "keyid is no key's number (quote it)"));
        return None;
    };
    let server = entry.get_set("keyserver").map_or(Some(KEYSERVER), Value::as_str);
    let is_server = |server: &&str| {
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        !server.is_empty() && !server.starts_with('-') && !server.contains(is_odd)
    };
    let Some(server) = server.filter(is_server) else {
        plan.problems.push(setting.error(DOING, entry, "keyserver is no key server"));
        return None;
    };
    let id_text = id_text.replace(' ', "");
    plan.actions.push(Program::repeatable(&["/bin/sh", "-c", RECEIVE, "sh", server, &id_text, &path]).into());
    Some(path)
}

/// Whether a program gets a key from a key server.
pub(super) fn is_received(program: &Program) -> bool {
    program.argv.get(2).is_some_and(|script| script == RECEIVE)
}

/// The bytes of every block in ASCII armor; `None` where there is none or one
/// is broken.
fn unarmored(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines().map(str::trim_ascii);
    let mut bytes = Vec::new();
    while lines.by_ref().any(|line| line == "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
        let mut base64 = String::new();
        // Headers end with a blank line; without one the first line is data.
        let mut in_headers = true;
        loop {
            let line = lines.next()?;
            match line {
                "-----END PGP PUBLIC KEY BLOCK-----" => break,
                "" => in_headers = false,
                _ if in_headers && line.contains(": ") => {}
                // The checksum is the last line.
                _ if line.starts_with('=') => {}
                _ => {
                    in_headers = false;
                    base64.push_str(line);
                }
            }
        }
        let block = encoding::base64(base64.as_bytes()).ok().filter(|block| !block.is_empty())?;
        bytes.extend(block);
    }
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armor_comes_off() {
        let block = |body: &str| {
            format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n{body}\n-----END PGP PUBLIC KEY BLOCK-----\n")
        };
        assert_eq!(unarmored(&block("Version: x\n\nYWJj\nZGVm\n=abcd")).as_deref(), Some(&b"abcdef"[..]));
        assert_eq!(unarmored(&block("YWJj")).as_deref(), Some(&b"abc"[..]));
        let two = block("\nYQ==") + "text\n" + &block("\nYg==\n=x");
        assert_eq!(unarmored(&two).as_deref(), Some(&b"ab"[..]));
        assert_eq!(unarmored("YWJj"), None);
        assert_eq!(unarmored(&block("")), None);
        assert_eq!(unarmored("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nYWJj\n"), None);
    }
}
