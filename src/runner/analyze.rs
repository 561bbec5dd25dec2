//! `glowplug analyze`: where the time of this boot went, by our own clocks.

use crate::cli::{Arguments, Ended, Fault, print};
use crate::input::read_text;
use crate::status::{MODES, seconds};
use glowplug::error::Error;
use glowplug::state::paths::TIMINGS;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::clock;
use glowplug::text::escaped;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;

/// How a step of a stage is printed, in cloud-init's letters.
const FORMAT: &str = "%I%D @%Es +%ds";

/// What a module run by `glowplug single` belongs to.
const SINGLE: &str = "single";

/// A step of a stage; times are microseconds of the monotonic clock.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// As status.json names it.
    stage: &'static str,
    name: String,
    start: u64,
    duration: u64,
    failed: bool,
}

impl Step {
    fn end(&self) -> u64 {
        self.start + self.duration
    }

    const fn result(&self) -> &'static str {
        if self.failed { "FAIL" } else { "SUCCESS" }
    }

    fn encloses(&self, other: &Self) -> bool {
        self.start <= other.start && other.end() <= self.end() && self.duration > other.duration
    }
}

/// What each step took itself, without the steps inside it: nothing is counted twice.
fn own_durations(steps: &[Step]) -> Vec<u64> {
    let mut own: Vec<u64> = steps.iter().map(|step| step.duration).collect();
    for (at, step) in steps.iter().enumerate() {
        let around = steps.iter().enumerate().filter(|(other, around)| *other != at && around.encloses(step));
        if let Some((closest, _)) = around.min_by_key(|(_, around)| around.duration) {
            own[closest] = own[closest].saturating_sub(step.duration);
        }
    }
    own
}

pub(crate) fn show(arguments: &Arguments) -> Ended {
    let format = arguments.value("format").unwrap_or(FORMAT);
    answer(arguments, |steps| as_record(&steps, format))
}

pub(crate) fn blame(arguments: &Arguments) -> Ended {
    answer(arguments, |mut steps| {
        steps.retain(|step| !is_whole(step));
        let own = own_durations(&steps);
        for (step, own) in steps.iter_mut().zip(own) {
            step.duration = own;
        }
        steps.sort_by_key(|step| std::cmp::Reverse(step.duration));
        let line = |step: &Step| {
            let failed = if step.failed { " FAIL" } else { "" };
            format!("     {:0>8}s ({}/{}){failed}\n", short(step.duration), step.stage, step.name)
        };
        format!(
            "-- Boot Record 01 --\n{}\n1 boot records analyzed\n",
            steps.iter().map(line).collect::<String>()
        )
    })
}

pub(crate) fn dump(arguments: &Arguments) -> Ended {
    answer(arguments, |steps| as_events(&steps))
}

pub(crate) fn boot(arguments: &Arguments) -> Ended {
    answer(arguments, |steps| {
        let booted = clock::realtime().saturating_sub(clock::monotonic());
        let date = |at: u64| glowplug::date::utc(booted + at).iso();
        let first = steps.iter().map(|step| step.start).min().unwrap_or_default();
        let last = steps.iter().map(|step| step.start + step.duration).max().unwrap_or_default();
        format!(
            "-- Most Recent Boot Record --\n    Kernel started at: {}\n    Provisioning started at: {}\n    \
             Kernel start to provisioning (seconds): {}\n    Provisioning ended at: {}\n    \
             Kernel start to its end (seconds): {}\n",
            date(0),
            date(first),
            seconds(first),
            date(last),
            seconds(last)
        )
    })
}

/// Reads the timings and writes what is made of them where it is asked for.
fn answer(arguments: &Arguments, make: impl Fn(Vec<Step>) -> String) -> Ended {
    let path = arguments.value("infile").unwrap_or(TIMINGS);
    let text = read_text(path)?;
    let steps = parse(&text);
    if steps.is_empty() {
        return Err(Fault::Failed(Error::new("analyze", path, "it has no steps")));
    }
    let answer = make(steps);
    match arguments.value("outfile") {
        None | Some("-") => print(&answer)?,
        Some(file) => fs::File::create(file)
            .and_then(|mut file| file.write_all(answer.as_bytes()))
            .map_err(|error| Error::os("write", file, error.raw_os_error().unwrap_or(0)))?,
    }
    Ok(0)
}

