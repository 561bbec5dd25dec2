//! The agent and the stages after it, counted by valgrind's callgrind in instructions: no
//! function takes more for an item of a list because the list is long.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod counts;
mod lists;

use counts::{Counts, growing};
use lists::{GROUPS, Group, Seed};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Items of the smallest list; twice and four times as many follow.
const COUNT: usize = 25;

/// A boot in namespaces of its own: the agent, then `init`, and the stages after it where `$LATE` says so.
/// A stage enters the root, so that its counts are there.
const BOOT: &str = "\
cd $FOLDER; mount -t tmpfs tmpfs /run; mount -t sysfs sysfs /sys; \
count() { name=$1; shift; \
valgrind -q --log-file=/dev/null --tool=callgrind --dump-line=no --callgrind-out-file=/mnt/$name \"$@\"; }; \
mount --bind $FOLDER/root/mnt /mnt; \
count agent $PROGRAMS/agent --root $FOLDER/root --seed $FOLDER/seed || exit; \
count init $PROGRAMS/runner init --root $FOLDER/root; \
[ -z \"$LATE\" ] && exit; \
count config $PROGRAMS/runner modules --mode config --root $FOLDER/root; \
count final $PROGRAMS/runner modules --mode final --root $FOLDER/root";

/// Copies of the programs with names of functions alone: valgrind reads all there is before it begins.
fn programs() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("glowplug-linear-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for (name, path) in
        [("agent", env!("CARGO_BIN_EXE_glowplug-agent")), ("runner", env!("CARGO_BIN_EXE_glowplug"))]
    {
        let status =
            Command::new("strip").args(["--strip-debug", "-o"]).arg(folder.join(name)).arg(path).status();
        assert!(status.unwrap().success(), "strip (package binutils)");
    }
    folder
}

/// What one boot takes, program by program.
fn boot(programs: &std::path::Path, group: &Group, count: usize) -> Vec<(&'static str, Counts)> {
    let folder = programs.join(format!("{}-{count}", group.name.replace(' ', "-")));
    let Seed { user_data, meta_data, network_data, drop_ins } = (group.seed)(count);
    let meta_data = format!(r#"{{"uuid": "linear-1", "hostname": "linear"{meta_data}}}"#);
    let os_release = format!("ID={}\nVERSION_CODENAME=x\n", group.distribution);
    let mut files = vec![
        ("root/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:7:7::/srv:/bin/sh\n"),
        ("root/etc/group", "root:x:0:\napp:x:7:\n"),
        ("root/etc/shadow", "root:*:1::::::\n"),
        ("root/etc/gshadow", "root:*::\n"),
        ("root/etc/sudoers", "root ALL=(ALL) ALL\n"),
        ("root/etc/os-release", &os_release),
        ("root/etc/app/there", ""),
        ("root/usr/sbin/netplan", ""),
        ("root/usr/bin/ssh-import-id", ""),
        ("seed/openstack/latest/meta_data.json", &meta_data),
        ("seed/openstack/latest/user_data", &user_data),
    ];
    if !network_data.is_empty() {
        files.push(("seed/openstack/latest/network_data.json", &network_data));
    }
    let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned()));
    let drop_ins = drop_ins.into_iter().map(|(path, text)| (format!("root/{path}"), text));
    for (path, text) in files.chain(drop_ins) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for name in ["dev", "mnt", "proc", "run", "sys", "tmp"] {
        fs::create_dir_all(folder.join("root").join(name)).unwrap();
    }
    let output = Command::new("unshare")
        .args(["-m", "-n", "-u", "sh", "-c", BOOT])
        .env("FOLDER", &folder)
        .env("PROGRAMS", programs)
        .env("LATE", if group.is_late { "yes" } else { "" })
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let names: &[&str] =
        if group.is_late { &["agent", "init", "config", "final"] } else { &["agent", "init"] };
    let counts = names.iter().map(|name| {
        let path = folder.join("root/mnt").join(name);
        assert!(
            fs::metadata(&path).is_ok_and(|file| file.len() > 0),
            "{name} (packages util-linux, valgrind): {said}"
        );
        (*name, Counts::read(&path))
    });
    let counts = counts.collect();
    fs::remove_dir_all(folder).unwrap();
    counts
}

/// What is wrong with a group.
fn check(programs: &std::path::Path, group: &Group) -> String {
    let mut all: Vec<Vec<(&str, Counts)>> =
        [COUNT, 2 * COUNT, 4 * COUNT].iter().map(|count| boot(programs, group, *count)).collect();
    let (four, two, one) = (all.pop().unwrap(), all.pop().unwrap(), all.pop().unwrap());
    let mut wrong = String::new();
    for (((name, one), (_, two)), (_, four)) in one.into_iter().zip(two).zip(four) {
        let counts = [one, two, four];
        println!("{:18} {name:7} {:?}", group.name, counts.each_ref().map(Counts::sum));
        let found = growing(&counts);
        if !found.is_empty() {
            writeln!(wrong, "{}, {name}:\n{found}", group.name).unwrap();
        }
    }
    wrong
}

#[test]
fn each_item_of_a_list_takes_as_long_as_the_first() {
    let programs = programs();
    let next = AtomicUsize::new(0);
    let work = || {
        let groups = std::iter::from_fn(|| GROUPS.get(next.fetch_add(1, Relaxed)));
        groups.map(|group| check(&programs, group)).collect::<String>()
    };
    let wrong = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.map(|thread| thread.join().unwrap()).concat()
    });
    let _ = fs::remove_dir_all(programs);
    assert!(wrong.is_empty(), "\n{wrong}");
}
