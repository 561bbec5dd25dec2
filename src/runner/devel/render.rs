//! `glowplug devel render`: a template of user-data with the instance data of
//! this machine.

use super::{name, read};
use crate::cli::{Arguments, Ended, print, say};
use crate::languages::LANGUAGES;
use glowplug::error::Error;
use glowplug::syntax::json;
use glowplug::user_data::{Kind, MISSING, render_text};

const DATA: [&str; 2] =
    ["/run/cloud-init/instance-data-sensitive.json", "/run/cloud-init/instance-data.json"];

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let file = arguments.operand().unwrap_or("-");
    let is_root = rustix::process::geteuid().is_root();
    let path = arguments.value("instance-data").unwrap_or(DATA[usize::from(!is_root)]);
    let template = read(file)?;
    if Kind::of_content(&template) != Some(Kind::Jinja) {
        let why = "its first line is not `## template: jinja`";
        return Err(Error::new("render", name(file), why).into());
    }
    let data = read(path)?;
    let data = json::parse(&data).map_err(|error| error.in_file(path))?;
    let text = String::from_utf8(template).map_err(|_| Error::new("read", name(file), "it is not UTF-8"))?;
    let rendered = render_text(LANGUAGES.jinja, name(file), text.trim_start(), &data)?;
    for after in rendered.split(MISSING).skip(1) {
        let missing = after.split(char::is_whitespace).next().unwrap_or_default();
        let error = Error::new("render all of", name(file), format!("there is no {missing}"));
        say(&format!("glowplug: {error}"));
    }
    print(&rendered)?;
    Ok(0)
}
