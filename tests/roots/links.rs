//! What a user of the machine has put where root writes: symbolic links, hard
//! links, FIFOs and devices, in his home and in /tmp. Nothing outside of what is
//! his changes by it, before the pivot and after it.
//!
//! `GLOWPLUG_RACE_ROUNDS=10000 cargo test --test roots a_user_who_swaps` is the
//! whole race; without the variable it is a few hundred rounds.

use super::story::{Story, said};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

/// The user whose home it is.
const BOB: u32 = 1000;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBobbobbobbobbobbobbobbobbobbobbobbobbobbob bob";

/// The accounts' passwords.
const SHADOW: &str = "root:$6$secret:1::::::\nbob:!:1::::::\n";

/// Mode, owner, group, and content or target of each path.
type Owned = BTreeMap<String, (u32, u32, u32, Vec<u8>)>;

/// Everything below `top` but what is a user's own or the program's state.
fn outside(top: &Path) -> Owned {
    let mut found = Owned::new();
    gather(top, "", &mut found);
    let own =
        ["/home/bob", "/tmp", "/var/lib", "/var/log", "/run", "/runner", "/etc/ssh/", "/etc/systemd/network"];
    found.retain(|path, _| !own.iter().any(|own| path.starts_with(own)));
    for changed in ["/var", "/etc", "/home", "/root", "/etc/resolv.conf", "/etc/.pwd.lock"] {
        found.remove(changed);
    }
    // Root gets bob's key by right, with what keeps him from using it.
    if let Some((.., content)) = found.get_mut("/root/.ssh/authorized_keys") {
        let lines = String::from_utf8_lossy(content).into_owned();
        *content = lines.lines().filter(|line| line.starts_with("ssh-")).collect::<String>().into_bytes();
    }
    found
}

fn gather(folder: &Path, name: &str, found: &mut Owned) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        let status = path.symlink_metadata().unwrap();
        let content = match status.file_type() {
            kind if kind.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            kind if kind.is_file() => fs::read(&path).unwrap(),
            kind if kind.is_dir() => {
                gather(&path, &name, found);
                Vec::new()
            }
            _ => Vec::new(),
        };
        found.insert(name, (status.mode(), status.uid(), status.gid(), content));
    }
}

