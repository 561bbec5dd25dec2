//! What every story needs: the image, built once; a machine in a folder of its
//! own; and questions to ask it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::disk_image;
use crate::power::write_log;
use crate::vm::console::{Line, Who};
use crate::vm::contents::{self, Contents};
use crate::vm::debian::as_root;
use crate::vm::disc::Drive;
use crate::vm::kernel::Kernel;
use crate::vm::monitor::Plug;
use crate::vm::qemu::Machine;
use crate::vm::report::{Boot, Link};
use crate::vm::seed::Nics;
use crate::vm::{Image, Parts, empty_folder, folder, host};

/// Machines that run at a time; each keeps two processors busy.
const AT_A_TIME: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// A machine and the folder its story happens in.
pub(crate) struct Scene {
    machine: Machine<'static>,
    folder: PathBuf,
    /// What the last boot told on its console.
    pub(crate) lines: Vec<Line>,
}

impl Scene {
    /// A machine with the NICs that `seeds` name.
    pub(crate) fn new(story: &str, seeds: &[&Path]) -> Self {
        Self::of(image(), story, seeds)
    }

    /// A machine of this image.
    pub(crate) fn of(image: &'static Image, story: &str, seeds: &[&Path]) -> Self {
        let folder = story_folder(story);
        let nics = Nics::of(seeds);
        assert!(nics.remarks.is_empty(), "{:?}", nics.remarks);
        let machine = Machine::new(image, &folder, nics).unwrap();
        Self { machine, folder, lines: Vec::new() }
    }

    /// Boots to power-off. A boot that does not get there fails the story and
    /// shows the console.
    pub(crate) fn boot(&mut self, drive: Option<&Drive>) -> Boot {
        let boot = self.boot_with(drive, "");
        let faults: Vec<&Line> = self.lines.iter().filter(|line| matches!(line, Line::Fault(_))).collect();
        assert!(faults.is_empty(), "{faults:?}\n{}", self.machine.console());
        boot
    }

    /// As [`Scene::boot`], with more words on the kernel line; faults of the
    /// agent do not count, as long as the machine gets to its power-off.
    pub(crate) fn boot_with(&mut self, drive: Option<&Drive>, words: &str) -> Boot {
        let _slot = Slot::take();
        self.lines.clear();
        words.clone_into(&mut self.machine.append);
        let lines = &mut self.lines;
        let boot = self.machine.boot(drive, &mut |line| lines.push(line));
        boot.unwrap_or_else(|error| panic!("{error}\n{}", self.machine.console()))
    }

    /// Boots with a disc of the files in `seed`.
    pub(crate) fn boot_seed(&mut self, seed: &Path) -> Boot {
        let drive = Drive::from_seed(seed, &self.folder.join("seed.iso")).unwrap();
        self.boot(Some(&drive))
    }

    /// As [`Scene::boot_seed`], where nothing reports what the machine became.
    pub(crate) fn boot_seed_unreported(&mut self, seed: &Path) {
        let drive = Drive::from_seed(seed, &self.folder.join("seed.iso")).unwrap();
        let _slot = Slot::take();
        self.lines.clear();
        let lines = &mut self.lines;
        let ended = self.machine.boot_unreported(Some(&drive), &mut |line| lines.push(line));
        ended.unwrap_or_else(|error| panic!("{error}\n{}", self.machine.console()));
    }

    /// As [`Scene::boot_seed`], with more words on the kernel line.
    pub(crate) fn boot_seed_with(&mut self, seed: &Path, words: &str) -> Boot {
        let drive = Drive::from_seed(seed, &self.folder.join("seed.iso")).unwrap();
        self.boot_with(Some(&drive), words)
    }

    /// Boots with no drive and more words on the kernel line, where nothing
    /// reports what the machine became.
    pub(crate) fn boot_unreported(&mut self, words: &str) {
        let _slot = Slot::take();
        self.lines.clear();
        words.clone_into(&mut self.machine.append);
        let lines = &mut self.lines;
        let ended = self.machine.boot_unreported(None, &mut |line| lines.push(line));
        ended.unwrap_or_else(|error| panic!("{error}\n{}", self.machine.console()));
    }

