//! Whole boots: the four stages of Debian's cloud-init 22.4.2 beside ours, on
//! the same seed, over an overlay of this machine. The files that each changed
//! are compared: which, their content, mode and owner.
//!
//! To add a seed: one file `NAME.seed` in tests/data/stages. It is a list of
//! files, each after a line `-- PATH [MODE]`:
//!
//! ```text
//! -- user_data
//! #cloud-config
//! hostname: example
//! -- root/etc/motd 0600
//! hello
//! == boot 2
//! -- meta_data.json
//! {"uuid": "another"}
//! == boot 3, no drive
//! ```
//!
//! `user_data`, `meta_data.json`, `vendor_data.json`, `vendor_data2.json` make
//! the config drive (openstack/latest/…); without a meta_data.json it is that
//! of the instance `i-NAME` with the host name `vm.example.org`. `root/PATH` is
//! put into the root before that boot, `www/PATH` is at `http://127.0.0.1:8765/PATH` in it. A boot with files of a drive has a new
//! drive made of these alone; one with none keeps the drive of the boot before.
//! A seed that begins with `== boot 1, no drive` has none at first.
//! Everything runs as root in Debian's own root without network, systemd or
//! block devices. Which modules run is in `LISTS` of seed.rs: add yours there
//! unless it is slow or random, else in a file of your seed,
//! `root/etc/cloud/cloud.cfg.d/99-lists.cfg`.
//!
//! What is to stay different has its row in tests/data/stages/differences.tsv:
//! seed, path (both may have `*`), what (`content`, `mode`, `owner`, `ours` for
//! a file of ours alone, `theirs`), why. A row that explains nothing fails.
//!
//! `STAGES=NAME,NAME cargo test --test stages` runs these seeds alone; with STAGES_KEEP set
//! both trees stay in the directory that is printed.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod difference;
mod normal;
mod ours;
mod seed;
mod tree;

use difference::{Difference, Kept};
use seed::Seed;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stages")
}

/// Boots `seed` with a program; the value is the tree of what it changed.
fn boot(seed: &Seed, work: &Path, program: &str, local: &str) -> tree::Tree {
    seed.write(work);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stages/boots.sh");
    let root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = Command::new(if root { "bash" } else { "sudo" });
    if !root {
        command.args(["-n", "--preserve-env=LOCAL_OPTIONS", "bash"]);
    }
    let output = command.arg(script).arg(work).arg(program).env("LOCAL_OPTIONS", local).output().unwrap();
    assert!(output.status.success(), "{}: {}", seed.name, String::from_utf8_lossy(&output.stderr));
    tree::Tree::read(work)
}

/// Both programs on one seed.
fn differences(seed: &Seed, folder: &Path) -> Vec<Difference> {
    let theirs = boot(seed, &folder.join("cloud-init"), "cloud-init", "");
    let ours = boot(
        seed,
        &folder.join("glowplug"),
        env!("CARGO_BIN_EXE_glowplug"),
        "--seed /var/lib/cloud/seed/config_drive",
    );
    assert!(theirs.has("var/lib/cloud/data/result.json"), "{}: cloud-init did not run", seed.name);
    difference::between(&seed.name, &theirs, &ours)
}

#[test]
fn every_boot_leaves_what_cloud_inits_leaves() {
    let wanted = std::env::var("STAGES").ok();
    let seeds = Seed::all(&data(), wanted.as_deref());
    let kept = Kept::read(&data().join("differences.tsv"));
    let folder = std::env::temp_dir().join(format!("glowplug-stages-{}", std::process::id()));
    let (queue, found) = (Mutex::new(seeds.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(seed) = queue.lock().unwrap().next() else { break };
                    let differences = differences(seed, &folder.join(&seed.name));
                    found.lock().unwrap().extend(differences);
                }
            });
        }
    });
    if std::env::var_os("STAGES_KEEP").is_some() {
        println!("{}", folder.display());
    } else {
        fs::remove_dir_all(&folder).unwrap();
    }
    let found = found.into_inner().unwrap();
    let mut wrong: Vec<String> =
        found.iter().filter(|difference| !kept.explains(difference)).map(ToString::to_string).collect();
    wrong.sort();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    if wanted.is_none() {
        let idle = kept.idle(&found);
        assert!(idle.is_empty(), "these rows of differences.tsv explain nothing:\n{}", idle.join("\n"));
        assert!(seeds.len() >= 40, "only {} seeds", seeds.len());
    }
}

#[test]
fn a_machine_of_cloud_inits_goes_on_as_it_was() {
    let seed = Seed::all(&data().join("ours"), Some("taken-over")).remove(0);
    let folder = std::env::temp_dir().join(format!("glowplug-taken-over-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut theirs = boot(&seed, &folder.join("cloud-init"), "cloud-init", "");
    // The first boot is cloud-init's, those after it are ours.
    let either = folder.join("either");
    let script = format!(
        "#!/bin/sh\n\
         [ -e /etc/taken-over ] && exec {} \"$@\"\n\
         [ \"$3\" = --seed ] && set -- init --local\n\
         exec cloud-init \"$@\"\n",
        env!("CARGO_BIN_EXE_glowplug")
    );
    fs::write(&either, script).unwrap();
    fs::set_permissions(&either, PermissionsExt::from_mode(0o755)).unwrap();
    let seed_folder = "--seed /var/lib/cloud/seed/config_drive";
    let mut ours = boot(&seed, &folder.join("glowplug"), either.to_str().unwrap(), seed_folder);
    for tree in [&mut theirs, &mut ours] {
        // A pickle has the configuration in some order.
        tree.0.retain(|path, _| !path.ends_with("/obj.pkl"));
    }
    let kept = Kept::read(&data().join("differences.tsv"));
    let found = difference::between(&seed.name, &theirs, &ours);
    let wrong: Vec<String> =
        found.iter().filter(|difference| !kept.explains(difference)).map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let log = ours.0.get("srv/scripts").unwrap();
    assert_eq!(log.content, "once\nboot\nuser\nboot\n");
    assert!(ours.0.keys().any(|path| path.ends_with("glowplug.journal")), "the second boot is ours");
    fs::remove_dir_all(&folder).unwrap();
}
