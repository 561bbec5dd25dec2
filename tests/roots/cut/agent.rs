//! A machine that loses its power while the agent works: killed at every
//! system call that changes something, one after the other, by strace.

use crate::story::{Story, said};
use crate::tree::{self, Tree};
use std::fs;

/// The calls that change a root.
const CALLS: [&str; 10] = [
    "openat",
    "write",
    "fchown",
    "fchmod",
    "fsync",
    "syncfs",
    "renameat",
    "mkdirat",
    "symlinkat",
    "unlinkat",
];

const USER_DATA: &str = "#cloud-config
write_files:
- {path: /etc/one/two/new, content: new, permissions: '0600'}
- {path: /etc/motd, content: welcome}
- {path: /etc/app, content: its own, owner: 'app:root', permissions: '4755'}
- {path: /etc/log, content: \"added\\n\", append: true}
runcmd: [[touch, /ran]]
";

/// The root of a machine before its first boot.
fn story(name: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:7:7::/:/bin/sh\n");
    story.root("etc/motd", "an older text that is longer");
    story.root("etc/log", "before\n");
    story.seed("user_data", USER_DATA);
    story
}

/// What a root became; the journal tells of cuts, and the id before is from
/// the second boot on the present one.
fn became(mut tree: Tree) -> Tree {
    tree.retain(|path, _| !path.ends_with("/glowplug.journal") && !path.ends_with("/previous-instance-id"));
    crate::without_times(tree)
}

/// Runs the agent, cut off at each call of one kind in turn, then once more in
/// peace; leaves `cut-N` and `after-N`, both copies of the root, for each.
fn script(call: &str) -> String {
    format!(
        "cp -a $ROOT /run/fresh; mount -t tmpfs -o mode=755 tmpfs $ROOT; n=0; while n=$((n + 1)); do \
         rm -rf $ROOT/* /run/glowplug; cp -a /run/fresh/. $ROOT; \
         strace -qq -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when=$n \
           $AGENT --root $ROOT --seed /mnt >/dev/null 2>&1 && break; \
         cp -a $ROOT $ROOT/../cut-$n; rm -rf /run/glowplug; \
         $AGENT --root $ROOT --seed /mnt >/run/said 2>&1 || {{ cat /run/said; exit 1; }}; \
         cp -a $ROOT $ROOT/../after-$n; done; echo cuts=$((n - 1))"
    )
}

#[test]
fn a_boot_that_is_cut_off_anywhere_is_completed_by_the_next() {
    let whole = story("cut-whole");
    let output = whole.run("mount --bind $SEED /mnt; $AGENT --root $ROOT --seed /mnt");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let before = became(tree::read(&story("cut-before").folder.join("root")));
    let wanted = became(tree::read(&whole.folder.join("root")));
    assert_eq!(whole.text("root/etc/log").as_deref(), Some("before\nadded\n"));
    let mut cuts = 0;
    for call in CALLS {
        let story = story(&format!("cut-{call}"));
        let output = story.run(&format!("mount --bind $SEED /mnt; {}", script(call)));
        let said = said(&output);
        assert_eq!(output.status.code(), Some(0), "{call}: {said}");
        let count: usize = said.trim().rsplit("cuts=").next().unwrap().parse().unwrap();
        assert!(count > 0, "{call} is never called");
        for cut in 1..=count {
            let when = format!("cut at {call} {cut}");
            torn(&tree::read(&story.folder.join(format!("cut-{cut}"))), &before, &wanted, &when);
            let after = became(tree::read(&story.folder.join(format!("after-{cut}"))));
            tree::assert_same(&wanted, &after, &when);
        }
        cuts += count;
        fs::remove_dir_all(&story.folder).unwrap();
    }
    assert!(cuts > 130, "only {cuts} cuts");
}

/// Fails when a file is neither as it was nor as it will be.
fn torn(cut: &Tree, before: &Tree, wanted: &Tree, when: &str) {
    for (path, (_, content)) in &became(cut.clone()) {
        let name = path.rsplit('/').next().unwrap();
        let unfinished = name.starts_with('.') && name.ends_with(".glowplug") || name == "glowplug.writing";
        let is = |tree: &Tree| tree.get(path).is_some_and(|(_, whole)| whole == content);
        // What is appended is a part until the next boot finds it.
        let part = path == "/etc/log" && b"before\nadded\n".starts_with(content);
        assert!(unfinished || part || is(before) || is(wanted), "{when}: {path} is torn");
    }
}
