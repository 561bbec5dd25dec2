//! Power that fails at each call that changes something, and what the next
//! boot makes of it.

use super::boot::{Call, Ended, Machine, STAGES, State, Told, end_all, settle};
use super::normal::{is_temporary, normal, torn};
use super::snapshot::{Snapshot, differences};
use super::{Job, Report};
use crate::random::Random;
use std::collections::BTreeSet;

/// What a machine comes to if nothing happens to it.
pub(crate) struct Peace {
    /// Before each stage, and at the end.
    pub(crate) states: Vec<State>,
    /// The calls of each stage.
    pub(crate) lists: Vec<Vec<Call>>,
    /// The root after the second boot.
    pub(crate) wanted: Snapshot,
    pub(crate) ends: Vec<Ended>,
    /// Status.json after the first boot and after the second.
    told: [Told; 2],
    /// Programs that may run once, as they wrote it down.
    once: BTreeSet<String>,
}

impl Peace {
    pub(crate) fn of(machine: &Machine) -> Self {
        let fresh = machine.state();
        // Links have their names from then on.
        machine.boot();
        assert!(settle());
        machine.calls();
        machine.put_back(&fresh);
        let (mut states, mut lists, mut ends) = (vec![fresh], Vec::new(), Vec::new());
        for stage in 0..STAGES.len() {
            let (ended, list) = machine.list(stage);
            assert!(settle());
            ends.push(ended);
            lists.push(list);
            states.push(machine.state());
        }
        let first = machine.told();
        let calls = machine.calls();
        let once: BTreeSet<String> = calls.iter().filter(|call| call.starts_with("once ")).cloned().collect();
        Machine::power_off(&states[0]);
        machine.boot();
        assert!(settle());
        let second = machine.told();
        assert!(machine.calls().iter().all(|call| !once.contains(call)), "run twice without a cut");
        let wanted = machine.state().root;
        let changed = differences(&normal(&states[4].root, &[]), &normal(&wanted, &[]));
        assert_eq!(changed, [""; 0], "the second boot changes what the first made");
        Self { states, lists, wanted, ends, told: [first, second], once }
    }

    /// The calls of a stage at which it is cut off.
    fn points(&self, stage: usize, machine: &Machine) -> Vec<&Call> {
        self.lists[stage].iter().filter(|call| call.changes(&machine.place.root)).collect()
    }
}

/// What becomes of programs that the stage had started when it was killed.
#[derive(Clone, Copy, Debug)]
enum Programs {
    Finish,
    Die,
}

/// Cuts every call of a stage that is the job's.
pub(crate) fn cut(machine: &Machine, peace: &Peace, job: &Job, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (stage, name) in STAGES.iter().enumerate() {
        for (at, call) in peace.points(stage, machine).into_iter().enumerate() {
            if !job.takes(report.turn()) {
                continue;
            }
            let waits = call.name.starts_with("wait");
            for programs in [Programs::Finish, Programs::Die] {
                if matches!(programs, Programs::Die) && !waits {
                    continue;
                }
                let when =
                    format!("{name} cut at {} {} ({programs:?}): {}", call.name, call.number, call.text);
                machine.put_back(&peace.states[stage]);
                machine.calls();
                let ended = kill(machine, stage, call, programs);
                report.points += 1;
                if ended.status.is_some_and(|status| status.success()) {
                    report.missed += 1;
                    continue;
                }
                let left = machine.state().root;
                let torn = torn(&left, &peace.states[stage].root, &peace.states[stage + 1].root);
                if !torn.is_empty() {
                    report.fail(&when, &torn.join("; "));
                }
                let calls = machine.calls();
                if !seen.insert((stage, normal_with_journal(&left).digest(), calls.clone())) {
                    continue;
                }
                report.states += 1;
                let in_flight = waits || !calls.is_empty();
                let twice = job.twice && at % 3 == 0;
                let before = Before { calls: calls.clone(), in_flight, is_said: false };
                recover(machine, peace, &before, &when, report);
                if twice {
                    machine.put_back(&State { root: left, run: peace.states[0].run.clone() });
                    again(machine, peace, calls, &when, report);
                }
            }
        }
    }
}

