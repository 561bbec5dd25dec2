//! The documents of tests/data as cases with names.

use std::fs;
use std::path::{Path, PathBuf};

/// A document and where it stands: its file below tests/data/FOLDER without
/// the extension and, if the file holds several, `/` and its name there.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}

/// tests/data.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// All files below `folder` with one of `extensions`, sorted.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if extensions.contains(&extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The cases of tests/data/yaml, sorted by file.
///
/// A file that begins with `#--- NAME` holds several: such a line ends one and
/// begins the next. To YAML it is a comment, so an editor shows the file as
/// YAML. It can't be taken for a part of a document: no case has a line that
/// begins with `#--- ` in a quoted scalar, and in a block scalar none can.
pub(crate) fn yaml() -> Vec<Case> {
    let folder = data().join("yaml");
    let mut cases = Vec::new();
    for path in files(&folder, &["yaml"]) {
        let stem = path.strip_prefix(&folder).unwrap().with_extension("");
        let stem = stem.to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        if !bytes.starts_with(b"#--- ") {
            cases.push(Case { name: stem.to_owned(), text: bytes });
            continue;
        }
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if let Some(name) = line.strip_prefix(b"#--- ") {
                let name = format!("{stem}/{}", String::from_utf8_lossy(name).trim());
                cases.push(Case { name, text: Vec::new() });
            } else if let Some(case) = cases.last_mut() {
                case.text.extend_from_slice(line);
            }
        }
    }
    cases
}
