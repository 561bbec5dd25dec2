//! What only the runner does: it leaves nothing behind in a file system that
//! would say it is done.

use super::{Program, WriteFile};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// One such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What it is, for a line of the log: verb and object, nothing secret.
    pub what: String,
    /// What is done.
    pub effect: Effect,
}

/// What a [`Task`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Shows lines on the console and in the log of all output.
    Print(String),
    /// Shows lines on the console alone: they are secret.
    Tell(String),
    /// Sends a form by HTTP.
    Post(Box<Post>),
    /// Writes a file whose content is elsewhere.
    Fetch(Box<Fetched>),
    /// Writes files that a program has to accept first.
    Check(Box<Checked>),
    /// Completes the home of a user that useradd(8) was interrupted in.
    CompleteHome {
        /// The user.
        user: String,
    },
    /// Lets a partition take the room behind it.
    GrowPartition {
        /// The disk: `/dev/vda`.
        disk: String,
        /// The partition's number.
        number: u32,
    },
    /// Lets a mounted file system of ext2, ext3 or ext4 fill its device.
    GrowExt {
        /// The device: `/dev/vda1`.
        device: String,
        /// Where it is mounted.
        point: String,
    },
    /// Ends the machine once the stage has ended.
    ShutDown(Box<ShutDown>),
}

/// A form to be sent (`application/x-www-form-urlencoded`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Post {
    /// Where to: `http://` or `https://`.
    pub url: String,
    /// Names and values in their order.
    pub form: Vec<(String, String)>,
    /// How often it is tried, at least once.
    pub tries: u32,
    /// Seconds one try may take.
    pub timeout: u32,
}

/// A file whose content is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where from: `http://`, `https://` or `file://`.
    pub uri: String,
    /// Names and values of headers; they may be secret.
    pub headers: Vec<(String, String)>,
    /// The file, with the content it gets where nothing can be fetched.
    pub file: WriteFile,
    /// Whether that content counts.
    pub has_content: bool,
    /// How often it is tried, at least once.
    pub tries: u32,
    /// Seconds one try may take.
    pub timeout: u32,
}

/// Files of rules that are put in place together, once a program accepts the first of them.
///
/// That one has a line `# User rules for NAME` before the rules of each user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The module that wants them.
    pub module: &'static str,
    /// Who reads the rules: `sudo`.
    pub reader: &'static str,
    /// The program and its arguments; the name of a file with the content to be checked follows.
    pub check: &'static [&'static str],
    /// The files, at least one; what is there already stays if the program says no.
    pub files: Vec<WriteFile>,
}

/// What is before the rules of each user in a file of [`Checked`].
pub const RULES_OF: &str = "# User rules for ";

/// How the machine ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShutDown {
    /// It stays on unless this ends with exit status 0; none: it ends.
    pub condition: Option<Program>,
    /// Ends it.
    pub program: Program,
}

impl Task {
    /// The path that is changed, as [`super::Action::path`].
    pub(super) fn path(&self) -> Option<&str> {
        match &self.effect {
            Effect::Fetch(fetched) => Some(&fetched.file.path),
            Effect::Check(checked) => checked.files.first().map(|file| &*file.path),
            _ => None,
        }
    }
}

impl From<Task> for super::Action {
    fn from(task: Task) -> Self {
        Self::Task(Box::new(task))
    }
}
