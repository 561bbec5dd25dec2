//! The power fails: QEMU is killed at moments all over a first boot, and the
//! machine boots again. It ends as one that was never interrupted; commands ran once at
//! most, and where it is not known whether one ran, `status` says so.
//!
//! In every other of these the disk also loses what it had not flushed, as
//! disks with a volatile cache do.
//!
//! `cargo test --test vm` takes a few moments of each machine;
//! `POWER_FAILURES=50 cargo test --test vm power` takes that many.

mod tree;
pub(crate) mod write_log;
mod xfs;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs};

use crate::debian;
use crate::scene::{Scene, image, story_folder, write_seed};
use crate::vm::console::Line;
use crate::vm::debian::{Backend, Maker};
use crate::vm::disc::Drive;
use crate::vm::kernel::Kernel;
use crate::vm::report::Boot;
use crate::vm::{Image, Parts, folder, initramfs, programs, root};
use tree::Tree;

const MAC: &str = "52:54:00:6b:50:01";

const NETWORK: &str = r#"{"links": [{"id": "l0", "name": "wan0", "type": "phy", "ethernet_mac_address": "52:54:00:6b:50:01"}],
    "networks": [{"id": "n0", "link": "l0", "type": "ipv4", "ip_address": "192.0.2.50", "netmask": "255.255.255.0"}]}"#;

const METADATA: &str = r#"{"uuid": "power", "hostname": "dynamo", "public_keys": {"k": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA desk"}}"#;

