//! One boot of a machine: its stages, in peace, listed, or with a fault at one
//! of their system calls.

use super::snapshot::Snapshot;
use super::world::{Place, World};
use glowplug::syntax::json;
use glowplug::syntax::value::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The stages in their order.
pub(crate) const STAGES: [&str; 4] = ["agent", "init", "config", "final"];

/// How long a stage may take; longer is a hang.
const PATIENCE: Duration = Duration::from_secs(40);

/// Calls that change something, or may.
pub(crate) const CHANGING: &str = "openat,openat2,write,pwrite64,writev,sendfile,copy_file_range,fchown,fchownat,\
    fchmod,fchmodat,fsync,fdatasync,syncfs,renameat,renameat2,rename,mkdirat,mkdir,symlinkat,symlink,unlinkat,unlink,\
    rmdir,linkat,mount,ftruncate,sethostname,fsetxattr,setxattr,utimensat,fallocate,fremovexattr";

/// Calls that read.
pub(crate) const READING: &str = "read,pread64,statx,newfstatat,fstat,getdents64,readlinkat,readlink,lseek,\
    flistxattr,fgetxattr,mmap,close,fcntl,faccessat2,access,getcwd,statfs,fstatfs";

/// Calls that start a program or see its end.
pub(crate) const PROGRAMS: &str = "clone,clone3,vfork,fork,wait4,waitid,execve";

/// A machine in a namespace of its own.
pub(crate) struct Machine {
    pub(crate) place: Place,
    folder: PathBuf,
}

/// The files of a machine between two stages.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) root: Snapshot,
    pub(crate) run: Snapshot,
}

/// How a stage ended.
pub(crate) struct Ended {
    /// `None`: it hung and was ended.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) said: String,
}

/// One system call of a stage.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// Which of its name it is, from 1.
    pub(crate) number: usize,
    /// As strace writes it.
    pub(crate) text: String,
}

/// Errors, warnings, and whether every stage has ended, as status.json has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) lines: Vec<String>,
    pub(crate) is_complete: bool,
}

impl Machine {
    /// Puts a machine together in `folder`, which is empty.
    pub(crate) fn build(world: &World, folder: &Path) -> Self {
        let folder = folder.to_owned();
        super::world::run(&["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder.to_str().unwrap()]);
        let machine = Self { place: world.build(&folder), folder };
        fs::create_dir_all("/run/systemd").unwrap();
        if world.name == "debian" {
            fs::create_dir_all("/run/systemd/system").unwrap();
        }
        machine
    }

    pub(crate) fn state(&self) -> State {
        State { root: Snapshot::take(&self.place.root), run: Snapshot::take(Path::new("/run")) }
    }

    pub(crate) fn put_back(&self, state: &State) {
        state.root.put_back(&self.place.root);
        state.run.put_back(Path::new("/run"));
    }

    /// What a machine that lost its power begins with: memory is empty.
    pub(crate) fn power_off(first: &State) {
        first.run.put_back(Path::new("/run"));
    }

    /// What the programs wrote down of their calls since this was last asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        let path = self.place.root.join("dev/calls");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().map(Into::into).collect()
    }

    fn command(&self, stage: usize, tracer: &[&str]) -> Command {
        let mut words: Vec<&str> = tracer.to_vec();
        let (root, seed) = (self.place.root.to_str().unwrap(), self.place.seed.to_str().unwrap());
        let agent = self.folder.join("agent");
        match stage {
            0 => words.extend([agent.to_str().unwrap(), "--root", root, "--seed", seed]),
            1 => words.extend(["/usr/sbin/chroot", root, "/usr/bin/glowplug", "init"]),
            2 => words.extend(["/usr/sbin/chroot", root, "/usr/bin/glowplug", "modules", "--mode=config"]),
            _ => words.extend(["/usr/sbin/chroot", root, "/usr/bin/glowplug", "modules", "--mode=final"]),
        }
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null());
        command
    }

    /// Runs a stage in peace.
    pub(crate) fn run(&self, stage: usize) -> Ended {
        self.end(self.command(stage, &[]))
    }

    /// The whole boot in peace.
    pub(crate) fn boot(&self) -> Vec<Ended> {
        (0..STAGES.len()).map(|stage| self.run(stage)).collect()
    }

    /// Runs a stage and lists its calls.
    pub(crate) fn list(&self, stage: usize) -> (Ended, Vec<Call>) {
        let list = self.folder.join("list");
        let trace = format!("trace={CHANGING},{READING},{PROGRAMS}");
        let tracer =
            ["/usr/bin/strace", "-qq", "-y", "-s", "200", "-o", list.to_str().unwrap(), "-e", &trace];
        let ended = self.end(self.command(stage, &tracer));
        (ended, parse(&fs::read_to_string(list).unwrap()))
    }

