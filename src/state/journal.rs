//! What was done of each module's plan, action by action. A plan that was
//! interrupted, or of which a part had to wait, goes on where it stopped.
//!
//! The file is text, a line each, and only ever grows:
//! `begun MODULE ACTION LENGTH` before an append, `started MODULE ACTION` before a
//! program that must not run twice, `done MODULE ACTION` after any action, `left MODULE
//! ACTION WHY` for one that waits, `finished MODULE -` when its semaphore is set: whoever
//! removes that wants all of it again. ACTION is the number [`keys`] gives the action.
//!
//! A power cut may leave a part of the last line, or zeros in its place. The next process
//! ends that line with ` torn`, and such a line says nothing. Anything else that is no
//! line means that the journal is damaged: what it said is not known any more.

use crate::action::{Action, Existing, Owner, WriteFile};
use crate::syntax::order::order;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The end of a line that a power cut left unfinished.
const TORN: &str = " torn\n";

/// The names of a plan's actions, in order: a digest of each, the N-th equal
/// one counted up by N - 1.
#[inline(never)]
pub fn keys(actions: &[Action]) -> Vec<u64> {
    let digests: Vec<u64> = actions.iter().map(digest).collect();
    let mut keys = digests.clone();
    let (mut last, mut count) = (None, 0);
    for at in order(digests.len(), &|one, other| digests[one].cmp(&digests[other])) {
        count = if last == Some(digests[at]) { count + 1 } else { 0 };
        last = Some(digests[at]);
        keys[at] = digests[at].wrapping_add(count);
    }
    keys
}

/// The same in every version of this program, or an upgrade would forget what
/// was done: every field counts, each with its length.
#[inline(never)]
fn digest(action: &Action) -> u64 {
    let mut digest = Digest::new();
    match action {
        Action::MakeDirectory { path, mode, owner } => {
            digest.texts("directory", &[path]);
            digest.metadata(*mode, owner);
        }
        Action::WriteFile(file) => {
            let WriteFile { path, content, mode, owner, existing } = &**file;
            let how = match existing {
                Existing::Replace => "replace",
                Existing::KeepMetadata => "keep",
                Existing::Append => "append",
            };
            digest.texts(how, &[path]);
            digest.field(content);
            digest.metadata(*mode, owner);
        }
        Action::RemoveFile { path } => digest.texts("remove", &[path]),
        Action::RemoveDirectory { path } => digest.texts("remove directory", &[path]),
        Action::MakeLink { path, target } => digest.texts("link", &[path, target]),
        Action::MountTemporary { path } => digest.texts("mount", &[path]),
        Action::SetHostname { name } => digest.texts("hostname", &[name]),
        Action::Link(link) => digest.texts("nic", &[&link.text()]),
        Action::Account(change) => digest.texts("account", &[&change.text(), change.secret()]),
        Action::Task(task) => digest.texts("task", &[&task.what]),
        Action::RunProgram(program) => {
            digest.texts("run", &[]);
            for word in &program.argv {
                digest.field(word.as_bytes());
            }
            for (name, value) in &program.environment {
                digest.texts(name, &[value]);
            }
            if !program.input.is_empty() {
                digest.field(&program.input);
            }
        }
    }
    digest.0
}

/// 64-bit FNV-1a over fields.
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Self(super::cache::digest(&[]))
    }

    #[inline(never)]
    fn field(&mut self, bytes: &[u8]) {
        let hash = super::cache::digest_on(self.0, &(bytes.len() as u64).to_le_bytes());
        self.0 = super::cache::digest_on(hash, bytes);
    }

    #[inline(never)]
    fn texts(&mut self, kind: &str, texts: &[&str]) {
        self.field(kind.as_bytes());
        for text in texts {
            self.field(text.as_bytes());
        }
    }

    #[inline(never)]
    fn metadata(&mut self, mode: u32, owner: &Owner) {
        self.field(&mode.to_le_bytes());
        self.field(owner.text().as_bytes());
    }
}

/// How far an action has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is known of it.
    Fresh,
    /// An append that began when the file had this length, in bytes.
    Begun(u64),
    /// A program that was about to start. Whether it did, and how it ended, is not known.
    Started,
    /// It is done.
    Done,
}

