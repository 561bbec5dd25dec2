//! What a machine that stops leaves of a file it was writing is gone after the
//! next run, also where that writes other files.

use super::story::{Story, said};
use std::fs;
use std::path::Path;

const FIRST: &str = "#cloud-config
write_files:
- {path: /top, content: x}
- {path: /etc/motd, content: welcome}
- {path: /etc/app/one, content: x}
- {path: /etc/app/two, content: x}
- {path: /srv/a/b/c, content: x}
- {path: /home/bob/file, content: x, owner: 'bob:bob'}
- {path: /home/bob/added, content: x, append: true}
timezone: Europe/Berlin
user: bob
ssh_authorized_keys: ['ssh-ed25519 AAAA bob']
";

/// Names that files have while they are written.
fn unfinished(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') && name.ends_with(".glowplug") || name == "glowplug.writing" {
            found.push(path.display().to_string());
        }
        if path.symlink_metadata().unwrap().is_dir() {
            unfinished(&path, found);
        }
    }
}

#[test]
fn a_temporary_file_of_a_cut_is_gone_after_a_run_with_another_seed() {
    let (mut cuts, mut left) = (0, 0);
    for call in ["write", "renameat", "fchmod"] {
        let story = Story::new(&format!("leftovers-{call}"));
        story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n");
        story.root("etc/group", "root:x:0:\nbob:x:1000:\n");
        story.root("etc/motd", "before\n");
        story.root("home/bob/added", "before\n");
        story.root("usr/share/zoneinfo/Europe/Berlin", "TZif");
        std::os::unix::fs::chown(story.folder.join("root/home/bob"), Some(1000), Some(1000)).unwrap();
        story.seed("user_data", FIRST);
        let output = story.run(&format!(
            "mount --bind $SEED /mnt; cp -a $ROOT /run/fresh; mount -t tmpfs -o mode=755 tmpfs $ROOT; \
             mkdir -p /run/other/openstack/latest; \
             echo '{{\"uuid\": \"other\"}}' >/run/other/openstack/latest/meta_data.json; n=0; \
             while n=$((n + 1)); do rm -rf $ROOT/* /run/glowplug; cp -a /run/fresh/. $ROOT; \
             strace -qq -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when=$n \
               $AGENT --root $ROOT --seed /mnt >/dev/null 2>&1 && break; \
             cp -a $ROOT $ROOT/../cut-$n; rm -rf /run/glowplug; \
             $AGENT --root $ROOT --seed /run/other >/dev/null 2>&1; cp -a $ROOT $ROOT/../after-$n; done; \
             rm -rf /run/fresh /run/other; echo cuts=$((n - 1))"
        ));
        let said = said(&output);
        let count: usize = said.trim().rsplit("cuts=").next().unwrap().parse().unwrap();
        for cut in 1..=count {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            unfinished(&story.folder.join(format!("cut-{cut}")), &mut before);
            unfinished(&story.folder.join(format!("after-{cut}")), &mut after);
            left += usize::from(before.iter().any(|path| path.ends_with(".glowplug")));
            assert!(after.is_empty(), "cut at {call} {cut}: {after:?}");
        }
        cuts += count;
    }
    assert!(cuts > 50 && left > 30, "{left} of {cuts} cuts left a file");
}
