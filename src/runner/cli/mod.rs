//! The command line: words in, what they ask for out.

mod help;
mod table;
mod verb;

use crate::{
    analyze, cache, clean, cloud_id, collect_logs, completions, devel, features, install, man, net, per,
    plan, query, report, schema, single, stage,
};
use glowplug::cloud_config::schema::nearest;
use glowplug::error::Error;
use glowplug::text::escaped;
use lexopt::Arg;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::path::Path;
use table::GLOWPLUG;
use verb::{Opt, Value, Verb};

/// The version of cloud-init that this program does as, for who compares versions of it.
const CLOUD_INIT: &str = "26.2";

/// Exit status of a command line that makes no sense.
pub(crate) const USAGE: u8 = 2;

/// Does what a command line asks for; the value is the exit status.
type Run = fn(&Arguments) -> Ended;

/// How a command ended: its exit status.
pub(crate) type Ended = Result<u8, Fault>;

/// Why nothing came of a command line.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It makes no sense.
    Usage(String),
    /// What it asks for could not be done.
    Failed(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What does each command of the table.
static RUN: &[(&str, Run)] = &[
    ("analyze blame", analyze::blame),
    ("analyze boot", analyze::boot),
    ("analyze dump", analyze::dump),
    ("analyze show", analyze::show),
    ("cache get", cache::get),
    ("cache set", cache::set),
    ("cache show", cache::show),
    ("clean", clean::clean),
    ("cloud-id", cloud_id::run),
    ("collect-logs", collect_logs::run),
    ("completions", completions::run),
    ("devel hotplug-hook handle", devel::hotplug_hook::handle),
    ("devel hotplug-hook query", devel::hotplug_hook::query),
    ("devel make-mime", devel::make_mime::run),
    ("devel net-convert", devel::net_convert::run),
    ("devel render", devel::render::run),
    ("devel user-data", devel::user_data::run),
    ("devel yaml", devel::yaml::run),
    ("features", features::run),
    ("init", stage::init),
    ("install", install::install),
    ("man", man::run),
    ("modules", stage::modules),
    ("net apply", net::apply::run),
    ("net flush", net::flush::run),
    ("net plan", net::apply::plan),
    ("net show", net::show::run),
    ("per", per::run),
    ("plan", plan::run),
    ("query", query::run),
    ("schema", schema::run),
    ("single", single::run),
    ("status", report::run),
    ("uninstall", install::uninstall),
];

/// The words of a command line, read by the table.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The command and its own command.
    verbs: Vec<&'static Verb>,
    /// Options by their long names, in the order they were given.
    options: Vec<(&'static str, String)>,
    operands: Vec<String>,
}

/// What a command line asks for.
#[derive(Debug)]
enum Asked {
    Print(String),
    Run(Arguments),
}

/// Does what the words ask for; the value is the exit status.
pub(crate) fn main(words: impl Iterator<Item = OsString>) -> u8 {
    let done = match parse(words) {
        Ok(Asked::Print(text)) => print(&text).map(|()| 0).map_err(Fault::from),
        Ok(Asked::Run(arguments)) => arguments.run(),
        Err(error) => Err(Fault::Usage(error.to_string())),
    };
    let (why, status) = match done {
        Ok(status) => return status,
        Err(Fault::Usage(why)) => (why, USAGE),
        Err(Fault::Failed(error)) => (error.to_string(), 1),
    };
    say(&format!("{}: {why}", GLOWPLUG.name));
    status
}

/// Prints a text on standard output: as it is for a program that reads it, for
/// a terminal without what would draw on it.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = stdout().lock();
    let text = if out.is_terminal() { Cow::Owned(escaped_lines(text)) } else { Cow::Borrowed(text) };
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Who reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::os("write", "standard output", error.raw_os_error().unwrap_or(0))),
        Ok(()) => Ok(()),
    }
}

/// Says a line on standard error, whatever it quotes.
pub(crate) fn say(line: &str) {
    // Without standard error nobody listens.
    let _ = writeln!(stderr(), "{}", escaped(line));
}

/// Says the lines of a text of ours.
pub(crate) fn say_lines(text: &str) {
    text.lines().for_each(say);
}