    /// The bound of a boot, from now on.
    pub(crate) fn give_time(&mut self, timeout: Duration) {
        self.machine.timeout = timeout;
    }

    /// All that the first boot wrote to the second serial port.
    pub(crate) fn report(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("report-1.log")).unwrap()).into_owned()
    }

    /// Boots until the power fails, so long after the agent has mounted the root.
    /// With `write_log`, a file, the disk loses what it had not flushed by then, as one with a
    /// volatile cache does.
    pub(crate) fn boot_until_power_fails(
        &mut self,
        drive: Option<&Drive>,
        words: &str,
        delay: Duration,
        write_log: Option<PathBuf>,
    ) {
        let _slot = Slot::take();
        self.lines.clear();
        let before = self.folder.join("before.img");
        if let Some(log) = &write_log {
            write_log::copy(&self.machine.disk(), &before);
            write_log::begin(log);
        }
        words.clone_into(&mut self.machine.append);
        self.machine.power_fails = Some(delay);
        self.machine.write_log.clone_from(&write_log);
        let lines = &mut self.lines;
        let ended = self.machine.boot_unreported(drive, &mut |line| lines.push(line));
        ended.unwrap_or_else(|error| panic!("{error}\n{}", self.machine.console()));
        self.machine.power_fails = None;
        self.machine.write_log = None;
        if let Some(log) = write_log {
            write_log::replay_flushed(&log, &before);
            fs::rename(&before, self.machine.disk()).unwrap();
            fs::remove_file(log).unwrap();
        }
    }

    /// What the firmware says from now on: arguments of QEMU's `-smbios`.
    pub(crate) fn firmware(&mut self, texts: &[&str]) {
        self.machine.smbios = texts.iter().map(|text| (*text).to_owned()).collect();
    }

    /// What is plugged in while the machine runs, from the next boot on.
    pub(crate) fn plug_in(&mut self, plugs: Vec<Plug>) {
        self.machine.plugs = plugs;
    }

    /// What is on the machine's disk now.
    pub(crate) fn contents(&self) -> Contents {
        let copy = self.folder.join("contents");
        empty_folder(&copy).unwrap();
        Contents::copy(&self.machine.file_system(), &copy).unwrap()
    }

    /// Text of one file on the machine's disk, in a way that is quick on a
    /// large one; `None` where there is no such file.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let bytes = contents::read(&self.machine.file_system(), path).unwrap()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Puts the root file system into partition 1 of a disk with a table of
    /// this kind (`gpt`, `dos`) and no room behind it.
    pub(crate) fn partition(&mut self, table: &str) {
        self.machine.start = disk_image::partition(&self.machine.disk(), table).unwrap();
    }

    /// Gives the machine's disk so many mebibytes more.
    pub(crate) fn enlarge(&mut self, mebibytes: u64) {
        let disk = self.machine.disk();
        let bytes = fs::metadata(&disk).unwrap().len();
        disk_image::enlarge(&disk, bytes + (mebibytes << 20)).unwrap();
    }

    /// Fails unless the table of the machine's disk and the file system on it are
    /// sound. The machine was switched off with the file system mounted: its
    /// journal is played first.
    pub(crate) fn check_disk(&self) {
        disk_image::check_table(&self.machine.disk());
        disk_image::check_file_system(&self.machine.disk(), self.machine.start);
    }

    /// The image of one more disk, which is blank.
    pub(crate) fn blank_disk(&self, name: &str, mebibytes: u64) -> PathBuf {
        let file = self.folder.join(name);
        disk_image::enlarge(&file, mebibytes << 20).unwrap();
        file
    }

    /// The disks beside the root's, from now on: /dev/vdb and what follows.
    pub(crate) fn set_disks(&mut self, disks: &[&Path]) {
        self.machine.disks = disks.iter().map(|disk| (*disk).to_owned()).collect();
    }

    /// From now on the machine has the NICs that `seeds` name, as a copy of its
    /// disk on another machine does.
    pub(crate) fn move_to_nics_of(&mut self, seeds: &[&Path]) {
        self.move_to(Nics::of(seeds));
    }

    /// From now on the machine has these NICs.
    pub(crate) fn move_to(&mut self, nics: Nics) {
        self.machine.nics = nics;
    }

    /// From now on the machine's disk takes no write.
    pub(crate) fn protect_disk(&mut self) {
        self.machine.read_only = true;
    }

    /// The image of its disk.
    pub(crate) fn disk(&self) -> PathBuf {
        self.machine.disk()
    }

    /// Everything the last boot left on its console.
    pub(crate) fn console(&self) -> String {
        self.machine.console()
    }

    /// The lines one of the programs told, without their times.
    pub(crate) fn told(&self, by: Who) -> Vec<&str> {
        self.lines.iter().filter_map(|line| text_of(line, by)).collect()
    }

    /// Fails unless the agent told a line with all these words in it.
    pub(crate) fn expect_told(&self, words: &[&str]) {
        let told = self.told(Who::Agent);
        let found = told.iter().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "no line of the agent's has {words:?}:\n{}", told.join("\n"));
    }
}

