//! What is on the disk before what, by the system calls of a boot as strace
//! lists them: a machine that loses its power has no semaphore without what it
//! stands for, and no part of a file in place of the whole one it had.

use super::story::{Story, said};

const USER_DATA: &str = "#cloud-config
write_files:
- {path: /etc/new/one, content: new}
- {path: /etc/motd, content: welcome}
- {path: /etc/log, content: \"added\\n\", append: true}
- {path: /etc/owned, content: x, owner: 'app:root'}
runcmd: [[sh, -c, 'echo ran > /etc/ran']]
";

/// The agent and then the runner's stages, each with a list of its calls.
const SCRIPT: &str = "\
LIST='strace -qq -y -e trace=openat,fsync,syncfs,renameat,mkdirat,symlinkat,clone3,clone,vfork'; \
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr; ln -s usr/bin usr/lib usr/lib64 $ROOT; \
mount --bind /usr $ROOT/usr; \
$LIST -o /run/agent.list $AGENT --root $ROOT --seed $SEED || exit 1; \
mount --bind /run $ROOT/run; mount -t proc proc $ROOT/proc; mount --bind /dev $ROOT/dev; cp $RUNNER /run/runner; \
for stage in init 'modules --mode=config' 'modules --mode=final'; do \
$LIST -o \"/run/${stage#*=}.list\" chroot $ROOT /run/runner $stage || exit 1; done";

/// What is known of the disk, going through the calls.
struct Disk {
    root: String,
    /// Files that were there before.
    present: Vec<String>,
    /// What has changed since all was flushed.
    changed: Vec<String>,
    /// Files flushed by themselves.
    synced: Vec<String>,
    semaphores: usize,
    replaced: usize,
    programs: usize,
}

impl Disk {
    /// Takes one call in; the value: what is wrong about it.
    fn take(&mut self, call: &str) -> Option<String> {
        let (name, arguments) = call.split_once('(')?;
        if !call.contains(" = 0")
            && !call.contains("<unfinished")
            && name != "openat"
            && !name.contains("clone")
        {
            return None;
        }
        if arguments.starts_with("AT_FDCWD") {
            // Logs, which nothing stands for.
            return None;
        }
        let directory = between(arguments, "<", ">").unwrap_or_default();
        let path = format!("{directory}/{}", between(arguments, "\"", "\"").unwrap_or_default());
        let inside = path.starts_with(&self.root) && !path[self.root.len()..].starts_with("/run");
        match name {
            "syncfs" if directory.starts_with(&self.root) => self.changed.clear(),
            "fsync" => self.synced.push(directory.into()),
            "openat" if inside && call.contains("O_APPEND") && !path.ends_with("/glowplug.journal") => {
                let begun = self.changed.iter().any(|path| path.ends_with("/glowplug.journal"));
                self.changed.push(path.clone());
                return begun.then(|| format!("{path} grows before the journal says so"));
            }
            "openat" if inside && call.contains("O_APPEND") => self.changed.push(path),
            "mkdirat" if inside => self.changed.push(path),
            // Where files are being written stands for nothing.
            "symlinkat" if arguments.contains("\"glowplug.writing\"") => {}
            "symlinkat" if inside => {
                let wrong = self.others().map(|other| format!("{path} is linked before {other} is safe"));
                self.changed.push(path);
                return wrong;
            }
            "renameat" if inside => return self.rename(&path, &format!("{directory}/{}", target(arguments))),
            "clone3" | "clone" | "vfork" => {
                self.programs += 1;
                let mark = self.changed.iter().find(|path| path.contains("/sem/"))?;
                return Some(format!("a program runs before {mark} is safe"));
            }
            _ => {}
        }
        None
    }

    fn rename(&mut self, from: &str, to: &str) -> Option<String> {
        let mut wrong = None;
        // What was made of user-data is looked at in every boot, whatever this one says.
        if to.contains("/sem/") && !to.ends_with("/consume_data") {
            self.semaphores += 1;
            wrong = self.others().map(|other| format!("{to} stands before {other} is safe"));
        } else if self.present.iter().any(|path| path == to) {
            self.replaced += 1;
            let is_synced = self.synced.iter().any(|path| path == from);
            wrong = (!is_synced).then(|| format!("{to} is replaced by what is not on the disk"));
        }
        self.present.push(to.into());
        self.changed.push(to.into());
        wrong
    }

    /// A change that is not the engine's own note.
    fn others(&self) -> Option<&String> {
        self.changed.iter().find(|path| !path.ends_with("/glowplug.journal") && !path.contains("/sem/"))
    }
}

/// The name a call renames to.
fn target(arguments: &str) -> &str {
    arguments.split('"').nth(3).unwrap_or_default()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(between, _)| between)
}

#[test]
fn nothing_stands_for_what_is_not_on_the_disk() {
    let story = Story::new("order");
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:7:7::/:/bin/sh\n");
    story.root("etc/motd", "an older text");
    story.root("etc/log", "before\n");
    story.root("etc/hostname", "old\n");
    story.seed("user_data", USER_DATA);
    let output = story.run(SCRIPT);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let root = story.folder.join("root").to_str().unwrap().to_owned();
    let present = ["passwd", "group", "motd", "log", "hostname"].map(|name| format!("{root}/etc/{name}"));
    let mut disk = Disk {
        root,
        present: present.into(),
        changed: Vec::new(),
        synced: Vec::new(),
        semaphores: 0,
        replaced: 0,
        programs: 0,
    };
    for list in ["agent", "init", "config", "final"] {
        let calls = story.text(&format!("run/{list}.list")).unwrap();
        for call in calls.lines() {
            let wrong = disk.take(call);
            assert_eq!(wrong, None, "{list}: {call}");
        }
        assert_eq!(disk.changed, [""; 0], "{list} ends before all is safe");
    }
    assert!(disk.semaphores >= 5, "{} semaphores", disk.semaphores);
    assert!(disk.replaced >= 2 && disk.programs >= 1, "{} replaced, {} run", disk.replaced, disk.programs);
    assert_eq!(story.text("root/etc/ran").as_deref(), Some("ran\n"));
}
