//! A root on XFS, made of a folder without mounting anything.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::vm::host;
use crate::vm::root::LABEL;

/// The smallest file system that mkfs.xfs(8) makes.
const BYTES: u64 = 300 << 20;

/// Makes an XFS image of `tree`, everything owned by root.
pub(super) fn make(tree: &Path, image: &Path) {
    fs::File::create(image).unwrap().set_len(BYTES).unwrap();
    let mut text = String::from("/dev/null\n0 0\nd--755 0 0\n");
    describe(tree, &mut text);
    let prototype = image.with_extension("prototype");
    fs::write(&prototype, text + "$\n").unwrap();
    let mut format = host::command("mkfs.xfs").unwrap();
    format.args(["-q", "-L", LABEL.get(..12).unwrap_or(LABEL), "-p"]).arg(&prototype).arg(image);
    host::run(&mut format, "format", image).unwrap();
}

/// The lines of what is in `folder`, as mkfs.xfs' prototype file has them.
fn describe(folder: &Path, text: &mut String) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            let _ = writeln!(text, "{name} l--777 0 0 {}", fs::read_link(&path).unwrap().display());
            continue;
        }
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        if kind.is_dir() {
            let _ = writeln!(text, "{name} d--{mode:03o} 0 0");
            describe(&path, text);
            text.push_str("$\n");
        } else {
            let _ = writeln!(text, "{name} ---{mode:03o} 0 0 {}", path.display());
        }
    }
}
