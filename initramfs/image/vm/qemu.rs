//! One virtual machine and its boots, in QEMU.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use glowplug::error::{Error, Result};

use super::console::{Line, Tail};
use super::disc::{Bus, Drive};
use super::monitor::{Monitor, Plug};
use super::report::Boot;
use super::seed::Nics;
use super::{Image, host, root};

/// How long a machine may take from power-on to power-off.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(2);

/// Kernel words that save a second and a half under emulation: ACPI's interrupt
/// routing, which QEMU's firmware has done already, and self-tests of ciphers.
const QUICK: &str = "pci=noacpi cryptomgr.notests";

/// The same where something is plugged in later: PCI's slots are ACPI's.
const QUICK_ACPI: &str = "cryptomgr.notests";

/// What the agent says once it has the root.
const ROOTED: &str = "mounted the root from";

/// How often the console is looked at.
const POLL: Duration = Duration::from_millis(15);

/// A machine: its disk outlives its boots.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    image: &'a Image,
    folder: PathBuf,
    /// Its network cards; a copy of a machine has others.
    pub(crate) nics: Nics,
    /// More disks, from /dev/vdb on; what is on them outlives the boots too.
    pub(crate) disks: Vec<PathBuf>,
    boots: usize,
    /// Where the root file system begins on its disk, in bytes.
    pub(crate) start: u64,
    /// QEMU's accelerator: `tcg` or `kvm`.
    pub(crate) accelerator: String,
    /// Words added to the kernel line.
    pub(crate) append: String,
    /// What its firmware says of it: arguments of QEMU's `-smbios`.
    pub(crate) smbios: Vec<String>,
    /// What is plugged in while it runs, in this order.
    pub(crate) plugs: Vec<Plug>,
    /// Bound of one boot.
    pub(crate) timeout: Duration,
    /// Whether its disk takes no write.
    pub(crate) read_only: bool,
    /// The power fails this long after the agent has mounted the root.
    pub(crate) power_fails: Option<Duration>,
    /// A file that takes every write to its disk, in the format of Linux' dm-log-writes.
    pub(crate) write_log: Option<PathBuf>,
}

