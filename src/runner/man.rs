//! `glowplug man`: the man pages that the build script made of the table.

use crate::cli::{Arguments, Ended, Fault, print};
use crate::http::cause;
use glowplug::error::Error;
use std::fs;
use std::path::Path;

/// Every page by the name of its file.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/man.rs"));

pub(crate) fn run(arguments: &Arguments) -> Ended {
    if let Some(directory) = arguments.value("directory") {
        for (name, text) in PAGES {
            let path = Path::new(directory).join(name);
            fs::write(&path, text)
                .map_err(|error| Error::new("write", path.display().to_string(), cause(&error)))?;
        }
        return Ok(0);
    }
    let words = std::iter::once("glowplug").chain(arguments.operands().iter().map(String::as_str));
    let name = format!("{}.1", words.collect::<Vec<_>>().join("-").replace(' ', "-"));
    match PAGES.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => print(text).map(|()| 0).map_err(Fault::from),
        None => Err(Fault::Usage(format!("unable to print {name}: there is no such page"))),
    }
}
