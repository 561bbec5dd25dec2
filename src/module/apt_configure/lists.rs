//! apt's copies of what mirrors have: they are named by the mirror's address,
//! and follow it when it changes.

use super::{Release, mirrors};
use crate::action::Program;
use crate::module::{Context, Plan};
use alloc::string::String;
use alloc::vec::Vec;

const FOLDER: &str = "/var/lib/apt/lists/";

/// Renames what has a name that begins with the first word.
const RENAME: &str = "for file in \"$1\"*; do mv -f \"$file\" \"$2${file#\"$1\"}\" || exit; done";

/// Plans new names for the lists of the distribution's own mirrors, where
/// there are any and the mirror is another.
pub(super) fn rename(context: &Context<'_>, release: &Release, plan: &mut Plan) {
    let names = context.root.list(FOLDER.trim_end_matches('/')).ok().flatten().unwrap_or_default();
    let own = mirrors::own(context, &release.distribution);
    let mut done = Vec::new();
    for (old, new) in own.into_iter().zip([&release.mirrors.primary, &release.mirrors.security]) {
        let (old, new) = (prefix(old), prefix(new));
        if old == new || done.contains(&old) || !names.iter().any(|name| name.starts_with(&old)) {
            continue;
        }
        let words = [FOLDER, &old].concat();
        let program = Program::repeatable(&["/bin/sh", "-c", RENAME, "sh", &words, &[FOLDER, &new].concat()]);
        plan.actions.push(program.into());
        done.push(old);
    }
}

/// What names of a mirror's lists begin with: its address without scheme and
/// user, `_` for `/`, what apt keeps for itself as `%` and two digits.
fn prefix(url: &str) -> String {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest.strip_prefix("//").unwrap_or(rest));
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let mut out = String::new();
    for byte in authority.bytes().chain(path.bytes()) {
        match byte {
            b'/' => out.push('_'),
            b'!'..=b'~' if !b"\\|{}[]<>\"^~_=!@#$%&*".contains(&byte) => out.push(char::from(byte)),
            _ => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    out.push('_');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_has_the_name_apt_gives_it() {
        for (url, expected) in [
            ("http://archive.ubuntu.com/ubuntu/", "archive.ubuntu.com_ubuntu_"),
            ("http://me:secret@m:8080/a_b/c", "m:8080_a%5fb_c_"),
            ("file:/repository", "_repository_"),
            ("http://m", "m_"),
        ] {
            assert_eq!(prefix(url), expected);
        }
    }
}
