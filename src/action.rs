//! Everything that may be done to a machine. A plan is a list of these; it can
//! be printed, compared and applied twice with the same result.

mod account;
mod link;
mod task;

pub use account::{AccountChange, NewUser};
pub use link::{LinkAction, LinkChange, LinkRoute, NewLink, OptionOf, PolicyRule};
pub use task::{Checked, Effect, Fetched, Post, RULES_OF, ShutDown, Task};

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// One change of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `mkdir -p`; directories that exist keep their mode and owner.
    MakeDirectory {
        /// Absolute path in the root.
        path: String,
        /// Permission bits of the directories made.
        mode: u32,
        /// Owner of the directories made.
        owner: Owner,
    },
    /// Write a file, whole or at its end.
    WriteFile(Box<WriteFile>),
    /// Remove a file or link; absent is done.
    RemoveFile {
        /// Absolute path in the root.
        path: String,
    },
    /// Remove a directory that is empty; one that is not stays, absent is done.
    RemoveDirectory {
        /// Absolute path in the root.
        path: String,
    },
    /// Make `path` a symbolic link with the text `target`, replacing a link.
    MakeLink {
        /// Absolute path in the root.
        path: String,
        /// Text of the link.
        target: String,
    },
    /// Mount an empty file system in memory whose files can be executed;
    /// mounted already is done.
    MountTemporary {
        /// Absolute path; made where it is missing.
        path: String,
    },
    /// Set the running kernel's host name.
    SetHostname {
        /// The name, at most 64 bytes.
        name: String,
    },
    /// A change of the running kernel's links, addresses or routes.
    Link(LinkAction),
    /// A change of the root's users and groups.
    Account(Box<AccountChange>),
    /// Run a program and wait for its end.
    RunProgram(Box<Program>),
    /// What only the runner does.
    Task(Box<Task>),
}

/// What [`Action::RunProgram`] runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Program and arguments; a program without `/` is looked up in PATH.
    pub argv: Vec<String>,
    /// Variables beside the inherited ones.
    pub environment: Vec<(String, String)>,
    /// Bytes on its standard input. They may be secret: no text shows them.
    pub input: Vec<u8>,
    /// Exit statuses beside 0 that are no error.
    pub accepted: &'static [i32],
    /// Files whose locks (fcntl_locking(2)) it needs: it is started when nobody holds
    /// one of them, and again when it failed while somebody did.
    pub locks: &'static [&'static str],
    /// How many of its last words are each for themselves: where it fails with
    /// all of them, it is run with one at a time.
    pub separable: usize,
    /// The file under /run that holds, once it has ended well, when it did: seconds since the
    /// kernel started. Empty: none.
    pub stamp: &'static str,
    /// What is done where an earlier boot was interrupted while it may have run.
    pub again: Again,
}

/// What becomes of a [`Program`] that may have run before, in a boot that was interrupted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Again {
    /// It must not run twice: it is not started, and its outcome is reported as unknown.
    #[default]
    Never,
    /// Run twice it does what it does once.
    Same,
    /// These are carried out, up to the first that fails: they find what is there and complete it.
    Instead(Vec<Action>),
}

impl Program {
    /// A program and its arguments, with nothing else.
    pub fn new(argv: &[&str]) -> Self {
        let mut words = Vec::new();
        for &word in argv {
            words.push(word.into());
        }
        Self { argv: words, ..Self::default() }
    }

    /// A program that may run a second time where it was interrupted.
    pub fn repeatable(argv: &[&str]) -> Self {
        Self { again: Again::Same, ..Self::new(argv) }
    }
}

impl From<Program> for Action {
    fn from(program: Program) -> Self {
        Self::RunProgram(Box::new(program))
    }
}

/// What [`Action::WriteFile`] writes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteFile {
    /// Absolute path in the root; missing directories are made, 0755.
    pub path: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// Permission bits of the file.
    pub mode: u32,
    /// Owner of the file.
    pub owner: Owner,
    /// What happens to a file that is there already.
    pub existing: Existing,
}

/// What [`WriteFile`] does with a file that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// New content, mode and owner.
    Replace,
    /// New content; mode, owner and extended attributes stay.
    KeepMetadata,
    /// Content goes to the end; mode and owner are set.
    Append,
}

/// Who owns a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// 0:0.
    Root,
    /// By number.
    Ids {
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// A user and its primary group, looked up in the root's own passwd when
    /// the action is applied.
    User(Box<str>),
    /// By name (or a number as text), looked up in the root's own passwd and
    /// group when the action is applied. No group: root's.
    Named {
        /// User.
        user: Box<str>,
        /// Group.
        group: Option<Box<str>>,
    },
}

impl From<WriteFile> for Action {
    fn from(file: WriteFile) -> Self {
        Self::WriteFile(Box::new(file))
    }
}

impl Action {
    /// Writes a file of root's, whole.
    #[inline(never)]
    pub fn write(path: &str, content: Vec<u8>, mode: u32) -> Self {
        let (path, owner, existing) = (path.into(), Owner::Root, Existing::Replace);
        WriteFile { path, content, mode, owner, existing }.into()
    }

    /// Makes a directory of root's.
    #[inline(never)]
    pub fn make_directory(path: &str, mode: u32) -> Self {
        Self::MakeDirectory { path: path.into(), mode, owner: Owner::Root }
    }