/// One line that says how far an action has come.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    module: String,
    action: u64,
    progress: Progress,
}

/// The journal of one instance, as earlier processes left it.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// In the order of the lines.
    entries: Vec<Entry>,
    /// The places among `entries` of what holds, one for each action, by module and action.
    index: Vec<usize>,
    /// The last line has no end: the next one must not be glued to it.
    torn: bool,
}

impl Journal {
    /// Reads the files of a journal, the older one first; `None`: one of them is
    /// damaged.
    #[inline(never)]
    pub fn read(files: &[&[u8]]) -> Option<Self> {
        let mut journal = Self::default();
        for file in files {
            let end = file.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
            journal.torn |= end < file.len();
            for line in file.get(..end)?.split_inclusive(|byte| *byte == b'\n') {
                if !line.ends_with(TORN.as_bytes()) {
                    journal.take(core::str::from_utf8(line).ok()?.trim_end_matches('\n'))?;
                }
            }
        }
        journal.settle();
        Some(journal)
    }

    /// Takes one line in, without its end; `None`: it is not one.
    fn take(&mut self, line: &str) -> Option<()> {
        let mut fields = line.splitn(4, ' ');
        let (what, module, action) = (fields.next()?, fields.next()?, fields.next()?);
        if what == "finished" {
            self.entries.retain(|entry| entry.module != module);
            return Some(());
        }
        let action = action.parse().ok()?;
        let progress = match what {
            "begun" => Progress::Begun(fields.next()?.parse().ok()?),
            "started" => Progress::Started,
            "done" => Progress::Done,
            "left" => return Some(()),
            _ => return None,
        };
        self.entries.push(Entry { module: module.into(), action, progress });
        Some(())
    }

    /// Finds what holds of each action: its end, else the newest line.
    fn settle(&mut self) {
        let entries = &self.entries;
        let name = |at: usize| (&*entries[at].module, entries[at].action);
        let is_done = |at: usize| entries[at].progress == Progress::Done;
        self.index = order(entries.len(), &|one, other| {
            name(one).cmp(&name(other)).then(is_done(other).cmp(&is_done(one))).then(other.cmp(&one))
        });
        self.index.dedup_by(|next, kept| name(*next) == name(*kept));
    }

    /// How far `action` of `module` had come when this process began.
    pub fn progress(&self, module: &str, action: u64) -> Progress {
        let entry = |at: usize| &self.entries[at];
        let place = |at: &usize| (&*entry(*at).module, entry(*at).action).cmp(&(module, action));
        let found = self.index.binary_search_by(place);
        found.map_or(Progress::Fresh, |found| entry(self.index[found]).progress)
    }

    /// What comes before the first line that this process adds: the end of one that a power cut
    /// left unfinished.
    pub fn end_torn_line(&mut self) -> &'static str {
        if core::mem::take(&mut self.torn) { TORN } else { "" }
    }

    /// The line of an append that begins at `length` bytes.
    pub fn begun(module: &str, action: u64, length: u64) -> String {
        line("begun", module, action, &length.to_string())
    }

    /// The line of a program that is about to start.
    pub fn started(module: &str, action: u64) -> String {
        line("started", module, action, "")
    }

    /// The line of an action's end.
    pub fn done(module: &str, action: u64) -> String {
        line("done", module, action, "")
    }

    /// The line of a module whose plan is done.
    pub fn finished(module: &str) -> String {
        ["finished ", module, " -\n"].concat()
    }

    /// The line of an action that waits.
    pub fn left(module: &str, action: u64, why: &str) -> String {
        line("left", module, action, why)
    }
}

