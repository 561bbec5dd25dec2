//! Seeds that are broken, or not there. Each machine boots three times: with
//! the broken seed, which must not stop it; with a good one, which must be
//! taken; and with the broken one again, which must not undo anything.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::drives::{random_bytes, truncated};
use crate::scene::{Scene, addresses, link, story_folder, write_seed};
use crate::vm::disc::Drive;

const MAC: &str = "52:54:00:6b:1f:01";

const GOOD: &[(&str, &str)] = &[
    ("meta_data.json", r#"{"uuid": "sound", "hostname": "sound"}"#),
    (
        "network_data.json",
        r#"{"links": [{"id": "l0", "name": "wan0", "type": "phy", "ethernet_mac_address": "52:54:00:6b:1f:01"}],
            "networks": [{"id": "n0", "link": "l0", "type": "ipv4", "ip_address": "192.0.2.70",
                          "netmask": "255.255.255.0"}]}"#,
    ),
    ("user_data", "#cloud-config\nruncmd:\n- echo once >> /root/instances\n"),
];

/// The good seed with one file replaced.
fn seed_with(story: &str, name: &str, content: &str) -> PathBuf {
    let files: Vec<(&str, &str)> =
        GOOD.iter().map(|(file, good)| (*file, if *file == name { content } else { good })).collect();
    write_seed(story, &files)
}

/// Tells the story with the drive `broken` makes in its folder; the machine
/// without a good seed yet is called `name`, and a line says `words`.
fn survives(story: &str, broken: impl Fn(&Path) -> Option<Drive>, name: &str, words: &[&str]) {
    let good = write_seed(&format!("{story}-good"), GOOD);
    let drive = broken(&story_folder(&format!("{story}-drive")).join("drive.img"));
    let mut scene = Scene::new(story, &[&good]);

    let boot = scene.boot(drive.as_ref());
    scene.expect_told(words);
    assert_eq!(boot.hostname, name);
    assert!(!boot.status.is_empty(), "{}", boot.status_output);
    assert_eq!(
        scene.contents().text("/etc/motd").as_deref(),
        Some(include_str!("../../initramfs/image/root/etc/motd"))
    );

    let boot = scene.boot_seed(&good);
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "sound"));
    assert_eq!(addresses(link(&boot, MAC)), ["192.0.2.70/24"]);
    let instances = scene.contents().text("/root/instances");

    let boot = scene.boot(drive.as_ref());
    scene.expect_told(words);
    assert_eq!(boot.hostname, "sound");
    assert_eq!(
        (link(&boot, MAC).name.as_str(), addresses(link(&boot, MAC))),
        ("wan0", vec!["192.0.2.70/24"])
    );
    assert_eq!(scene.contents().text("/root/instances"), instances);
}

#[test]
fn no_drive() {
    survives("no-drive", |_| None, "unnamed", &["no ", "drive"]);
}

#[test]
fn a_drive_of_random_bytes() {
    survives("random", |file| Some(random_bytes(file)), "unnamed", &["no ", "drive"]);
}

#[test]
fn a_disc_that_ends_early() {
    let seed = write_seed("truncated-seed", GOOD);
    survives("truncated", |file| Some(truncated(&seed, file)), "unnamed", &["unable to", "/dev/sr0"]);
}

#[test]
fn user_data_of_200_megabytes() {
    let seed = write_seed("huge", GOOD);
    // sparse: only the disc holds all the bytes
    File::create(seed.join("openstack/latest/user_data")).unwrap().set_len(200 << 20).unwrap();
    survives(
        "huge",
        |file| Some(Drive::from_seed(&seed, file).unwrap()),
        "sound",
        &["unable to", "user_data"],
    );
    std::fs::remove_dir_all(story_folder("huge-drive")).unwrap();
}

#[test]
fn metadata_that_is_not_json() {
    let seed = seed_with("metadata", "meta_data.json", "{\"uuid\": \"sound\", \"hostname\": ");
    survives(
        "metadata",
        |file| Some(Drive::from_seed(&seed, file).unwrap()),
        "unnamed",
        &["unable to", "meta_data.json"],
    );
}

#[test]
fn network_data_that_is_not_json() {
    let seed = seed_with("network", "network_data.json", "{\"links\": [\n");
    survives(
        "network",
        |file| Some(Drive::from_seed(&seed, file).unwrap()),
        "sound",
        &["unable to", "network_data.json"],
    );
}