/// A text whose lines and tabs are meant.
pub(crate) fn escaped_lines(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(escaped).collect::<Vec<_>>().join("\t");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Reads the command line; its first word is how the program was called.
fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let called = words.next().unwrap_or_default();
    let called = Path::new(&called).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = if called == "cloud-init" { "cloud-init" } else { GLOWPLUG.name };
    // These are programs of their own there.
    let own = match called {
        "cloud-init-per" => Some(OsString::from("per")),
        "cloud-id" => Some(OsString::from("cloud-id")),
        _ => None,
    };
    let mut parser = lexopt::Parser::from_args(own.into_iter().chain(words));
    let mut arguments = Arguments { verbs: vec![&GLOWPLUG], options: Vec::new(), operands: Vec::new() };
    loop {
        let verb = arguments.verb();
        // From the first operand on, words are another command line's.
        if verb.operands.get(arguments.operands.len()).is_some_and(|operand| operand.many)
            && let Some(word) = parser.try_raw_args().and_then(|mut raw| raw.next_if(|word| !is_option(word)))
        {
            arguments.operands.push(string(word)?);
            let rest = parser.raw_args()?.map(string).collect::<Result<Vec<_>, _>>()?;
            arguments.operands.extend(rest);
            break;
        }
        let Some(argument) = parser.next()? else { break };
        let argument = whole(verb, argument, arguments.verbs.len() == 1);
        match argument {
            Arg::Long("help") | Arg::Short('h') => {
                return Ok(Asked::Print(help::text(&arguments.called(name), verb)));
            }
            Arg::Long("version") | Arg::Short('v') if arguments.verbs.len() == 1 => {
                let version = if name == GLOWPLUG.name { env!("CARGO_PKG_VERSION") } else { CLOUD_INIT };
                return Ok(Asked::Print(format!("{name} {version}\n")));
            }
            Arg::Value(word) => arguments.take(word)?,
            Arg::Long(_) | Arg::Short(_) => {
                let option = find(verb, &argument).ok_or_else(|| argument.unexpected())?;
                let value = match option.value {
                    Some(value) => checked(&format!("--{}", option.long), value, parser.value()?)?,
                    None => String::new(),
                };
                arguments.options.push((option.long, value));
                // Of several words, each may follow the one before.
                if let (true, Some(Value::OneOf(_, words))) = (option.many, option.value) {
                    let is_one = |word: &std::ffi::OsStr| words.iter().any(|known| word == *known);
                    while let Some(word) = parser.try_raw_args().and_then(|mut raw| raw.next_if(is_one)) {
                        arguments.options.push((option.long, string(word)?));
                    }
                }
            }
        }
    }
    arguments.complete(name).map(Asked::Run)
}

/// A long option by its whole name: its beginning is enough if no other begins so,
/// as scripts for cloud-init have it.
fn whole<'a>(verb: &'static Verb, argument: Arg<'a>, is_top: bool) -> Arg<'a> {
    let Arg::Long(long) = argument else { return argument };
    let others = if is_top { &["help", "version"][..] } else { &["help"] };
    let names = verb.options.iter().map(|option| option.long).chain(others.iter().copied());
    let mut fitting = names.clone().filter(|name| name.starts_with(long));
    let first = fitting.next();
    let is_one = !long.is_empty() && fitting.all(|name| Some(name) == first);
    // The beginning of another may be the whole of one.
    let is_whole = names.clone().any(|name| name == long);
    Arg::Long(first.filter(|_| is_one && !is_whole).unwrap_or(long))
}

fn is_option(word: &std::ffi::OsStr) -> bool {
    word.as_encoded_bytes().starts_with(b"-")
}

fn string(word: OsString) -> Result<String, lexopt::Error> {
    word.into_string().map_err(lexopt::Error::NonUnicodeValue)
}

fn find(verb: &'static Verb, argument: &Arg<'_>) -> Option<&'static Opt> {
    verb.options.iter().find(|option| match argument {
        Arg::Long(long) => option.long == *long,
        Arg::Short(short) => option.short == Some(*short),
        Arg::Value(_) => false,
    })
}

