//! The one place that changes the machine: it carries out [`Action`]s.

use super::place::Fault;
use super::root::Root;
use super::{clock, failed, mount, path as at, write};
use crate::accounts::Accounts;
use crate::action::{AccountChange, Action, LinkAction, Owner, Program, Task};
use crate::error::{Error, Result};
use crate::selinux::Kind;
use crate::text::parent_and_name;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Gid, OFlags, Uid};
use rustix::io::Errno;

/// Runs a program and waits for its end; the agent, which runs none, has none.
pub type RunProgram<'a> = dyn FnMut(&Program) -> Result<()> + 'a;

/// Does what only the runner does.
pub type CarryOutTask<'a> = dyn FnMut(&Task) -> Result<()> + 'a;

/// Changes links, addresses and routes.
pub type ApplyLink<'a> = dyn FnMut(&LinkAction) -> Result<()> + 'a;

/// Changes users and groups; the agent, which needs the room, has none.
pub trait ApplyAccounts {
    /// Makes a change. Its file may be written with those of the changes that follow.
    fn change(&mut self, change: &AccountChange) -> Result<()>;

    /// Writes what was changed.
    fn write(&mut self) -> Result<()>;
}

/// What actions are carried out on.
pub struct Applier<'a> {
    /// The machine's root.
    pub root: &'a Root,
    /// The running /run, which survives the pivot; the root's own directory
    /// of that name lies under it by then.
    pub run: &'a Root,
    /// The root is an image's: links and the host name of the machine that makes
    /// it ready stay as they are.
    pub is_image: bool,
    /// Link changes; absent where nothing changes links.
    pub link: Option<&'a mut ApplyLink<'a>>,
    /// Changes of accounts; absent before the pivot.
    pub account: Option<&'a mut dyn ApplyAccounts>,
    /// Programs; absent before the pivot.
    pub program: Option<&'a mut RunProgram<'a>>,
    /// Tasks; absent before the pivot.
    pub task: Option<&'a mut CarryOutTask<'a>>,
    /// A file was not written for want of something that the machine lacks, as
    /// room on a disk, or the hand-off is not whole.
    pub refused: bool,
    /// Takes the actions in place of the machine: a plan is printed so.
    pub record: Option<&'a mut dyn FnMut(&Action)>,
    /// Is told of every action before it is carried out.
    pub watch: Option<&'a dyn Fn(&str)>,
    /// Every action that was begun, with microseconds of the monotonic clock, for the log.
    pub trace: Vec<(u64, String)>,
    /// Why changes of accounts that were made could not be written.
    account_error: Option<Error>,
    /// The root's accounts as an owner was looked up last, and the files they are of.
    accounts: Option<(AccountFiles, Accounts)>,
}

/// Number and bytes of passwd(5) and group(5).
type AccountFiles = [Option<(u64, u64)>; 2];

impl<'a> Applier<'a> {
    /// Changes files alone.
    pub fn new(root: &'a Root, run: &'a Root) -> Self {
        Self {
            root,
            run,
            is_image: false,
            link: None,
            account: None,
            program: None,
            task: None,
            refused: false,
            record: None,
            watch: None,
            trace: Vec::new(),
            account_error: None,
            accounts: None,
        }
    }

    /// Carries out one action. Twice is as good as once, but for appending
    /// and running programs: `begun` is the length an interrupted append
    /// found the file with.
    #[inline(never)]
    pub fn apply(&mut self, action: &Action, begun: Option<u64>) -> Result<()> {
        if let Some(record) = &mut self.record {
            record(action);
            return Ok(());
        }
        let text = action.text();
        if let Some(watch) = self.watch {
            watch(&text);
        }
        self.trace.push((clock::monotonic(), text));
        if !matches!(action, Action::Account(_)) {
            // Whatever comes next finds them on the disk.
            self.write_accounts();
        }
        let applied = self.carry_out(action, begun);
        if !matches!(action, Action::MakeDirectory { .. } | Action::WriteFile(_)) {
            self.accounts = None;
            // It may have put another directory where one was.
            self.root.forget_directories();
            self.run.forget_directories();
        }
        if let Err(error) = &applied
            && let Some(path) = action.path()
        {
            self.refused |= path.starts_with("/run/") || is_of_machine(error);
        }
        applied
    }

    /// Writes the account files where changes of them wait. An error is kept for
    /// [`Applier::take_account_error`]: it is of the changes, not of what comes next.
    fn write_accounts(&mut self) {
        if let Some(Err(error)) = self.account.as_mut().map(|account| account.write()) {
            self.refused |= is_of_machine(&error);
            self.account_error = Some(error);
        }
    }

    /// Writes the account files where changes of them wait; the value: why they, or earlier ones,
    /// could not be.
    pub fn take_account_error(&mut self) -> Option<Error> {
        self.write_accounts();
        self.account_error.take()
    }

    /// Waits until all that was done to the root's files is on the disk.
    pub fn flush(&self) -> Result<()> {
        self.root.flush()
    }