    /// Runs a stage with `what` at one of its calls: `signal=KILL`, `error=EIO`; `error=EIO+`
    /// also at those of its name that follow.
    pub(crate) fn inject(&self, stage: usize, call: &Call, what: &str) -> Ended {
        let (name, number) = (&call.name, call.number);
        let (what, on) = what.strip_suffix('+').map_or((what, ""), |what| (what, "+"));
        let inject = format!("inject={name}:{what}:when={number}{on}");
        let trace = format!("trace={name}");
        let tracer = ["/usr/bin/strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        self.end(self.command(stage, &tracer))
    }

    fn end(&self, mut command: Command) -> Ended {
        let path = self.folder.join("said");
        let file = File::create(&path).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let status = wait(command.spawn().unwrap());
        Ended { status, said: String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned() }
    }

    /// What status.json says.
    pub(crate) fn told(&self) -> Told {
        let Ok(text) = fs::read(self.place.root.join("run/cloud-init/status.json"))
            .or_else(|_| fs::read(self.place.root.join("var/lib/cloud/data/status.json")))
        else {
            return Told::default();
        };
        let value = json::parse(&text).unwrap();
        let v1 = value.get("v1").unwrap();
        let mut told = Told { lines: Vec::new(), is_complete: true };
        for name in ["init-local", "init", "modules-config", "modules-final"] {
            let mode = v1.get(name);
            let finished = mode.and_then(|mode| mode.get("finished"));
            told.is_complete &= finished.is_some_and(|time| time.as_str().is_none() && !is_null(time));
            let errors = mode.and_then(|mode| mode.get("errors"));
            let warnings = mode.and_then(|mode| mode.get("recoverable_errors")?.get("WARNING"));
            for list in [errors, warnings].into_iter().flatten() {
                told.lines
                    .extend(list.items().into_iter().flatten().filter_map(Value::as_str).map(String::from));
            }
        }
        told
    }
}

fn is_null(value: &Value<'_>) -> bool {
    matches!(value.data, glowplug::syntax::value::Data::Null)
}

/// Waits for a program, and ends one that hangs.
fn wait(mut child: Child) -> Option<ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if begun.elapsed() > PATIENCE {
            end_all();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// The other processes of this namespace.
fn others() -> Vec<i32> {
    let names = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.to_str()?.parse().ok()).filter(|pid| *pid != 1).collect()
}

/// Ends every process but this one, which is the first of its namespace.
pub(crate) fn end_all() {
    assert_eq!(std::process::id(), 1, "not in a namespace of its own");
    for pid in others() {
        if let Some(pid) = rustix::process::Pid::from_raw(pid) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
    let _ = settle();
}

/// Waits until every process but this one has ended.
pub(crate) fn settle() -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        while rustix::process::wait(rustix::process::WaitOptions::NOHANG).is_ok_and(|ended| ended.is_some()) {
        }
        if others().is_empty() {
            return true;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    false
}

/// The calls of a list by strace that are the program's own: after the last
/// start of a program, chroot(1) being before it.
fn parse(list: &str) -> Vec<Call> {
    let mut seen = std::collections::BTreeMap::new();
    let mut calls = Vec::new();
    for line in list.lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let number: &mut usize = seen.entry(name.to_owned()).or_default();
        *number += 1;
        if name == "execve" {
            calls.clear();
            continue;
        }
        calls.push(Call { name: name.into(), number: *number, text: line.into() });
    }
    calls
}

impl Call {
    /// Whether it changes files of the root, starts a program or waits for one.
    pub(crate) fn changes(&self, root: &Path) -> bool {
        let root = root.to_str().unwrap();
        let in_root = self.text.contains(root) && !self.text.contains(&format!("{root}/run/"));
        match self.name.as_str() {
            "openat" | "openat2" => {
                let makes = self.text.contains("O_CREAT") || self.text.contains("O_TRUNC");
                makes && !self.text.contains("\"/run/") && !self.text.contains(&format!("{root}/run/"))
            }
            "write" | "pwrite64" | "writev" | "ftruncate" | "fchown" | "fchmod" | "fsync" | "fdatasync"
            | "syncfs" | "sendfile" | "copy_file_range" | "fsetxattr" | "fallocate" | "fremovexattr" => {
                in_root
            }
            "clone" | "clone3" | "vfork" | "fork" | "wait4" | "waitid" => true,
            name => CHANGING.split(',').any(|other| other.trim() == name) && !self.text.contains("\"/run/"),
        }
    }
}