    /// The path that is changed; none where the change is not in a file system.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::WriteFile(file) => Some(&file.path),
            Self::MakeDirectory { path, .. }
            | Self::MakeLink { path, .. }
            | Self::RemoveFile { path }
            | Self::RemoveDirectory { path }
            | Self::MountTemporary { path } => Some(path),
            Self::SetHostname { .. } | Self::Link(_) | Self::Account(_) | Self::RunProgram(_) => None,
            Self::Task(task) => task.path(),
        }
    }

    /// What is changed, for a line of the log.
    pub fn object(&self) -> String {
        match self {
            Self::SetHostname { name } => name.clone(),
            Self::Link(link) => link.text(),
            Self::Account(change) => change.text(),
            Self::RunProgram(program) => words(&program.argv),
            Self::Task(task) => task.what.clone(),
            _ => self.path().unwrap_or_default().into(),
        }
    }

    /// One line that says what is done, without contents.
    #[inline(never)]
    pub fn text(&self) -> String {
        let (verb, detail) = match self {
            Self::MakeDirectory { mode, owner, .. } => ("make directory ", permissions(*mode, owner)),
            Self::WriteFile(file) => {
                let verb = if file.existing == Existing::Append { "append to " } else { "write " };
                let mut detail = permissions(file.mode, &file.owner);
                detail.insert_str(
                    detail.len() - 1,
                    &[", ", &(file.content.len() as u64).to_string(), " bytes"].concat(),
                );
                (verb, detail)
            }
            Self::RemoveFile { .. } => ("remove ", String::new()),
            Self::RemoveDirectory { .. } => ("remove directory ", " (if empty)".into()),
            Self::MakeLink { target, .. } => ("link ", [" to ", target].concat()),
            Self::MountTemporary { .. } => ("mount memory at ", String::new()),
            Self::SetHostname { .. } => ("set host name ", String::new()),
            Self::Link(_) | Self::Account(_) | Self::Task(_) => ("", String::new()),
            Self::RunProgram(_) => ("run ", String::new()),
        };
        [verb, &self.object(), &detail].concat()
    }
}

impl Action {
    /// What is done where an earlier boot was interrupted while it may have been under way;
    /// of files and links it is the same.
    pub fn again(&self) -> &Again {
        match self {
            Self::RunProgram(program) => &program.again,
            Self::Task(task) if matches!(task.effect, Effect::Post(_)) => &Again::Never,
            _ => &Again::Same,
        }
    }

    /// Whether it is done for others, so that the machine is none the worse
    /// where it can't be.
    pub fn is_courtesy(&self) -> bool {
        matches!(self, Self::Task(task) if matches!(task.effect, Effect::Post(_)))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// A program and its arguments with blanks between.
#[inline(never)]
fn words(argv: &[String]) -> String {
    let mut text = String::new();
    for word in argv {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(word);
    }
    text
}

/// Permission bits and owner: ` (0644 root)`.
fn permissions(mode: u32, owner: &Owner) -> String {
    let mut text = String::from(" (");
    for shift in [9, 6, 3, 0] {
        text.push(char::from(b'0' + (mode >> shift & 7) as u8));
    }
    for piece in [" ", &owner.text(), ")"] {
        text.push_str(piece);
    }
    text
}

impl Owner {
    /// `root`, `USER` or `USER:GROUP`.
    #[inline(never)]
    pub fn text(&self) -> String {
        let (user, group) = match self {
            Self::Root => ("root", None),
            Self::Ids { uid, gid } => (&*u64::from(*uid).to_string(), Some(&*u64::from(*gid).to_string())),
            Self::User(user) => (&**user, None),
            Self::Named { user, group } => (&**user, group.as_deref()),
        };
        match group {
            Some(group) => [user, ":", group].concat(),
            None => user.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_lines() {
        let append = WriteFile {
            path: "/etc/a".into(),
            content: b"abc".into(),
            mode: 0o4755,
            owner: Owner::Named { user: "app".into(), group: Some("web".into()) },
            existing: Existing::Append,
        };
        assert_eq!(Action::from(append).to_string(), "append to /etc/a (4755 app:web, 3 bytes)");
        assert_eq!(Action::write("/b", Vec::new(), 0o7).to_string(), "write /b (0007 root, 0 bytes)");
        let owner = Owner::Ids { uid: 1, gid: 2 };
        let directory = Action::MakeDirectory { path: "/c".into(), mode: 0o700, owner };
        assert_eq!(directory.to_string(), "make directory /c (0700 1:2)");
        let route = LinkChange::AddRoute(Box::new(LinkRoute {
            destination: "10.0.0.0".parse().unwrap(),
            prefix: 8,
            gateway: Some("10.0.0.1".parse().unwrap()),
            metric: None,
            table: None,
            mtu: None,
            windows: [None, None],
            source: None,
            scope: None,
            on_link: false,
        }));
        assert_eq!(
            Action::Link(LinkAction::new("eth0", route)).to_string(),
            "add route 10.0.0.0/8 on eth0 via 10.0.0.1"
        );
    }

    #[test]
    fn an_action_is_small_to_move() {
        assert!(size_of::<Action>() <= 80, "{} bytes", size_of::<Action>());
    }
}
