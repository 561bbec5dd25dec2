//! What others may read of a file while it is made: the agent is killed at every
//! system call that has to do with it, one after the other, by strace, and what
//! is there then is looked at.

use super::story::{Story, said};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

/// A word that only those may read whom the seed lets.
const SECRET: &str = "planted-secret";

/// Names of files with it.
const SECRETS: [&str; 6] = ["new", "owned", "added", "made", "replaced", "file"];

const CALLS: [&str; 4] = ["write", "fchown", "fchmod", "renameat"];

const USER_DATA: &str = "#cloud-config
write_files:
- {path: /etc/new, content: planted-secret, permissions: '0600'}
- {path: /etc/owned, content: planted-secret, permissions: '0640', owner: 'app:app'}
- {path: /etc/added, content: planted-secret, permissions: '0600', append: true}
- {path: /etc/made, content: planted-secret, permissions: '0600', append: true}
- {path: /etc/replaced, content: planted-secret, permissions: '0600'}
- {path: /srv/group/file, content: planted-secret, permissions: '0640'}
- {path: /home/app/added, content: planted-secret, permissions: '0600', append: true, owner: 'app:app'}
- {path: /etc/program, content: whole, permissions: '6755', owner: 'app:app'}
";

fn story(name: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:7:7::/home/app:/bin/sh\n");
    story.root("etc/group", "root:x:0:\napp:x:7:\n");
    for path in ["etc/added", "etc/replaced", "home/app/added", "etc/program"] {
        story.root(path, "old\n");
    }
    let root = story.folder.join("root");
    fs::create_dir_all(root.join("srv/group")).unwrap();
    for path in ["srv/group", "home/app", "home/app/added"] {
        chown(root.join(path), Some(if path == "srv/group" { 0 } else { 7 }), Some(7)).unwrap();
    }
    fs::set_permissions(root.join("srv/group"), fs::Permissions::from_mode(0o2775)).unwrap();
    story.seed("user_data", USER_DATA);
    story
}

/// Fails where somebody could have read what he may not, or run a part of a program.
fn look(folder: &Path, when: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let status = path.symlink_metadata().unwrap();
        let name = format!("{when}: {}", path.display());
        if status.is_dir() {
            look(&path, when);
        } else if status.is_file() {
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let (mode, owner) = (status.mode() & 0o7777, (status.uid(), status.gid()));
            let is_part = SECRETS.iter().any(|secret| name.ends_with(&format!("/.{secret}.glowplug")));
            if content.contains(SECRET) || is_part {
                let group = match &*name {
                    name if name.contains("owned") => 7,
                    name if name.contains("file") => 0,
                    _ => u32::MAX,
                };
                let others = if owner.1 == group { 0o037 } else { 0o077 };
                assert_eq!(mode & others, 0, "{name} is {mode:o} of {owner:?}");
            }
            if mode & 0o6000 != 0 {
                assert_eq!((&*content, owner), ("whole", (7, 7)), "{name} is {mode:o}");
            }
        }
    }
}

#[test]
fn a_secret_is_readable_by_nobody_else_at_any_moment() {
    let mut cuts = 0;
    for call in CALLS {
        let story = story(&format!("modes-{call}"));
        let output = story.run(&format!(
            "mount --bind $SEED /mnt; umask 0; cp -a $ROOT /run/fresh; mount -t tmpfs -o mode=755 tmpfs $ROOT; n=0; \
             while n=$((n + 1)); do rm -rf $ROOT/* /run/glowplug; cp -a /run/fresh/. $ROOT; \
             strace -qq -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when=$n \
               $AGENT --root $ROOT --seed /mnt >/dev/null 2>&1 && break; \
             cp -a $ROOT $ROOT/../cut-$n; done; cp -a $ROOT $ROOT/../cut-$n; rm -rf /run/fresh; echo cuts=$n"
        ));
        let said = said(&output);
        let count: usize = said.trim().rsplit("cuts=").next().unwrap().parse().unwrap();
        for cut in 1..=count {
            look(&story.folder.join(format!("cut-{cut}")), &format!("{call} {cut}"));
        }
        for (path, mode) in [("new", 0o600), ("owned", 0o640), ("added", 0o600), ("program", 0o6755)] {
            let path = story.folder.join(format!("cut-{count}/etc/{path}"));
            assert_eq!(path.metadata().unwrap().mode() & 0o7777, mode, "{}: {said}", path.display());
        }
        cuts += count;
    }
    assert!(cuts > 60, "only {cuts} cuts");
}
