//! Drives of every kind but the ordinary one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::scene::{Scene, addresses, link, story_folder, write_seed};
use crate::vm::disc::{Bus, Drive, LABEL};
use crate::vm::host;

/// Bytes that look like nothing: a linear congruential generator's.
pub(crate) fn random_bytes(to: &Path) -> Drive {
    let mut state = 1_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(1 << 20)
    .collect();
    fs::write(to, bytes).unwrap();
    Drive::from_image(to).unwrap()
}

/// A disc of `seed` that ends after its label: no folder of it can be read.
pub(crate) fn truncated(seed: &Path, to: &Path) -> Drive {
    let drive = Drive::from_seed(seed, to).unwrap();
    File::options().write(true).open(&drive.file).unwrap().set_len(20 * 2048).unwrap();
    Drive::from_image(&drive.file).unwrap()
}

/// A FAT file system called `label` (empty: without one) with the files of `seed`.
pub(crate) fn fat(label: &str, seed: &Path, to: &Path) -> Drive {
    let kibibytes = "8192";
    let mut format = host::command("mkfs.vfat").unwrap();
    if !label.is_empty() {
        format.args(["-n", label]);
    }
    host::run(format.arg("-C").arg(to).arg(kibibytes), "format", to).unwrap();
    let folders = fs::read_dir(seed).unwrap().map(|entry| entry.unwrap().path());
    let mut copy = host::command("mcopy").unwrap();
    copy.args(["-s", "-i"]).arg(to).args(folders.collect::<Vec<PathBuf>>()).arg("::");
    host::run(&mut copy, "copy", seed).unwrap();
    Drive::from_image(to).unwrap()
}

#[test]
fn a_config_drive_may_be_fat() {
    let seed = write_seed(
        "fat",
        &[
            ("meta_data.json", r#"{"uuid": "fat-drive", "hostname": "slim"}"#),
            (
                "network_data.json",
                r#"{"links": [{"id": "l0", "name": "fat0", "ethernet_mac_address": "52:54:00:6b:1e:01"}],
                    "networks": [{"link": "l0", "type": "ipv4", "ip_address": "192.0.2.60/24"}]}"#,
            ),
        ],
    );
    let mut scene = Scene::new("fat", &[&seed]);
    let drive = fat(LABEL, &seed, &story_folder("fat-drive").join("drive.img"));
    assert_eq!(drive.bus, Bus::Virtio);
    let boot = scene.boot(Some(&drive));
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "slim"));
    let nic = link(&boot, "52:54:00:6b:1e:01");
    assert_eq!((nic.name.as_str(), addresses(nic)), ("fat0", vec!["192.0.2.60/24"]));
    scene.expect_told(&["config drive", "/dev/vdb"]);
}

/// A NoCloud seed on FAT, with everything that cloud-init reads of one; then
/// the drive is gone and holds; then the kernel line names another machine.
#[test]
fn no_cloud_on_a_drive_and_on_the_kernel_line() {
    let seed = story_folder("no-cloud-seed");
    for (name, content) in [
        ("meta-data", "instance-id: drive\nlocal-hostname: slate\npublic-keys: [ssh-ed25519 AAAA me]\n"),
        ("user-data", "#cloud-config\nruncmd:\n- echo user >> /root/instances\n"),
        ("vendor-data", "#cloud-config\nwrite_files:\n- {path: /etc/vendor, content: of the vendor}\n"),
        (
            "network-config",
            "version: 1\nconfig:\n- type: physical\n  name: lan0\n  mac_address: '52:54:00:12:34:56'\n  \
             subnets: [{type: static, address: 192.0.2.90/24}]\n",
        ),
    ] {
        fs::write(seed.join(name), content).unwrap();
    }
    let mut scene = Scene::new("no-cloud", &[]);
    let drive = fat("CIDATA", &seed, &story_folder("no-cloud-drive").join("drive.img"));
    let boot = scene.boot(Some(&drive));
    scene.expect_told(&["found NoCloud seed /dev/vdb (vfat, CIDATA)"]);
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "slate"));
    let nic = link(&boot, "52:54:00:12:34:56");
    assert_eq!((nic.name.as_str(), addresses(nic)), ("lan0", vec!["192.0.2.90/24"]));
    let contents = scene.contents();
    assert_eq!(contents.text("/etc/vendor").as_deref(), Some("of the vendor"));
    assert_eq!(contents.text("/root/instances").as_deref(), Some("user\n"));
    assert_eq!(
        contents.text("/var/lib/cloud/instance/datasource").as_deref(),
        Some("DataSourceNoCloud: DataSourceNoCloud [seed=/dev/vdb][dsmode=net]\n")
    );

    // A bare name takes no identity away.
    let boot = scene.boot_with(None, "ds=nocloud");
    scene.expect_told(&["instance drive of the last boot holds"]);
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "slate"));

    let boot = scene.boot_with(None, "ds=nocloud;i=line;h=chalk");
    scene.expect_told(&["found DataSourceNoCloud [seed=cmdline][dsmode=local]"]);
    scene.expect_told(&["instance line is new"]);
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "chalk"));
}
