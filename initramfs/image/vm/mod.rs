//! Virtual machines whose initramfs holds the agent and nothing else: the
//! demo shows one to a person, tests/vm lets each tell a story.

pub(crate) mod console;
pub(crate) mod contents;
pub(crate) mod cpio;
pub(crate) mod disc;
pub(crate) mod host;
pub(crate) mod initramfs;
pub(crate) mod kernel;
pub(crate) mod modules;
pub(crate) mod programs;
pub(crate) mod qemu;
pub(crate) mod report;
pub(crate) mod root;
pub(crate) mod seed;

use std::path::{Path, PathBuf};
use std::{env, fs};

use glowplug::error::Result;

/// What every machine of a run shares.
#[derive(Debug)]
pub(crate) struct Image {
    /// The kernel, a bzImage.
    pub(crate) kernel: PathBuf,
    /// The cpio archive with the agent as /init.
    pub(crate) initramfs: PathBuf,
    /// An untouched root file system; each machine works on a copy.
    pub(crate) root: PathBuf,
    /// The folder `root` was made from.
    pub(crate) root_tree: PathBuf,
    /// Size of the agent's program, in bytes.
    pub(crate) agent_bytes: u64,
}

impl Image {
    /// Builds both programs and packs everything into `folder`. `say` hears
    /// what takes long before it starts.
    pub(crate) fn build(folder: &Path, kernel: &kernel::Kernel, say: &mut dyn FnMut(&str)) -> Result<Self> {
        say("building the agent and the runner");
        let programs = programs::build()?;
        let agent_bytes = fs::metadata(&programs.agent).map_err(host::io("read", &programs.agent))?.len();
        let image = Self {
            kernel: kernel.file.clone(),
            initramfs: folder.join("initramfs.cpio"),
            root: folder.join("root.img"),
            root_tree: folder.join("root"),
            agent_bytes,
        };
        say("packing the initramfs and the root file system");
        initramfs::pack(&programs.agent, kernel, &image.initramfs)?;
        root::stage(&programs.runner, &image.root_tree)?;
        root::make(&image.root_tree, &image.root)?;
        Ok(image)
    }
}

/// The folder everything made on the way lies in: `vm` in cargo's target folder.
pub(crate) fn folder() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| project.join("target"), |path| project.join(path))
        .join("vm")
}

/// Makes `path` an empty folder.
pub(crate) fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(host::io("remove", path))?;
    }
    fs::create_dir_all(path).map_err(host::io("make", path))
}
