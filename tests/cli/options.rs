//! The options that the cloud-init of this machine has, beside ours.

use crate::printed;
use std::collections::BTreeSet;
use std::process::Command;

/// Its commands.
const COMMANDS: &[&str] = &[
    "",
    "init",
    "modules",
    "single",
    "query",
    "features",
    "analyze show",
    "analyze blame",
    "analyze dump",
    "analyze boot",
    "devel hotplug-hook",
    "devel hotplug-hook -s net query",
    "devel hotplug-hook -s net handle",
    "devel net-convert",
    "devel make-mime",
    "devel render",
    "schema",
    "clean",
    "collect-logs",
    "status",
];

/// The options that a help text names, long and short ones.
fn options(help: &str) -> BTreeSet<String> {
    let words = help.split(|c: char| c.is_whitespace() || "[],|()='`\"".contains(c));
    let is_option = |word: &&str| {
        let name = word.trim_start_matches('-');
        let dashes = word.len() - name.len();
        let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        letters && (dashes == 2 && name.len() > 1 || dashes == 1 && name.len() == 1)
    };
    words.filter(is_option).map(str::to_owned).collect()
}

#[test]
fn every_option_of_cloud_init_is_known() {
    for command in COMMANDS {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = Command::new("/usr/bin/cloud-init").args(&words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        let theirs = options(&String::from_utf8(output.stdout).unwrap());
        assert!(theirs.contains("--help"), "{words:?}: {theirs:?}");
        let ours = options(&printed(&words));
        let missing: Vec<_> = theirs.difference(&ours).collect();
        assert!(missing.is_empty(), "{words:?}: {missing:?}");
    }
}

#[test]
fn every_option_of_cloud_id_is_known() {
    let output = Command::new("/usr/bin/cloud-id").arg("--help").output().unwrap();
    let theirs = options(&String::from_utf8(output.stdout).unwrap());
    assert!(
        theirs.contains("--instance-data") && theirs.is_subset(&options(&printed(&["cloud-id", "--help"])))
    );
}
