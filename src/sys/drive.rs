//! The files of a drive that may stop answering: a process [aside](super::aside)
//! mounts it, where nobody else sees it, and reads what is asked for.
//!
//! A request is a [`Question`], a limit and a path, an answer a [`Head`] and what it says.

use super::aside::{Aside, write_all};
use super::clock;
use super::mount::mount_disc;
use super::root::Root;
use crate::error::{Error, Result};
use crate::fetch::{Fetch, lossy};
use crate::limits;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use rustix::fd::OwnedFd;
use rustix::io::{Errno, read};

/// What is asked of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Question {
    Read,
    List,
    Mode,
}

/// Bytes before the path of a request: question, limit, length of the path.
const ASKED: usize = 1 + 8 + 2;

/// Bytes before what an answer says: whether there is something, errno, bytes
/// of a cause, bytes that follow. An answer with a cause is an error.
const HEAD: usize = 16;

/// A drive that is mounted in a process of its own.
pub struct Drive<'a> {
    aside: RefCell<Aside<'a>>,
}

impl<'a> Drive<'a> {
    /// Mounts the block device `device` with a file system of `kind`, as
    /// [`mount_disc`] does. It and all that is read of it have to answer in
    /// [`limits::DRIVE_ANSWER`]; `slow` is called once, after a second of silence.
    pub fn mount(device: &'a str, kind: &str, slow: &'a mut dyn FnMut(&str)) -> Result<Self> {
        let deadline = clock::monotonic() + limits::DRIVE_ANSWER;
        let child = |requests: &OwnedFd, answers: &OwnedFd| serve(device, kind, requests, answers);
        let drive = Self { aside: RefCell::new(Aside::start(device, deadline, slow, &child)?) };
        drive.answer()?;
        Ok(drive)
    }

    /// Why nothing of it counts: it stopped answering.
    pub fn lost(&self) -> Option<Error> {
        let aside = self.aside.borrow();
        aside.is_lost.then(|| aside.no_answer())
    }

    #[inline(never)]
    fn ask(&self, question: Question, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let Ok(length) = u16::try_from(path.len()) else {
            return Err(Error::os("read", self.name(path), Errno::NAMETOOLONG.raw_os_error()));
        };
        let mut request = vec![question as u8];
        request.extend_from_slice(&(limit as u64).to_ne_bytes());
        request.extend_from_slice(&length.to_ne_bytes());
        request.extend_from_slice(path.as_bytes());
        self.aside.borrow().ask(&request);
        self.answer()
    }

    #[inline(never)]
    fn answer(&self) -> Result<Option<Vec<u8>>> {
        let mut head = [0; HEAD];
        self.fill(&mut head)?;
        let [there, errno, cause, length] = numbers(&head);
        let mut says = vec![0; length as usize];
        self.fill(&mut says)?;
        if cause > 0 {
            return Err(Error::told(lossy(says), cause as usize, errno.cast_signed()));
        }
        Ok((there > 0).then_some(says))
    }

