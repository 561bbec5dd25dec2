//! The whole agent and all stages' plans, counted by valgrind's callgrind in
//! instructions: for each list of a seed what comes with its second half is at
//! most half as much again as what came with its first.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What the second half of a list may cost, by the first half's cost of 100.
const GROWTH: u64 = 150;

/// Items of the smallest list; twice and four times as many follow.
const COUNT: usize = 60;

/// Name, and a seed with so many items.
type List = (&'static str, fn(usize) -> String);

fn items(key: &str, count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).fold(format!("{key}:\n"), |mut text, at| {
        writeln!(text, "- {}", item(at)).unwrap();
        text
    })
}

fn key(at: usize) -> String {
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{at:042} k{at}")
}

/// What the agent does before the pivot.
const EARLY: &[List] = &[
    ("files", |count| items("write_files", count, |at| format!("{{path: /etc/app/{at}, content: x}}"))),
    ("files with an owner", |count| {
        items("write_files", count, |at| format!("{{path: /etc/app/{at}, content: x, owner: 'app:app'}}"))
    }),
    ("files in folders", |count| {
        items("write_files", count, |at| format!("{{path: /etc/{at}/x, content: x}}"))
    }),
    ("files one wrote already", |count| {
        items("write_files", count, |_| "{path: /etc/app/x, content: x}".into())
    }),
    ("appended", |count| {
        items("write_files", count, |at| format!("{{path: /etc/app/x, content: {at}, append: true}}"))
    }),
];

/// What the stages plan.
const LATER: &[List] = &[
    ("keys of a user", |count| {
        let keys: Vec<String> = (0..count).map(key).collect();
        format!("users: [{{name: bob, ssh_authorized_keys: [{}]}}]\n", keys.join(", "))
    }),
    ("commands", |count| items("runcmd", count, |at| format!("[echo, '{at}']"))),
    ("packages", |count| items("packages", count, |at| format!("p{at}"))),
    ("certificates", |count| {
        let all: Vec<String> = (0..count).map(|at| format!("C{at}")).collect();
        format!("ca_certs: {{trusted: [{}]}}\n", all.join(", "))
    }),
];

struct Machine(PathBuf);

impl Machine {
    fn new(user_data: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("glowplug-linear-{}-{}", std::process::id(), MADE.fetch_add(1, Relaxed));
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        for (path, content) in [
            ("root/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:7:7::/srv:/bin/sh\n"),
            ("root/etc/group", "root:x:0:\napp:x:7:\n"),
            ("root/etc/os-release", "ID=debian\n"),
            ("root/etc/app/there", ""),
            ("root/usr/bin/useradd", ""),
            ("seed/openstack/latest/meta_data.json", r#"{"uuid": "linear-1", "hostname": "linear"}"#),
            ("seed/openstack/latest/user_data", &["#cloud-config\n", user_data].concat()),
        ] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self(folder)
    }

    /// Instructions that a program takes for it, in namespaces of its own.
    fn instructions(&self, program: &str) -> u64 {
        let counts = self.0.join("counts");
        let script = format!(
            "mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && exec valgrind -q --log-file=/dev/null --tool=callgrind \
             --callgrind-out-file={} {program} --root {} --seed {}",
            counts.display(),
            self.0.join("root").display(),
            self.0.join("seed").display()
        );
        let output = Command::new("unshare").args(["-m", "-n", "-u", "sh", "-c", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program} (packages util-linux, valgrind): {said}");
        summary(&counts)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All instructions that callgrind counted.
fn summary(counts: &Path) -> u64 {
    let text = fs::read_to_string(counts).unwrap();
    let sum = text
        .lines()
        .find_map(|line| line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: ")));
    sum.unwrap().trim().parse().unwrap()
}

fn check(program: &str, lists: &[List]) {
    let mut wrong = String::new();
    for (name, seed) in lists {
        let [one, two, four] =
            [COUNT, 2 * COUNT, 4 * COUNT].map(|count| Machine::new(&seed(count)).instructions(program));
        let (first, second) = (two.saturating_sub(one).max(1), four.saturating_sub(two) / 2);
        println!("{name:24} {one:>12} {two:>12} {four:>12}, each half {}%", second * 100 / first);
        if second * 100 > first * GROWTH {
            writeln!(wrong, "{name}: {one}, {two}, {four} instructions").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_agent_takes_each_item_of_a_list_as_fast_as_the_first() {
    check(env!("CARGO_BIN_EXE_glowplug-agent"), EARLY);
}

#[test]
fn the_stages_plan_each_item_of_a_list_as_fast_as_the_first() {
    check(concat!(env!("CARGO_BIN_EXE_glowplug"), " plan"), LATER);
}