/// What makes a difference to the next boot.
fn normal_with_journal(root: &Snapshot) -> Snapshot {
    let mut all = normal(root, &[]);
    for (path, entry) in root.0.iter().filter(|(path, _)| path.ends_with("/glowplug.journal")) {
        all.0.insert(path.clone(), entry.clone());
    }
    all
}

fn kill(machine: &Machine, stage: usize, call: &Call, programs: Programs) -> Ended {
    let ended = machine.inject(stage, call, "signal=KILL");
    match programs {
        Programs::Finish => assert!(settle(), "a program goes on"),
        Programs::Die => end_all(),
    }
    ended
}

/// The second cut, somewhere in the boot that mends the first.
fn again(machine: &Machine, peace: &Peace, mut calls: Vec<String>, when: &str, report: &mut Report) {
    Machine::power_off(&peace.states[0]);
    let mut random = Random::new(report.points as u64);
    let stage = random.below(STAGES.len());
    for earlier in 0..stage {
        machine.run(earlier);
    }
    calls.extend(machine.calls());
    let list = {
        let state = machine.state();
        let (_, list) = machine.list(stage);
        assert!(settle());
        machine.put_back(&state);
        // what that run wrote down is not this machine's
        machine.calls();
        list
    };
    let points: Vec<&Call> = list.iter().filter(|call| call.changes(&machine.place.root)).collect();
    let Some(call) = points.get(random.below(points.len())) else { return };
    kill(machine, stage, call, Programs::Finish);
    calls.extend(machine.calls());
    report.twice += 1;
    let is_said = machine.told().lines.iter().any(|line| line.contains(UNKNOWN));
    let when = format!("{when}; then {} cut at {} {}: {}", STAGES[stage], call.name, call.number, call.text);
    recover(machine, peace, &Before { calls, in_flight: true, is_said }, &when, report);
}

/// What is said of a program that may have run.
const UNKNOWN: &str = "outcome is unknown";

/// What happened before the boot in peace.
struct Before {
    /// What programs wrote down.
    calls: Vec<String>,
    /// A program may have been started.
    in_flight: bool,
    /// An earlier boot has said of one that its outcome is unknown.
    is_said: bool,
}

/// Boots in peace, and looks at what has become of the machine.
fn recover(machine: &Machine, peace: &Peace, before: &Before, when: &str, report: &mut Report) {
    let mut calls = before.calls.clone();
    Machine::power_off(&peace.states[0]);
    let ends = machine.boot();
    if !settle() {
        report.fail(when, "a program goes on");
        end_all();
    }
    for (stage, ended) in ends.iter().enumerate() {
        if let Some(why) = ended.is_broken() {
            report.fail(when, &format!("then {} {why}: {}", STAGES[stage], ended.said));
        }
    }
    calls.extend(machine.calls());
    let told = machine.told();
    let mut missing = Vec::new();
    for name in &peace.once {
        match calls.iter().filter(|call| *call == name).count() {
            0 => missing.push(name.as_str()),
            1 => {}
            count => report.fail(when, &format!("{name} ran {count} times")),
        }
    }
    let root = machine.state().root;
    let known: Vec<&String> = peace.told.iter().flat_map(|told| &told.lines).collect();
    let more: Vec<&String> = told.lines.iter().filter(|line| !known.contains(line)).collect();
    for name in &missing {
        if more.is_empty() && !before.is_said {
            report.fail(when, &format!("{name} never ran, and no line says so"));
        }
    }
    // what is in the journal as started may not have been
    let is_unknown = more.iter().any(|line| line.contains(UNKNOWN));
    if !more.is_empty() && !before.in_flight && !is_unknown {
        report.fail(when, &format!("without a reason: {more:?}"));
    }
    if !told.is_complete {
        report.fail(when, "status.json says that a stage has not ended");
    }
    let effects = ["/made-runcmd", "/made-user", "/made-vendor", "/made-per-once", "/made-per-instance"];
    let unknown: &[&str] = if more.is_empty() && !before.is_said { &[] } else { &effects };
    let (wanted, found) = (normal(&peace.wanted, unknown), normal(&root, unknown));
    let (temporary, lines): (Vec<_>, Vec<_>) = differences(&wanted, &found)
        .into_iter()
        .partition(|line| is_temporary(line.split(' ').next().unwrap()));
    let lines: Vec<String> = temporary.into_iter().chain(lines).collect();
    if !lines.is_empty() {
        report.fail(when, &lines.join("; "));
    }
}
