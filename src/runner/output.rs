//! Where output goes: to the log of all output and the console, or where the
//! key `output` says.
//!
//! `output: {all: W, init: W, config: W, final: W}`; W is one target, a list of
//! one for the standard output and one for the standard error, or a mapping of
//! `output` and `error`. A target is `> FILE`, `>> FILE` or `| COMMAND`; an error
//! of `&1` goes where the output goes.

use crate::log_file;
use glowplug::cloud_config::{CloudConfig, Setting};
use glowplug::error::Error;
use glowplug::fetch::Nothing;
use glowplug::kernel_line::KernelLine;
use glowplug::module::Stage;
use glowplug::stage::config::{SystemConfig, cloud_config};
use glowplug::stage::log::Log;
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::root::Root;
use glowplug::sys::stdio::{self, Stream};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Whether the standard outputs of this program are elsewhere: then those of
/// the programs it runs are too.
static IS_REDIRECTED: AtomicBool = AtomicBool::new(false);

/// What the usual configuration says, and this program does without it.
const USUAL: &str = "tee -a /var/log/cloud-init-output.log";

/// How long a command may take to write what it has been given.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether output goes where the configuration says.
pub(crate) fn is_redirected() -> bool {
    IS_REDIRECTED.load(Ordering::Relaxed)
}

/// Where one stream goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To the end of a file.
    Append(String),
    /// Into a file, in place of what is in it.
    Replace(String),
    /// To a command of the shell.
    Pipe(String),
}

impl Target {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let parsed = if let Some(path) = text.strip_prefix(">>") {
            Self::Append(path.trim().into())
        } else if let Some(path) = text.strip_prefix('>') {
            Self::Replace(path.trim().into())
        } else if let Some(command) = text.strip_prefix('|') {
            Self::Pipe(command.trim().into())
        } else {
            Self::Append(text.into())
        };
        (!parsed.object().is_empty()).then_some(parsed)
    }

    /// The file or the command.
    fn object(&self) -> &str {
        match self {
            Self::Append(object) | Self::Replace(object) | Self::Pipe(object) => object,
        }
    }

    /// The file that is written, of a command where it is `tee -a`.
    pub(crate) fn file(&self) -> Option<&str> {
        match self {
            Self::Append(path) | Self::Replace(path) => Some(path),
            Self::Pipe(command) => command.strip_prefix("tee -a ")?.split_whitespace().next(),
        }
    }
}

/// Standard output and standard error; `None`: as ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    pub(crate) out: Option<Target>,
    pub(crate) error: Option<Target>,
}

/// What the configuration says for a stage; `None` is any other command. What
/// makes no sense is a problem.
pub(crate) fn targets(config: &CloudConfig<'_>, stage: Option<Stage>, problems: &mut Vec<Error>) -> Targets {
    let own = match stage {
        Some(Stage::Init) => config.find("output.init"),
        Some(Stage::Config) => config.find("output.config"),
        Some(Stage::Final) => config.find("output.final"),
        None => None,
    };
    let setting = own.or_else(|| config.find("output.all"));
    setting.map(|setting| read(&setting, problems)).unwrap_or_default()
}

fn read(setting: &Setting<'_>, problems: &mut Vec<Error>) -> Targets {
    let value = setting.value;
    let (out, error) = match &value.data {
        Data::Null => (None, None),
        Data::Str(_) => (Some(value), Some(value)),
        Data::Seq(items) => (items.first(), items.get(1)),
        Data::Map(_) => (value.get_set("output"), value.get_set("error")),
        _ => {
            problems.push(setting.mismatch("read", value, "output", "a target, a list or a mapping"));
            (None, None)
        }
    };
    let mut target = |value: Option<&Value<'_>>| {
        let value = value.filter(|value| !matches!(value.data, Data::Null))?;
        let target = value.as_str().and_then(Target::parse);
        if target.is_none() {
            problems.push(setting.error("read", value, "it is neither > FILE, >> FILE nor | COMMAND"));
        }
        target
    };
    let out = target(out);
    let error = if error.and_then(Value::as_str) == Some("&1") { out.clone() } else { target(error) };
    Targets { out, error }
}

/// The logs that the machine's own configuration sends output to.
pub(crate) fn files(root: &Root) -> Vec<String> {
    let mut files = Vec::new();
    for stage in [Some(Stage::Init), Some(Stage::Config), Some(Stage::Final), None] {
        let targets = of_system(root, stage, &mut Vec::new());
        files.extend([targets.out, targets.error].iter().flatten().filter_map(|target| {
            target.file().filter(|path| path.starts_with("/var/log/")).map(str::to_owned)
        }));
    }
    files.sort();
    files.dedup();
    files
}

/// What the machine's own configuration says for a stage.
pub(crate) fn of_system(root: &Root, stage: Option<Stage>, problems: &mut Vec<Error>) -> Targets {
    // What can't be read the stage tells itself.
    let system = SystemConfig::read(root, &Nothing, &KernelLine::parse(""), &mut Vec::new());
    let trees = system.trees(&mut Vec::new());
    targets(&cloud_config(&[], &trees), stage, problems)
}

/// The standard outputs, sent elsewhere.
pub(crate) struct Redirection {
    own: (OwnedFd, OwnedFd),
    commands: Vec<Child>,
}

