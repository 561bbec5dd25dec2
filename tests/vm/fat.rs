//! NoCloud on a FAT disk for a Debian whose initramfs dracut made, and the
//! drive taken away; the second NIC comes when the machine is up.

use std::fs;
use std::sync::OnceLock;

use crate::debian::{BACK, FRONT, LATE, USER_DATA, counts, image, plug_back, sound};
use crate::drives::fat;
use crate::scene::{Scene, story_folder};
use crate::vm::debian::{Backend, Maker};
use crate::vm::disc::Bus;
use crate::vm::seed::{Mac, Nics};
use crate::vm::{Image, Parts};

#[test]
fn no_cloud_on_fat_and_a_nic_that_comes_late() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let backend = Backend::NetworkManager;
    let image = IMAGE.get_or_init(|| image(Parts::debian(backend, Maker::Dracut), "fat-debian"));
    let seed = story_folder("fat-debian-seed");
    let network = format!(
        "version: 2\n\
         ethernets:\n\
         \x20 a: {{match: {{macaddress: '{FRONT}'}}, set-name: front, addresses: [192.0.2.20/24],\n\
         \x20     routes: [{{to: default, via: 192.0.2.1}}]}}\n\
         \x20 b: {{match: {{macaddress: '{BACK}'}}, set-name: back, addresses: [198.51.100.20/25]}}\n"
    );
    for (name, content) in [
        ("meta-data", "instance-id: fat\nlocal-hostname: anvil\n"),
        ("user-data", USER_DATA),
        ("network-config", &network),
    ] {
        fs::write(seed.join(name), content).unwrap();
    }
    let mut drive = fat("cidata", &seed, &story_folder("fat-debian-drive").join("drive.img"));
    drive.bus = Bus::Scsi;
    let mut scene = Scene::of(image, "fat-debian", &[]);
    plug_back(&mut scene);
    let boot = scene.boot_with(Some(&drive), LATE);
    scene.expect_told(&["found NoCloud seed /dev/sda (vfat, cidata)"]);
    sound(&scene, &boot, backend, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene), (1, 1));

    // A NIC more makes no other machine of it.
    scene.plug_in(Vec::new());
    let macs = [FRONT, BACK].map(|mac| Mac::parse(mac).unwrap());
    scene.move_to(Nics { macs: macs.to_vec(), remarks: Vec::new() });
    let boot = scene.boot(None);
    scene.expect_told(&["instance fat of the last boot holds"]);
    sound(&scene, &boot, backend, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene), (1, 2), "nothing of the instance runs again");
}
