//! Drives on every bus, in partitions, and one that is plugged in late. One
//! machine boots from one after the other.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::drives::fat;
use crate::scene::{Scene, addresses, link, story_folder, write_seed};
use crate::vm::disc::{Bus, Drive, LABEL};
use crate::vm::host;
use crate::vm::monitor::Plug;

/// The NIC of a machine whose seed names none.
const MAC: &str = "52:54:00:12:34:56";

/// A config drive of version 2.
fn config_drive(story: &str, id: &str, name: &str) -> PathBuf {
    write_seed(story, &[("meta_data.json", &format!(r#"{{"uuid": "{id}", "hostname": "{name}"}}"#))])
}

/// A disk with a table of this kind (sfdisk(8)), whose one partition is
/// `drive`.
fn partitioned(drive: &Drive, table: &str, to: &Path) -> PathBuf {
    const START: u64 = 2048 * 512;
    let content = fs::read(&drive.file).unwrap();
    let mut disk = File::create(to).unwrap();
    disk.set_len(START + content.len() as u64 + (1 << 20)).unwrap();
    let mut sfdisk: Command = host::command("sfdisk").unwrap();
    let mut child = sfdisk.arg("--quiet").arg(to).stdin(Stdio::piped()).spawn().unwrap();
    let script = format!("label: {table}\nstart=2048, size={}\n", content.len() / 512);
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    disk.seek(SeekFrom::Start(START)).unwrap();
    disk.write_all(&content).unwrap();
    to.to_owned()
}

#[test]
fn drives_on_every_bus_in_partitions_and_late() {
    let folder = story_folder("buses-drives");
    let mut scene = Scene::new("buses", &[]);

    let first = story_folder("buses-first-version");
    for (file, content) in [
        ("meta.js", r##"{"instance-id": "first", "user-data": "#cloud-config\nhostname: flint\n"}"##),
        ("etc/network/interfaces", "auto eth0\niface eth0 inet static\n address 192.0.2.112/24\n"),
        ("root/.ssh/authorized_keys", "ssh-ed25519 AAAA drive\n"),
    ] {
        let file = first.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let mut drive = fat("", &first, &folder.join("first"));
    drive.bus = Bus::Nvme;
    let boot = scene.boot(Some(&drive));
    scene.expect_told(&["found config drive /dev/nvme0n1 (vfat, )"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "flint"), "{}", boot.status_output);
    let nic = link(&boot, MAC);
    assert_eq!((&*nic.name, addresses(nic)), ("eth0", vec!["192.0.2.112/24"]));
    let keys = scene.text("/root/.ssh/authorized_keys").unwrap_or_default();
    assert!(keys.contains("ssh-ed25519 AAAA drive"), "{keys}");

    let seed = config_drive("buses-gpt", "gpt", "gneiss");
    let disc = Drive::from_seed(&seed, &folder.join("iso")).unwrap();
    let file = partitioned(&disc, "gpt", &folder.join("gpt"));
    let boot = scene.boot(Some(&Drive { file, bus: Bus::Virtio }));
    scene.expect_told(&["found config drive /dev/vdb1 (iso9660, config-2)"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "gneiss"), "{}", boot.status_output);

    let seed = config_drive("buses-dos", "dos", "shale");
    let drive = fat(LABEL, &seed, &folder.join("fat"));
    let file = partitioned(&drive, "dos", &folder.join("dos"));
    let boot = scene.boot(Some(&Drive { file, bus: Bus::Scsi }));
    scene.expect_told(&["found config drive /dev/sda1 (vfat, config-2)"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "shale"), "{}", boot.status_output);

    late_disc_with_an_environment(&mut scene, &folder);
}

/// The machine waits for a drive, which comes after four seconds, and goes on
/// at once.
fn late_disc_with_an_environment(scene: &mut Scene, folder: &Path) {
    const LATE: Duration = Duration::from_secs(4);
    let tree = folder.join("environment");
    fs::create_dir_all(&tree).unwrap();
    let user_data = STANDARD.encode("#cloud-config\nruncmd:\n- touch /root/appliance\n");
    fs::write(
        tree.join("ovf-env.xml"),
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"
  xmlns:oe="http://schemas.dmtf.org/ovf/environment/1" oe:id="vm">
  <PropertySection>
    <Property oe:key="instance-id" oe:value="ovf"/>
    <Property oe:key="hostname" oe:value="tuff"/>
    <Property oe:key="user-data" oe:value="{user_data}"/>
  </PropertySection>
</Environment>
"#
        ),
    )
    .unwrap();
    let disc = Drive::from_seed(&tree, &folder.join("ovf.iso")).unwrap();
    scene.plug_in(vec![Plug::drive(&disc, LATE)]);
    let boot = scene.boot_with(None, "glowplug.wait=60");
    scene.expect_told(&["found OVF environment /dev/sr0"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "tuff"), "{}", boot.status_output);
    let took = boot.timings_ms["agent/find seed"];
    assert!((3_000.0..8_000.0).contains(&took), "the search took {took} ms");
    assert!(scene.contents().entries.contains_key("/root/appliance"));
}
