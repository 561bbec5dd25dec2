//! Virtual machines that the agent provisions from their initramfs: the demo
//! shows one to a person, tests/vm lets each tell a story.

pub(crate) mod console;
pub(crate) mod contents;
pub(crate) mod cpio;
pub(crate) mod debian;
pub(crate) mod disc;
pub(crate) mod host;
pub(crate) mod initramfs;
pub(crate) mod kernel;
pub(crate) mod modules;
pub(crate) mod monitor;
pub(crate) mod programs;
pub(crate) mod qemu;
pub(crate) mod report;
pub(crate) mod root;
pub(crate) mod seed;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use glowplug::error::Result;

use debian::{Backend, Maker};

/// What every machine of a run shares.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// The kernel, a bzImage.
    pub(crate) kernel: PathBuf,
    /// The archive the kernel starts from.
    pub(crate) initramfs: PathBuf,
    /// Words the kernel line needs for it.
    pub(crate) words: &'static str,
    /// An untouched root file system; each machine works on a copy.
    pub(crate) root: PathBuf,
    /// Memory of a machine, in MiB.
    pub(crate) memory: u32,
    /// Bound of one boot.
    pub(crate) timeout: Duration,
    /// Size of the agent's program, in bytes.
    pub(crate) agent_bytes: u64,
}

/// What a machine is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    /// The root file system.
    pub(crate) root: RootKind,
    /// What makes the initramfs.
    pub(crate) maker: Maker,
    /// Whether anything of ours is in the initramfs.
    pub(crate) provisioned: bool,
}

/// A kind of root file system.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RootKind {
    /// busybox, with the runner installed.
    Tiny,
    /// Debian with a back end and more packages, and nothing of ours.
    Debian(Backend, &'static [&'static str]),
}

impl Parts {
    /// The agent as /init, and busybox.
    pub(crate) const TINY: Self = Self { root: RootKind::Tiny, maker: Maker::Minimal, provisioned: true };

    /// Debian with a back end.
    pub(crate) const fn debian(backend: Backend, maker: Maker) -> Self {
        Self { root: RootKind::Debian(backend, &[]), maker, provisioned: true }
    }
}

impl Image {
    /// Builds both programs and packs everything into `folder`. `say` hears
    /// what takes long before it starts.
    pub(crate) fn build(
        folder: &Path,
        kernel: &kernel::Kernel,
        parts: Parts,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        say("building the agent and the runner");
        let programs = programs::build()?;
        let agent_bytes = fs::metadata(&programs.agent).map_err(host::io("read", &programs.agent))?.len();
        let (root, memory, timeout) = match parts.root {
            RootKind::Tiny => {
                let (tree, image) = (folder.join("root"), folder.join("root.img"));
                root::stage(&programs.runner, &tree)?;
                root::make(&tree, &image)?;
                (image, 512, qemu::TIMEOUT)
            }
            RootKind::Debian(backend, packages) => {
                (debian::root(backend, packages, say)?, 768, qemu::TIMEOUT * 3)
            }
        };
        let initramfs = folder.join("initramfs");
        let words = if parts.maker == Maker::Minimal {
            // the tiny root has the runner; others get the one that is packed
            let runner = matches!(parts.root, RootKind::Debian(..)).then_some(&*programs.runner);
            initramfs::pack(&programs.agent, runner, kernel, "ext4", &initramfs)?;
            "rdinit=/init"
        } else {
            debian::initramfs(parts.maker, kernel, parts.provisioned.then_some(&programs), &initramfs, say)?;
            ""
        };
        Ok(Self { kernel: kernel.file.clone(), initramfs, words, root, memory, timeout, agent_bytes })
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
