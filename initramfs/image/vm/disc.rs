//! Drives a seed arrives on.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use glowplug::error::Result;

use super::host;

/// Label OpenStack gives a config drive.
pub(crate) const LABEL: &str = "config-2";

/// Where ISO 9660 has its mark `CD001` (ECMA-119 §8.1.2).
const ISO_MARK: u64 = 16 * 2048 + 1;

/// A drive, as a file of the host.
#[derive(Clone, Debug)]
pub(crate) struct Drive {
    /// The image.
    pub(crate) file: PathBuf,
    /// What it is to the machine.
    pub(crate) bus: Bus,
}

/// What a drive is plugged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bus {
    /// A CD-ROM on a virtio SCSI bus: `/dev/sr0`.
    Cd,
    /// A disk on that bus: `/dev/sda`.
    Scsi,
    /// `/dev/vdb`; the root is `/dev/vda`.
    Virtio,
    /// `/dev/nvme0n1`.
    Nvme,
    /// A stick: `/dev/sda`, after the second that a kernel waits for such.
    Usb,
}

impl Bus {
    /// QEMU's device of that kind, with what it can't do without.
    pub(crate) fn device(self) -> &'static str {
        match self {
            Self::Cd => "scsi-cd",
            Self::Scsi => "scsi-hd",
            Self::Virtio => "virtio-blk-pci",
            Self::Nvme => "nvme,serial=seed",
            Self::Usb => "usb-storage",
        }
    }

    /// Whether it is on the SCSI bus.
    pub(crate) fn is_scsi(self) -> bool {
        matches!(self, Self::Cd | Self::Scsi)
    }
}

impl Drive {
    /// A CD-ROM with the files of the folder `seed`, written to `to`.
    pub(crate) fn from_seed(seed: &Path, to: &Path) -> Result<Self> {
        let mut command = host::command("xorriso")?;
        command.args(["-as", "mkisofs", "-quiet", "-V", LABEL, "-J", "-r", "-o"]).arg(to).arg(seed);
        host::run(&mut command, "write a disc of", seed)?;
        Ok(Self { file: to.to_owned(), bus: Bus::Cd })
    }

    /// An image as it is: a CD-ROM if it looks like one, else a virtio disk.
    pub(crate) fn from_image(file: &Path) -> Result<Self> {
        let mut mark = Vec::new();
        let mut image = File::open(file).map_err(host::io("open", file))?;
        image.seek(SeekFrom::Start(ISO_MARK)).map_err(host::io("read", file))?;
        image.take(5).read_to_end(&mut mark).map_err(host::io("read", file))?;
        let bus = if mark == b"CD001" { Bus::Cd } else { Bus::Virtio };
        Ok(Self { file: file.to_owned(), bus })
    }
}
