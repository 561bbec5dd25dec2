//! Changing the account files of a root: under the lock of lckpwdf(3), each
//! file written beside its old self and renamed.

use super::apply::ApplyAccounts;
use super::place::Fault;
use super::root::Root;
use super::{clock, failed, path, write};
use crate::accounts::edit::{AccountFiles, Editor};
use crate::action::{AccountChange, Existing, Owner, WriteFile};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::limits;
use crate::text::{of_bytes, to_bytes};
use alloc::string::String;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{FlockOperation, Gid, OFlags, Uid, fcntl_lock};
use rustix::io::Errno;

const DAY: u64 = 86_400_000_000;

/// The root's account files while a run of changes is made: read once, under the lock, and
/// written once.
pub struct AccountEditor<'r> {
    root: &'r Root,
    open: Option<Open>,
}

/// Files that are being changed.
struct Open {
    old: AccountFiles,
    editor: Editor,
    _lock: OwnedFd,
}

impl<'r> AccountEditor<'r> {
    /// Reads nothing before the first change.
    pub fn new(root: &'r Root) -> Self {
        Self { root, open: None }
    }
}

impl Open {
    fn of(root: &Root) -> Result<Self> {
        let lock = lock(root)?;
        let read = |path: &str| -> Result<Option<String>> {
            let Some(content) = root.read(path, limits::ROOT_FILE)? else { return Ok(None) };
            Ok(Some(of_bytes(content)))
        };
        let old = AccountFiles {
            passwd: read("/etc/passwd")?,
            group: read("/etc/group")?,
            shadow: read("/etc/shadow")?,
            gshadow: read("/etc/gshadow")?,
        };
        let editor = Editor::new(&old, clock::realtime() / DAY);
        Ok(Self { old, editor, _lock: lock })
    }
}

impl ApplyAccounts for AccountEditor<'_> {
    fn change(&mut self, change: &AccountChange) -> Result<()> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::of(self.root)?,
        };
        self.open.insert(open).editor.change(change)
    }

    fn write(&mut self) -> Result<()> {
        let Some(Open { old, editor, _lock }) = self.open.take() else { return Ok(()) };
        let new = editor.files();
        // A user whose line in passwd is the last to come is never half there.
        for (path, old, new, mode) in [
            ("/etc/group", old.group, new.group, 0o644),
            ("/etc/gshadow", old.gshadow, new.gshadow, 0o600),
            ("/etc/shadow", old.shadow, new.shadow, 0o600),
            ("/etc/passwd", old.passwd, new.passwd, 0o644),
        ] {
            if let Some(content) = new.filter(|content| old.as_ref() != Some(content)) {
                let (owner, existing) = (Owner::Root, Existing::KeepMetadata);
                let content = to_bytes(&content);
                let file = WriteFile { path: path.into(), content, mode, owner, existing };
                write::write(self.root, path, &file, (Uid::ROOT, Gid::ROOT), None)?;
            }
        }
        Ok(())
    }
}

/// The lock that passwd(1) and its like take too; it ends with the value.
fn lock(root: &Root) -> Result<OwnedFd> {
    const LOCK: &str = "/etc/.pwd.lock";
    /// Tenths of a second; lckpwdf(3) waits as long.
    const TRIES: u32 = 150;
    let open = || -> core::result::Result<OwnedFd, Fault> {
        let folder = root.open_in("/etc", OFlags::RDONLY | OFlags::DIRECTORY)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        Ok(path::open_at(folder.as_fd(), ".pwd.lock", flags, 0o600)?)
    };
    let file = open().map_err(|fault| fault.error("lock", LOCK))?;
    for _ in 0..TRIES {
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::AGAIN | Errno::ACCESS) => pause(),
            Err(errno) => return Err(failed("lock", LOCK, errno)),
        }
    }
    Err(Error::new("lock", LOCK, "another program holds it"))
}

/// A tenth of a second.
fn pause() {
    let time = rustix::time::Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    // Woken too early it tries once more.
    let _ = rustix::thread::nanosleep(&time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::NewUser;
    use std::boxed::Box;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_change_under_the_lock_and_keep_their_modes() {
        let folder = std::env::temp_dir().join(format!("glowplug-accounts-{}", std::process::id()));
        fs::create_dir_all(folder.join("etc")).unwrap();
        let file = |name: &str| folder.join("etc").join(name);
        fs::write(file("passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        fs::write(file("group"), "root:x:0:\nwheel:x:10:\n").unwrap();
        fs::write(file("shadow"), "root:*:::::::\n").unwrap();
        fs::set_permissions(file("shadow"), fs::Permissions::from_mode(0o640)).unwrap();
        let root = Root::open(folder.to_str().unwrap()).unwrap();
        let set = AccountChange::SetPassword { user: "root".into(), hash: "$6$a$b".into() };
        let member = AccountChange::AddMember { user: "root".into(), group: "wheel".into() };
        let mut editor = AccountEditor::new(&root);
        editor.change(&set).unwrap();
        editor.change(&member).unwrap();
        assert_eq!(
            fs::read_to_string(file("shadow")).unwrap(),
            "root:*:::::::\n",
            "written once, at the end"
        );
        editor.write().unwrap();
        assert!(fs::read_to_string(file("shadow")).unwrap().starts_with("root:$6$a$b:"));
        assert_eq!(fs::metadata(file("shadow")).unwrap().permissions().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_to_string(file("group")).unwrap(), "root:x:0:\nwheel:x:10:root\n");
        assert!(!file("gshadow").exists(), "a file that was not there stays away");
        let latin1 = b"root:x:0:0::/root:/bin/sh\nj\xf6rg:x:7:7:J\xf6rg:/home/j\xf6rg:/bin/sh\r\n";
        fs::write(file("passwd"), latin1).unwrap();
        let user = NewUser { name: "ann".into(), home: "/home/ann".into(), ..NewUser::default() };
        editor.change(&AccountChange::AddUser(Box::new(user))).unwrap();
        editor.write().unwrap();
        let passwd = fs::read(file("passwd")).unwrap();
        assert_eq!(passwd, [&latin1[..], b"ann:x:1000:1000::/home/ann:\n"].concat());
        fs::remove_dir_all(folder).unwrap();
    }
}
