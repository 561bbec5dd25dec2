//! The demo's command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::{Long, Short, ValueExt};

use crate::vm::Parts;
use crate::vm::debian::{Backend, Maker};
use crate::vm::disc::Bus;

/// Printed by `--help`.
pub(crate) const HELP: &str = "\
Boots a virtual machine that glowplug provisions from a config drive before its
root is started, and tells what happens as it happens.

Usage: initramfs/demo [OPTION]...

  --seed DIR         files of the config drive (default: the sample seed);
                     none: the machine has no drive
  --drive FILE       a raw image of the drive, used as it is, instead of --seed
  --bus NAME         what the drive is plugged into: cd, scsi, virtio, nvme or
                     usb (Debian's cloud kernel has no USB: --kernel)
                     (default: what the drive looks like)
  --late SECONDS     the drive is plugged in that long after the root is mounted
  --smbios TEXT      what the firmware says, as QEMU's -smbios has it:
                     \"type=1,serial=ds=nocloud;h=forge\"; may be given again
  --root NAME        tiny (default): busybox; debian: Debian with systemd
  --network NAME     what configures Debian's network: networkmanager (default),
                     networkd, ifupdown or netplan
  --initramfs NAME   minimal (default): the agent as /init and nothing else; or
                     made by dracut, dracut-classic or initramfs-tools
  --measure          boot a Debian with Debian's cloud-init and one with glowplug,
                     and compare; the clock counts instructions
  --boots N          boot the same machine N times (default 1)
  --seed2 DIR        files of the drive from the second boot on; none: no drive
  --out DIR          copy the machine's root file system into DIR afterwards,
                     with report.json
  --keep             keep the working folder and say where it is
  --timeout SECONDS  bound of one boot (default 120; Debian 360)
  --accel NAME       QEMU's accelerator (default tcg)
  --kernel FILE      a kernel of your own, with --modules
  --modules DIR      its modules: the folder that holds modules.dep
  --append WORDS     words added to the kernel line
  -h, --help         this text

Ends with 0 when every boot finished and its status is done, with 1 when not,
with 2 when the command line is wrong.
";

/// What a drive may be plugged into.
const BUSES: [(&str, Bus); 5] =
    [("cd", Bus::Cd), ("scsi", Bus::Scsi), ("virtio", Bus::Virtio), ("nvme", Bus::Nvme), ("usb", Bus::Usb)];

/// Where a boot's drive comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The machine has no drive.
    None,
    /// A disc with the files of a folder.
    Seed(PathBuf),
    /// An image as it is.
    Image(PathBuf),
}

/// What a person asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// The first boot's drive; `None` is the sample seed.
    pub(crate) first: Option<Source>,
    /// What the drives are plugged into; `None`: what they look like.
    pub(crate) bus: Option<Bus>,
    /// How long after the root they are plugged in; `None`: before power-on.
    pub(crate) late: Option<Duration>,
    /// What the firmware says.
    pub(crate) smbios: Vec<String>,
    /// The drive from the second boot on; `None` is the first one's.
    pub(crate) later: Option<Source>,
    /// How many times the machine boots, at least once.
    pub(crate) boots: usize,
    /// Where the machine's files go.
    pub(crate) out: Option<PathBuf>,
    /// Whether the working folder stays.
    pub(crate) keep: bool,
    /// Compare with cloud-init instead.
    pub(crate) measure: bool,
    /// What the machine is made of.
    pub(crate) parts: Parts,
    /// Bound of one boot; `None` is the root's own.
    pub(crate) timeout: Option<Duration>,
    /// QEMU's accelerator.
    pub(crate) accelerator: String,
    /// A kernel and its modules.
    pub(crate) kernel: Option<(PathBuf, PathBuf)>,
    /// Words added to the kernel line.
    pub(crate) append: String,
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// A run.
    Run(Box<Options>),
    /// The help text.
    Help,
}

/// Reads the command line; the error is a sentence for the person.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Request, lexopt::Error> {
    let mut options = Options {
        first: None,
        bus: None,
        late: None,
        smbios: Vec::new(),
        later: None,
        boots: 1,
        out: None,
        keep: false,
        measure: false,
        parts: Parts::TINY,
        timeout: None,
        accelerator: "tcg".to_owned(),
        kernel: None,
        append: String::new(),
    };
    let (mut kernel, mut modules) = (None, None);
    let (mut is_debian, mut backend) = (false, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seed") => options.first = Some(source(parser.value()?.into())),
            Long("seed2") => options.later = Some(source(parser.value()?.into())),
            Long("drive") => options.first = Some(Source::Image(parser.value()?.into())),
            Long("bus") => options.bus = Some(named(&BUSES, &mut parser)?),
            Long("late") => options.late = Some(Duration::from_secs(parser.value()?.parse()?)),
            Long("smbios") => options.smbios.push(parser.value()?.string()?),
            Long("boots") => options.boots = parser.value()?.parse()?,
            Long("out") => options.out = Some(parser.value()?.into()),
            Long("keep") => options.keep = true,
            Long("timeout") => options.timeout = Some(Duration::from_secs(parser.value()?.parse()?)),
            Long("measure") => options.measure = true,
            Long("root") => is_debian = named(&[("tiny", false), ("debian", true)], &mut parser)?,
            Long("network") => backend = Some(named(&Backend::WORDS, &mut parser)?),
            Long("initramfs") => options.parts.maker = named(&Maker::WORDS, &mut parser)?,
            Long("accel") => options.accelerator = parser.value()?.string()?,
            Long("kernel") => kernel = Some(PathBuf::from(parser.value()?)),
            Long("modules") => modules = Some(PathBuf::from(parser.value()?)),
            Long("append") => options.append = parser.value()?.string()?,
            Long("help") | Short('h') => return Ok(Request::Help),
            other => return Err(other.unexpected()),
        }
    }
    options.kernel = match (kernel, modules) {
        (Some(kernel), Some(modules)) => Some((kernel, modules)),
        (None, None) => None,
        _ => return Err("--kernel and --modules go together".into()),
    };
    if is_debian {
        options.parts = Parts::debian(backend.unwrap_or(Backend::NetworkManager), options.parts.maker);
    } else if backend.is_some() {
        return Err("--network is of --root debian: the tiny root has none".into());
    }
    check(&options)?;
    Ok(Request::Run(Box::new(options)))
}

/// The value that the next argument names.
fn named<T: Copy>(words: &[(&str, T)], parser: &mut lexopt::Parser) -> Result<T, lexopt::Error> {
    let word = parser.value()?.string()?;
    let found = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        format!("{word} is not known: only {} are", names.join(", ")).into()
    })
}

fn source(value: PathBuf) -> Source {
    if value.as_os_str() == "none" { Source::None } else { Source::Seed(value) }
}

/// Finds what could only fail later: long after the person looked away.
fn check(options: &Options) -> Result<(), lexopt::Error> {
    if options.boots == 0 {
        return Err("--boots wants at least 1".into());
    }
    if options.later.is_some() && options.boots == 1 {
        return Err("--seed2 is the drive from the second boot on: it wants --boots 2 or more".into());
    }
    for source in options.first.iter().chain(&options.later) {
        match source {
            Source::Seed(folder) if !folder.is_dir() => {
                return Err(format!("{} is not a folder", folder.display()).into());
            }
            Source::Image(file) if !file.is_file() => {
                return Err(format!("{} is not a file", file.display()).into());
            }
            _ => {}
        }
    }
    Ok(())
}