/// A root with a user bob, and files that he must not get at.
fn story(name: &str, user_data: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n");
    story.root("etc/group", "root:x:0:\nbob:x:1000:\n");
    for (path, content) in [
        ("etc/os-release", "ID=debian\n"),
        ("etc/shadow", SHADOW),
        ("etc/hostname", "hooked\n"),
        ("etc/ssh/sshd_config", ""),
        ("etc/systemd/system/ssh.service.d/keep.conf", "[Service]\n"),
        ("root/.ssh/authorized_keys", "ssh-rsa ROOTKEY root\n"),
        ("home/bob/.profile", "PS1=x\n"),
        ("run/.keep", ""),
        ("dev/null", ""),
        ("tmp/.keep", ""),
    ] {
        story.root(path, content);
    }
    let root = story.folder.join("root");
    fs::set_permissions(root.join("tmp"), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    for path in ["home/bob", "home/bob/.profile"] {
        chown(root.join(path), Some(BOB), Some(BOB)).unwrap();
    }
    let quiet = "preserve_hostname: true\nusers: []\nssh_deletekeys: false\nssh_genkeytypes: []\n";
    story.seed("user_data", &format!("#cloud-config\n{quiet}{user_data}"));
    story
}

/// Puts a symbolic link of bob's.
fn link(root: &Path, path: &str, target: &str) {
    let path = root.join(path);
    symlink(target, &path).unwrap();
    lchown(&path, Some(BOB), Some(BOB)).unwrap();
}

/// Puts a directory of bob's.
fn folder(root: &Path, path: &str) {
    fs::create_dir_all(root.join(path)).unwrap();
    chown(root.join(path), Some(BOB), Some(BOB)).unwrap();
}

/// The runner's stages on the root, after the agent's.
const STAGES: &str = "mount --bind /run $ROOT/run && cp $RUNNER $ROOT/runner; \
    for stage in 'init' 'modules --mode config' 'modules --mode final'; do \
    timeout 60 $LAUNCHER /usr/sbin/chroot $ROOT /runner $stage || echo stage-status=$?; done; \
    cat /run/glowplug/log $ROOT/var/log/cloud-init.log 2>/dev/null; umount $ROOT/run";

/// Runs agent and stages; nothing but bob's things may change, `lines` have to
/// be said.
fn holds(story: &Story, when: &str, lines: &[&str]) {
    holds_under("", story, when, lines);
}

fn holds_under(launcher: &str, story: &Story, when: &str, lines: &[&str]) {
    let root = story.folder.join("root");
    let before = outside(&root);
    let output = story.run(&format!(
        "mount --bind $SEED /mnt; LAUNCHER='{launcher}'; timeout 60 $LAUNCHER $AGENT --root $ROOT --seed /mnt; echo agent-status=$?; {STAGES}"
    ));
    let said = said(&output);
    assert!(!said.contains("status=124"), "{when}: it hangs: {said}");
    let after = outside(&root);
    for (path, old) in &before {
        assert!(Some(old) == after.get(path), "{when}: {path} changed: {old:?} {:?} {said}", after.get(path));
    }
    let more: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(more.is_empty(), "{when}: {more:?} is new: {said}");
    for line in lines {
        assert!(said.contains(line), "{when}: {line} is not in\n{said}");
    }
}

fn keys() -> String {
    format!("user: bob\nssh_authorized_keys: ['{KEY}']\n")
}

#[test]
fn an_ssh_folder_that_leads_elsewhere_gives_its_user_nothing_there() {
    for target in [
        "/etc/systemd/system/ssh.service.d",
        "/etc/systemd/system/new.service.d",
        "/root/.ssh",
        "../../etc/systemd",
        "/etc",
        "/none/of/it",
    ] {
        let story = story("ssh-folder", &keys());
        link(&story.folder.join("root"), "home/bob/.ssh", target);
        let why = "/home/bob/.ssh is a symbolic link of user 1000 where others than root can write";
        holds(&story, target, &[why]);
    }
}

#[test]
fn authorized_keys_that_lead_elsewhere_give_their_user_nothing_there() {
    for target in
        ["/etc/ld.so.preload", "/etc/passwd", "/etc/shadow", "/root/.ssh/authorized_keys", "../../../etc/x"]
    {
        let story = story("keys-link", &keys());
        let root = story.folder.join("root");
        folder(&root, "home/bob/.ssh");
        link(&root, "home/bob/.ssh/authorized_keys", target);
        let why = "/home/bob/.ssh/authorized_keys is a symbolic link of user 1000";
        holds(&story, target, &[why]);
    }
}

#[test]
fn authorized_keys_that_are_a_hard_link_a_fifo_or_a_device_are_refused() {
    for (what, why) in [
        ("hard link", "/home/bob/.ssh/authorized_keys is a hard link to a file of user 0"),
        ("fifo", "authorized_keys: not a regular file"),
        ("device", "authorized_keys: not a regular file"),
    ] {
        let story = story("keys-odd", &keys());
        let root = story.folder.join("root");
        folder(&root, "home/bob/.ssh");
        let keys = root.join("home/bob/.ssh/authorized_keys");
        match what {
            "hard link" => fs::hard_link(root.join("etc/shadow"), &keys).unwrap(),
            "fifo" => assert!(Command::new("mkfifo").arg(&keys).status().unwrap().success()),
            _ => assert!(Command::new("mknod").arg(&keys).args(["c", "1", "5"]).status().unwrap().success()),
        }
        holds(&story, what, &[why]);
        let others = story.text("root/root/.ssh/authorized_keys").unwrap();
        assert!(others.contains("AAAAIBobbob"), "{what}: bob keeps root's keys away: {others}");
        let text = story.text("root/etc/shadow");
        assert_eq!(text.as_deref(), Some(SHADOW), "{what}");
    }
}

#[test]
fn keys_of_bob_are_not_put_into_a_folder_of_anns() {
    let story = story("keys-of-another", &keys());
    let root = story.folder.join("root");
    folder(&root, "home/bob/.ssh");
    chown(root.join("home/bob/.ssh"), Some(1001), Some(1001)).unwrap();
    holds(&story, "a folder of ann's", &["a directory on the way is of user 1001"]);
    assert!(!root.join("home/bob/.ssh/authorized_keys").exists());
}

#[test]
fn files_for_a_home_or_for_tmp_follow_no_link_of_a_users() {
    // With openat2(2) and on a kernel without.
    for launcher in ["", &super::old_kernel::launcher()] {
        files_follow_no_link(launcher);
    }
}

fn files_follow_no_link(launcher: &str) {
    let files = [
        "{path: /home/bob/.config/app/conf, content: x, owner: 'bob:bob'}",
        "{path: /home/bob/.config/app/deferred, content: x, owner: 'bob:bob', defer: true}",
        "{path: /home/bob/preload, content: x}",
        "{path: /home/bob/hard, content: x, append: true, owner: 'bob:bob'}",
        "{path: /tmp/there/x, content: x, owner: 'bob:bob'}",
        "{path: /tmp/log, content: x, append: true}",
        "{path: /tmp/own/file, content: mine, owner: 'bob:bob'}",
    ];
    let user_data = format!("write_files:\n- {}\n", files.join("\n- "));
    let story = story("files", &user_data);
    let root = story.folder.join("root");
    link(&root, "home/bob/.config", "/etc");
    link(&root, "home/bob/preload", "/etc/ld.so.preload");
    fs::hard_link(root.join("etc/shadow"), root.join("home/bob/hard")).unwrap();
    link(&root, "tmp/there", "/etc");
    fs::write(root.join("tmp/log"), "bob's").unwrap();
    chown(root.join("tmp/log"), Some(BOB), Some(BOB)).unwrap();
    let lines = [
        "/home/bob/.config is a symbolic link of user 1000",
        "/home/bob/preload is a symbolic link of user 1000",
        "/home/bob/hard is of user 0 where others than root can write",
        "/tmp/there is a symbolic link of user 1000",
        "/tmp/log is of user 1000 where others than root can write",
    ];
    holds_under(launcher, &story, "write_files", &lines);
    assert_eq!(story.text("root/tmp/log").as_deref(), Some("bob's"));
    assert_eq!(story.text("root/tmp/own/file").as_deref(), Some("mine"));
    assert_eq!(root.join("tmp/own").metadata().unwrap().uid(), BOB);
}

#[test]
fn links_that_root_made_lead_on() {
    let user_data = format!(
        "{}write_files:\n- {{path: /etc/resolv.conf.d/x, content: x}}\n- {{path: /etc/link, content: x}}\n\
         - {{path: /home/bob/file, content: x, owner: 'bob:bob'}}\n",
        keys()
    );
    let story = story("roots-links", &user_data);
    let root = story.folder.join("root");
    fs::create_dir_all(root.join("srv/home")).unwrap();
    fs::rename(root.join("home/bob"), root.join("srv/home/bob")).unwrap();
    fs::remove_dir(root.join("home")).unwrap();
    symlink("srv/home", root.join("home")).unwrap();
    symlink("../usr/resolv", root.join("etc/resolv.conf.d")).unwrap();
    symlink("/usr/made/link", root.join("etc/link")).unwrap();
    let output = story.run(&format!("mount --bind $SEED /mnt; $AGENT --root $ROOT --seed /mnt; {STAGES}"));
    let said = said(&output);
    for path in ["srv/home/bob/file", "usr/resolv/x", "usr/made/link"] {
        assert_eq!(story.text(&format!("root/{path}")).as_deref(), Some("x"), "{path}: {said}");
    }
    let keys = root.join("srv/home/bob/.ssh/authorized_keys");
    assert_eq!(fs::read_to_string(&keys).unwrap(), format!("{KEY}\n"), "{said}");
    let (ssh, file) = (root.join("srv/home/bob/.ssh").metadata().unwrap(), keys.metadata().unwrap());
    assert_eq!((ssh.uid(), ssh.mode() & 0o7777), (BOB, 0o700));
    assert_eq!((file.uid(), file.mode() & 0o7777), (BOB, 0o600));
}

/// Exchanges directories and files of bob's for links of his to those of
/// root's, as fast as it can: renameat2(2) with `RENAME_EXCHANGE`.
const SWAPPER: &str = "
import ctypes, itertools, os, sys
home, links = sys.argv[1], sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
def exchange(a, b):
    libc.renameat2(-100, a.encode(), -100, b.encode(), 2)
pairs = [('d', 'd.link'), ('d/sub', 'sub.link'), ('.ssh', 'ssh.link'), ('d/file1', 'file.link'),
         ('.ssh/authorized_keys', 'keys.link'), ('d/sub', 'empty'), ('.ssh', 'hidden')]
pairs = [(os.path.join(home, a), os.path.join(links, b)) for a, b in pairs]
for a, b in itertools.cycle(pairs):
    exchange(a, b)
";

#[test]
fn a_user_who_swaps_folders_for_links_gets_nothing_outside_his_home() {
    /// Files that are written in one run of the agent: each is a round.
    const FILES: usize = 50;
    let rounds: usize =
        std::env::var("GLOWPLUG_RACE_ROUNDS").map_or(500, |text| text.parse().expect("a number of rounds"));
    let mut user_data = format!("{}write_files:\n", keys());
    for number in 0..FILES / 5 {
        for (path, more) in [
            ("d/file{}", ", append: true"),
            ("d/sub/file{}", ""),
            ("d/sub/new{}/deep/file", ""),
            ("d/new{}/file", ""),
            ("d/sub/log{}", ", append: true"),
        ] {
            let path = path.replace("{}", &number.to_string());
            let line = format!(
                "- {{path: /home/bob/{path}, content: x, owner: 'bob:bob', permissions: '0600'{more}}}\n"
            );
            user_data.push_str(&line);
        }
    }
    let story = story("race", &user_data);
    story.root("etc/victim/sub/file", "root's");
    let root = story.folder.join("root");
    fs::write(story.folder.join("swapper.py"), SWAPPER).unwrap();
    let home = "home=$ROOT/home/bob; rm -rf $home; mkdir -p $home/d/sub $home/empty $home/.ssh; \
         for i in 0 1 2 3 4 5 6 7 8 9; do touch $home/d/file$i $home/d/sub/log$i; done; \
         ln -s /etc/victim $home/d.link; ln -s /etc/victim/sub $home/sub.link; ln -s /root/.ssh $home/ssh.link; \
         ln -s /etc/victim/sub/file $home/file.link; ln -s /root/.ssh/authorized_keys $home/keys.link; \
         mkdir -p $home/hidden; chown -R -h 1000:1000 $home; ";
    let before = outside(&root);
    let output = story.run(&format!(
        "mount --bind $SEED /mnt; chmod 755 $ROOT/..; n=0; while [ $n -lt {} ]; do n=$((n + 1)); \
         {home} setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/python3 $ROOT/../swapper.py $home $home & \
         swapper=$!; rm -rf $ROOT/var /run/glowplug; $AGENT --root $ROOT --seed /mnt >/run/said 2>&1; \
         kill $swapper || echo the swapper ended; wait $swapper 2>/dev/null; cat /run/said >>/run/all; done; \
         cat $ROOT/etc/victim/sub/file; echo; grep -c 'is a symbolic link' /run/all; tail -n 30 /run/all",
        rounds.div_ceil(FILES)
    ));
    let said = said(&output);
    assert!(!said.contains("the swapper ended"), "{said}");
    let after = outside(&root);
    assert!(before == after, "{before:#?}\n{after:#?}\n{said}");
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("root's"), "{said}");
    let refused: usize = lines.next().unwrap().parse().unwrap();
    assert!(refused > rounds / 100, "it was raced {refused} times alone: {said}");
}

