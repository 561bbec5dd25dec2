//! Damaged drives, one after the other in one machine: each ends in a machine
//! that is provisioned or untouched, and in a sentence. Drives that are not what
//! they say: flipped bits, noise, loops, sizes of 4 GiB, devices, FIFOs and links.
//!
//! `cargo test --test vm` takes some; `DAMAGED_DRIVES=1000 cargo test --test vm
//! damaged` takes that many (under ten minutes under emulation).

mod drives;

use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::disk_image;
use crate::scene::{Scene, image, story_folder};
use crate::vm::{Image, programs, root};
use drives::{BYTES, Drives, concatenate, seed};

/// The tiny root with the agent and the walker, and the root that is provisioned.
fn walker(count: usize) -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let tree = story_folder("damaged-root").join("tree");
        let programs = programs::build().unwrap();
        root::stage(&programs.runner, &tree).unwrap();
        fs::copy(&programs.agent, tree.join("usr/bin/glowplug-agent")).unwrap();
        let script = tree.join("walk");
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vm/damaged/walk.sh"), &script).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(tree.join("count"), count.to_string()).unwrap();
        for folder in ["sysroot", "plain/etc", "plain/var/lib", "plain/usr/bin", "plain/sbin"] {
            fs::create_dir_all(tree.join(folder)).unwrap();
        }
        for (name, text) in [
            ("passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("group", "root:x:0:\n"),
            ("hosts", "127.0.0.1 localhost\n"),
            ("os-release", "ID=tiny\n"),
        ] {
            fs::write(tree.join("plain/etc").join(name), text).unwrap();
        }
        fs::write(tree.join("plain/sbin/init"), "#!/bin/sh\n").unwrap();
        let file = story_folder("damaged-image").join("root.img");
        root::make(&tree, &file).unwrap();
        Image { root: file, ..image().clone() }
    })
}

/// What is wrong with how a drive ended, if anything.
fn fault(line: &[&str], plain: &str) -> Option<String> {
    let [_, _, status, mounted, instance, tree, said] = line else { return Some("no full line".into()) };
    let said = String::from_utf8_lossy(&STANDARD.decode(said).unwrap()).into_owned();
    let why = match *status {
        "0" if *instance == "-" => "provisioned, and no instance is there",
        "0" if !said.contains("found ") => "provisioned without a word of the seed",
        "1" | "10" | "11" | "12" if *tree != plain => "failed, and the root is not as it was",
        "1" | "10" | "11" | "12" if !(said.contains("unable to") || said.contains("no ")) => {
            "failed without a sentence"
        }
        "0" | "1" | "10" | "11" | "12" => "",
        _ => "ended as nothing should",
    };
    let why = if *mounted == "0" { why } else { "the drive is still mounted" };
    let why = if said.contains("panic") { "a panic" } else { why };
    (!why.is_empty()).then(|| format!("{why} ({status}):\n{said}"))
}

#[test]
fn damaged_drives_end_in_a_provisioned_or_an_untouched_machine() {
    let count = env::var("DAMAGED_DRIVES").map_or(60, |count| count.parse().unwrap());
    let drives = Drives::new();
    // a NIC that is described and not there is waited for
    let mut scene = Scene::of(walker(count), "damaged", &[&seed("nics")]);
    let images = concatenate(
        (0..count).map(|number| drives.damaged(number).1),
        &scene.disk().with_file_name("images"),
    );
    let target = scene.disk().with_file_name("target.img");
    disk_image::enlarge(&images, ((count + 1) * BYTES) as u64).unwrap();
    disk_image::enlarge(&target, BYTES as u64).unwrap();
    scene.set_disks(&[&images, &target]);
    scene.give_time(Duration::from_secs(120 + 3 * count as u64));
    scene.boot_unreported("init=/walk");
    let report = scene.report();
    fs::remove_file(images).unwrap();
    let lines: Vec<Vec<&str>> = report.lines().map(|line| line.trim().split(' ').collect()).collect();
    let plain = lines.first().filter(|line| line[0] == "plain").map(|line| line[1]).unwrap();
    let (mut faults, mut provisioned) = (Vec::new(), 0);
    for number in 0..count {
        let line = lines.get(number + 1).map_or(&[][..], Vec::as_slice);
        provisioned += usize::from(line.get(2) == Some(&"0"));
        if let Some(fault) = fault(line, plain) {
            faults.push(format!("drive {number}, {}: {fault}", drives.damaged(number).0));
        }
    }
    println!(
        "{count} damaged drives: {provisioned} provisioned, {} left the machine untouched, {} faults",
        count - provisioned - faults.len(),
        faults.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(provisioned > count / 10 && provisioned < count, "{provisioned} of {count} were provisioned");
}
