//! Running programs: their output goes to cloud-init-output.log, and to the
//! console when they have ended.

use crate::http::cause;
use crate::output::is_redirected;
use crate::waits::Wait;
use crate::{lock, log_file, names};
use glowplug::action::Program;
use glowplug::error::{Error, Result};
use glowplug::limits;
use glowplug::sys::clock;
use glowplug::sys::mount;
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Where output goes, and where it goes when that can't be written.
const OUTPUT: [&str; 2] = ["/var/log/cloud-init-output.log", "/run/glowplug/output.log"];

/// What a program finds when the init system gave no PATH.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Bytes of one program's output that are repeated on the console.
const SHOWN: u64 = 64 << 10;

/// Opens the log of all output, for appending; `None` where output goes
/// elsewhere.
fn output() -> Option<(&'static str, File)> {
    if is_redirected() {
        return None;
    }
    OUTPUT.iter().find_map(|path| Some((*path, log_file::create(path, false).ok()?)))
}

/// Says a line in the log of all output, or where output goes.
pub(crate) fn say(line: &str) {
    if is_redirected() {
        // Where it can't be written nobody reads it.
        let _ = writeln!(io::stdout(), "{line}");
    } else if let Some((_, mut output)) = output() {
        // The same line is on the console and in cloud-init.log.
        let _ = writeln!(output, "{line}");
    }
}

/// Says lines to the console and in the log of all output.
pub(crate) fn print(text: &str) {
    if !is_redirected() {
        say(text.trim_end_matches('\n'));
    }
    // A console that can't be written has nobody in front of it.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// What changes accounts and keys in /etc.
const OF_ETC: [&str; 8] =
    ["chage", "chpasswd", "gpasswd", "groupadd", "passwd", "ssh-keygen", "useradd", "usermod"];

/// Where /etc takes no write, what would fail on it with complaints of its own:
/// it is said as of a file that can't be written there.
fn refused(program: &Program, read_only: impl Fn(&str) -> bool) -> Option<Error> {
    let name = program.argv.first()?.rsplit('/').next()?;
    let errno = Errno::ROFS.raw_os_error();
    (OF_ETC.contains(&name) && read_only("/etc")).then(|| Error::os("run", shown(&program.argv), errno))
}

/// Runs a program to its end, with / for its directory and on its standard
/// input what it is given. A program that leaves others behind is not waited for
/// longer than for itself: they hold the log, no pipe.
pub(crate) fn run(program: &Program) -> Result<()> {
    if let Some(error) = refused(program, mount::is_read_only) {
        return Err(error);
    }
    let (mut result, took) = unlocked(program, Duration::from_secs(limits::LOCK_WAIT));
    if result.is_err() && program.separable > 1 && took < Duration::from_secs(limits::QUICK_FAILURE) {
        result = one_at_a_time(program);
    }
    if result.is_ok() && !program.stamp.is_empty() {
        stamp(program.stamp);
    }
    result
}

/// Runs a program when nobody holds its locks, and again where somebody was
/// faster. The value has how long it ran the last time.
fn unlocked(program: &Program, patience: Duration) -> (Result<()>, Duration) {
    let begun = Instant::now();
    let mut told = String::new();
    let mut wait = None;
    loop {
        if let Some(holder) = lock::held(program.locks) {
            if begun.elapsed() > patience {
                let why = format!("{holder}, and has for {} seconds", patience.as_secs());
                return (Err(Error::new("run", shown(&program.argv), why)), Duration::MAX);
            }
            if told != holder {
                print(&format!("waiting: {holder}\n"));
                // dropped first, that of another holder ends
                drop(wait.take());
                wait = Some(Wait::begin(&format!("while {holder}")));
                told = holder;
            }
            std::thread::sleep(Duration::from_millis(250));
            continue;
        }
        drop(wait.take());
        let started = Instant::now();
        let udev = program.argv.iter().map(String::as_str).eq(["udevadm", "settle"]);
        let _wait = udev.then(|| Wait::begin("for udev"));
        let result = once(program);
        let took = started.elapsed();
        if result.is_ok() || lock::held(program.locks).is_none() {
            return (result, took);
        }
    }
}

/// Runs a program with one of its last words after the other. The value tells
/// each that failed.
fn one_at_a_time(program: &Program) -> Result<()> {
    let (base, words) = program.argv.split_at(program.argv.len().saturating_sub(program.separable));
    print(&format!("once more, one at a time: {}\n", words.join(" ")));
    let mut failed = Vec::new();
    for word in words {
        let one =
            Program { argv: [base, std::slice::from_ref(word)].concat(), separable: 0, ..program.clone() };
        let (result, took) = unlocked(&one, Duration::from_secs(limits::LOCK_WAIT));
        if result.is_err() {
            failed.push(word.as_str());
            if took > Duration::from_secs(limits::QUICK_FAILURE) {
                return result;
            }
        }
    }
    match failed.as_slice() {
        [] => Ok(()),
        words => Err(Error::new("run", base.join(" "), format!("it failed for {}", words.join(", ")))),
    }
}

/// Notes in a file when a program has ended well.
fn stamp(path: &str) {
    let seconds = clock::monotonic() / 1_000_000;
    let parent = Path::new(path).parent().map_or(Ok(()), fs::create_dir_all);
    if let Err(error) = parent.and_then(|()| fs::write(path, format!("{seconds}\n"))) {
        print(&format!("{}\n", Error::new("write", path, cause(&error))));
    }
}

fn once(program: &Program) -> Result<()> {
    let name = || shown(&program.argv);
    let output = output();
    let length = || output.as_ref().and_then(|(_, output)| Some(output.metadata().ok()?.len()));
    let before = length();
    let status = command(program, output.as_ref().map(|(_, output)| output))
        .and_then(|command| finish(command, &program.input))
        .map_err(|error| match error.raw_os_error() {
            Some(errno) => Error::os("run", name(), errno),
            None => Error::new("run", name(), error.to_string()),
        })?;
    let mut why = ending(status);
    if before != length() {
        let path = output.as_ref().map(|(path, _)| *path).unwrap_or_default();
        why = format!("{why}; what it said is in {path}");
    }
    if let (Some((_, output)), Some(before)) = (output, before) {
        show(output, before);
    }
    let is_good = status.code().is_some_and(|code| code == 0 || program.accepted.contains(&code));
    if is_good { Ok(()) } else { Err(Error::new("run", name(), why)) }
}

/// Runs a program that nobody gives input to; the value has all it says, up to [`SHOWN`] bytes.
pub(crate) fn listen(program: &Program) -> io::Result<(ExitStatus, String)> {
    let (reader, writer) = io::pipe()?;
    let mut command = command(program, None)?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // it holds the writing ends
    drop(command);
    let mut said = Vec::new();
    reader.take(SHOWN).read_to_end(&mut said)?;
    let status = child.wait()?;
    let said = String::from_utf8_lossy(&said).into_owned();
    print(&said);
    Ok((status, said))
}

/// Starts a program that nobody gives input to, apart from what a signal to us
/// would reach.
pub(crate) fn start(program: &Program) -> io::Result<Child> {
    command(program, output().as_ref().map(|(_, output)| output))?.process_group(0).spawn()
}

fn command(program: &Program, output: Option<&File>) -> io::Result<Command> {
    let Some((file, arguments)) = program.argv.split_first() else {
        return Err(io::Error::other("the command is empty"));
    };
    let stdio = || output.and_then(|output| output.try_clone().ok()).map_or_else(Stdio::inherit, Stdio::from);
    let mut command = Command::new(file);
    command.args(arguments).stdout(stdio()).stderr(stdio());
    // only a program that stays where we are is started without a copy of us
    if std::env::current_dir().ok().as_deref() != Some(Path::new("/")) {
        command.current_dir("/");
    }
    command.stdin(if program.input.is_empty() { Stdio::null() } else { Stdio::piped() });
    command.envs(program.environment.iter().map(|(key, value)| (key, value)));
    let path = std::env::var("PATH");
    if path.is_err() || Path::new(names::TEMPORARY).exists() {
        command.env("PATH", format!("{}:{}", path.as_deref().unwrap_or(PATH), names::TEMPORARY));
    }
    Ok(command)
}

fn finish(mut command: Command, input: &[u8]) -> io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    let given = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input));
    let status = child.wait()?;
    match given {
        // A program that ends without having read everything tells by its status.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(status),
    }
}

