//! Debian machines: roots made with mmdebstrap, each with one network back
//! end, and the initramfs that Debian's own tools make (`debian/build`).

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use glowplug::error::Result;

use super::host;
use super::kernel::Kernel;
use super::programs::Programs;

/// What configures the network of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    NetworkManager,
    Networkd,
    Ifupdown,
    Netplan,
}

/// What makes an initramfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The agent as /init, and nothing else.
    Minimal,
    /// dracut with systemd in the initramfs.
    Dracut,
    /// dracut with its own shell scripts.
    DracutClassic,
    InitramfsTools,
}

impl Backend {
    /// Every one by its word on a command line.
    pub(crate) const WORDS: [(&str, Self); 4] = [
        ("networkmanager", Self::NetworkManager),
        ("networkd", Self::Networkd),
        ("ifupdown", Self::Ifupdown),
        ("netplan", Self::Netplan),
    ];

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, backend)| *backend == self).map_or("", |(word, _)| word)
    }
}

impl Maker {
    /// Every one by its word on a command line.
    pub(crate) const WORDS: [(&str, Self); 4] = [
        ("minimal", Self::Minimal),
        ("dracut", Self::Dracut),
        ("dracut-classic", Self::DracutClassic),
        ("initramfs-tools", Self::InitramfsTools),
    ];

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, maker)| *maker == self).map_or("", |(word, _)| word)
    }
}

/// The image of a root with this back end and more packages. It is made once,
/// and again when what it is made of changes.
pub(crate) fn root(backend: Backend, packages: &[&str], say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let name = packages.iter().fold(backend.word().to_owned(), |name, package| name + "-" + package);
    cached(&name, say, "a Debian root", |image| {
        let mut build = build(&["root", backend.word()])?;
        build.arg(image).args(packages);
        Ok(build)
    })
}

/// Makes the file `to`: an initramfs for `kernel`, with `programs` in it or
/// with nothing of ours.
pub(crate) fn initramfs(
    maker: Maker,
    kernel: &Kernel,
    programs: Option<&Programs>,
    to: &Path,
    say: &mut dyn FnMut(&str),
) -> Result<()> {
    let builder = cached("builder", say, "the root that makes initramfs", |folder| {
        let mut build = build(&["builder"])?;
        build.arg(folder);
        Ok(build)
    })?;
    say(&format!("making an initramfs with {}", maker.word()));
    let mut build = build(&["initramfs", maker.word()])?;
    build.arg(&builder).arg(&kernel.modules);
    match programs {
        Some(programs) => build.arg(&programs.agent).arg(&programs.runner),
        None => build.args(["", ""]),
    };
    host::run(build.arg(to), "make an initramfs with", Path::new(maker.word())).map(drop)
}

/// What runs the program of its first argument as root.
pub(crate) fn as_root() -> Result<Command> {
    host::command(if rustix::process::geteuid().is_root() { "nice" } else { "sudo" })
}

/// The command `debian/build WORD...` as root; one at a time, whoever calls.
fn build(words: &[&str]) -> Result<Command> {
    let folder = super::folder().join("debian");
    fs::create_dir_all(&folder).map_err(host::io("make", &folder))?;
    let mut command = as_root()?;
    command.arg("flock").arg(folder.join("lock")).arg(sources().join("build")).args(words);
    Ok(command)
}

/// Where the scripts are.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("initramfs/image/debian")
}

/// What `make` makes, under a name that changes with what it is made of; older
/// ones of that name are removed.
fn cached(
    name: &str,
    say: &mut dyn FnMut(&str),
    what: &str,
    make: impl Fn(&Path) -> Result<Command>,
) -> Result<PathBuf> {
    static MAKING: Mutex<()> = Mutex::new(());
    // of two that want the same one the second finds it made
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = super::folder().join("debian");
    let finished = folder.join(format!("{name}-{:016x}", digest()?));
    if finished.exists() {
        return Ok(finished);
    }
    say(&format!("making {what} ({name}); it takes a minute and is kept"));
    let unfinished = folder.join(format!("{name}.{}", std::process::id()));
    host::run(&mut make(&unfinished)?, "make", Path::new(name))?;
    let old = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in old.filter(|path| is_older(path, name)) {
        // made by root: what can't be removed is only disk space
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    fs::rename(&unfinished, &finished).map_err(host::io("make", &finished))?;
    Ok(finished)
}

/// Whether a path is NAME-DIGEST.
fn is_older(path: &Path, name: &str) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let digest = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    digest.is_some_and(|digest| digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Of everything the scripts put into a root.
fn digest() -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut folders = vec![sources()];
    let image = sources().join("..");
    let mut files = vec![image.join("report.sh"), image.join("root/etc/cloud/cloud.cfg")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(host::io("read", &folder))?.flatten() {
            let list = if entry.path().is_dir() { &mut folders } else { &mut files };
            list.push(entry.path());
        }
    }
    files.sort();
    for file in files {
        fs::read(&file).map_err(host::io("read", &file))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}
