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
    /// A CD-ROM (`/dev/sr0`), else a disk (`/dev/vdb`).
    pub(crate) cd: bool,
}

impl Drive {
    /// A CD-ROM with the files of the folder `seed`, written to `to`.
    pub(crate) fn from_seed(seed: &Path, to: &Path) -> Result<Self> {
        let mut command = host::command("xorriso")?;
        command.args(["-as", "mkisofs", "-quiet", "-V", LABEL, "-J", "-r", "-o"]).arg(to).arg(seed);
        host::run(&mut command, "write a disc of", seed)?;
        Ok(Self { file: to.to_owned(), cd: true })
    }

    /// An image as it is: a CD-ROM if it looks like one.
    pub(crate) fn from_image(file: &Path) -> Result<Self> {
        let mut mark = Vec::new();
        let mut image = File::open(file).map_err(host::io("open", file))?;
        image.seek(SeekFrom::Start(ISO_MARK)).map_err(host::io("read", file))?;
        image.take(5).read_to_end(&mut mark).map_err(host::io("read", file))?;
        Ok(Self { file: file.to_owned(), cd: mark == b"CD001" })
    }
}