#[inline(never)]
fn line(what: &str, module: &str, action: u64, rest: &str) -> String {
    let mut line = [what, " ", module, " ", &action.to_string(), " ", rest].concat().replace('\n', " ");
    line.truncate(line.trim_ascii_end().len());
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Program;

    fn read(text: &str) -> Journal {
        Journal::read(&[text.as_bytes()]).unwrap()
    }

    #[test]
    fn a_journal_goes_on_where_it_stopped() {
        let mut text = Journal::begun("write_files", 1, 5);
        text += &Journal::done("write_files", 2);
        text += &Journal::left("write_files", 3, "no user\napp");
        text += &Journal::started("scripts_user", 2);
        text += "done write_files 3";
        assert_eq!(
            text,
            "begun write_files 1 5\ndone write_files 2\nleft write_files 3 no user app\n\
             started scripts_user 2\ndone write_files 3"
        );
        let again = read(&text);
        assert_eq!(again.progress("write_files", 1), Progress::Begun(5));
        assert_eq!(again.progress("write_files", 2), Progress::Done);
        assert_eq!(again.progress("write_files", 3), Progress::Fresh, "its line has no end");
        assert_eq!(again.progress("scripts_user", 2), Progress::Started);
        assert_eq!(again.progress("ssh", 2), Progress::Fresh);
        let newer = "begun write_files 2 9\nbegun write_files 1 7\n";
        let both = Journal::read(&[text.as_bytes(), newer.as_bytes()]).unwrap();
        assert_eq!(both.progress("write_files", 2), Progress::Done, "a beginning does not undo an end");
        assert_eq!(both.progress("write_files", 1), Progress::Begun(7));
        let finished = [text.as_bytes(), b"finished write_files -\n"];
        let finished = Journal::read(&finished).unwrap();
        assert_eq!(finished.progress("write_files", 2), Progress::Fresh);
        assert_eq!(finished.progress("scripts_user", 2), Progress::Started);
    }

    #[test]
    fn a_line_that_a_power_cut_tore_says_nothing_and_spoils_none() {
        for torn in ["done ssh 7", "beg", "\0\0\0\0", "done ssh 7\0\0"] {
            let mut text = Journal::done("ssh", 1) + torn;
            let mut journal = read(&text);
            assert_eq!(journal.progress("ssh", 7), Progress::Fresh, "{torn:?}");
            text += journal.end_torn_line();
            assert_eq!(journal.end_torn_line(), "", "once");
            text += &Journal::done("ssh", 8);
            let journal = read(&text);
            let progress = [1, 7, 8].map(|action| journal.progress("ssh", action));
            assert_eq!(progress, [Progress::Done, Progress::Fresh, Progress::Done], "{torn:?}");
        }
    }

    #[test]
    fn a_damaged_journal_is_not_an_empty_one() {
        for damaged in ["done ssh\n", "dune ssh 1\n", "begun ssh 1 x\n", "done ssh one\n", "\0\0\n"] {
            let text = ["done ssh 1\n", damaged, "done ssh 2\n"].concat();
            assert!(Journal::read(&[text.as_bytes()]).is_none(), "{damaged:?}");
        }
        assert!(Journal::read(&[b"done ssh 1\n\xff\xfe\n"]).is_none());
    }

    #[test]
    fn equal_actions_are_told_apart() {
        let action = |name: &str| Action::SetHostname { name: name.into() };
        let keys = keys(&[action("a"), action("b"), action("a")]);
        assert_ne!(keys[0], keys[1]);
        assert_eq!(keys[2], keys[0] + 1);
    }

    #[test]
    fn every_field_counts() {
        let file = |content: &str, mode| Action::write("/a", content.into(), mode);
        let link = |path: &str, target: &str| Action::MakeLink { path: path.into(), target: target.into() };
        let run = |argv: &[&str], environment: &[(&str, &str)]| Program {
            environment: environment.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
            ..Program::new(argv)
        };
        let fed = |input: &str| Program { input: input.into(), ..Program::new(&["a"]) };
        let mut keys = keys(&[
            file("x", 0o644),
            file("y", 0o644),
            file("x", 0o600),
            Action::make_directory("/a", 0o644),
            Action::RemoveFile { path: "/a".into() },
            link("/a", "bc"),
            link("/ab", "c"),
            run(&["a", "b"], &[]).into(),
            run(&["a"], &[("b", "")]).into(),
            run(&["a"], &[]).into(),
            fed("b").into(),
        ]);
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn a_version_knows_what_an_older_one_did() {
        let keys = keys(&[Action::write("/etc/motd", "hello\n".into(), 0o644)]);
        assert_eq!(keys, [7_126_830_121_660_641_536]);
    }
}
