//! `glowplug devel yaml`: a document as one line of JSON.

use super::{line, name, print, read, say};
use glowplug::error::Result;
use glowplug::syntax::value::Place;
use glowplug::syntax::yaml;

pub(super) fn run(file: &str) -> Result<u8> {
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
        Ok(tree) => print(&line(&tree)).map(|()| 0),
        Err(error) => {
            said(error.place, "", &error.message);
            Ok(1)
        }
    }
}