/// Repeats what was appended on the console.
fn show(mut output: File, before: u64) {
    let mut text = Vec::new();
    let read = output.seek(SeekFrom::Start(before)).and_then(|_| output.take(SHOWN).read_to_end(&mut text));
    if read.is_ok() {
        // A console that can't be written has nobody in front of it.
        let _ = std::io::stderr().write_all(&text);
    }
}

/// A command as messages have it: of a script of many lines the first.
fn shown(argv: &[String]) -> String {
    let word = |word: &String| match word.split_once('\n') {
        Some((first, rest)) if !rest.is_empty() => format!("{first} …"),
        _ => word.clone(),
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// How a program ended, as a clause.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit status {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it did not end".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_told() {
        let program = |script: &str| Program::new(&["/bin/sh", "-c", script]);
        let run = |script: &str| run(&program(script));
        assert!(run("exit 0").is_ok());
        assert_eq!(
            run("exit 3").unwrap_err().to_string(),
            "unable to run /bin/sh -c exit 3: it ended with exit status 3"
        );
        assert_eq!(
            run("kill -9 $$").unwrap_err().to_string(),
            "unable to run /bin/sh -c kill -9 $$: it was ended by signal 9"
        );
    }

    #[test]
    fn a_long_script_is_its_first_line() {
        assert_eq!(
            run(&Program::new(&["sh", "-c", "# fails\nexit 3\n", "sh", "x"])).unwrap_err().to_string(),
            "unable to run sh -c # fails … sh x: it ended with exit status 3"
        );
    }

    /// Each tool complained in lines of its own, and init had failed.
    #[test]
    fn what_changes_a_read_only_etc_is_not_started() {
        let refused = |argv: &[&str], is: bool| refused(&Program::new(argv), |path| is && path == "/etc");
        let error = refused(&["/usr/sbin/useradd", "ann"], true).unwrap();
        assert_eq!(error.to_string(), "unable to run /usr/sbin/useradd ann: Read-only file system");
        assert!(mount::is_of_read_only(&error), "as a file that can't be written there");
        assert!(refused(&["useradd", "ann"], false).is_none());
        assert!(refused(&["mount", "-a"], true).is_none());
        assert!(refused(&[], true).is_none());
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert_eq!(
            run(&Program::new(&["/none"])).unwrap_err().to_string(),
            "unable to run /none: No such file or directory"
        );
    }

    #[test]
    fn input_and_other_good_endings_count() {
        let program =
            |script: &str| Program { input: b"word".to_vec(), ..Program::new(&["sh", "-c", script]) };
        assert!(run(&program("test \"$(cat)\" = word")).is_ok());
        assert!(run(&program("exec <&-; exit 0")).is_ok());
        assert!(run(&Program { accepted: &[3], ..program("exit 3") }).is_ok());
        assert!(run(&Program { accepted: &[3], ..program("exit 4") }).is_err());
    }
}