/// The steps of `STEP<TAB>START<TAB>DURATION` lines, with `<TAB>FAIL` behind those that failed; what is
/// none is passed over. `runner/STAGE` ends what belongs to STAGE.
fn parse(text: &str) -> Vec<Step> {
    let (mut steps, mut open): (Vec<Step>, Vec<Step>) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(name), Some(start), Some(duration)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (Ok(start), Ok(duration)) = (start.parse(), duration.parse()) else { continue };
        let (who, what) = name.split_once('/').unwrap_or(("", name));
        let failed = fields.next() == Some("FAIL");
        let mut step = Step { stage: MODES[0], name: escaped(what), start, duration, failed };
        match who {
            "agent" => steps.push(step),
            "runner" => {
                step.stage = MODES.iter().find(|mode| **mode == what).copied().unwrap_or(SINGLE);
                open.sort_by_key(|inner| inner.start);
                for mut inner in open.drain(..) {
                    inner.stage = step.stage;
                    steps.push(inner);
                }
                steps.push(step);
            }
            _ => open.push(step),
        }
    }
    steps.append(&mut open);
    steps
}

/// Whether this is a stage with all its steps.
fn is_whole(step: &Step) -> bool {
    step.name == step.stage
}

fn short(micros: u64) -> String {
    format!("{}.{:05}", micros / 1_000_000, micros % 1_000_000 / 10)
}

/// A step of the stage that began at `first`, in the form that is asked for; a
/// letter that stands for nothing stays.
fn formatted(step: &Step, first: u64, format: &str) -> String {
    let end = step.end();
    let mut text = String::new();
    let mut pieces = format.split('%');
    text += pieces.next().unwrap_or_default();
    for piece in pieces {
        let value = match piece.chars().next() {
            Some('d') => format!("{:0>8}", short(step.duration)),
            Some('E') => format!("{:0>8}", short(end.saturating_sub(first))),
            Some('t') => short(clock::realtime().saturating_sub(clock::monotonic()) + end),
            Some('D') => step.name.clone(),
            Some('n') => format!("{}/{}", step.stage, step.name),
            Some('I') => "|`->".into(),
            Some('e') => "finish".into(),
            Some('r') => step.result().into(),
            Some('o') => "glowplug".into(),
            _ => {
                text.push('%');
                text += piece;
                continue;
            }
        };
        text += &value;
        text += &piece[1..];
    }
    text
}

/// The stages with their steps, as cloud-init prints its own.
fn as_record(steps: &[Step], format: &str) -> String {
    let mut text = String::from(
        "-- Boot Record 01 --\nThe total time elapsed since completing an event is printed after the \"@\" character.\n\
         The time the event takes is printed after the \"+\" character.\n\n",
    );
    let mut total = 0;
    let mut before: Option<(&str, u64)> = None;
    for stage in MODES.into_iter().chain([SINGLE]) {
        let own: Vec<&Step> = steps.iter().filter(|step| step.stage == stage).collect();
        let inner: Vec<&&Step> = own.iter().filter(|step| !is_whole(step)).collect();
        let Some(first) = own.iter().map(|step| step.start).min() else { continue };
        if let Some((earlier, end)) = before
            && first > end
        {
            let _ =
                writeln!(text, "Between stages: ({earlier}, {stage}) {:0>8} seconds\n", short(first - end));
        }
        let _ = writeln!(text, "Starting stage: {stage}");
        for step in &inner {
            let failed = if step.failed && format == FORMAT { " FAIL" } else { "" };
            let _ = writeln!(text, "{}{failed}", formatted(step, first, format));
        }
        let whole = own.iter().find(|step| is_whole(step)).map(|step| step.duration);
        let last = inner.iter().map(|step| step.end()).max().unwrap_or(first);
        before = own.iter().map(|step| step.end()).max().map(|end| (stage, end));
        let took = whole.unwrap_or(last - first);
        total += took;
        let _ = writeln!(text, "Finished stage: ({stage}) {:0>8} seconds\n", short(took));
    }
    let _ = writeln!(text, "Total Time: {} seconds\n\n1 boot records analyzed", short(total));
    text
}

