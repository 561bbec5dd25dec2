//! `glowplug devel yaml`: a document as one line of JSON.

use super::{line, name, read};
use crate::cli::{Arguments, Ended, print, say};
use glowplug::syntax::value::Place;
use glowplug::syntax::yaml;

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let file = arguments.operand().unwrap_or("-");
    let content = read(file)?;
    let said = |place: Place, kind: &str, why: &str| {
        say(&format!("{}:{}:{}: {kind}{why}", name(file), place.line, place.column));
    };
    let text = match str::from_utf8(&content) {
        Ok(text) => text,
        Err(error) => {
            said(Place::of_byte(&content, error.valid_up_to()), "", "not UTF-8");
            return Ok(1);
        }
    };
    let tree = yaml::parse(text).and_then(|document| {
        for warning in document.warnings() {
            said(warning.place, "warning: ", &warning.message);
        }
        document.to_value()
    });
    match tree {
        Ok(tree) => {
            print(&line(&tree))?;
            Ok(0)
        }
        Err(error) => {
            said(error.place, "", &error.message);
            Ok(1)
        }
    }
}
