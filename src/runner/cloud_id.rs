//! `glowplug cloud-id`: the name of the cloud, as cloud-init's program of that
//! name prints it.

use crate::cli::{Arguments, Ended, Fault, print};
use crate::input::read;
use crate::report::{self, State};
use glowplug::error::Error;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::Value;

/// The instance data everybody may read.
const INSTANCE_DATA: &str = "/run/cloud-init/instance-data.json";

pub(crate) fn run(arguments: &Arguments) -> Ended {
    match report::state() {
        State::Disabled => return print("disabled\n").map(|()| 2).map_err(Fault::from),
        State::NotStarted => return print("not run\n").map(|()| 3).map_err(Fault::from),
        State::Running | State::Done | State::Error => {}
    }
    let path = arguments.value("instance-data").unwrap_or(INSTANCE_DATA);
    let text = read(path)?;
    let data = json::parse(&text).map_err(|error| error.in_file(path))?;
    let v1 = data.get("v1").ok_or_else(|| Error::new("read", path, "it has no v1"))?;
    let word = |key: &str| v1.get(key).and_then(Value::as_str).unwrap_or("unknown");
    let mut text = String::new();
    if arguments.has("json") {
        json::write(v1, Style::File, &mut text);
    } else if arguments.has("long") {
        text = format!("{}\t{}", word("cloud_id"), word("region"));
    } else {
        text = word("cloud_id").into();
    }
    text.push('\n');
    print(&text)?;
    Ok(0)
}
