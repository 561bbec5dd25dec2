//! Settings of sshd_config(5): where they are written, and the file with one
//! of them changed. Every other line stays as it is.

use super::{Context, Plan};
use crate::action::{Existing, Owner, WriteFile};
use crate::module::present::Unread;
use crate::text::to_bytes;
use alloc::string::String;

pub(super) const MAIN: &str = "/etc/ssh/sshd_config";
const FOLDER: &str = "/etc/ssh/sshd_config.d";

/// Settings that are gathered and written as one.
pub(super) struct SshdConfig {
    path: String,
    old: Option<String>,
    new: String,
}

impl SshdConfig {
    /// The file settings go to: 50-cloud-init.conf where the main file includes
    /// its folder, else that itself.
    pub(super) fn read(context: &Context<'_>, plan: &mut Plan) -> Result<Self, Unread> {
        let main = plan.old(context, MAIN)?.unwrap_or_default();
        let includes = |line: &str| {
            let mut words = line.split_ascii_whitespace();
            words.next().is_some_and(|word| word.eq_ignore_ascii_case("include"))
                && words.any(|pattern| pattern == "/etc/ssh/sshd_config.d/*.conf")
        };
        let path =
            if main.lines().any(includes) { [FOLDER, "/50-cloud-init.conf"].concat() } else { MAIN.into() };
        let old = plan.old(context, &path)?;
        Ok(Self { new: old.clone().unwrap_or_default(), path, old })
    }

    /// Sets `key` for all connections.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.new = with(&self.new, key, value);
    }

    /// Adds a line for all connections to those that have `key`.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        self.new = with_another(&self.new, key, value);
    }

    /// Plans the file where it is another now; the value: whether it is.
    pub(super) fn write(self, plan: &mut Plan) -> bool {
        if self.old.as_ref() == Some(&self.new) {
            return false;
        }
        let (content, existing) = (to_bytes(&self.new), Existing::KeepMetadata);
        let file = WriteFile { path: self.path, content, mode: 0o600, owner: Owner::Root, existing };
        plan.actions.push(file.into());
        true
    }
}

/// The keyword of a line; `None` for a comment or an empty one.
fn keyword(line: &str) -> Option<&str> {
    let line = line.trim_ascii();
    let word = line.split([' ', '\t', '=']).next().unwrap_or_default();
    (!word.is_empty() && !word.starts_with('#')).then_some(word)
}

/// The text with a setting in every line that has it, or else behind the last
/// line for all connections: what follows `Match` is for some alone.
fn with(text: &str, key: &str, value: &str) -> String {
    let line = [key, " ", value, "\n"].concat();
    let (mut out, mut placed, mut inside) = (String::new(), false, false);
    for old in text.split_inclusive('\n') {
        let word = keyword(old).unwrap_or_default();
        if word.eq_ignore_ascii_case("match") && !inside {
            inside = true;
            if !placed {
                out.push_str(&line);
                placed = true;
            }
        }
        if !inside && word.eq_ignore_ascii_case(key) {
            placed = true;
            let same = old.trim_ascii().get(word.len() + 1..).is_some_and(|old| old.trim_ascii() == value);
            out.push_str(if same { old } else { &line });
        } else {
            out.push_str(old);
        }
    }
    if !placed {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}

/// The text with one more line of a setting that may be there several times,
/// before the first `Match`; as it is where it has that line.
fn with_another(text: &str, key: &str, value: &str) -> String {
    let is_match = |line: &&str| keyword(line).is_some_and(|word| word.eq_ignore_ascii_case("match"));
    let all: usize = text.split_inclusive('\n').take_while(|line| !is_match(line)).map(str::len).sum();
    let (all, some) = text.split_at(all);
    let has = |line: &str| {
        let word = keyword(line).unwrap_or_default();
        let rest = line.trim_ascii().get(word.len()..).unwrap_or_default();
        word.eq_ignore_ascii_case(key) && rest.trim_start_matches([' ', '\t', '=']) == value
    };
    if all.lines().any(has) {
        return text.into();
    }
    let end = if all.is_empty() || all.ends_with('\n') { "" } else { "\n" };
    [all, end, key, " ", value, "\n", some].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_host_certificates_was_lost() {
        let text = "HostCertificate /etc/ssh/mine.pub\nPort 22\nMatch all\nX y\n";
        let two = with_another(&with_another(text, "HostCertificate", "/a"), "HostCertificate", "/b");
        assert_eq!(
            two,
            "HostCertificate /etc/ssh/mine.pub\nPort 22\nHostCertificate /a\nHostCertificate /b\nMatch all\nX y\n"
        );
        assert_eq!(with_another(&two, "HostCertificate", "/a"), two);
        assert_eq!(with_another("X y", "K", "v"), "X y\nK v\n");
    }

    #[test]
    fn a_setting_is_changed_where_it_stands() {
        let with = |text| with(text, "PasswordAuthentication", "no");
        assert_eq!(with(""), "PasswordAuthentication no\n");
        assert_eq!(
            with("# PasswordAuthentication yes\nPort=22"),
            "# PasswordAuthentication yes\nPort=22\nPasswordAuthentication no\n"
        );
        assert_eq!(with("passwordauthentication\tyes\nX y\n"), "PasswordAuthentication no\nX y\n");
        assert_eq!(with("PasswordAuthentication=no\n"), "PasswordAuthentication=no\n");
        assert_eq!(
            with("Match User a\n PasswordAuthentication yes\n"),
            "PasswordAuthentication no\nMatch User a\n PasswordAuthentication yes\n"
        );
    }
}
