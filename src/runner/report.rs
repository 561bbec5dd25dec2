//! `glowplug status`: how far this boot has come.

use crate::cli::{Arguments, Ended, print};
use crate::log_file::utc;
use crate::stage::{seed_state, switched_off};
use crate::stage_process;
use crate::status::{MODES, Status};
use crate::watch::Watch;
use glowplug::stage::local::Outcome;
use glowplug::state::paths::DISABLED;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;
use glowplug::sys::clock;
use glowplug::text::escaped;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Between two looks of `--wait`, where no file says sooner that there is something to see.
const LOOK: Duration = Duration::from_millis(250);

/// Where the stages write how far they are.
const WATCHED: [&str; 2] = ["/run/cloud-init", "/var/lib/cloud/data"];

/// Between two questions of it to systemd.
const ASK: Duration = Duration::from_secs(2);

/// The units of the stages, as [`MODES`] has them.
const UNITS: [&str; 4] =
    ["glowplug-local.service", "glowplug-init.service", "glowplug-config.service", "glowplug-final.service"];

/// What a boot's provisioning is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    NotStarted,
    Running,
    Done,
    Error,
    Disabled,
}

/// Whether it is the file that switches a machine off, not the kernel line.
fn is_marked() -> bool {
    std::fs::exists(DISABLED).unwrap_or(false)
}

/// Whether no seed was found and nothing says that there should be one: cloud-init's generator
/// switches itself off on such a machine.
fn is_unseeded() -> bool {
    seed_state().as_deref() == Some(Outcome::Absent.word())
}

impl State {
    fn of(status: Option<&Status>) -> Self {
        match switched_off() {
            Ok(Some(_)) => return Self::Disabled,
            Ok(None) => {}
            Err(_) => return Self::Error,
        }
        if is_unseeded() && status.is_none_or(|status| status.errors().next().is_none()) {
            return Self::Disabled;
        }
        let Some(status) = status else { return Self::NotStarted };
        let ended = status.modes.get("modules-final").is_some_and(|mode| mode.finished.is_some());
        match (status.stage.is_none() && ended, status.errors().next().is_some()) {
            (false, _) => Self::Running,
            (true, true) => Self::Error,
            (true, false) => Self::Done,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Running => "running",
            Self::Done => "done",
            Self::Error => "error",
            Self::Disabled => "disabled",
        }
    }
}

/// What provisioning is doing now.
pub(crate) fn state() -> State {
    State::of(Status::read().as_ref())
}

/// Prints the status; the value is the exit status.
pub(crate) fn run(arguments: &Arguments) -> Ended {
    let format = arguments.value("format").unwrap_or("tabular");
    let (mut status, mut asked) = (None, None::<Instant>);
    let mut state;
    let watch = Watch::of(&WATCHED);
    loop {
        if let Some(now) = Status::read() {
            status = Some(now);
        }
        state = State::of(status.as_ref());
        if state == State::Running
            && let Some(status) = &mut status
            && note_interruption(status)
        {
            state = State::Error;
            break;
        }
        if state == State::Running && asked.is_none_or(|asked| asked.elapsed() >= ASK) {
            asked = Some(Instant::now());
            if let Some(status) = &mut status
                && give_up(status)
            {
                state = State::Error;
                break;
            }
        }
        if !arguments.has("wait") || !matches!(state, State::NotStarted | State::Running) {
            break;
        }
        if format == "tabular" {
            eprint!(".");
        }
        watch.wait(LOOK);
    }
    if arguments.has("wait") && format == "tabular" {
        eprintln!();
    }
    let mut status = status.unwrap_or_default();
    if let Err(error) = switched_off() {
        status.modes.entry(MODES[0].into()).or_default().errors.push(error.into());
    }
    let report = Report { state, status };
    print(&match format {
        "json" => report.json(),
        "yaml" => yaml::emit::dump(&report.value()),
        _ => report.tabular(arguments.has("long")),
    })?;
    Ok(match state {
        State::Error => 1,
        State::Done if report.status.recoverable().next().is_some() => 2,
        _ => 0,
    })
}

/// Whether the process of the stage that status.json says is under way is gone; that is added.
fn note_interruption(status: &mut Status) -> bool {
    let Some(stage) = status.stage.clone().filter(|stage| stage_process::is_gone(stage)) else {
        return false;
    };
    stage_process::add_interruption(status, stage);
    true
}

