//! `glowplug devel`: what a person who writes user-data asks before a machine
//! does.

mod make_mime;
mod net_convert;
mod user_data;
mod yaml;

use glowplug::error::{Error, Result};
use glowplug::limits;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use lexopt::prelude::*;
use std::fs::File;
use std::io::{Read, Write, stderr, stdin, stdout};

const HELP: &str = "\
Usage: glowplug devel COMMAND [OPTION...]

Looks at what will configure a machine, without touching one.

  yaml [FILE]           read YAML as glowplug and cloud-init do (YAML 1.1, one
                        document) and print its tree as one line of JSON;
                        without FILE, or for `-`, standard input
  user-data FILE        take user-data apart and print its parts and the
                        cloud-config they merge to as one line of JSON
      -i, --instance-data FILE
                        render templates with this instance-data.json
                        (cloud-init query --all prints a machine's)
  make-mime -a FILE:TYPE [-a FILE:TYPE...]
                        put files together into one user-data; TYPE without
                        `text/`, as `cloud-config` or `x-shellscript`
      -a, --attach FILE:TYPE
                        attach FILE as TYPE
      -f, --force       take unknown types, too
      -l, --list-types  list the types and end
  net-convert -p FILE -k KIND -O BACK-END -D DISTRO -d DIR
                        write a network description for a back end
      -p, --network-data FILE
                        the description
      -k, --kind KIND   what it is: eni, network_data.json or yaml (network
                        config of either version)
      -O, --output-kind BACK-END
                        eni, netplan, networkd, network-manager or sysconfig
      -D, --distro DISTRO
                        whose files they are to be: debian, rhel, sles, ...
      -d, --directory DIR
                        what stands for /; made where it is not there
      -m, --mac NAME,MAC
                        a NIC of the machine; may be given several times
      --debug           say how the description was understood

In the tree a date is the text it was written as, binary data is base64, a key
that is no string is the text of its value (true, null, 8, 1.5), and what is no
number is NaN, Infinity or -Infinity, as Python's json module writes them.

What is wrong is said on standard error: for yaml as FILE:LINE:COLUMN: WHY.
`warning:` before WHY marks what is read, but perhaps not as it was meant.

Exit status: 0; 1 for what can't be used (user-data: nothing in it can be);
2 for a command line that makes no sense.

Examples:
  glowplug devel yaml cloud.yaml | jq .write_files
  glowplug devel make-mime -a cloud.yaml:cloud-config -a up.sh:x-shellscript > user-data
  glowplug devel user-data user-data
";

/// A subcommand with what it works on.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Yaml { file: String },
    UserData { file: String, instance_data: Option<String> },
    MakeMime(make_mime::Request),
    NetConvert(net_convert::Request),
}

/// Reads what follows `devel` on the command line.
pub(crate) fn parse(mut parser: lexopt::Parser) -> std::result::Result<Command, lexopt::Error> {
    let word = match parser.next()? {
        Some(Value(word)) => word.string()?,
        Some(Long("help") | Short('h')) => return Ok(Command::Help),
        Some(other) => return Err(other.unexpected()),
        None => {
            return Err(
                "unable to run devel: yaml, user-data, make-mime or net-convert is missing, see --help"
                    .into(),
            );
        }
    };
    if word == "net-convert" {
        return Ok(net_convert::Request::parse(parser)?.map_or(Command::Help, Command::NetConvert));
    }
    let mut files = Vec::new();
    let mut instance_data = None;
    let mut mime = make_mime::Request::default();
    while let Some(argument) = parser.next()? {
        match (&*word, argument) {
            (_, Long("help") | Short('h')) => return Ok(Command::Help),
            ("yaml" | "user-data", Value(file)) if files.is_empty() => files.push(file.string()?),
            ("user-data", Long("instance-data") | Short('i')) => {
                instance_data = Some(parser.value()?.string()?);
            }
            ("make-mime", Long("attach") | Short('a')) => mime.attach(&parser.value()?.string()?)?,
            ("make-mime", Long("force") | Short('f')) => mime.force = true,
            ("make-mime", Long("list-types") | Short('l')) => mime.list_types = true,
            (_, other) => return Err(other.unexpected()),
        }
    }
    match (&*word, files.pop()) {
        ("yaml", file) => Ok(Command::Yaml { file: file.unwrap_or_else(|| "-".into()) }),
        ("user-data", Some(file)) => Ok(Command::UserData { file, instance_data }),
        ("user-data", None) => Err("unable to run devel user-data: FILE is missing".into()),
        ("make-mime", _) => Ok(Command::MakeMime(mime)),
        _ => Err(format!("unable to run devel {word:?}: no such command, see --help").into()),
    }
}

impl Command {
    /// Does it; the value is the exit status.
    pub(crate) fn run(self) -> u8 {
        let done = match self {
            Self::Help => print(HELP).map(|()| 0),
            Self::Yaml { file } => yaml::run(&file),
            Self::UserData { file, instance_data } => user_data::run(&file, instance_data.as_deref()),
            Self::MakeMime(request) => make_mime::run(&request),
            Self::NetConvert(request) => net_convert::run(&request),
        };
        done.unwrap_or_else(|error| {
            say(error.text());
            1
        })
    }
}

/// The bytes of a file, of standard input for `-`; more than a seed may hold
/// is an error.
fn read(file: &str) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let limit = limits::SEED_FILE as u64 + 1;
    let read = if file == "-" {
        stdin().take(limit).read_to_end(&mut content)
    } else {
        File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut content))
    };
    match read {
        Ok(length) if length as u64 == limit => {
            Err(Error::new("read", name(file), "it is longer than 16 MiB"))
        }
        Ok(_) => Ok(content),
        Err(error) => Err(Error::os("read", name(file), error.raw_os_error().unwrap_or(0))),
    }
}

/// How messages name a file.
fn name(file: &str) -> &str {
    if file == "-" { "<stdin>" } else { file }
}

fn print(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Error::os("write", "standard output", error.raw_os_error().unwrap_or(0)))
}

/// A line for whoever asked.
fn say(line: &str) {
    // Without standard error nobody listens.
    let _ = writeln!(stderr(), "{line}");
}

/// A value as one line of JSON.
fn line(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write(value, Style::Compact, &mut out);
    out.push('\n');
    out
}

fn object<'a, const COUNT: usize>(fields: [(&'a str, Data<'a>); COUNT]) -> Value<'a> {
    let entry = |(key, data): (&'a str, _)| (Value::bare(Data::Str(key.into())), Value::bare(data));
    Value::bare(Data::Map(fields.into_iter().map(entry).collect()))
}
