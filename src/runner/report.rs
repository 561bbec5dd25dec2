//! `glowplug status`: how far this boot has come.

use crate::cli::{Arguments, Ended, print};
use crate::status::Status;
use glowplug::state::paths::{DISABLED, HANDOFF_SEED};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// Between two looks of `--wait`.
const LOOK: Duration = Duration::from_millis(250);

/// What a boot's provisioning is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    NotStarted,
    Running,
    Done,
    Error,
    Disabled,
}

impl State {
    fn of(status: Option<&Status>) -> Self {
        let off = fs::read_to_string(HANDOFF_SEED).is_ok_and(|word| word.trim() == "off");
        if off || Path::new(DISABLED).exists() {
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
    let (mut status, mut state);
    loop {
        status = Status::read();
        state = State::of(status.as_ref());
        if !arguments.has("wait") || !matches!(state, State::NotStarted | State::Running) {
            break;
        }
        eprint!(".");
        sleep(LOOK);
    }
    if arguments.has("wait") {
        eprintln!();
    }
    let status = status.unwrap_or_default();
    print(&match arguments.value("format") {
        Some("json") => json(state, &status),
        Some("yaml") => yaml(state, &status),
        _ => tabular(state, &status, arguments.has("long")),
    })?;
    Ok(match state {
        State::Error => 1,
        State::Done if status.recoverable().next().is_some() => 2,
        _ => 0,
    })
}

/// The state with what went wrong on the way.
fn extended(state: State, status: &Status) -> String {
    match state {
        State::Error => "error - done".into(),
        State::Done | State::Running if status.recoverable().next().is_some() => {
            format!("degraded {}", state.word())
        }
        _ => state.word().into(),
    }
}

fn quoted(text: &str) -> String {
    use glowplug::syntax::json::{Style, write};
    use glowplug::syntax::value::{Data, Value};
    let mut out = String::new();
    write(&Value::bare(Data::Str(text.into())), Style::Compact, &mut out);
    out
}

fn listed<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    format!("[{}]", texts.map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

fn warnings(status: &Status) -> String {
    match status.recoverable().next() {
        None => "{}".into(),
        Some(_) => format!("{{\"WARNING\": {}}}", listed(status.recoverable())),
    }
}

fn tabular(state: State, status: &Status, long: bool) -> String {
    let mut lines = vec![format!("status: {}", state.word())];
    if long {
        lines.push(format!("extended_status: {}", extended(state, status)));
        lines.push(format!("detail: {}", status.datasource.as_deref().unwrap_or("no datasource")));
        list(&mut lines, "errors", &mut status.errors());
        list(&mut lines, "recoverable_errors", &mut status.recoverable());
    }
    lines.join("\n") + "\n"
}

fn list(lines: &mut Vec<String>, name: &str, texts: &mut dyn Iterator<Item = &String>) {
    let mut texts = texts.peekable();
    lines.push(format!("{name}:{}", if texts.peek().is_none() { " []" } else { "" }));
    lines.extend(texts.map(|text| format!("\t- {text}")));
}

fn fields(state: State, status: &Status) -> [(&'static str, String); 5] {
    [
        ("detail", quoted(status.datasource.as_deref().unwrap_or("no datasource"))),
        ("errors", listed(status.errors())),
        ("extended_status", quoted(&extended(state, status))),
        ("recoverable_errors", warnings(status)),
        ("status", quoted(state.word())),
    ]
}

fn json(state: State, status: &Status) -> String {
    let fields = fields(state, status).map(|(name, value)| format!("  \"{name}\": {value}"));
    format!("{{\n{}\n}}\n", fields.join(",\n"))
}

/// JSON's scalars and lists are YAML's.
fn yaml(state: State, status: &Status) -> String {
    let fields = fields(state, status).map(|(name, value)| format!("{name}: {value}\n"));
    format!("---\n{}...\n", fields.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Mode;

    #[test]
    fn every_format_says_what_was_wrong() {
        let mode = Mode { recoverable: vec!["unable to read \"x\"".into()], ..Mode::default() };
        let status = Status { modes: [("init".to_owned(), mode)].into(), ..Status::default() };
        assert_eq!(tabular(State::Done, &status, false), "status: done\n");
        assert_eq!(
            tabular(State::Done, &status, true),
            "status: done\nextended_status: degraded done\ndetail: no datasource\nerrors: []\nrecoverable_errors:\n\t- unable to read \"x\"\n"
        );
        assert_eq!(
            yaml(State::Error, &Status::default()),
            "---\ndetail: \"no datasource\"\nerrors: []\nextended_status: \"error - done\"\nrecoverable_errors: {}\nstatus: \"error\"\n...\n"
        );
        assert!(json(State::Done, &status).contains("{\"WARNING\": [\"unable to read \\\"x\\\"\"]}"));
    }
}