/// Whether the stage that status.json says is under way has died: then nobody
/// says that it has ended. What went wrong is added.
fn give_up(status: &mut Status) -> bool {
    let Some(stage) = status.stage.clone() else { return false };
    let unit = MODES.iter().position(|mode| *mode == stage).and_then(|at| UNITS.get(at));
    let Some(unit) = unit.filter(|_| Path::new("/run/systemd/system").exists()) else { return false };
    let asked = Command::new("systemctl")
        .args(["is-failed", "--quiet", unit])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !asked.is_ok_and(|answer| answer.success()) {
        return false;
    }
    let why = format!("{unit} has failed before it was done (systemctl status {unit})");
    status.modes.entry(stage).or_default().errors.push(why);
    true
}

/// What is printed.
struct Report {
    state: State,
    status: Status,
}

fn word(text: impl Into<String>) -> Value<'static> {
    Value::bare(Data::Str(text.into().into()))
}

impl Report {
    /// The state with what went wrong on the way.
    fn extended(&self) -> String {
        match self.state {
            State::Error => "error - done".into(),
            State::Done | State::Running if self.status.recoverable().next().is_some() => {
                format!("degraded {}", self.state.word())
            }
            state => state.word().into(),
        }
    }

    /// Why provisioning runs or does not, in cloud-init's words for programs.
    fn boot_status_code(&self) -> &'static str {
        match self.state {
            State::Disabled if is_marked() => "disabled-by-marker-file",
            State::Disabled if is_unseeded() => "disabled-by-generator",
            State::Disabled => "disabled-by-kernel-command-line",
            _ if !Path::new("/run/systemd/system").exists() => "enabled-by-sysvinit",
            State::NotStarted => "unknown",
            _ => "enabled-by-generator",
        }
    }

    fn detail(&self) -> String {
        match (self.state, &self.status.stage) {
            (State::Disabled, _) if is_marked() => format!("disabled by {DISABLED}"),
            (State::Disabled, _) if is_unseeded() => {
                "disabled: no seed was found, and nothing says that there should be one".into()
            }
            (State::Disabled, _) => "disabled by the kernel line".into(),
            _ if self.status.datasource.is_some() => self.status.datasource.clone().unwrap_or_default(),
            (_, Some(stage)) => format!("Running in stage: {stage}"),
            (State::NotStarted, _) => "no stage has run in this boot".into(),
            _ => "no datasource".into(),
        }
    }

    /// When a stage last began or ended; empty where none has.
    fn last_update(&self) -> String {
        let times = self.status.modes.values().flat_map(|mode| [&mode.start, &mode.finished]);
        let latest = times.flatten().filter_map(|time| time.parse::<f64>().ok()).fold(0.0, f64::max);
        if latest == 0.0 {
            return String::new();
        }
        let booted = clock::realtime().saturating_sub(clock::monotonic());
        utc(booted + u64::try_from(Duration::from_secs_f64(latest).as_micros()).unwrap_or(0)).rfc2822()
    }

    fn tabular(&self, long: bool) -> String {
        let mut lines = vec![format!("status: {}", self.state.word())];
        if long {
            lines.push(format!("extended_status: {}", self.extended()));
            lines.push(format!("boot_status_code: {}", self.boot_status_code()));
            let last_update = self.last_update();
            if !last_update.is_empty() {
                lines.push(format!("last_update: {last_update}"));
            }
            lines.push(format!("detail: {}", escaped(&self.detail())));
            let listed = |text: &String| format!("\t- {}", escaped(text));
            let errors: Vec<String> = self.status.errors().map(listed).collect();
            lines.push(if errors.is_empty() { "errors: []".into() } else { "errors:".into() });
            lines.extend(errors);
            let warnings: Vec<String> = self.status.recoverable().map(listed).collect();
            if warnings.is_empty() {
                lines.push("recoverable_errors: {}".into());
            } else {
                lines.extend(["recoverable_errors:".into(), "WARNING:".into()]);
                lines.extend(warnings);
            }
        }
        lines.join("\n") + "\n"
    }

    /// The fields of cloud-init's, those of status.json among them, sorted.
    fn value(&self) -> Value<'_> {
        let texts = |texts: Vec<String>| Value::bare(Data::Seq(texts.into_iter().map(word).collect()));
        let status = &self.status;
        let name = status.datasource.as_deref().unwrap_or_default();
        let name = name.split(' ').next().unwrap_or_default().to_ascii_lowercase().replace("datasource", "");
        let warnings: Vec<String> = status.recoverable().cloned().collect();
        let warnings = if warnings.is_empty() { vec![] } else { vec![(word("WARNING"), texts(warnings))] };
        let mut entries = vec![
            (word("boot_status_code"), word(self.boot_status_code())),
            (word("datasource"), word(name)),
            (word("detail"), word(self.detail())),
            (word("errors"), texts(status.errors().cloned().collect())),
            (word("extended_status"), word(self.extended())),
            (word("last_update"), word(self.last_update())),
            (word("recoverable_errors"), Value::bare(Data::Map(warnings))),
            (word("status"), word(self.state.word())),
        ];
        if !status.modes.is_empty() {
            let file = status.value();
            let stages = file.get("v1").map(|v1| v1.entries().to_vec()).unwrap_or_default();
            entries.extend(stages.into_iter().filter(|(key, _)| key.as_str() != Some("datasource")));
        }
        entries.sort_by(|(one, _), (other, _)| one.as_str().cmp(&other.as_str()));
        Value::bare(Data::Map(entries))
    }

    /// As Python's `json.dumps(indent=2, sort_keys=True)`.
    fn json(&self) -> String {
        let mut text = String::new();
        json::write(&self.value(), Style::File, &mut text);
        let wider = |line: &str| {
            let bare = line.trim_start_matches(' ');
            format!("{}{bare}\n", "  ".repeat(line.len() - bare.len()))
        };
        text.lines().map(wider).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Mode;

    fn report(state: State) -> Report {
        let warning = vec!["unable to read \"x\"".to_owned()];
        let mode = Mode { recoverable: warning, start: Some("1.5".into()), ..Mode::default() };
        let status = Status {
            datasource: Some("DataSourceConfigDrive [net]".into()),
            modes: [("init".to_owned(), mode)].into(),
            ..Status::default()
        };
        Report { state, status }
    }

    #[test]
    fn every_format_says_what_was_wrong() {
        let done = report(State::Done);
        assert_eq!(done.tabular(false), "status: done\n");
        let long = done.tabular(true);
        let lines: Vec<&str> = long.lines().collect();
        assert_eq!(lines[..2], ["status: done", "extended_status: degraded done"]);
        assert!(lines[3].starts_with("last_update: "), "{long}");
        let rest = [
            "detail: DataSourceConfigDrive [net]",
            "errors: []",
            "recoverable_errors:",
            "WARNING:",
            "\t- unable to read \"x\"",
        ];
        assert_eq!(lines[4..], rest);
        let json = done.json();
        assert!(json.starts_with("{\n  \"boot_status_code\": \"") && json.ends_with("\n}\n"), "{json}");
        assert!(json.contains("\n  \"datasource\": \"configdrive\",\n"), "{json}");
        assert!(json.contains("\n    \"start\": 1.5\n"), "{json}");
        let yaml = yaml::emit::dump(&done.value());
        assert!(yaml.starts_with("---\nboot_status_code: ") && yaml.contains("\nstage: null\n"), "{yaml}");
    }

    #[test]
    fn a_text_of_the_status_drew_on_the_terminal() {
        let mut report = report(State::Done);
        let text = "unable to use \u{1b}[2J\u{202e}\nerrors: []".to_owned();
        report.status.datasource = Some("DataSource\u{1b}[0m".into());
        report.status.modes.entry("init".to_owned()).or_default().recoverable = vec![text.clone()];
        let long = report.tabular(true);
        assert!(long.contains("\t- unable to use \\u{1b}[2J\\u{202e}\\nerrors: []\n"), "{long}");
        for shown in [long, report.json(), yaml::emit::dump(&report.value())] {
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        }
    }

    #[test]
    fn before_the_first_stage_nothing_is_known() {
        let report = Report { state: State::NotStarted, status: Status::default() };
        let long = report.tabular(true);
        assert!(
            long.ends_with("detail: no stage has run in this boot\nerrors: []\nrecoverable_errors: {}\n"),
            "{long}"
        );
        assert!(!long.contains("last_update"), "{long}");
    }
}