/// A QEMU that is running; it ends with this value at the latest.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // both fail only if it has ended already
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl<'a> Machine<'a> {
    /// A machine with a fresh root, whose files lie in the existing `folder`.
    pub(crate) fn new(image: &'a Image, folder: &Path, nics: Nics) -> Result<Self> {
        let machine = Self {
            image,
            folder: folder.to_owned(),
            nics,
            disks: Vec::new(),
            boots: 0,
            start: 0,
            accelerator: "tcg".to_owned(),
            append: String::new(),
            smbios: Vec::new(),
            plugs: Vec::new(),
            timeout: image.timeout,
            read_only: false,
            power_fails: None,
            write_log: None,
        };
        let mut copy = host::command("cp")?;
        copy.args(["--sparse=always", "--reflink=auto"]).arg(&image.root).arg(machine.disk());
        host::run(&mut copy, "copy", &image.root)?;
        Ok(machine)
    }

    /// The image of its disk.
    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.join("disk.img")
    }

    /// Its root file system, as debugfs(8) takes one that is in a partition.
    pub(crate) fn file_system(&self) -> PathBuf {
        let disk = self.disk();
        if self.start == 0 { disk } else { format!("{}?offset={}", disk.display(), self.start).into() }
    }

    /// All that the last boot printed on the console.
    pub(crate) fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log("console")).unwrap_or_default()).into_owned()
    }

    /// Powers the machine on and waits until it powers off. `tell` hears each
    /// line worth telling while it happens.
    pub(crate) fn boot(&mut self, drive: Option<&Drive>, tell: &mut dyn FnMut(Line)) -> Result<Boot> {
        self.boot_unreported(drive, tell)?;
        let report = self.log("report");
        Boot::parse(&String::from_utf8_lossy(&fs::read(&report).map_err(host::io("read", &report))?))
    }

    /// As [`Machine::boot`], where nothing reports what the machine became.
    pub(crate) fn boot_unreported(
        &mut self,
        drive: Option<&Drive>,
        tell: &mut dyn FnMut(Line),
    ) -> Result<()> {
        self.boots += 1;
        for log in ["console", "report", "qemu"] {
            let log = self.log(log);
            File::create(&log).map_err(host::io("make", &log))?;
        }
        self.run(drive, tell)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}-{}.log", self.boots))
    }

    fn run(&self, drive: Option<&Drive>, tell: &mut dyn FnMut(Line)) -> Result<()> {
        let mut console = Tail::open(&self.log("console"))?;
        let messages = self.log("qemu");
        let mut command = host::command("qemu-system-x86_64")?;
        command.args(self.arguments(drive)).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(&messages).map_err(host::io("make", &messages))?);
        let mut qemu = Running(command.spawn().map_err(host::io("run", Path::new("qemu-system-x86_64")))?);
        let start = Instant::now();
        let mut rooted = None;
        let mut monitor =
            if self.plugs.is_empty() { None } else { Some(Monitor::open(&mut qemu.0, &self.plugs)?) };
        loop {
            let ended = qemu.0.try_wait().map_err(host::io("wait for", Path::new("qemu-system-x86_64")))?;
            let lines = console.lines();
            lines.iter().filter_map(|line| Line::parse(line)).for_each(&mut *tell);
            if rooted.is_none() && lines.iter().any(|line| line.contains(ROOTED)) {
                rooted = Some(Instant::now());
            }
            if self.power_fails.zip(rooted).is_some_and(|(delay, since)| since.elapsed() >= delay) {
                return Ok(());
            }
            match ended {
                Some(status) if status.success() => return monitor.map_or(Ok(()), Monitor::finish),
                Some(status) => {
                    let said = fs::read_to_string(&messages).unwrap_or_default();
                    let cause = format!("QEMU ended with {status}: {}", said.trim());
                    return Err(Error::new("run", "the machine", cause));
                }
                None if start.elapsed() > self.timeout => {
                    let cause = format!("no power-off within {} s", self.timeout.as_secs());
                    return Err(Error::new("boot", "the machine", cause));
                }
                None => {
                    if let Some(monitor) = &mut monitor {
                        monitor.follow(&lines)?;
                    }
                    sleep(POLL);
                }
            }
        }
    }

    fn arguments(&self, drive: Option<&Drive>) -> Vec<OsString> {
        let mut line = Arguments::default();
        line.words(accelerator(&self.accelerator));
        line.words([
            "-M",
            "pc",
            "-smp",
            "2",
            "-m",
            &self.image.memory.to_string(),
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
        ]);
        line.words(["-display", "none", "-device", "virtio-rng-pci"]);
        for log in ["console", "report"] {
            line.with_path("-serial", "file:", &self.log(log));
        }
        line.with_path("-kernel", "", &self.image.kernel);
        line.with_path("-initrd", "", &self.image.initramfs);
        let root = format!("root=LABEL={} ro rootfstype=ext4", root::LABEL);
        let quick = if self.plugs.is_empty() { QUICK } else { QUICK_ACPI };
        let kernel =
            format!("console=ttyS0 panic=-1 {} {root} quiet {quick} {}", self.image.words, self.append);
        line.words(["-append", kernel.trim()]);
        self.add_root(&mut line);
        self.add_hardware(drive, &mut line);
        line.0
    }

    /// The disk of the root, with the log of its writes.
    fn add_root(&self, line: &mut Arguments) {
        if let Some(log) = &self.write_log {
            for (node, file) in [("disk", &self.disk()), ("log", log)] {
                line.with_path("-blockdev", &format!("driver=file,node-name={node},filename="), file);
            }
            line.words(["-blockdev", "driver=blklogwrites,node-name=root,file=disk,log=log"]);
        } else {
            let root = format!("if=none,id=root,format=raw,readonly={},file=", on_or_off(self.read_only));
            line.with_path("-drive", &root, &self.disk());
        }
        line.words(["-device", "virtio-blk-pci,drive=root"]);
    }

    /// What the machine has beside its root.
    fn add_hardware(&self, drive: Option<&Drive>, line: &mut Arguments) {
        for text in &self.smbios {
            line.words(["-smbios", text]);
        }
        if !self.plugs.is_empty() {
            line.words(["-qmp", "stdio"]);
        }
        if !self.plugs.is_empty() || drive.is_some_and(|drive| drive.bus.is_scsi()) {
            line.words(["-device", "virtio-scsi-pci"]);
        }
        if !self.plugs.is_empty() || drive.is_some_and(|drive| drive.bus == Bus::Usb) {
            line.words(["-device", "qemu-xhci"]);
        }
        if let Some(drive) = drive {
            line.with_path("-drive", "if=none,id=seed,format=raw,readonly=on,file=", &drive.file);
            line.words(["-device", &format!("{},drive=seed", drive.bus.device())]);
        }
        for (number, disk) in self.disks.iter().enumerate() {
            line.with_path("-drive", &format!("if=none,id=disk{number},format=raw,file="), disk);
            line.words(["-device", &format!("virtio-blk-pci,drive=disk{number},serial=disk{number}")]);
        }
        // last link first: the kernel's eth0 is not the seed's, so names must change
        for (number, mac) in self.nics.macs.iter().enumerate().rev() {
            line.words([
                "-netdev",
                &format!("user,id=n{number},restrict=on,ipv6=off,net=10.77.{number}.0/24"),
            ]);
            line.words(["-device", &format!("virtio-net-pci,netdev=n{number},mac={mac},romfile=")]);
        }
    }
}

fn on_or_off(is: bool) -> &'static str {
    if is { "on" } else { "off" }
}

/// QEMU's arguments in the making.
#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn words<W: AsRef<OsStr>>(&mut self, words: impl IntoIterator<Item = W>) {
        self.0.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
    }

    /// `OPTION BEFOREPATH`; where options stand around the path, its
    /// commas are doubled (qemu(1)).
    fn with_path(&mut self, option: &str, before: &str, path: &Path) {
        let mut value = OsString::from(before);
        if before.contains('=') {
            value.push(path.display().to_string().replace(',', ",,"));
        } else {
            value.push(path);
        }
        self.words([OsStr::new(option), &value]);
    }
}

/// The words that choose how the guest's instructions are executed. Plain
/// qemu64 is a third faster under TCG than all it can emulate.
fn accelerator(name: &str) -> Vec<&str> {
    match name {
        // one thread, whose clock counts instructions: figures repeat whatever the host does
        "icount" => {
            vec![
                "-accel",
                "tcg,thread=single,tb-size=512",
                "-icount",
                // idle time is the host's: without sleep a guest that waits for its disk jumps ahead
                "shift=0,sleep=on",
                "-cpu",
                "qemu64,-svm",
            ]
        }
        "tcg" => vec!["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64,-svm"],
        other => vec!["-accel", other, "-cpu", "host"],
    }
}
