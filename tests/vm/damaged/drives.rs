//! Damaged drives: the same number makes the same one in every run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::random::Random;
use crate::scene::{story_folder, write_seed};
use crate::vm::disc::Drive;
use crate::vm::host;

/// Room of one image; the walker's `dd` has the same.
pub(super) const BYTES: usize = 512 << 10;

/// Where ISO 9660's volume descriptors begin, and what comes after them.
const DESCRIPTORS: usize = 16 * 2048;
const AFTER_DESCRIPTORS: usize = 20 * 2048;

const USER_DATA: &str = "#cloud-config
write_files:
- {path: /etc/one, content: \"1\\n\"}
- {path: /etc/hosts, content: \"192.0.2.1 one\\n\", append: true}
runcmd: [[touch, /ran]]
";

const NETWORK: &str = r#"{"links": [{"id": "a", "name": "front", "type": "phy", "ethernet_mac_address": "52:54:00:6b:60:01"}],
 "networks": [{"id": "n", "link": "a", "type": "ipv4", "ip_address": "192.0.2.7", "netmask": "255.255.255.0"}]}"#;

const METADATA: &str =
    r#"{"uuid": "damaged-1", "hostname": "dented", "public_keys": {"k": "ssh-ed25519 AAAA k"}}"#;

/// Sound drives, and trees that are odd by intent.
pub(super) struct Drives {
    iso: Vec<u8>,
    cidata: Vec<u8>,
    fat: Vec<u8>,
    odd: Vec<(&'static str, Vec<u8>)>,
}

/// An image as it is taken for a drive, padded to its room.
fn padded(file: &Path) -> Vec<u8> {
    let mut bytes = fs::read(file).unwrap();
    assert!(bytes.len() <= BYTES, "{} has {} bytes", file.display(), bytes.len());
    bytes.resize(BYTES, 0);
    bytes
}

fn iso(label: &str, tree: &Path, name: &str) -> Vec<u8> {
    let file = story_folder("damaged-images").with_file_name(format!("damaged-{name}.iso"));
    let mut command = host::command("xorriso").unwrap();
    command.args(["-as", "mkisofs", "-quiet", "-no-pad", "-V", label, "-J", "-r", "-o"]).arg(&file).arg(tree);
    host::run(&mut command, "write a disc of", tree).unwrap();
    let bytes = padded(&file);
    fs::remove_file(file).unwrap();
    bytes
}

/// The tree of a sound config drive.
pub(super) fn seed(name: &str) -> PathBuf {
    let files = [("meta_data.json", METADATA), ("network_data.json", NETWORK), ("user_data", USER_DATA)];
    write_seed(&format!("damaged-{name}"), &files)
}

/// A change of a sound tree: what it is, and how it is made in `openstack/latest`.
type Oddity = (&'static str, fn(&Path));

fn replace_by_node(path: &Path, arguments: &[&str]) {
    fs::remove_file(path).unwrap();
    let mut command = host::command("mknod").unwrap();
    host::run(command.arg(path).args(arguments), "make a node", path).unwrap();
}

fn replace_by_link(path: &Path, target: &str) {
    fs::remove_file(path).unwrap();
    symlink(target, path).unwrap();
}

const ODDITIES: &[Oddity] = &[
    ("metadata is a FIFO", |latest| replace_by_node(&latest.join("meta_data.json"), &["p"])),
    ("user-data is a FIFO", |latest| replace_by_node(&latest.join("user_data"), &["p"])),
    ("user-data is /dev/zero", |latest| replace_by_node(&latest.join("user_data"), &["c", "1", "5"])),
    ("user-data is a disk", |latest| replace_by_node(&latest.join("user_data"), &["b", "254", "0"])),
    ("metadata is /dev/kmsg", |latest| replace_by_node(&latest.join("meta_data.json"), &["c", "1", "11"])),
    ("user-data leads out of the drive", |latest| replace_by_link(&latest.join("user_data"), "/etc/shadow")),
    ("user-data leads above the drive", |latest| {
        replace_by_link(&latest.join("user_data"), "../../../../../../etc/shadow");
    }),
    ("metadata leads to itself", |latest| replace_by_link(&latest.join("meta_data.json"), "meta_data.json")),
    ("metadata leads to /proc/self/mem", |latest| {
        replace_by_link(&latest.join("meta_data.json"), "/proc/self/mem");
    }),
    ("network data is a folder", |latest| {
        fs::remove_file(latest.join("network_data.json")).unwrap();
        fs::create_dir(latest.join("network_data.json")).unwrap();
    }),
    ("metadata is empty", |latest| fs::write(latest.join("meta_data.json"), "").unwrap()),
    ("the folder leads to itself", |latest| {
        fs::remove_dir_all(latest).unwrap();
        symlink("latest", latest).unwrap();
    }),
    ("many versions", |latest| {
        for number in 10..60 {
            fs::create_dir(latest.with_file_name(format!("20{number}-01-01"))).unwrap();
        }
    }),
    ("deep folders", |latest| {
        let deep = (0..60).fold(latest.to_owned(), |path, _| path.join("d"));
        fs::create_dir_all(deep).unwrap();
    }),
];

impl Drives {
    pub(super) fn new() -> Self {
        let sound = seed("sound");
        let no_cloud = story_folder("damaged-cidata");
        for (name, text) in [
            ("meta-data", "instance-id: damaged-2\nlocal-hostname: dented\n"),
            ("user-data", USER_DATA),
            ("network-config", "version: 1\nconfig: []\n"),
        ] {
            fs::write(no_cloud.join(name), text).unwrap();
        }
        let fat = story_folder("damaged-fat").join("fat.img");
        let kibibytes = (BYTES >> 10).to_string();
        let mut format = host::command("mkfs.vfat").unwrap();
        host::run(format.args(["-n", "config-2", "-C"]).arg(&fat).arg(kibibytes), "format", &fat).unwrap();
        let mut copy = host::command("mcopy").unwrap();
        copy.args(["-s", "-i"]).arg(&fat).arg(sound.join("openstack")).arg("::");
        host::run(&mut copy, "copy", &sound).unwrap();
        let odd = ODDITIES.iter().enumerate().map(|(number, (what, change))| {
            let tree = seed(&format!("odd-{number}"));
            change(&tree.join("openstack/latest"));
            (*what, iso("config-2", &tree, "odd"))
        });
        Self {
            iso: iso("config-2", &sound, "sound"),
            cidata: iso("cidata", &no_cloud, "cidata"),
            fat: padded(&fat),
            odd: odd.collect(),
        }
    }

    /// Drive `number`, and what is wrong with it.
    pub(super) fn damaged(&self, number: usize) -> (String, Vec<u8>) {
        let random = &mut Random::new(number as u64);
        if let Some((what, image)) = self.odd.get(number) {
            return ((*what).to_owned(), image.clone());
        }
        let (name, sound) = match number % 3 {
            0 => ("FAT", &self.fat),
            1 => ("NoCloud", &self.cidata),
            _ => ("config drive", &self.iso),
        };
        let mut image = sound.clone();
        let what =
            if name == "FAT" { damage_fat(&mut image, random) } else { damage_iso(&mut image, random) };
        (format!("{name}: {what}"), image)
    }
}

fn flip(image: &mut [u8], random: &mut Random) -> usize {
    let count = 1 + random.below(64);
    for _ in 0..count {
        let at = random.below(image.len());
        image[at] ^= 1 << random.below(8);
    }
    count
}

fn noise(image: &mut [u8], random: &mut Random) {
    for byte in image {
        *byte = random.next().to_le_bytes()[0];
    }
}

/// Where `text` is in an image.
fn places(image: &[u8], text: &[u8]) -> Vec<usize> {
    image.windows(text.len()).enumerate().filter(|(_, bytes)| *bytes == text).map(|(at, _)| at).collect()
}

/// What of an image is in use.
fn used(image: &[u8]) -> usize {
    image.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1)
}

/// Changes what a file says, and not its length.
fn damage_text(image: &mut [u8], random: &mut Random) -> String {
    const PIECES: [&[u8]; 8] = [b"{", b"\"", b"\0", b"\xff", b"\n", b": ", b"- ", b"[[["];
    let file = random.pick(&[METADATA, NETWORK, USER_DATA]);
    for at in places(image, file.as_bytes()) {
        let mut text = file.as_bytes().to_vec();
        for _ in 0..=random.below(8) {
            random.mutate(&mut text, &PIECES, USER_DATA.as_bytes());
        }
        text.resize(file.len(), b' ');
        image[at..at + file.len()].copy_from_slice(&text);
    }
    format!("other words in {:?}", &file[..12])
}

fn damage_iso(image: &mut [u8], random: &mut Random) -> String {
    let end = used(image);
    match random.below(8) {
        0 => format!("{} bits flipped", flip(&mut image[..end], random)),
        1 => format!(
            "{} bits of the descriptors flipped",
            flip(&mut image[DESCRIPTORS..AFTER_DESCRIPTORS], random)
        ),
        2 => {
            format!("{} bits after the descriptors flipped", flip(&mut image[AFTER_DESCRIPTORS..end], random))
        }
        3 => {
            let from = DESCRIPTORS + 2048 + random.below(end - DESCRIPTORS - 2048);
            image[from..].fill(0);
            format!("zeros from {from} on")
        }
        4 => {
            noise(&mut image[AFTER_DESCRIPTORS..end], random);
            "the right label and noise".to_owned()
        }
        5 => {
            let length = 2048 * (1 + random.below(8));
            let from =
                AFTER_DESCRIPTORS + random.below(end.saturating_sub(AFTER_DESCRIPTORS + length).max(1));
            noise(&mut image[from..from + length], random);
            format!("{length} bytes of noise at {from}")
        }
        // a directory record (ECMA-119 §9.1): its name, and 33 bytes before it its extent and size
        6 => {
            let name = random.pick(&[&b"USER_DAT"[..], b"META_DAT", b"NETWORK_", b"META-DAT", b"USER-DAT"]);
            let size: u32 = [u32::MAX, 4 << 20, 0, 1 << 31][random.below(4)];
            for at in places(image, name) {
                image[at - 23..at - 19].copy_from_slice(&size.to_le_bytes());
                image[at - 19..at - 15].copy_from_slice(&size.to_be_bytes());
            }
            format!("{} is said to have {size} bytes", String::from_utf8_lossy(name))
        }
        _ => {
            let root = image[DESCRIPTORS + 158..DESCRIPTORS + 166].to_vec();
            let name = random.pick(&[&b"LATEST"[..], b"OPENSTAC", b"USER_DAT", b"META_DAT"]);
            for at in places(image, name) {
                image[at - 31..at - 23].copy_from_slice(&root);
            }
            format!("{} is the root folder", String::from_utf8_lossy(name))
        }
    }
}

fn damage_fat(image: &mut [u8], random: &mut Random) -> String {
    let end = used(image);
    match random.below(7) {
        6 => damage_text(image, random),
        0 => format!("{} bits flipped", flip(&mut image[..end], random)),
        1 => format!("{} bits of the first sector flipped", flip(&mut image[..512], random)),
        2 => format!("{} bits of the tables and folders flipped", flip(&mut image[512..16384], random)),
        3 => {
            // of FAT12 each entry has 12 bits: all lead to cluster 2
            let table = usize::from(u16::from_le_bytes([image[14], image[15]])) * 512;
            for triple in image[table + 3..table + 1500].chunks_exact_mut(3) {
                triple.copy_from_slice(&[0x02, 0x20, 0x00]);
            }
            "every chain is a loop".to_owned()
        }
        4 => {
            for name in [&b"USER_D~1"[..], b"META_D~1", b"USER_DATA", b"META_DAT"] {
                for at in places(image, name) {
                    image[at + 28..at + 32].copy_from_slice(&u32::MAX.to_le_bytes());
                }
            }
            "files are said to have 4 GiB".to_owned()
        }
        _ => {
            let from = 512 + random.below(end - 512);
            image[from..].fill(0);
            format!("zeros from {from} on")
        }
    }
}

/// The images one after the other, the first after as much room for none.
pub(super) fn concatenate(images: impl Iterator<Item = Vec<u8>>, to: &Path) -> PathBuf {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = fs::File::create(to).unwrap();
    for (number, image) in images.enumerate() {
        file.seek(SeekFrom::Start(((number + 1) * BYTES) as u64)).unwrap();
        file.write_all(&image).unwrap();
    }
    Drive::from_image(to).unwrap().file
}