impl Redirection {
    /// Sends them there; `None` where all stays as it is.
    pub(crate) fn to(targets: &Targets, log: &mut Log<'_>) -> Option<Self> {
        let usual = Some(Target::Pipe(USUAL.into()));
        let is_usual = targets.out == usual && targets.error == usual;
        if is_usual || *targets == Targets::default() {
            return None;
        }
        let own = (io::stdout().as_fd().try_clone_to_owned(), io::stderr().as_fd().try_clone_to_owned());
        let (Ok(out), Ok(error)) = own else { return None };
        let mut redirection = Self { own: (out, error), commands: Vec::new() };
        let mut open = |target: &Option<Target>| {
            let target = target.as_ref()?;
            redirection.open(target).map_err(|why| log.warn(&failed(target, &why))).ok()
        };
        let out = open(&targets.out);
        // one file, one command for both
        let error = if targets.error == targets.out {
            out.as_ref().and_then(|out| out.try_clone().ok())
        } else {
            open(&targets.error)
        };
        for (stream, file) in [(Stream::Out, out), (Stream::Error, error)] {
            let Some(file) = file else { continue };
            match stdio::redirect(stream, file.as_raw_fd()) {
                Ok(()) => IS_REDIRECTED.store(true, Ordering::Relaxed),
                Err(why) => log.warn(&why),
            }
        }
        is_redirected().then_some(redirection)
    }

    fn open(&mut self, target: &Target) -> io::Result<OwnedFd> {
        match target {
            Target::Append(path) => Ok(log_file::create(path, false)?.into()),
            Target::Replace(path) => Ok(log_file::create(path, true)?.into()),
            Target::Pipe(command) => {
                // What the command makes is as secret as any log.
                let script = format!("umask 037\n{command}");
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", &script]).stdin(Stdio::piped());
                if let Some(group) = log_file::group() {
                    shell.gid(group);
                }
                let mut child = shell.spawn()?;
                let input = child.stdin.take().ok_or_else(|| io::Error::other("it reads nothing"))?;
                self.commands.push(child);
                Ok(input.into())
            }
        }
    }

    /// Takes the standard outputs back, so that the commands come to an end;
    /// they are not waited for longer than they need to write.
    pub(crate) fn end(self) {
        let _ = io::stdout().flush();
        // Where that fails, the commands end with this program.
        let _ = stdio::redirect(Stream::Out, self.own.0.as_raw_fd());
        let _ = stdio::redirect(Stream::Error, self.own.1.as_raw_fd());
        IS_REDIRECTED.store(false, Ordering::Relaxed);
        let until = Instant::now() + PATIENCE;
        for mut command in self.commands {
            while matches!(command.try_wait(), Ok(None)) && Instant::now() < until {
                sleep(Duration::from_millis(2));
            }
        }
    }
}

fn failed(target: &Target, why: &io::Error) -> Error {
    let doing = if matches!(target, Target::Pipe(_)) { "send output to" } else { "write output to" };
    Error::new(doing, target.object(), crate::http::cause(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::cloud_config::Layer;
    use glowplug::syntax::yaml;

    fn of(text: &str, stage: Option<Stage>) -> (Targets, Vec<String>) {
        let value = yaml::load(text).unwrap();
        let config = CloudConfig::new(vec![Layer { name: "cloud.cfg", value: &value }]);
        let mut problems = Vec::new();
        let targets = targets(&config, stage, &mut problems);
        (targets, problems.iter().map(ToString::to_string).collect())
    }

    fn both(target: Target) -> Targets {
        Targets { out: Some(target.clone()), error: Some(target) }
    }

    #[test]
    fn a_stage_has_its_own_or_that_of_all() {
        let text = "output: {all: '>>  /a ', init: [\"> /b\", \"&1\"], final: {output: '| c d', error: e}}";
        let all = both(Target::Append("/a".into()));
        assert_eq!(of(text, None), (all.clone(), vec![]));
        assert_eq!(of(text, Some(Stage::Config)), (all, vec![]));
        assert_eq!(of(text, Some(Stage::Init)).0, both(Target::Replace("/b".into())));
        let last = of(text, Some(Stage::Final)).0;
        assert_eq!(last.out, Some(Target::Pipe("c d".into())));
        assert_eq!(last.error, Some(Target::Append("e".into())));
        assert_eq!(of("output: {final: x}", Some(Stage::Init)).0, Targets::default());
        assert_eq!(of("output: {all: x, final: null}", Some(Stage::Final)).0, Targets::default());
        assert_eq!(of("output: {all: [x]}", None).0.error, None);
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_place() {
        let target = "it is neither > FILE, >> FILE nor | COMMAND";
        assert_eq!(
            of("output: {all: 5}", None).1,
            ["unable to read cloud.cfg:1:15: output is an integer, not a target, a list or a mapping"]
        );
        assert_eq!(
            of("output:\n all: ['>', 5]", None).1,
            [
                format!("unable to read cloud.cfg:2:8: {target}"),
                format!("unable to read cloud.cfg:2:13: {target}"),
            ]
        );
    }

    #[test]
    fn files_that_are_written_are_known() {
        let file = |text| Target::parse(text).unwrap().file().map(str::to_owned);
        assert_eq!(file(">/a"), Some("/a".into()));
        assert_eq!(file("| tee -a /a"), Some("/a".into()));
        assert_eq!(file("| logger"), None);
    }
}