fn text_of(line: &Line, by: Who) -> Option<&str> {
    match line {
        Line::Step { who, text, .. } if *who == by => Some(text),
        _ => None,
    }
}

/// Permission to run a machine.
struct Slot;

impl Slot {
    fn take() -> Self {
        let running = RUNNING.lock().unwrap();
        *ENDED.wait_while(running, |running| *running >= AT_A_TIME).unwrap() += 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // a poisoned count only means that another story failed
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}

/// The image all machines share.
pub(crate) fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let say = &mut |text: &str| println!("{text}");
        let kernel = Kernel::find_or_fetch(&folder().join("kernel"), say).unwrap();
        Image::build(&story_folder("image"), &kernel, Parts::TINY, say).unwrap()
    })
}

/// Makes the image `to`: a copy of `image` in which the shell script `script`
/// has run as root, with these arguments and the root as its working folder.
/// The value: what it printed.
pub(crate) fn change_root(image: &Path, to: &Path, script: &str, arguments: &[&OsStr]) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vm/change-root");
    let mut change = as_root().unwrap();
    change.arg(program).arg(image).arg(to).arg(script).args(arguments);
    String::from_utf8(host::run(&mut change, "change the root", image).unwrap()).unwrap()
}

/// An empty folder for one story.
pub(crate) fn story_folder(story: &str) -> PathBuf {
    let path = folder().join("stories").join(story);
    empty_folder(&path).unwrap();
    path
}

/// The seed the demo boots with.
pub(crate) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("initramfs/image/sample")
}

/// Writes a config drive's tree: paths below `openstack/latest`, and contents.
pub(crate) fn write_seed(story: &str, files: &[(&str, &str)]) -> PathBuf {
    let seed = story_folder(&format!("{story}-seed"));
    for (name, content) in files {
        let file = seed.join("openstack/latest").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    seed
}

/// The link with this Ethernet address.
pub(crate) fn link<'a>(boot: &'a Boot, mac: &str) -> &'a Link {
    let found = boot.links.iter().find(|link| link.mac == mac);
    found.unwrap_or_else(|| panic!("no link has {mac}: {:?}", boot.links))
}

/// The addresses of a link that are not link-local.
pub(crate) fn addresses(link: &Link) -> Vec<&str> {
    link.addresses.iter().map(String::as_str).filter(|address| !address.starts_with("fe80:")).collect()
}

/// Permission bits, owner and group of a path.
pub(crate) fn metadata(contents: &Contents, path: &str) -> (u32, u32, u32) {
    let entry = contents.entries.get(path).unwrap_or_else(|| panic!("{path} is not there"));
    (entry.mode & 0o7777, entry.user, entry.group)
}
