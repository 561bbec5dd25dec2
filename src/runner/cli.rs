//! The command line: words in, a [`Command`] out.

use crate::report::{self, Format};
use crate::{devel, stage};
use glowplug::module::Stage;
use lexopt::prelude::*;
use std::io::{Write, stdout};

/// Exit status of a command line that makes no sense.
pub(crate) const USAGE: u8 = 2;

const HELP: &str = "\
glowplug: first-boot provisioning

Usage: glowplug COMMAND [OPTION...]

  init                  take the seed over and run the init modules
  modules --mode MODE   run the modules of a stage: init, config or final
  status                say how far this boot has come
      --wait            wait until it is done
      --long            say what was wrong, too
      --format FORMAT   tabular (default), json or yaml
  devel yaml [FILE]     print a YAML document as JSON
  devel user-data FILE  print the parts of user-data and their cloud-config
  devel make-mime -a FILE:TYPE...
                        put files together into one user-data
  devel net-convert --network-data FILE...
                        write a description of a network as the files of a
                        back end; see `glowplug devel --help` for these four

  --version             print the version

Exit status of init and modules: the number of modules that failed. Of status:
0 done or under way, 1 failed, 2 done with recoverable errors.
";

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Print(String),
    Stage(Stage),
    Status { wait: bool, long: bool, format: Format },
    Devel(devel::Command),
}

/// Reads the command line.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let Some(first) = parser.next()? else {
        return Err("unable to run: no command is given, see --help".into());
    };
    match first {
        Long("help") | Short('h') => Ok(Command::Print(HELP.into())),
        Long("version") | Short('v') => {
            Ok(Command::Print(format!("glowplug {}\n", env!("CARGO_PKG_VERSION"))))
        }
        Value(word) => match word.string()?.as_str() {
            "init" => no_more(parser).map(|()| Command::Stage(Stage::Init)),
            "modules" => modules(parser),
            "status" => status(parser),
            "devel" => devel::parse(parser).map(Command::Devel),
            word => Err(format!("unable to run {word:?}: no such command, see --help").into()),
        },
        other => Err(other.unexpected()),
    }
}

fn no_more(mut parser: lexopt::Parser) -> Result<(), lexopt::Error> {
    parser.next()?.map_or(Ok(()), |argument| Err(argument.unexpected()))
}

fn modules(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut mode = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("mode") | Short('m') => mode = Some(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    match mode.as_deref() {
        // cloud-init's own default is config.
        None | Some("config") => Ok(Command::Stage(Stage::Config)),
        Some("init") => Ok(Command::Stage(Stage::Init)),
        Some("final") => Ok(Command::Stage(Stage::Final)),
        Some(mode) => {
            Err(format!("unable to run mode {mode:?}: only init, config and final are known").into())
        }
    }
}

fn status(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let (mut wait, mut long, mut format) = (false, false, Format::Tabular);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("wait") | Short('w') => wait = true,
            Long("long") | Short('l') => long = true,
            Long("format") => format = parser.value()?.parse_with(str::parse)?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Status { wait, long, format })
}

impl Command {
    /// Does it; the value is the exit status.
    pub(crate) fn run(self) -> u8 {
        match self {
            // `print!` panics where nobody reads any more.
            Self::Print(text) => u8::from(stdout().write_all(text.as_bytes()).is_err()),
            Self::Stage(stage) => stage::run(stage),
            Self::Status { wait, long, format } => report::run(wait, long, format),
            Self::Devel(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, String> {
        parse(lexopt::Parser::from_args(words)).map_err(|error| error.to_string())
    }

    #[test]
    fn stages_are_named_as_cloud_init_names_them() {
        assert_eq!(parsed(&["init"]), Ok(Command::Stage(Stage::Init)));
        assert_eq!(parsed(&["modules", "--mode=final"]), Ok(Command::Stage(Stage::Final)));
        assert_eq!(parsed(&["modules", "-m", "config"]), Ok(Command::Stage(Stage::Config)));
        assert_eq!(
            parsed(&["modules", "--mode", "x"]),
            Err("unable to run mode \"x\": only init, config and final are known".into())
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(parsed(&["fly"]), Err("unable to run \"fly\": no such command, see --help".into()));
        assert!(parsed(&[]).is_err() && parsed(&["init", "more"]).is_err());
        assert_eq!(
            parsed(&["status", "--long", "--format", "json"]),
            Ok(Command::Status { wait: false, long: true, format: Format::Json })
        );
    }
}
