//! Which NetworkManager a root has, told by where its plugins are.

use super::super::{concat, names};
use crate::fetch::Fetch;
use alloc::vec::Vec;

/// The first version that reads profiles from /run (its NEWS: "Overview of
/// changes since NetworkManager-1.18").
const READS_RUN: (u32, u32) = (1, 20);

/// Whether NetworkManager reads profiles from /run: not before 1.20. Its
/// plugins are in a folder named after its version, of very old ones without
/// such a folder. Where there are none the version is taken for a new one.
pub(super) fn reads_run(root: &dyn Fetch) -> bool {
    let mut folders = Vec::from(["usr/lib64".into(), "usr/lib".into()]);
    for triplet in names(root, &["usr/lib"]) {
        if triplet.ends_with("-linux-gnu") {
            folders.push(concat(&["usr/lib/", &triplet]));
        }
    }
    let mut newest = None;
    for folder in &folders {
        for name in names(root, &[folder, "/NetworkManager"]) {
            let own = if name.ends_with(".so") { Some((0, 0)) } else { version(&name) };
            newest = newest.max(own);
        }
    }
    newest.is_none_or(|version| version >= READS_RUN)
}

/// Of `1.18.8-2.el7_9` 1 and 18.
fn version(name: &str) -> Option<(u32, u32)> {
    let (major, rest) = name.split_once('.')?;
    let end = rest.bytes().take_while(u8::is_ascii_digit).count();
    Some((major.parse().ok()?, rest.get(..end)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::reads_run;
    use crate::fetch::memory::Tree;

    #[test]
    fn old_versions_do_not_read_run() {
        for (path, reads) in [
            ("usr/lib64/NetworkManager/1.18.8-2.el7_9/libnm-settings-plugin-ifcfg-rh.so", false),
            ("usr/lib64/NetworkManager/libnm-settings-plugin-ifcfg-rh.so", false),
            ("usr/lib64/NetworkManager/1.20.0-3.el8/libnm-device-plugin-team.so", true),
            ("usr/lib/x86_64-linux-gnu/NetworkManager/1.42.4/libnm-device-plugin-team.so", true),
            ("usr/lib/x86_64-linux-gnu/NetworkManager/1.6.2/libnm-device-plugin-team.so", false),
            ("usr/bin/nmcli", true),
        ] {
            assert_eq!(reads_run(&Tree::of("", &[(path, "")])), reads, "{path}");
        }
    }
}