#[test]
fn a_home_that_another_user_leads_elsewhere_gets_no_skeleton_there() {
    let user_data = format!(
        "users: [{{name: ann, homedir: /home/bob/ann, ssh_authorized_keys: ['{KEY}']}}, \
         {{name: eve, homedir: /tmp/eve, ssh_authorized_keys: ['{KEY}']}}]\n"
    );
    let story = story("home", &user_data);
    let text = story.text("seed/openstack/latest/user_data").unwrap().replace("users: []\n", "");
    story.seed("user_data", &text);
    story.root("etc/skel/.profile", "PS1=x\n");
    story.root("etc/skel/.config/x", "x\n");
    let root = story.folder.join("root");
    link(&root, "home/bob/ann", "/etc/systemd");
    link(&root, "tmp/eve", "/etc/systemd");
    let output = story.run(&format!("mount --bind $SEED /mnt; $AGENT --root $ROOT --seed /mnt; {STAGES}"));
    let said = said(&output);
    assert!(story.text("root/etc/passwd").unwrap().contains("ann:x:"), "{said}");
    let names: Vec<_> =
        fs::read_dir(root.join("etc/systemd")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["system"], "{said}");
    assert_eq!(root.join("etc/systemd").metadata().unwrap().uid(), 0, "{said}");
    for link in ["/home/bob/ann", "/tmp/eve"] {
        assert!(said.contains(&format!("{link} is a symbolic link of user 1000")), "{said}");
    }
}
