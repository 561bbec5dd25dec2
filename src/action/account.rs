//! Changes of a root's users and groups, for roots without useradd(8).

use super::{Box, String};
use crate::text::fill;

/// One change of /etc/passwd, group, shadow and gshadow. Made twice it is made
/// once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// A group; one that is there stays as it is.
    AddGroup {
        /// Its name.
        name: String,
        /// Whether its number is one of the system's.
        system: bool,
    },
    /// A user; one that is there stays as it is.
    AddUser(Box<NewUser>),
    /// Make a user a member of a group.
    AddMember {
        /// The user.
        user: String,
        /// The group.
        group: String,
    },
    /// Set a password.
    SetPassword {
        /// The user.
        user: String,
        /// As crypt(5) writes it. It is secret: no text shows it.
        hash: String,
    },
    /// Put `!` before the password, so that none fits.
    LockPassword {
        /// The user.
        user: String,
    },
    /// Have the password changed at the next login.
    ExpirePassword {
        /// The user.
        user: String,
    },
}

/// A user to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUser {
    /// Login name.
    pub name: String,
    /// Number; none: the next free one.
    pub uid: Option<u32>,
    /// Primary group, by name or digits; none: one of the user's own.
    pub group: Option<String>,
    /// Full name and the like.
    pub gecos: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// Whether number and group are the system's.
    pub system: bool,
    /// Days since 1970 on which the account ends.
    pub expires: Option<u32>,
    /// Days after the password's end on which the account does.
    pub inactive: Option<u32>,
}

impl AccountChange {
    /// One line that says what is done, without secrets.
    #[inline(never)]
    pub fn text(&self) -> String {
        match self {
            Self::AddGroup { name, .. } => fill("add group {}", &[name]),
            Self::AddUser(user) => fill("add user {}", &[&user.name]),
            Self::AddMember { user, group } => fill("add user {} to group {}", &[user, group]),
            Self::SetPassword { user, .. } => fill("set the password of {}", &[user]),
            Self::LockPassword { user } => fill("lock the password of {}", &[user]),
            Self::ExpirePassword { user } => fill("expire the password of {}", &[user]),
        }
    }

    /// What [`AccountChange::text`] leaves out.
    pub fn secret(&self) -> &str {
        match self {
            Self::SetPassword { hash, .. } => hash,
            _ => "",
        }
    }
}

impl From<AccountChange> for super::Action {
    fn from(change: AccountChange) -> Self {
        Self::Account(Box::new(change))
    }
}