    /// Fills `out` with what comes.
    fn fill(&self, mut out: &mut [u8]) -> Result<()> {
        let mut aside = self.aside.borrow_mut();
        while !out.is_empty() {
            match aside.read(out) {
                Ok(0) | Err(_) => {
                    aside.is_lost = true;
                    return Err(aside.no_answer());
                }
                Ok(count) => out = out.get_mut(count..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}

/// The four numbers of a head.
fn numbers(head: &[u8; HEAD]) -> [u32; 4] {
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(head.chunks_exact(4)) {
        *number = bytes.try_into().map_or(0, u32::from_ne_bytes);
    }
    numbers
}

impl Fetch for Drive<'_> {
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        self.ask(Question::Read, path, limit)
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        let Some(names) = self.ask(Question::List, path, 0)? else { return Ok(None) };
        Ok(Some(lossy(names).split_terminator('\0').map(String::from).collect()))
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        let mode = self.ask(Question::Mode, path, 0)?;
        Ok(mode.map(|mode| mode.try_into().map_or(0, u32::from_ne_bytes)))
    }

    fn name(&self, path: &str) -> String {
        [self.aside.borrow().path, ":/", path.trim_start_matches('/')].concat()
    }
}

/// The child: mounts the drive and answers until nobody asks any more.
fn serve(device: &str, kind: &str, requests: &OwnedFd, answers: &OwnedFd) {
    serve_disc(
        mount_disc(device, kind).map(|mounted| Root::of(mounted, &[device, ":"].concat())),
        requests,
        answers,
    );
}

fn serve_disc(disc: Result<Root>, requests: &OwnedFd, answers: &OwnedFd) {
    let Ok(disc) = disc.map_err(|error| answer_with(answers, Err(error))) else { return };
    let mut alive = answer_with(answers, Ok(None));
    while alive {
        alive = answer_one(&disc, requests, answers);
    }
}

/// Answers one request; false: there is none any more.
fn answer_one(disc: &Root, requests: &OwnedFd, answers: &OwnedFd) -> bool {
    let mut request = [0; ASKED];
    if !take(requests, &mut request) {
        return false;
    }
    let (limit, length) = request[1..].split_at(8);
    let limit = limit.try_into().map_or(0, u64::from_ne_bytes);
    let mut path = vec![0; length.try_into().map_or(0, u16::from_ne_bytes).into()];
    if !take(requests, &mut path) {
        return false;
    }
    let (path, limit) = (lossy(path), usize::try_from(limit).unwrap_or(usize::MAX));
    let says = match request[0] {
        question if question == Question::Read as u8 => disc.read(&path, limit),
        question if question == Question::List as u8 => disc.list(&path).map(|names| {
            let terminated = |name: &String| [name, "\0"].concat();
            Some(names?.iter().map(terminated).collect::<String>().into_bytes())
        }),
        _ => disc.mode(&path).map(|mode| mode.map(|mode| mode.to_ne_bytes().to_vec())),
    };
    answer_with(answers, says)
}

/// Sends an answer; whether somebody took it.
#[inline(never)]
fn answer_with(answers: &OwnedFd, says: Result<Option<Vec<u8>>>) -> bool {
    let (there, errno, cause, says) = match says {
        Ok(says) => (says.is_some(), 0, 0, says.unwrap_or_default()),
        Err(error) => {
            let cause = error.cause().len();
            (false, error.errno().unwrap_or(0), cause, error.text().to_string().into_bytes())
        }
    };
    let mut answer = Vec::new();
    let length = |length| u32::try_from(length).unwrap_or(u32::MAX);
    for number in [u32::from(there), errno.cast_unsigned(), length(cause), length(says.len())] {
        answer.extend_from_slice(&number.to_ne_bytes());
    }
    write_all(answers, &answer) && write_all(answers, &says)
}

/// Fills `out` from a pipe; false where it ends before.
fn take(pipe: &OwnedFd, mut out: &mut [u8]) -> bool {
    while !out.is_empty() {
        match read(pipe, &mut *out) {
            Err(Errno::INTR) => {}
            Ok(0) | Err(_) => return false,
            Ok(count) => out = out.get_mut(count..).unwrap_or_default(),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;
    use rustix::fs::{Mode, OFlags};
    use std::{fs, os::unix::fs::symlink};

    type Open = Box<dyn Fn() -> Result<Root> + Send>;

    fn drive(slow: &mut dyn FnMut(&str), disc: Open) -> Drive<'_> {
        let child = move |requests, answers| serve_disc(disc(), &requests, &answers);
        Drive { aside: RefCell::new(Aside::thread("/dev/x", slow, child)) }
    }

    #[test]
    fn what_is_asked_aside_is_what_the_disc_holds() {
        let folder = std::env::temp_dir().join(format!("glowplug-drive-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("openstack/latest")).unwrap();
        let large = vec![7; 300_000];
        fs::write(folder.join("openstack/latest/user_data"), &large).unwrap();
        fs::write(folder.join("openstack/latest/empty"), "").unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        let path = folder.clone();
        let open = move || {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            Ok(Root::of(rustix::fs::open(path.to_str().unwrap(), flags, Mode::empty()).unwrap(), "/dev/x:"))
        };
        let (direct, mut slow) = (open().unwrap(), |_: &str| panic!("it is quick"));
        let aside = drive(&mut slow, Box::new(open));
        aside.answer().unwrap();
        let long = "x/".repeat(3000);
        for path in
            ["openstack/latest/user_data", "/openstack/latest/empty", "none", "loop", "openstack", &long]
        {
            assert_eq!(aside.read(path, 400_000), direct.read(path, 400_000), "{path}");
            assert_eq!(aside.read(path, 3), direct.read(path, 3), "{path}");
            assert_eq!(aside.list(path), direct.list(path), "{path}");
            assert_eq!(aside.mode(path), direct.mode(path), "{path}");
            assert_eq!(aside.name(path), direct.name(path));
        }
        assert_eq!(aside.read("openstack/latest/user_data", 300_000).unwrap(), Some(large));
        assert_eq!(aside.mode("loop").unwrap_err().errno(), Some(Errno::LOOP.raw_os_error()));
        let error = aside.read(&"x".repeat(70_000), 1).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::NAMETOOLONG.raw_os_error()));
        assert!(aside.lost().is_none());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_drive_that_can_not_be_mounted_or_goes_away_says_so() {
        let why = || Error::new("mount", "/dev/x", "this kernel has no iso9660 (module not packed?)");
        let mut slow = |_: &str| {};
        assert_eq!(drive(&mut slow, Box::new(move || Err(why()))).answer(), Err(why()));
        let gone = Drive { aside: RefCell::new(Aside::thread("/dev/x", &mut slow, |_, _| {})) };
        let lost = "unable to read /dev/x: it does not answer, and is left out";
        assert_eq!(gone.read("x", 1).unwrap_err().text(), lost);
        assert_eq!(gone.lost().unwrap().text(), lost);
    }
}
