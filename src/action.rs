//! Everything that may be done to a machine. A plan is a list of these; it can
//! be printed, compared and applied twice with the same result.

use crate::ip::Ip;
use alloc::string::String;
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
    WriteFile(WriteFile),
    /// Remove a file or link; absent is done.
    RemoveFile {
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
    /// Set the running kernel's host name.
    SetHostname {
        /// The name, at most 64 bytes.
        name: String,
    },
    /// A change of the running kernel's links, addresses or routes.
    Link(LinkAction),
    /// Run a program and wait for its end.
    RunProgram {
        /// Program and arguments; a program without `/` is looked up in PATH.
        argv: Vec<String>,
        /// Variables beside the inherited ones.
        environment: Vec<(String, String)>,
    },
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
    /// By name (or a number as text), looked up in the root's own passwd and
    /// group when the action is applied. No group: root's.
    Named {
        /// User.
        user: String,
        /// Group.
        group: Option<String>,
    },
}

/// A change applied through rtnetlink. Links are named as they are called at
/// that point of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// RTM_NEWLINK with IFLA_IFNAME; the link must be down on old kernels.
    Rename {
        /// Present name.
        from: String,
        /// Name wanted.
        to: String,
    },
    /// Set IFF_UP.
    Up {
        /// Link.
        link: String,
    },
    /// Clear IFF_UP.
    Down {
        /// Link.
        link: String,
    },
    /// Set the MTU.
    SetMtu {
        /// Link.
        link: String,
        /// Bytes.
        mtu: u32,
    },
    /// Remove every address of both families that a person or program put on.
    FlushAddresses {
        /// Link.
        link: String,
    },
    /// Put an address on; one that is there already is done.
    AddAddress {
        /// Link.
        link: String,
        /// Address.
        address: Ip,
        /// Prefix length.
        prefix: u8,
        /// IPv4 broadcast, where the configuration names one.
        broadcast: Option<Ip>,
    },
    /// Add or replace a route.
    AddRoute {
        /// Link.
        link: String,
        /// Destination network.
        destination: Ip,
        /// Prefix length of the destination; 0 is the default route.
        prefix: u8,
        /// Next hop; `None` when the destination is on the link.
        gateway: Option<Ip>,
        /// Priority; `None` leaves it to the kernel.
        metric: Option<u32>,
    },
}

impl fmt::Display for Action {
    /// One line that says what is done, without contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeDirectory { path, mode, owner } => {
                write!(f, "make directory {path} ({mode:04o} {owner})")
            }
            Self::WriteFile(WriteFile { path, content, mode, owner, existing }) => {
                let verb = if *existing == Existing::Append { "append to" } else { "write" };
                write!(f, "{verb} {path} ({mode:04o} {owner}, {} bytes)", content.len())
            }
            Self::RemoveFile { path } => write!(f, "remove {path}"),
            Self::MakeLink { path, target } => write!(f, "link {path} to {target}"),
            Self::SetHostname { name } => write!(f, "set host name {name}"),
            Self::Link(link) => link.fmt(f),
            Self::RunProgram { argv, .. } => write!(f, "run {}", argv.join(" ")),
        }
    }
}

impl fmt::Display for LinkAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { from, to } => write!(f, "rename link {from} to {to}"),
            Self::Up { link } => write!(f, "set link {link} up"),
            Self::Down { link } => write!(f, "set link {link} down"),
            Self::SetMtu { link, mtu } => write!(f, "set MTU of {link} to {mtu}"),
            Self::FlushAddresses { link } => write!(f, "flush addresses of {link}"),
            Self::AddAddress { link, address, prefix, .. } => {
                write!(f, "add address {address}/{prefix} to {link}")
            }
            Self::AddRoute { link, destination, prefix, gateway, .. } => {
                write!(f, "add route {destination}/{prefix} on {link}")?;
                gateway.map_or(Ok(()), |gateway| write!(f, " via {gateway}"))
            }
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Ids { uid, gid } => write!(f, "{uid}:{gid}"),
            Self::Named { user, group: None } => f.write_str(user),
            Self::Named { user, group: Some(group) } => write!(f, "{user}:{group}"),
        }
    }
}
