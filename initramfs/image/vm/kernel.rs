//! The kernel a machine boots: the distribution's own package for virtual
//! machines, unpacked without being installed, or files that are named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use glowplug::error::{Error, Result};

use super::host;

/// A kernel and its modules.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// The bzImage.
    pub(crate) file: PathBuf,
    /// The folder with `modules.dep`.
    pub(crate) modules: PathBuf,
    /// Its release, as uname(2) has it: the modules' folder is called so.
    pub(crate) version: String,
}

impl Kernel {
    /// The kernel in the caller's own `file` and `modules` (the folder that
    /// holds `modules.dep`).
    pub(crate) fn given(file: &Path, modules: &Path) -> Result<Self> {
        let modules = fs::canonicalize(modules).map_err(host::io("read", modules))?;
        for needed in [file, &modules.join("modules.dep")] {
            fs::metadata(needed).map_err(host::io("read", needed))?;
        }
        let version = modules.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { file: file.to_owned(), modules, version })
    }

    /// The newest kernel below `folder`; if there is none, one is fetched
    /// from the distribution's archive first. Others that ask meanwhile wait for it.
    pub(crate) fn find_or_fetch(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Self> {
        fs::create_dir_all(folder).map_err(host::io("make", folder))?;
        let lock = fs::File::open(folder).map_err(host::io("open", folder))?;
        lock.lock().map_err(host::io("lock", folder))?;
        if let Some(kernel) = Self::newest(folder) {
            return Ok(kernel);
        }
        let package = image_package()?;
        say(&format!("downloading the kernel package {package}"));
        fetch(folder, &package)?;
        Self::newest(folder)
            .ok_or_else(|| Error::new("unpack", package, "it holds no kernel under boot/ with its modules"))
    }

    fn newest(folder: &Path) -> Option<Self> {
        let mut trees = entries(folder);
        trees.sort();
        trees.iter().rev().find_map(|tree| Self::unpacked(tree))
    }

    /// The kernel of an unpacked package.
    fn unpacked(tree: &Path) -> Option<Self> {
        let modules =
            entries(&tree.join("lib/modules")).into_iter().find(|path| path.join("modules.dep").exists())?;
        let version = modules.file_name()?.to_str()?;
        Self::given(&tree.join("boot").join(format!("vmlinuz-{version}")), &modules).ok()
    }
}

/// The package of the kernel itself: Debian's cloud kernel, Ubuntu's virtual
/// one. Both names are empty packages that depend on the current one.
fn image_package() -> Result<String> {
    let release = Path::new("/etc/os-release");
    let text = fs::read_to_string(release).map_err(host::io("read", release))?;
    let distribution = text.lines().find_map(|line| line.strip_prefix("ID=")).unwrap_or_default();
    let name = match distribution.trim_matches('"') {
        "debian" => "linux-image-cloud-amd64",
        "ubuntu" => "linux-image-virtual",
        other => {
            let cause =
                format!("{other:?} is neither Debian nor Ubuntu: name one with --kernel and --modules");
            return Err(Error::new("choose", "a kernel package", cause));
        }
    };
    dependencies(name)?
        .into_iter()
        .find(|package| package.starts_with("linux-image-"))
        .ok_or_else(|| Error::new("find", name, "the package lists do not have it (apt-get update)"))
}

/// What a package depends on, alternatives and versions left out.
fn dependencies(package: &str) -> Result<Vec<String>> {
    let mut command = host::command("apt-cache")?;
    command.args(["depends", "--important", package]);
    let output = host::run(&mut command, "find", Path::new(package))?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect())
}

/// Downloads and unpacks a kernel package and, where its modules are a package
/// of their own, that. The result appears under its name only when complete.
fn fetch(folder: &Path, package: &str) -> Result<()> {
    let unfinished = folder.with_file_name(format!("kernel-{}", std::process::id()));
    super::empty_folder(&unfinished)?;
    let modules = dependencies(package)?.into_iter().filter(|name| name.starts_with("linux-modules-"));
    let mut download = host::command("apt-get")?;
    download.args(["download", "-qq", package]).args(modules).current_dir(&unfinished);
    host::run(&mut download, "download", Path::new(package))?;
    for file in entries(&unfinished) {
        host::run(host::command("dpkg")?.arg("-x").arg(&file).arg(&unfinished), "unpack", &file)?;
        fs::remove_file(&file).map_err(host::io("remove", &file))?;
    }
    index_modules(&unfinished)?;
    let finished = folder.join(package);
    super::empty_folder(&finished)?;
    fs::rename(&unfinished, &finished).map_err(host::io("make", &finished))
}

/// Makes modules.dep. A merged-usr package has its modules below usr/lib;
/// depmod looks below lib.
fn index_modules(tree: &Path) -> Result<()> {
    if !tree.join("lib").exists() {
        let link = tree.join("lib");
        std::os::unix::fs::symlink("usr/lib", &link).map_err(host::io("make", &link))?;
    }
    for modules in entries(&tree.join("lib/modules")) {
        let mut command: Command = host::command("depmod")?;
        command.arg("-b").arg(tree).arg(modules.file_name().unwrap_or_default());
        host::run(&mut command, "index", &modules)?;
    }
    Ok(())
}

/// Paths of what a folder holds; nothing where it can't be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
