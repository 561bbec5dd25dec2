//! /var/log/cloud-init.log: `DATE TIME,MILLIS - PROGRAM[LEVEL]: TEXT`.

pub(crate) use glowplug::date::utc;
use glowplug::stage::log::Line;
use glowplug::sys::root::{Fixed, Root};
use glowplug::sys::{clock, tree};
use rustix::fs::OFlags;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// Opens a file where it is, not where a link leads, and waits for nobody.
pub(crate) const AS_IT_IS: i32 =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).bits().cast_signed();

/// Where the log is, and where it goes when that can't be written.
const LOG: [&str; 2] = ["/var/log/cloud-init.log", "/run/glowplug/cloud-init.log"];

/// Opens a log for appending, or empty; one that is new is for the group that
/// reads logs, where there is one.
pub(crate) fn create(path: &str, is_empty: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).mode(0o640);
    if Path::new(path).parent() == Some(Path::new("/dev")) {
        return options.open(path);
    }
    let Fixed { path, is_shared } =
        Root::open("/").and_then(|root| root.fixed(path)).map_err(|error| match error.errno() {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::other(error),
        })?;
    // Who may write to /var/log puts no other file in its place.
    options.custom_flags(AS_IT_IS);
    let file = match options.clone().create_new(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(&path)?,
        Ok(file) => {
            // Without such a group only root reads it.
            let _ = fchown(&file, None, group());
            return Ok(file);
        }
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() || is_shared && metadata.nlink() > 1 {
        return Err(io::Error::other("it is no regular file, or a further name of one"));
    }
    // Truncated it is appended to all the same: several programs write to it.
    if is_empty {
        file.set_len(0)?;
    }
    Ok(file)
}

/// The group that reads logs.
pub(crate) fn group() -> Option<u32> {
    let groups = tree::text("/etc/group").unwrap_or_default();
    groups.lines().find_map(|line| line.strip_prefix("adm:")?.split(':').nth(1)?.parse().ok())
}

/// Appends a program's lines in the order of their times.
pub(crate) fn append(program: &str, lines: &[Line]) {
    let booted = clock::realtime().saturating_sub(clock::monotonic());
    let mut text = String::new();
    // Actions are known to the log when their module has ended.
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_by_key(|line| line.at);
    for line in lines {
        let at = booted + line.at;
        let (level, said) = (line.level.word(), &line.text);
        // Writing into a String does not fail.
        let _ = writeln!(text, "{},{:03} - {program}[{level}]: {said}", utc(at).iso(), at / 1000 % 1000);
    }
    if let Some(mut file) = LOG.iter().find_map(|path| create(path, false).ok()) {
        // The console has had every line already.
        let _ = file.write_all(text.as_bytes());
    }
}