    #[inline(never)]
    fn carry_out(&mut self, action: &Action, begun: Option<u64>) -> Result<()> {
        match action {
            Action::MakeDirectory { path, mode, owner } => {
                let owner = self.owner(path, owner)?;
                let (root, path) = self.place(path);
                root.directory(path, *mode, Some(owner)).map(|_| ())
            }
            Action::WriteFile(file) => {
                let owner = self.owner(&file.path, &file.owner)?;
                let (root, path) = self.place(&file.path);
                let written = write::write(root, path, file, owner, begun);
                // A file with as many bytes may have got the number of the old one.
                if path.ends_with("passwd") || path.ends_with("group") {
                    self.accounts = None;
                }
                written
            }
            Action::RemoveFile { path } => self.remove(path, AtFlags::empty()),
            Action::RemoveDirectory { path } => self.remove(path, AtFlags::REMOVEDIR),
            Action::MakeLink { path, target } => self.make_link(path, target),
            Action::MountTemporary { path } => {
                let (root, path) = self.place(path);
                root.directory(path, 0o755, None)?;
                mount::mount_temporary(&root.outside(path))
            }
            Action::SetHostname { .. } | Action::Link(_) if self.is_image => Ok(()),
            Action::SetHostname { name } => rustix::system::sethostname(name.as_bytes())
                .map_err(|errno| failed("set host name", name, errno)),
            Action::Link(link) => match &mut self.link {
                Some(apply) => apply(link),
                None => Err(Error::new("change", action.object(), "links are not touched here")),
            },
            Action::Account(change) => match &mut self.account {
                Some(apply) => apply.change(change),
                None => Err(Error::new("change", action.object(), "accounts are not touched here")),
            },
            Action::RunProgram(program) => match &mut self.program {
                Some(run) => {
                    // Whoever unmounts something finds nothing open there.
                    self.root.let_go()?;
                    run(program)
                }
                None => Err(Error::new("run", action.object(), "no program runs before the pivot")),
            },
            Action::Task(task) => match &mut self.task {
                Some(carry_out) => carry_out(task),
                None => Err(Error::new("do", action.object(), "it is not for here")),
            },
        }
    }

    /// Bytes of the file at `path` now; 0 when there is none.
    pub fn length(&self, path: &str) -> Result<u64> {
        let (root, path) = self.place(path);
        Ok(root.stat(path)?.map_or(0, |status| status.size))
    }

    /// The tree a path is in, and the path within it.
    fn place<'p>(&self, path: &'p str) -> (&Root, &'p str) {
        match path.strip_prefix("/run/") {
            Some(rest) => (self.run, rest),
            None => (self.root, path),
        }
    }

    /// The root's accounts as they are now.
    #[inline(never)]
    fn accounts(&mut self) -> Result<&Accounts> {
        let files = ["/etc/passwd", "/etc/group"]
            .map(|path| self.root.stat(path).ok().flatten().map(|status| (status.inode, status.size)));
        let kept = self.accounts.take().filter(|(earlier, _)| *earlier == files);
        let (_, accounts) = self.accounts.insert(match kept {
            Some(kept) => kept,
            None => (files, Accounts::read(self.root)?),
        });
        Ok(accounts)
    }

    #[inline(never)]
    fn owner(&mut self, path: &str, owner: &Owner) -> Result<(Uid, Gid)> {
        let missing =
            |what: &str, name: &str| Error::new("give", path, ["the root has no ", what, " ", name].concat());
        let (uid, gid) = match owner {
            Owner::Root => (0, 0),
            Owner::Ids { uid, gid } => (*uid, *gid),
            Owner::User(name) => match self.accounts()?.user(name) {
                Some(user) => (user.uid, user.gid),
                None => return Err(missing("user", name)),
            },
            Owner::Named { user, group } => {
                let accounts = self.accounts()?;
                let Some(uid) = accounts.uid(user) else { return Err(missing("user", user)) };
                let gid = match group {
                    None => 0,
                    Some(group) => accounts.gid(group).ok_or_else(|| missing("group", group))?,
                };
                (uid, gid)
            }
        };
        Ok((Uid::from_raw(uid), Gid::from_raw(gid)))
    }

    #[inline(never)]
    fn remove(&self, path: &str, flags: AtFlags) -> Result<()> {
        let (root, path) = self.place(path);
        let (parent, name) = parent_and_name(path);
        let removed = match root.open_in(parent, OFlags::RDONLY | OFlags::DIRECTORY) {
            Err(Fault::Os(Errno::NOENT)) => Ok(()),
            Ok(directory) => at::unlink_at(directory.as_fd(), name, flags),
            Err(fault) => return Err(fault.error("remove", path)),
        };
        let removed = match removed {
            // Others use it.
            Err(Errno::NOTEMPTY) => Ok(()),
            removed => removed,
        };
        removed.map_err(|errno| failed("remove", path, errno))
    }

    #[inline(never)]
    fn make_link(&self, path: &str, target: &str) -> Result<()> {
        let (root, path) = self.place(path);
        let (parent, name) = parent_and_name(path);
        let directory = root.directory(parent, 0o755, None)?.fd;
        if at::read_link_at(directory.as_fd(), name).is_ok_and(|old| old == target) {
            return Ok(());
        }
        // What it leads to is there when it is.
        root.flush()?;
        root.note_unfinished(parent);
        let link = || -> core::result::Result<(), Errno> {
            let temporary = write::temporary_name(name);
            at::unlink_at(directory.as_fd(), &temporary, AtFlags::empty())?;
            at::link_at(directory.as_fd(), &temporary, target)?;
            at::set_link_label(directory.as_fd(), &temporary, root.label(path, Kind::Link))?;
            at::rename_at(directory.as_fd(), &temporary, name)?;
            root.note_change(&directory)
        };
        link().map_err(|errno| failed("link", path, errno))
    }
}

/// Whether a file was refused for what the machine lacks and not for what is
/// wrong with that file: EIO, ENOMEM, ENFILE, EMFILE, ENOSPC, EROFS, EDQUOT.
fn is_of_machine(error: &Error) -> bool {
    matches!(error.errno(), Some(5 | 12 | 23 | 24 | 28 | 30 | 122))
}

impl Drop for Applier<'_> {
    fn drop(&mut self) {
        self.write_accounts();
        // Who wants to know of failures has flushed before.
        let _ = self.flush();
        self.root.all_is_finished();
    }
}

#[cfg(test)]
mod tests;