/// Start and finish of each step, with seconds since 1970.
fn as_events(steps: &[Step]) -> String {
    let booted = clock::realtime().saturating_sub(clock::monotonic());
    let word = |text: &str| Value::bare(Data::Str(text.to_owned().into()));
    let mut events = Vec::new();
    for step in steps {
        let name = if is_whole(step) { step.name.clone() } else { format!("{}/{}", step.stage, step.name) };
        for (kind, at) in [("start", step.start), ("finish", step.start + step.duration)] {
            let time = Value::bare(Data::Float(seconds(booted + at).into()));
            let mut entries = vec![
                (word("description"), word(&step.name)),
                (word("event_type"), word(kind)),
                (word("name"), word(&name)),
                (word("origin"), word("glowplug")),
                (word("timestamp"), time),
            ];
            if kind == "finish" {
                entries.push((word("result"), word(step.result())));
            }
            events.push(Value::bare(Data::Map(entries)));
        }
    }
    let mut text = String::new();
    json::write(&Value::bare(Data::Seq(events)), Style::File, &mut text);
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &str = "agent/find seed\t1000000\t250000\nagent/hand off\t1250000\t1000\nmodule/bootcmd\t3000000\t500000\nmodule/ssh\t3500000\t50000\tFAIL\nrunner/init\t2900000\t700000\tFAIL\nnonsense\nmodule/x\ta\tb\n";

    #[test]
    fn steps_belong_to_the_stage_that_ends_after_them() {
        let record = as_record(&parse(STEPS), FORMAT);
        let lines: Vec<&str> = record.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                "Starting stage: init-local",
                "|`->find seed @00.25000s +00.25000s",
                "|`->hand off @00.25100s +00.00100s",
                "Finished stage: (init-local) 00.25100 seconds",
                "",
                "Between stages: (init-local, init) 01.64900 seconds",
                "",
                "Starting stage: init",
                "|`->bootcmd @00.60000s +00.50000s",
                "|`->ssh @00.65000s +00.05000s FAIL",
                "Finished stage: (init) 00.70000 seconds",
                "",
                "Total Time: 0.95100 seconds",
                "",
                "1 boot records analyzed",
            ]
        );
        assert_eq!(parse("").len() + parse("\t\t\n").len(), 0);
    }

    #[test]
    fn a_step_inside_another_is_not_counted_twice() {
        let steps =
            parse("agent/wait for NICs\t110\t40\nagent/rename links\t150\t20\nagent/network\t100\t100\n");
        assert_eq!(own_durations(&steps), [40, 20, 40]);
        assert_eq!(own_durations(&parse(STEPS)), [250_000, 1000, 500_000, 50_000, 150_000]);
    }

    #[test]
    fn waits_stand_in_the_step_that_waited() {
        let steps = parse(
            "module/wait for http://x/y\t3100000\t300000\nmodule/bootcmd\t3000000\t500000\n\
             module/wait for NICs with 52:54:00:00:00:01\t2900000\t50000\nrunner/init\t2900000\t700000\n",
        );
        let record = as_record(&steps, FORMAT);
        let lines: Vec<&str> = record.lines().skip(4).take(5).collect();
        assert_eq!(
            lines,
            [
                "Starting stage: init",
                "|`->wait for NICs with 52:54:00:00:00:01 @00.05000s +00.05000s",
                "|`->bootcmd @00.60000s +00.50000s",
                "|`->wait for http://x/y @00.50000s +00.30000s",
                "Finished stage: (init) 00.70000 seconds",
            ]
        );
        assert_eq!(own_durations(&steps), [50_000, 200_000, 300_000, 150_000]);
    }

    #[test]
    fn a_step_is_printed_as_it_is_asked_for() {
        let step = &parse(STEPS)[0];
        assert_eq!(formatted(step, 0, "é%n 100%% %z%e%"), "éinit-local/find seed 100%% %zfinish%");
        assert_eq!(formatted(step, 500_000, "%d %E %r %o"), "00.25000 00.75000 SUCCESS glowplug");
    }
}
