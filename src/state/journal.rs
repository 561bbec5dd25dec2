//! What was done of each module's plan, action by action. A plan that was
//! interrupted, or of which a part had to wait, goes on where it stopped.
//!
//! The file is text, a line each, and only ever grows:
//! `begun MODULE ACTION LENGTH` before an append, `done MODULE ACTION` after
//! any action, `left MODULE ACTION WHY` for one that waits, `finished MODULE -`
//! when its semaphore stands: whoever removes that wants all of it again.
//! ACTION is a digest of the action, `.N` behind it for the N-th of the same
//! kind. A torn last line is no line.

use super::cache::digest;
use crate::action::Action;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The names of a plan's actions, in order.
pub fn keys(actions: &[Action]) -> Vec<String> {
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    actions
        .iter()
        .map(|action| {
            let digest = digest(format!("{action:?}").as_bytes());
            let count = seen.entry(digest).or_insert(0);
            *count += 1;
            if *count == 1 { format!("{digest:016x}") } else { format!("{digest:016x}.{count}") }
        })
        .collect()
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

/// The journal of one instance.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    progress: BTreeMap<String, Progress>,
}

impl Journal {
    /// Takes in the lines of a journal file; what is no line is passed over.
    pub fn read(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            // Without its end a line may be half of one.
            let Some(line) = line.strip_suffix('\n') else { continue };
            let mut fields = line.splitn(4, ' ');
            let (Some(what), Some(module), Some(action)) = (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let progress = match what {
                "finished" => {
                    self.forget(module);
                    continue;
                }
                "done" => Progress::Done,
                "begun" => match fields.next().and_then(|length| length.parse().ok()) {
                    Some(length) => Progress::Begun(length),
                    None => continue,
                },
                _ => continue,
            };
            self.set(module, action, progress);
        }
    }

    /// How far `action` of `module` has come.
    pub fn progress(&self, module: &str, action: &str) -> Progress {
        self.progress.get(&key(module, action)).copied().unwrap_or(Progress::Fresh)
    }

    /// Notes the beginning of an append; the value is the line to be kept.
    pub fn begun(&mut self, module: &str, action: &str, length: u64) -> String {
        self.set(module, action, Progress::Begun(length));
        format!("begun {module} {action} {length}\n")
    }

    /// Notes an action's end; the value is the line to be kept.
    pub fn done(&mut self, module: &str, action: &str) -> String {
        self.set(module, action, Progress::Done);
        format!("done {module} {action}\n")
    }

    /// Notes that a module's plan is done; the value is the line to be kept.
    pub fn finished(&mut self, module: &str) -> String {
        self.forget(module);
        format!("finished {module} -\n")
    }

    fn forget(&mut self, module: &str) {
        self.progress.retain(|key, _| key.split(' ').next() != Some(module));
    }

    /// The line of an action that waits.
    pub fn left(module: &str, action: &str, why: &str) -> String {
        format!("left {module} {action} {}\n", why.replace('\n', " "))
    }

    fn set(&mut self, module: &str, action: &str, progress: Progress) {
        // A beginning that is read after its end, from another file, is old.
        let entry = self.progress.entry(key(module, action)).or_insert(progress);
        if *entry != Progress::Done {
            *entry = progress;
        }
    }
}

fn key(module: &str, action: &str) -> String {
    [module, action].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_goes_on_where_it_stopped() {
        let mut journal = Journal::default();
        let mut text = journal.begun("write_files", "a", 5);
        text += &journal.done("write_files", "b");
        text += &Journal::left("write_files", "c", "no user\napp");
        text += "done write_files";
        let mut again = Journal::default();
        again.read(&text);
        assert_eq!(again.progress("write_files", "a"), Progress::Begun(5));
        assert_eq!(again.progress("write_files", "b"), Progress::Done);
        assert_eq!(again.progress("write_files", "c"), Progress::Fresh);
        assert_eq!(again.progress("ssh", "b"), Progress::Fresh);
        again.read("begun write_files b 9\n");
        assert_eq!(again.progress("write_files", "b"), Progress::Done);
        again.read("finished write_files -\n");
        assert_eq!(again.progress("write_files", "b"), Progress::Fresh);
    }

    #[test]
    fn equal_actions_are_told_apart() {
        let action = |name: &str| Action::SetHostname { name: name.into() };
        let keys = keys(&[action("a"), action("b"), action("a")]);
        assert_ne!(keys[0], keys[1]);
        assert_eq!(keys[2], format!("{}.2", keys[0]));
    }
}
