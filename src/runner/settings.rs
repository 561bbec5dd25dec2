//! What the command line changes of how modules run: further configuration, and
//! how much is said.

use crate::cli::Arguments;
use crate::input::read_text;
use crate::provision::kernel_line;
use glowplug::error::{Error, Result};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;

/// Names a further file of configuration, as for cloud-init.
const VARIABLE: &str = "CLOUD_CFG";

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Further configuration, name and text, the one that wins first.
    files: Vec<(String, String)>,
    /// Whether every action is said.
    pub(crate) debug: bool,
    /// Whether modules run without an instance, too.
    pub(crate) force: bool,
}

impl Settings {
    /// Reads the files that the command line and the environment name; one that
    /// can't be read is an error: somebody relies on it.
    pub(crate) fn of(arguments: &Arguments) -> Result<Self> {
        let variable = std::env::var(VARIABLE).ok().filter(|path| !path.is_empty());
        let mut files = Vec::new();
        for path in arguments.values("file").map(str::to_owned).chain(variable) {
            let text = read_text(&path)?;
            files.push((path, text));
        }
        let settings = Self {
            files,
            debug: arguments.has("debug") || kernel_line().has("glowplug.debug"),
            force: arguments.has("force"),
        };
        settings.trees()?;
        Ok(settings)
    }

    /// The files as trees, each with its name.
    pub(crate) fn trees(&self) -> Result<Vec<(&str, Value<'_>)>> {
        let mut trees = Vec::new();
        for (name, text) in &self.files {
            let value = yaml::load(text).map_err(|error| {
                Error::at("read", name, error.place.line, error.place.column, error.message)
            })?;
            match value.data {
                Data::Map(_) => trees.push((name.as_str(), value)),
                Data::Null => {}
                _ => {
                    let why = format!("it is {}, not a mapping", value.kind());
                    return Err(Error::new("read", name, why));
                }
            }
        }
        Ok(trees)
    }
}