/// Modules that edit files which are there, users, and a command that must not run twice.
const USER_DATA: &str = "\
#cloud-config
write_files:
- {path: /etc/early, content: \"early\\n\", permissions: '0640'}
- {path: /etc/hosts, content: \"192.0.2.9 other\\n\", append: true}
- {path: /etc/later, content: \"of ann\\n\", owner: 'ann:ann', defer: true}
groups: [crew]
users:
- default
- name: ann
  uid: 1500
  groups: [crew]
  shell: /bin/sh
  lock_passwd: false
  passwd: $6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.
  sudo: ALL=(ALL) NOPASSWD:ALL
  ssh_authorized_keys: [ssh-ed25519 AAAAC3Nz ann@home]
chpasswd: {expire: false, list: ['root:$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.']}
mounts:
- [scratch, /mnt/scratch, tmpfs, size=1m]
manage_etc_hosts: localhost
timezone: UTC
runcmd:
- echo ran >> /root/ran; sync
";

/// The command's own file: how often it ran.
const RAN: &str = "root/ran";

/// Moments of a boot at which the power fails.
fn moments(otherwise: u32) -> u32 {
    env::var("POWER_FAILURES").map_or(otherwise, |count| count.parse().unwrap())
}

/// A machine, and how its files are read once it is off.
struct Subject {
    image: &'static Image,
    name: &'static str,
    words: &'static str,
    /// Whether the guest itself leaves its files, on a second disk.
    archives: bool,
}

impl Subject {
    fn scene(&self, number: &str, seed: &Path) -> Scene {
        let mut scene = Scene::of(self.image, &format!("power-{}-{number}", self.name), &[seed]);
        if self.archives {
            let disk = scene.blank_disk("archive.img", 16);
            scene.set_disks(&[&disk]);
        }
        scene
    }

    fn tree(&self, scene: &Scene) -> Tree {
        if self.archives {
            return tree::of_tar(&fs::read(scene.disk().with_file_name("archive.img")).unwrap());
        }
        tree::of_ext4(&scene.disk(), &format!("power-{}", self.name))
    }

    /// Boots in peace, then with failures all over the same boot.
    fn survives(&self, failures: u32) {
        let seed = write_seed(
            &format!("power-{}", self.name),
            &[("meta_data.json", METADATA), ("network_data.json", NETWORK), ("user_data", USER_DATA)],
        );
        let disc = story_folder(&format!("power-{}-disc", self.name)).join("seed.iso");
        let drive = Drive::from_seed(&seed, &disc).unwrap();
        let mut whole = self.scene("whole", &seed);
        let boot = whole.boot_with(Some(&drive), self.words);
        let rooted = whole.lines.iter().find_map(|line| match line {
            Line::Step { at, text, .. } if text.contains("mounted the root") => at.parse::<f64>().ok(),
            _ => None,
        });
        let span = Duration::from_secs_f64(boot.uptime_s - rooted.unwrap());
        self.is_done(&boot, "uninterrupted");
        let wanted = self.tree(&whole);
        let ran =
            |tree: &Tree| tree.get(RAN).map_or(0, |(.., text)| text.split(|byte| *byte == b'\n').count() - 1);
        assert_eq!(ran(&wanted), 1);
        drop(whole);
        let (mut unknown, mut faults) = (0, Vec::new());
        for number in 0..failures {
            let mut scene = self.scene("cut", &seed);
            let loses = number % 2 == 1;
            let log = loses.then(|| scene.disk().with_file_name("writes.log"));
            let delay = span.mul_f64((f64::from(number) + 0.5) / f64::from(failures));
            let when = format!(
                "{}: failure {number} of {failures}, {delay:?} after the root, {}",
                self.name,
                if loses { "unflushed writes lost" } else { "all writes kept" }
            );
            scene.boot_until_power_fails(Some(&drive), self.words, delay, log);
            let boot = scene.boot_with(Some(&drive), self.words);
            let found = self.tree(&scene);
            let count = ran(&found);
            if count > 1 {
                faults.push(format!("{when}: the command ran {count} times"));
            } else if count == 0 {
                unknown += 1;
                if (boot.status.as_str(), boot.status_exit) == ("done", 0) {
                    faults.push(format!("{when}: the command did not run, and status is done"));
                }
            } else if boot.status.as_str() != "done" {
                faults.push(format!("{when}: {}", boot.status_output));
            }
            faults.extend(
                tree::differences(&wanted, &found, &[RAN]).into_iter().map(|line| format!("{when}: {line}")),
            );
        }
        println!(
            "{}: {failures} power failures, in {unknown} of them it is not known whether the command ran",
            self.name
        );
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn is_done(&self, boot: &Boot, when: &str) {
        assert_eq!(boot.status, "done", "{} {when}: {}", self.name, boot.status_output);
        assert_eq!(boot.hostname, "dynamo");
        let nic = boot.links.iter().find(|link| link.mac == MAC).unwrap();
        assert_eq!(nic.name, "wan0");
    }
}

/// The tiny root, which puts its files on the second disk before it reports.
fn tiny_root(story: &str) -> PathBuf {
    let tree = story_folder(&format!("power-{story}-root")).join("tree");
    root::stage(&programs::build().unwrap().runner, &tree).unwrap();
    let script = tree.join("etc/init.d/S98archive");
    let folders = tree::FOLDERS.join(" ");
    fs::write(&script, format!("#!/bin/sh\ncd / && tar -cf /dev/vdb {folders}\n")).unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    tree
}

#[test]
fn a_tiny_machine_on_ext4_survives_its_power() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        let (tree, file) = (tiny_root("ext4"), story_folder("power-ext4").join("root.img"));
        root::make(&tree, &file).unwrap();
        Image { root: file, ..image().clone() }
    });
    Subject { image, name: "ext4", words: "", archives: true }.survives(moments(6));
}

#[test]
fn a_tiny_machine_on_xfs_survives_its_power() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        let (tree, place) = (tiny_root("xfs"), story_folder("power-xfs"));
        let (file, archive) = (place.join("root.img"), place.join("initramfs"));
        xfs::make(&tree, &file);
        let kernel = Kernel::find_or_fetch(&folder().join("kernel"), &mut |_| ()).unwrap();
        initramfs::pack(&programs::build().unwrap().agent, None, &kernel, "xfs", &archive).unwrap();
        Image { root: file, initramfs: archive, ..image().clone() }
    });
    let words = "root=LABEL=glowplug-roo rootfstype=xfs";
    Subject { image, name: "xfs", words, archives: true }.survives(moments(4));
}

#[test]
fn a_debian_survives_its_power() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let parts = Parts::debian(Backend::Netplan, Maker::Minimal);
    let image = IMAGE.get_or_init(|| debian::image(parts, "power"));
    Subject { image, name: "debian", words: "", archives: false }.survives(moments(2));
}