/// A value as the table wants it; `what` was given it.
fn checked(what: &str, wanted: Value, word: OsString) -> Result<String, lexopt::Error> {
    let word = string(word)?;
    match wanted {
        Value::OneOf(_, words) if !words.contains(&&*word) => {
            Err(format!("unable to use {what} {word:?}: it is none of {}", words.join(", ")).into())
        }
        _ => Ok(word),
    }
}

impl Arguments {
    /// The command that is being read.
    fn verb(&self) -> &'static Verb {
        self.verbs.last().copied().unwrap_or(&GLOWPLUG)
    }

    /// The command as it is called, the program by `name`.
    fn words(&self, name: &str) -> String {
        let inner = self.verbs.iter().skip(1).map(|verb| verb.name);
        std::iter::once(name).chain(inner).collect::<Vec<_>>().join(" ")
    }

    /// The command as it is called, with what the commands around it need.
    fn called(&self, name: &str) -> String {
        let mut words = name.to_owned();
        for verb in self.verbs.iter().skip(1) {
            words = format!("{words} {}", verb.name);
            for option in verb.options.iter().filter(|option| option.required && !verb.verbs.is_empty()) {
                words = format!("{words} --{} {}", option.long, option.value.map_or("", Value::name));
            }
        }
        words
    }

    /// Takes a word that is no option.
    fn take(&mut self, word: OsString) -> Result<(), lexopt::Error> {
        let verb = self.verb();
        if verb.verbs.is_empty() {
            let Some(operand) = verb.operands.get(self.operands.len()) else {
                return Err(Arg::Value(word).unexpected());
            };
            self.operands.push(checked(operand.value.name(), operand.value, word)?);
            return Ok(());
        }
        let word = string(word)?;
        if let Some(inner) = verb.verbs.iter().find(|inner| inner.name == word) {
            self.verbs.push(inner);
            return Ok(());
        }
        let within: String = self.verbs.iter().skip(1).flat_map(|verb| [verb.name, " "]).collect();
        let near = nearest(&word, &mut verb.verbs.iter().map(|inner| inner.name));
        let hint = near.map(|near| format!(" (is {near} meant?)")).unwrap_or_default();
        Err(format!("unable to run {within}{word:?}: no such command{hint}, see --help").into())
    }

    /// The whole command line, or what it lacks.
    fn complete(self, name: &str) -> Result<Self, lexopt::Error> {
        let (verb, words) = (self.verb(), self.words(name));
        let words = words.strip_prefix(name).unwrap_or_default().trim_start();
        if verb.name == GLOWPLUG.name {
            return Err("unable to run: no command is given, see --help".into());
        }
        let missing = if let Some((last, others)) = verb.verbs.split_last() {
            let others: Vec<&str> = others.iter().map(|verb| verb.name).collect();
            Some(format!("{} or {}", others.join(", "), last.name))
        } else if let Some(option) = (self.verbs.iter().flat_map(|verb| verb.options))
            .find(|option| option.required && !self.has(option.long))
        {
            Some(format!("--{}", option.long))
        } else {
            let operand = verb.operands.get(self.operands.len());
            operand.filter(|operand| !operand.optional).map(|operand| operand.value.name().into())
        };
        match missing {
            Some(missing) => Err(format!("unable to run {words}: {missing} is missing, see --help").into()),
            None => Ok(self),
        }
    }

    fn run(&self) -> Ended {
        let words = self.words("");
        let run = RUN.iter().find(|(name, _)| *name == words.trim_start());
        run.map_or(Ok(USAGE), |(_, run)| run(self))
    }

    /// The value of an option that was given; of several the last.
    pub(crate) fn value(&self, long: &str) -> Option<&str> {
        self.values(long).last()
    }

    /// Every value of an option, in order.
    pub(crate) fn values(&self, long: &str) -> impl DoubleEndedIterator<Item = &str> {
        let known = |verb: &&'static Verb| verb.options.iter().any(|option| option.long == long);
        debug_assert!(self.verbs.iter().any(known), "the table has no --{long}");
        self.options.iter().filter(move |(given, _)| *given == long).map(|(_, value)| value.as_str())
    }

    /// Whether an option was given.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.values(long).next().is_some()
    }

    /// The words that are no options.
    pub(crate) fn operands(&self) -> &[String] {
        &self.operands
    }

    /// The first word that is no option.
    pub(crate) fn operand(&self) -> Option<&str> {
        self.operands.first().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the words are understood: options and operands, or what is wrong.
    fn read(words: &[&str]) -> Result<String, String> {
        match parse(std::iter::once("glowplug").chain(words.iter().copied()).map(OsString::from)) {
            Ok(Asked::Run(arguments)) => Ok(format!("{:?} {:?}", arguments.options, arguments.operands)),
            Ok(Asked::Print(text)) => Ok(text),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn every_command_has_who_does_it_and_nobody_is_left_over() {
        let mut commands = Vec::new();
        GLOWPLUG.walk(&[], &mut |path, verb| {
            if verb.verbs.is_empty() {
                commands.push(path.join(" "));
            }
        });
        commands.sort();
        assert_eq!(commands, RUN.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn stages_are_named_as_cloud_init_names_them() {
        assert_eq!(read(&["modules", "--mode=final"]).unwrap(), "[(\"mode\", \"final\")] []");
        assert_eq!(read(&["modules", "-m", "config"]).unwrap(), "[(\"mode\", \"config\")] []");
        assert_eq!(
            read(&["modules", "--mode", "x"]).unwrap_err(),
            "unable to use --mode \"x\": it is none of init, config, final"
        );
    }

    #[test]
    fn the_beginning_of_an_option_is_enough_if_no_other_begins_so() {
        assert_eq!(read(&["init", "--loc"]), read(&["init", "--local"]));
        assert_eq!(read(&["status", "--w", "--fo=json"]), read(&["status", "--wait", "--format=json"]));
        assert_eq!(read(&["clean", "--l"]), read(&["clean", "--logs"]));
        assert_eq!(read(&["clean", "--se"]), read(&["clean", "--seed"]));
        assert_eq!(read(&["--vers"]), read(&["--version"]));
        let two = read(&["devel", "net-convert", "--di", "x"]);
        assert_eq!(two.unwrap_err(), "invalid option '--di'", "it may be --directory or --distro");
    }

    #[test]
    fn under_cloud_inits_name_the_version_is_one_of_its_own() {
        let version = |name: &str| match parse([name, "--version"].map(OsString::from).into_iter()) {
            Ok(Asked::Print(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(version("/usr/bin/cloud-init"), "cloud-init 26.2\n");
        assert_eq!(version("glowplug"), format!("glowplug {}\n", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn what_is_not_known_or_missing_is_said() {
        for (words, error) in [
            (&[][..], "unable to run: no command is given, see --help"),
            (&["fly"], "unable to run \"fly\": no such command, see --help"),
            (&["stauts"], "unable to run \"stauts\": no such command (is status meant?), see --help"),
            (&["devel", "yml"], "unable to run devel \"yml\": no such command (is yaml meant?), see --help"),
            (&["devel", "user-data"], "unable to run devel user-data: FILE is missing, see --help"),
            (
                &["devel", "net-convert", "-k", "eni"],
                "unable to run devel net-convert: --network-data is missing, see --help",
            ),
            (&["status", "more"], "unexpected argument \"more\""),
            (&["status", "--quick"], "invalid option '--quick'"),
        ] {
            assert_eq!(read(words).unwrap_err(), error, "{words:?}");
        }
    }

    #[test]
    fn every_command_explains_itself_within_eighty_columns() {
        GLOWPLUG.walk(&[], &mut |path, verb| {
            let words = [path, &["--help"]].concat();
            let text = read(&words).unwrap();
            let lead = if verb.about.is_empty() { &verb.summary[1..] } else { verb.about };
            assert!(text.contains(lead) && text.contains("--help"), "{text}");
            let long = text.lines().find(|line| line.chars().count() > 90);
            assert_eq!(long, None, "{words:?}");
            for option in verb.options {
                assert!(text.contains(&format!("--{}", option.long)) && !option.help.is_empty(), "{words:?}");
            }
        });
    }
}
