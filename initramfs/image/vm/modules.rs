//! Kernel modules: which ones a machine needs, and their bytes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use glowplug::error::{Error, Result};

use super::host;
use super::kernel::Kernel;

/// One module of the initramfs.
#[derive(Debug)]
pub(crate) struct Module {
    file: PathBuf,
    /// Path below the modules' folder, without a suffix of compression.
    pub(crate) path: String,
    /// Paths of the modules it needs, as [`Module::path`]; modules.dep's order:
    /// the one to load first comes last.
    needs: Vec<String>,
}

impl Module {
    /// Its line of modules.dep.
    pub(crate) fn line(&self) -> String {
        let mut line = self.path.clone() + ":";
        for path in &self.needs {
            line.extend([" ", path]);
        }
        line + "\n"
    }

    /// The bytes of the .ko, decompressed.
    pub(crate) fn content(&self) -> Result<Vec<u8>> {
        let program = match self.file.extension().and_then(|suffix| suffix.to_str()) {
            Some("xz") => "xz",
            Some("zst") => "zstd",
            _ => return fs::read(&self.file).map_err(host::io("read", &self.file)),
        };
        host::run(host::command(program)?.arg("-dc").arg(&self.file), "decompress", &self.file)
    }
}

impl Kernel {
    /// The modules with these names and all they need, each after what it
    /// needs. One that is built in is left out; a `needed` one that the
    /// kernel lacks is an error.
    pub(crate) fn closure(&self, needed: &[&str], welcome: &[&str]) -> Result<Vec<Module>> {
        let built_in: HashSet<String> = self.read("modules.builtin")?.lines().map(name).collect();
        let index = self.read("modules.dep")?;
        let lines: HashMap<String, (&str, &str)> =
            index.lines().filter_map(|line| line.split_once(':')).map(|pair| (name(pair.0), pair)).collect();
        let mut closure = Vec::new();
        let mut taken = HashSet::new();
        for wanted in needed.iter().chain(welcome) {
            let Some((_, needs)) = lines.get(*wanted) else {
                if needed.contains(wanted) && !built_in.contains(*wanted) {
                    return Err(Error::new(
                        "find",
                        format!("module {wanted}"),
                        format!("{} has none", self.version),
                    ));
                }
                continue;
            };
            // modules.dep names every module of the closure, not the direct ones alone
            let all = needs.split_whitespace().rev().map(name).chain([(*wanted).to_owned()]);
            for module in all {
                if let Some((path, needs)) = lines.get(&module)
                    && taken.insert(module)
                {
                    closure.push(self.module(path, needs));
                }
            }
        }
        Ok(closure)
    }

    fn module(&self, path: &str, needs: &str) -> Module {
        Module {
            file: self.modules.join(path),
            path: plain(path).to_owned(),
            needs: needs.split_whitespace().map(|path| plain(path).to_owned()).collect(),
        }
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = self.modules.join(file);
        fs::read_to_string(&path).map_err(host::io("read", &path))
    }
}

/// `kernel/fs/isofs/isofs.ko.xz` → `kernel/fs/isofs/isofs.ko`.
fn plain(path: &str) -> &str {
    path.strip_suffix(".xz").or_else(|| path.strip_suffix(".zst")).unwrap_or(path)
}

/// `kernel/drivers/x/virtio-rng.ko.xz` → `virtio_rng`: names are the same with
/// either dash.
fn name(path: &str) -> String {
    let file = Path::new(plain(path)).file_stem().unwrap_or_default();
    file.to_string_lossy().replace('-', "_")
}
