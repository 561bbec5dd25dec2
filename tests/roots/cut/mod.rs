//! A machine that loses its power, or whose calls fail, anywhere in its boot:
//! the agent and the runner's three stages are killed at every system call that
//! changes something and at every program's start, once and twice, and booted
//! again; and each of their calls fails in turn. Roots of four kinds, with
//! useradd(8) and its kin and without, take a seed that uses every module that
//! edits files in place.
//!
//! `cargo test --test roots` takes a sample, the same each time. All of it, a
//! process a processor:
//!
//!     GLOWPLUG_CUT=all cargo test --test roots cut:: -- --nocapture
//!
//! `GLOWPLUG_CUT=N` takes each N-th point instead, `GLOWPLUG_CUT_WORLDS=bare,rhel`
//! these roots alone. What fails is printed as `FAIL`, a line each, with the call.

mod agent;
mod boot;
mod fault;
mod kinds;
mod normal;
mod power;
mod snapshot;
mod world;

use boot::Machine;
use power::Peace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What one process does of it.
pub(crate) struct Job {
    /// Each so many-th point is taken,
    every: usize,
    /// beginning with this one.
    first: usize,
    /// Whether some are cut a second time.
    twice: bool,
}

impl Job {
    fn takes(&self, turn: usize) -> bool {
        turn % self.every == self.first
    }
}

/// What has been found.
#[derive(Default)]
pub(crate) struct Report {
    world: &'static str,
    turn: usize,
    points: usize,
    /// Different roots that were left behind.
    states: usize,
    twice: usize,
    /// Cuts that came too late.
    missed: usize,
    failures: usize,
}

impl Report {
    /// The number of the next point.
    fn turn(&mut self) -> usize {
        self.turn += 1;
        self.turn - 1
    }

    fn fail(&mut self, when: &str, what: &str) {
        self.failures += 1;
        println!("FAIL {} {when}\n     {what}", self.world);
    }
}

const JOB: &str = "GLOWPLUG_CUT_JOB";

/// Runs in namespaces of its own: `MODE WORLD EVERY FIRST FOLDER`.
#[test]
#[ignore = "the other tests here start it"]
fn inside() {
    let Ok(job) = std::env::var(JOB) else { return };
    let words: Vec<&str> = job.split(' ').collect();
    let world = kinds::ALL.iter().find(|world| world.name == words[1]).unwrap();
    let (every, first) = (words[2].parse().unwrap(), words[3].parse().unwrap());
    let job = Job { every, first, twice: true };
    let mut report = Report { world: world.name, ..Report::default() };
    let machine = Machine::build(world, Path::new(words[4]));
    let peace = Peace::of(&machine);
    match words[0] {
        "power" => power::cut(&machine, &peace, &job, &mut report),
        _ => fault::fault(&machine, &peace, &job, &mut report),
    }
    let Report { turn, points, states, twice, missed, failures, .. } = report;
    println!(
        "DONE {} {}: {points} of {turn} points, {states} states, {twice} cut twice, {missed} missed, {failures} failures",
        words[0], world.name
    );
}

/// Starts a process with namespaces for a part of the points.
fn start(mode: &str, world: &str, every: usize, first: usize) -> Part {
    const LINKS: &str = "mount --make-rprivate / && mount -t sysfs sysfs /sys && ip link set lo up && \
        ip link add a0 address 52:54:00:aa:00:01 type veth peer name a1 address 52:54:00:aa:00:11 && \
        ip link add b0 address 52:54:00:aa:00:02 type veth peer name b1 address 52:54:00:aa:00:12 && \
        exec \"$0\" cut::inside --exact --ignored --nocapture";
    let folder =
        std::env::temp_dir().join(format!("glowplug-cut-{}-{mode}-{world}-{first}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let child = Command::new("unshare")
        .args(["-m", "-n", "-u", "-p", "--fork", "--mount-proc", "--kill-child", "sh", "-c", LINKS])
        .arg(std::env::current_exe().unwrap())
        .env(JOB, format!("{mode} {world} {every} {first} {}", folder.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap_or_else(|error| panic!("unable to run unshare (package util-linux): {error}"));
    Part { child, folder }
}

/// A part of the points, under way.
struct Part {
    child: Child,
    folder: PathBuf,
}

/// All worlds, two processes at a time; each takes every `sample`-th point if
/// the environment does not say otherwise.
fn sweep(mode: &str, sample: usize) {
    let wanted = std::env::var("GLOWPLUG_CUT").ok();
    let every = match wanted.as_deref() {
        Some("all") => 1,
        Some(number) => number.parse().unwrap(),
        None => sample,
    };
    let worlds = std::env::var("GLOWPLUG_CUT_WORLDS").ok();
    let mut failures = String::new();
    for world in kinds::ALL.iter().map(|world| world.name) {
        if worlds.as_ref().is_some_and(|worlds| !worlds.split(',').any(|name| name == world)) {
            continue;
        }
        let parts = [0, 1].map(|part| start(mode, world, every * 2, part * every));
        for part in parts {
            let output = part.child.wait_with_output().unwrap();
            fs::remove_dir(&part.folder).unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            let lines: Vec<&str> = text
                .lines()
                .filter(|line| ["FAIL", "     ", "DONE"].iter().any(|word| line.starts_with(word)))
                .collect();
            println!("{}", lines.join("\n"));
            if !output.status.success() || !text.contains(" 0 failures") {
                failures += &text;
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn a_boot_that_is_cut_off_anywhere_is_completed_by_the_next() {
    sweep("power", 53);
}

#[test]
fn a_call_that_fails_anywhere_loses_nothing_and_is_told() {
    sweep("fault", 601);
}
