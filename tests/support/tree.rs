//! A folder as a value that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What stands at each path: mode, and a file's content or a link's target.
pub(crate) type Tree = BTreeMap<String, (u32, Vec<u8>)>;

/// Reads everything below `top`.
pub(crate) fn read(top: &Path) -> Tree {
    let mut tree = Tree::new();
    gather(top, "", &mut tree);
    tree
}

fn gather(folder: &Path, name: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        let status = path.symlink_metadata().unwrap();
        let content = if status.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if status.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        if status.is_dir() {
            gather(&path, &name, tree);
        }
        tree.insert(name, (status.mode(), content));
    }
}

/// Fails with the first path at which two trees differ.
pub(crate) fn assert_same(expected: &Tree, found: &Tree, when: &str) {
    for (path, (mode, content)) in expected {
        let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
        let (found_mode, found_content) =
            found.get(path).unwrap_or_else(|| panic!("{when}: {path} is missing"));
        assert_eq!(text(content), text(found_content), "{when}: {path}");
        assert_eq!(mode, found_mode, "{when}: {path}");
    }
    let more: Vec<_> = found.keys().filter(|path| !expected.contains_key(*path)).collect();
    assert!(more.is_empty(), "{when}: too many: {more:?}");
}
