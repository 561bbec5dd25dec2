//! `glowplug collect-logs`: what a person who looks for a fault asks for, in
//! one archive.

use crate::cli::{Arguments, Ended, say};
use crate::http::cause;
use crate::log_file::{AS_IT_IS, utc};
use crate::stage::need_root;
use crate::{output, program};
use glowplug::error::Error;
use glowplug::limits;
use glowplug::state::paths::{HANDOFF_LOG, INSTANCE_LINK, TIMINGS};
use glowplug::sys::clock;
use glowplug::sys::root::{Fixed, Root};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// What is always collected, where it is there.
const FILES: &[&str] = &[
    "/var/log/cloud-init.log",
    "/var/log/cloud-init-output.log",
    "/var/lib/cloud/data/status.json",
    "/var/lib/cloud/data/result.json",
    "/run/cloud-init/instance-data.json",
    "/run/cloud-init/ds-identify.log",
    "/run/glowplug/seed-state",
    "/etc/os-release",
    HANDOFF_LOG,
    TIMINGS,
];

/// What programs say, and the files it goes to.
const ANSWERS: [(&str, &[&str]); 2] =
    [("dmesg.txt", &["dmesg"]), ("journal.txt", &["journalctl", "--boot=0", "-o", "short-precise"])];

/// Where the files are put together; only root looks in.
const FOLDER: &str = "/run/glowplug-logs";

pub(crate) fn run(arguments: &Arguments) -> Ended {
    need_root("collect-logs")?;
    let archive = arguments.value("tarfile").unwrap_or("cloud-init.tar.gz");
    let user_data = format!("{INSTANCE_LINK}/user-data.txt");
    let outputs = Root::open("/").map(|root| output::files(&root)).unwrap_or_default();
    let mut files: Vec<&str> = FILES.to_vec();
    files.extend(outputs.iter().map(String::as_str).filter(|path| !FILES.contains(path)));
    if arguments.has("include-userdata") {
        files.push(&user_data);
    }
    files.retain(|path| fs::exists(path).unwrap_or(false));
    if files.is_empty() {
        return Err(Error::new("collect logs", archive, "there are none").into());
    }
    // Before anything is collected: tar's own words for it are many.
    let file = create(archive)?;
    let name =
        format!("cloud-init-logs-{}", utc(clock::realtime()).iso().split(' ').next().unwrap_or_default());
    // One that was left behind by somebody who was stopped.
    let _ = fs::remove_dir_all(FOLDER);
    let folder = Path::new(FOLDER).join(&name);
    let collected = collect(&folder, &files)
        .map_err(|error| Error::new("collect logs in", FOLDER, cause(&error)))
        .and_then(|()| pack(&name, file));
    let removed = fs::remove_dir_all(FOLDER);
    collected?;
    removed.map_err(|error| Error::new("remove", FOLDER, cause(&error)))?;
    let shown = std::path::absolute(archive).unwrap_or_else(|_| archive.into());
    say(&format!("Wrote {}", shown.display()));
    Ok(0)
}

/// Makes the archive, which only root reads, in place of an older one. Where
/// others can write, they lead it nowhere else.
fn create(archive: &str) -> Result<File, Error> {
    let failed = |error: io::Error| Error::new("write", archive, cause(&error));
    // A name alone is in the working directory, whoever moves that about.
    let path = if archive.contains('/') {
        let full = std::path::absolute(archive).map_err(failed)?.display().to_string();
        Root::open("/")?.fixed(&full)?.path
    } else {
        archive.into()
    };
    match fs::symlink_metadata(&path) {
        Ok(old) if !old.is_file() => {
            return Err(failed(io::Error::other("what is there is no regular file")));
        }
        Ok(_) => fs::remove_file(&path).map_err(failed)?,
        Err(_) => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600).open(&path).map_err(failed)
}

/// Puts the directory `name` into the archive.
fn pack(name: &str, archive: File) -> Result<(), Error> {
    let failed = |why: String| Error::new("run", "tar", why);
    let mut tar = Command::new("tar");
    tar.args(["-cz", "-C", FOLDER, name]).stdin(Stdio::null()).stdout(archive);
    let status = tar.status().map_err(|error| failed(cause(&error)))?;
    if status.success() { Ok(()) } else { Err(failed(program::ending(status))) }
}

/// Copies the end of a log; what is no regular file has none.
fn copy(root: &Root, from: &str, to: &Path) -> io::Result<()> {
    let Fixed { path, is_shared } = root.fixed(from).map_err(io::Error::other)?;
    let mut file = File::options().read(true).custom_flags(AS_IT_IS).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || is_shared && metadata.nlink() > 1 {
        return Err(io::Error::other("it is no regular file, or a further name of one"));
    }
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(limits::COLLECTED)))?;
    io::copy(&mut file.take(limits::COLLECTED), &mut File::create(to)?)?;
    Ok(())
}

/// Copies the files, logs by their names alone, others by their paths.
fn collect(folder: &Path, files: &[&str]) -> io::Result<()> {
    let root = Root::open("/").map_err(io::Error::other)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for path in files {
        let place = path.strip_prefix("/var/log/").unwrap_or(path);
        let copy = folder.join(place.trim_start_matches('/'));
        DirBuilder::new().recursive(true).mode(0o700).create(copy.parent().unwrap_or(folder))?;
        if let Err(error) = self::copy(&root, path, &copy) {
            say(&format!("glowplug: unable to collect {path}: {}", cause(&error)));
        }
    }
    for (file, words) in ANSWERS {
        let Some((program, arguments)) = words.split_first() else { continue };
        let path = folder.join(file);
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(File::create(&path)?).stderr(Stdio::null());
        // A machine without the program has no such log.
        if !command.status().is_ok_and(|status| status.success()) {
            fs::remove_file(&path)?;
        }
    }
    fs::write(folder.join("version"), concat!("glowplug ", env!("CARGO_PKG_VERSION"), "\n"))
}
