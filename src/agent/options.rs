//! The agent's command line.

use alloc::vec::Vec;
use core::ffi::CStr;
use glowplug::error::{Error, Result};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
glowplug-agent: first-boot provisioning before the root pivot

Usage: glowplug-agent [--root DIR] [--seed DIR] [--plan]

  --root DIR   the mounted root of the machine (default: /sysroot)
  --seed DIR   a folder to be read in place of a disc
  --plan       print what would be done, change nothing
  --version    print the version

Exit status: 0 provisioned, 10 no seed, 11 no seed in the time given,
12 a seed that can't be used, 1 failed, 2 usage. As PID 1 it mounts the root
that the kernel line names, provisions it and becomes its init.
";

/// What a run is to do.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    /// The mounted root.
    pub(crate) root: &'a str,
    /// A folder in place of a disc.
    pub(crate) seed: Option<&'a str>,
    /// Print the actions, change nothing.
    pub(crate) plan: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { root: "/sysroot", seed: None, plan: false }
    }
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Asked<'a> {
    /// The text above.
    Help,
    /// The version.
    Version,
    /// A run.
    Run(Options<'a>),
}

/// Reads the arguments; `--root=DIR` is as good as `--root DIR`.
#[inline(never)]
pub(crate) fn parse<'a>(arguments: &[&'a CStr]) -> Result<Asked<'a>> {
    let mut options = Options::default();
    let mut texts = Vec::new();
    for argument in arguments {
        let text = argument.to_str();
        texts.push(text.map_err(|_| Error::new("use", "an argument", "it is not UTF-8"))?);
    }
    let mut rest = texts.into_iter();
    while let Some(argument) = rest.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument, None),
        };
        let mut value = || {
            inline.or_else(|| rest.next()).ok_or_else(|| Error::new("use option", name, "it wants a value"))
        };
        match name {
            "--root" => options.root = value()?,
            "--seed" => options.seed = Some(value()?),
            "--plan" => options.plan = true,
            "--help" | "-h" => return Ok(Asked::Help),
            "--version" => return Ok(Asked::Version),
            _ => return Err(Error::new("use option", ["\"", argument, "\""].concat(), "see --help")),
        }
    }
    Ok(Asked::Run(options))
}
