//! Files of rules that a program of the root checks before they are put in place: one wrong rule
//! makes sudo(8) or doas(1) refuse the whole file.

use crate::http::cause;
use crate::program;
use crate::provision::Machine;
use glowplug::action::{Action, Checked, Existing, Program, RULES_OF, WriteFile};
use glowplug::error::{Error, Result};
use glowplug::sys::apply::Applier;
use glowplug::text::parent_and_name;

/// Writes the files of `wanted`, if its program accepts the first. A boot that is cut off here
/// does all of it once more: nothing but the files themselves is left behind.
pub(crate) fn put_in_place(wanted: &Checked, machine: &Machine) -> Result<()> {
    let Some((first, others)) = wanted.files.split_first() else { return Ok(()) };
    let mut applier = Applier::new(&machine.root, &machine.run);
    let path = beside(&first.path);
    let draft = WriteFile { path: path.clone(), existing: Existing::Replace, ..first.clone() };
    applier.apply(&draft.into(), None)?;
    let checked = check(wanted, &path);
    applier.apply(&Action::RemoveFile { path: path.clone() }, None)?;
    if let Some(said) = checked? {
        return Err(refusal(wanted, first, &said.replace(&path, &first.path)));
    }
    for file in [first].into_iter().chain(others) {
        applier.apply(&file.clone().into(), None)?;
    }
    Ok(())
}

/// The name that the content is checked under. sudo(8) passes over names with a dot in its
/// folder; the run after a cut takes such a file away.
fn beside(path: &str) -> String {
    let (folder, name) = parent_and_name(path);
    format!("{folder}/.{name}.check.glowplug")
}

/// Has the program read the file at `path`; the value: what it says against it, if it does.
fn check(wanted: &Checked, path: &str) -> Result<Option<String>> {
    let argv: Vec<&str> = wanted.check.iter().copied().chain([path]).collect();
    let (status, said) = program::listen(&Program::new(&argv))
        .map_err(|error| Error::new("run", argv.join(" "), cause(&error)))?;
    if status.success() {
        return Ok(None);
    }
    let is_silent = said.trim().is_empty();
    Ok(Some(if is_silent { program::ending(status) } else { said }))
}

/// Whose rule it is, and what the program says of it.
fn refusal(wanted: &Checked, file: &WriteFile, said: &str) -> Error {
    let content = String::from_utf8_lossy(&file.content);
    let lines: Vec<&str> = content.lines().collect();
    let number = said.lines().find_map(|line| line_number(line, &file.path));
    let before = number.map_or(&[][..], |number| lines.get(..number).unwrap_or_default());
    let user = before.iter().rev().find_map(|line| line.strip_prefix(RULES_OF));
    let rule = before.last().map_or_else(|| " the rules".into(), |rule| format!(" the rule {rule:?}"));
    let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let why = format!(
        "{}: {} refuses{rule}: {}; what was there stays, and no new rule is put in place",
        wanted.module,
        wanted.check.first().copied().unwrap_or_default(),
        said.join(" ")
    );
    Error::new("allow", format!("{} to {}", wanted.reader, user.unwrap_or("the users")), why)
}

/// The line that a message is about: `FILE:LINE:`, or `line LINE` of a message that names no
/// other file.
fn line_number(message: &str, path: &str) -> Option<usize> {
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    let after = |mark: &str| message.split_once(mark).and_then(|(_, rest)| digits(rest));
    after(&format!("{path}:")).or_else(|| after("line "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::action::Owner;

    /// The words of visudo 1.9 and 1.8, and of doas.
    #[test]
    fn an_error_names_the_user_and_the_rule() {
        let path = "/etc/sudoers.d/90";
        let content = "# x\n\n# User rules for ann\nann ALL=ALL\n\n# User rules for bob\nbob ALL=(ALL) NOTBEFORE=x ALL\n";
        let (path, owner, existing) = (path.into(), Owner::Root, Existing::Replace);
        let file = WriteFile { path, content: content.into(), mode: 0o440, owner, existing };
        let wanted =
            Checked { module: "users_groups", reader: "sudo", check: &["visudo", "-c", "-f"], files: vec![] };
        for said in [
            "/etc/sudoers.d/90:7:25: invalid notbefore value\nbob ALL=\n   ^",
            ">>> /etc/sudoers.d/90: syntax error near line 7 <<<\nparse error in /etc/sudoers.d/90 near line 7",
            "doas: syntax error at line 7",
        ] {
            let error = refusal(&wanted, &file, said).to_string();
            let start = "unable to allow sudo to bob: users_groups: visudo refuses the rule \"bob ALL=(ALL) NOTBEFORE=x ALL\": ";
            assert!(error.starts_with(start), "{error}");
            assert!(error.contains(said.lines().next().unwrap()), "{error}");
        }
        let error = refusal(&wanted, &file, "it ended with exit status 127").to_string();
        let start = "unable to allow sudo to the users: users_groups: visudo refuses the rules: it ended with exit status 127;";
        assert!(error.starts_with(start), "{error}");
    }
}
