//! What was done of each module's plan, action by action. A plan that was
//! interrupted, or of which a part had to wait, goes on where it stopped.
//!
//! The file is text, a line each, and only ever grows:
//! `begun MODULE ACTION LENGTH` before an append, `done MODULE ACTION` after
//! any action, `left MODULE ACTION WHY` for one that waits, `finished MODULE -`
//! when its semaphore stands: whoever removes that wants all of it again.
//! ACTION is the number [`keys`] gives the action. A torn last line is no line.

use crate::action::{Action, Existing, Owner, WriteFile};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Numbers by key, sorted by it.
type Table = Vec<(u64, u64)>;

/// The number of `key`; one that is new begins as 0.
#[inline(never)]
fn entry(table: &mut Table, key: u64) -> &mut u64 {
    let at = table.partition_point(|(other, _)| *other < key);
    if table.get(at).is_none_or(|(other, _)| *other != key) {
        table.insert(at, (key, 0));
    }
    &mut table[at].1
}

/// The names of a plan's actions, in order: a digest of each, the N-th equal
/// one counted up by N - 1.
#[inline(never)]
pub fn keys(actions: &[Action]) -> Vec<u64> {
    let mut seen = Table::new();
    let mut keys = Vec::with_capacity(actions.len());
    for action in actions {
        let digest = digest(action);
        let count = entry(&mut seen, digest);
        keys.push(digest.wrapping_add(*count));
        *count += 1;
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
    /// An append that began when the file had this length.
    Begun(u64),
    /// It is done.
    Done,
}

/// In a [`Table`]: nothing is known.
const FRESH: u64 = 0;
/// In a [`Table`]: done. What lies between is the length an append began at,
/// one added.
const DONE: u64 = u64::MAX;

fn begun_at(length: u64) -> u64 {
    length.saturating_add(1).min(DONE - 1)
}

/// The journal of one instance.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Module and its actions' progress.
    modules: Vec<(String, Table)>,
}

impl Journal {
    /// Takes in the lines of a journal file; what is no line is passed over.
    pub fn read(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            // Without its end a line may be half of one.
            let Some(line) = line.strip_suffix('\n') else { continue };
            let mut fields = line.splitn(4, ' ');
            let mut field = || fields.next().unwrap_or_default();
            let (what, module, action, length) = (field(), field(), field(), field());
            if what == "finished" {
                self.forget(module);
                continue;
            }
            let Ok(action) = action.parse() else { continue };
            match (what, length.parse::<u64>()) {
                ("done", _) => self.set(module, action, DONE),
                ("begun", Ok(length)) => self.set(module, action, begun_at(length)),
                _ => {}
            }
        }
    }

    /// How far `action` of `module` has come.
    pub fn progress(&mut self, module: &str, action: u64) -> Progress {
        match *entry(self.actions(module), action) {
            FRESH => Progress::Fresh,
            DONE => Progress::Done,
            begun => Progress::Begun(begun - 1),
        }
    }

    /// Notes the beginning of an append; the value is the line to be kept.
    pub fn begun(&mut self, module: &str, action: u64, length: u64) -> String {
        self.set(module, action, begun_at(length));
        line("begun", module, action, &length.to_string())
    }

    /// Notes an action's end; the value is the line to be kept.
    pub fn done(&mut self, module: &str, action: u64) -> String {
        self.set(module, action, DONE);
        line("done", module, action, "")
    }

    /// Notes that a module's plan is done; the value is the line to be kept.
    pub fn finished(&mut self, module: &str) -> String {
        self.forget(module);
        ["finished ", module, " -\n"].concat()
    }

    /// The line of an action that waits.
    pub fn left(module: &str, action: u64, why: &str) -> String {
        line("left", module, action, why)
    }

    fn forget(&mut self, module: &str) {
        self.actions(module).clear();
    }

    fn actions(&mut self, module: &str) -> &mut Table {
        let at = self.modules.iter().position(|(name, _)| name == module).unwrap_or_else(|| {
            self.modules.push((module.into(), Table::new()));
            self.modules.len() - 1
        });
        &mut self.modules[at].1
    }

    fn set(&mut self, module: &str, action: u64, progress: u64) {
        // A beginning that is read after its end, from another file, is old.
        let entry = entry(self.actions(module), action);
        if *entry != DONE {
            *entry = progress;
        }
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

    #[test]
    fn a_journal_goes_on_where_it_stopped() {
        let mut journal = Journal::default();
        let mut text = journal.begun("write_files", 1, 5);
        text += &journal.done("write_files", 2);
        text += &Journal::left("write_files", 3, "no user\napp");
        text += "done write_files 3";
        assert_eq!(
            text,
            "begun write_files 1 5\ndone write_files 2\nleft write_files 3 no user app\ndone write_files 3"
        );
        let mut again = Journal::default();
        again.read(&text);
        assert_eq!(again.progress("write_files", 1), Progress::Begun(5));
        assert_eq!(again.progress("write_files", 2), Progress::Done);
        assert_eq!(again.progress("write_files", 3), Progress::Fresh);
        assert_eq!(again.progress("ssh", 2), Progress::Fresh);
        again.read("begun write_files 2 9\nbegun write_files 1 7\nbegun write_files 4\ndone\n");
        assert_eq!(again.progress("write_files", 2), Progress::Done);
        assert_eq!(again.progress("write_files", 1), Progress::Begun(7));
        assert_eq!(again.progress("write_files", 4), Progress::Fresh);
        again.read("finished write_files -\n");
        assert_eq!(again.progress("write_files", 2), Progress::Fresh);
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
