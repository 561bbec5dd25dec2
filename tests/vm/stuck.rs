//! An initramfs of somebody else's, with what was set up before the agent runs:
//! device-mapper devices that never answer, and no root yet.

use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::{Scene, image, story_folder, write_seed};
use crate::vm::cpio::Archive;
use crate::vm::disc::Drive;
use crate::vm::kernel::Kernel;
use crate::vm::{Image, host, programs};

/// Modules in the order of modules.dep.
const MODULES: &[&str] = &[
    "virtio_pci",
    "virtio_blk",
    "virtio_scsi",
    "sr_mod",
    "isofs",
    "virtio_net",
    "dm_mod",
    "dm_multipath",
    "dm_round_robin",
];

/// The first program: `s` is suspended, `m` queues because its
/// only path has failed. The seeds `directories` and `files` are on /dev/vdc and answer as far as
/// the tables of those names say. The agent runs as a hook while no root is mounted, where
/// what is mounted is empty, and where no seed is but one of these may be it. The
/// devices answer again, lest the power-off waits for them, and it is PID 1.
const INIT: &str = "\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
while read module; do [ $module = modules/sr_mod.ko ] || insmod /$module; done < /order
until [ -b /dev/vdb ] && [ -b /dev/vdc ]; do sleep 0.1; done
mkdir -p /dev/mapper
dm() { /sbin/dmsetup --noudevsync --noudevrules \"$@\"; }
dm create s --table '0 2048 linear /dev/vdb 0'
dm create m --table '0 2048 multipath 1 queue_if_no_path 0 1 1 round-robin 0 1 1 /dev/vdb 1000'
dm message m 0 fail_path \"$(cat /sys/class/block/vdb/dev)\"
dm suspend --nolockfs s
for seed in directories files; do dm create --readahead none $seed < /$seed; done
exec > /dev/console 2>&1
agent() { /agent --root /sysroot; echo \"the hook ended with $?\"; }
mkdir /sysroot; agent
mount -t tmpfs root /sysroot; agent
mkdir /sysroot/etc; agent; ps | grep '[a]gent'
umount /sysroot
dm resume s; dm message m 0 fail_if_no_path
insmod /modules/sr_mod.ko
until [ -b /dev/sr0 ]; do sleep 0.1; done
exec /agent
";

/// Puts a program of this machine with its libraries into the archive.
fn program(archive: &mut Archive, path: &Path) {
    let mut list = host::command("ldd").unwrap();
    // a static one has none
    let list = list.arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&list.stdout).into_owned();
    let libraries = text.split_whitespace().filter(|word| word.starts_with('/'));
    for file in libraries.map(PathBuf::from).chain([path.to_owned()]) {
        let name = file.to_str().unwrap().trim_start_matches('/').to_owned();
        archive.folder(Path::new(&name).parent().unwrap().to_str().unwrap());
        archive.file(&name, 0o755, &fs::read(&file).unwrap());
    }
}

/// Sectors of the image that /dev/vdc is; its disc begins behind as many kibibytes, lest it is found.
const SECTORS: u64 = 1024;

/// Makes the image of a disc of `seed`. The values: tables of devices that answer what tells a file
/// system and queue at the first directory, and at the user-data.
fn disc(seed: &Path, to: &Path) -> [String; 2] {
    Drive::from_seed(seed, to).unwrap();
    let mut bytes = fs::read(to).unwrap();
    bytes.resize(usize::try_from(SECTORS * 512).unwrap(), 0);
    fs::write(to, [vec![0; 1 << 20], bytes.clone()].concat()).unwrap();
    let content = fs::read(seed.join("openstack/latest/user_data")).unwrap();
    let file = bytes.windows(content.len()).position(|window| window == content).unwrap() as u64 / 512;
    // Behind the descriptors of ISO 9660 and of Joliet and the last one; Btrfs would be told at 128.
    [&[0, 64 + 3 * 4, 128, 136][..], &[0, file]].map(table)
}

/// A table whose pieces begin at these sectors and answer, queue, answer, ….
fn table(begins: &[u64]) -> String {
    let ends = begins.iter().skip(1).chain([&SECTORS]);
    let piece = |(number, (begin, end)): (usize, (&u64, &u64))| {
        let (device, at) = if number % 2 == 0 { ("/dev/vdc", 2048 + begin) } else { ("/dev/dm-1", *begin) };
        format!("{begin} {} linear {device} {at}\n", end - begin)
    };
    begins.iter().zip(ends).enumerate().map(piece).collect()
}

fn initramfs(to: &Path, tables: [String; 2]) {
    let kernel = Kernel::find_or_fetch(&crate::vm::folder().join("kernel"), &mut |_| {}).unwrap();
    let mut archive = Archive::default();
    archive.character_device("dev/console", 5, 1);
    archive.file("init", 0o755, INIT.as_bytes());
    archive.file("agent", 0o755, &fs::read(programs::build().unwrap().agent).unwrap());
    for folder in ["bin", "sbin", "proc", "sys", "run", "modules", "usr/bin"] {
        archive.folder(folder);
    }
    archive.file("usr/bin/glowplug", 0o755, &fs::read(programs::build().unwrap().runner).unwrap());
    archive.file("bin/busybox", 0o755, &fs::read("/bin/busybox").unwrap());
    program(&mut archive, Path::new("/sbin/dmsetup"));
    let mut order = String::new();
    for module in kernel.closure(MODULES, &["virtio_rng", "crc32c_generic"]).unwrap() {
        let path = format!("modules/{}", module.path.rsplit('/').next().unwrap());
        archive.file(&path, 0o644, &module.content().unwrap());
        order += &path;
        order.push('\n');
    }
    archive.file("order", 0o644, order.as_bytes());
    for (name, table) in ["directories", "files"].iter().zip(tables) {
        archive.file(name, 0o644, table.as_bytes());
    }
    fs::write(to, archive.finish()).unwrap();
}

/// The boot stopped for good at the first of them, and at a seed that answered until it was mounted
/// or until its files were read; without a root its empty folder was provisioned.
#[test]
fn devices_that_never_answer_stop_no_boot_and_no_root_is_no_machine() {
    let seed = write_seed("stuck", &[("meta_data.json", r#"{"uuid": "stuck", "hostname": "patient"}"#)]);
    let metadata = r#"{"uuid": "dying", "hostname": "impatient"}"#;
    let dying = write_seed("dying", &[("meta_data.json", metadata), ("user_data", "#!/bin/sh\n: dying\n")]);
    let folder = story_folder("stuck-image");
    let (place, disc) = (folder.join("initramfs"), folder.join("dying.iso"));
    initramfs(&place, self::disc(&dying, &disc));
    let image: &'static Image = Box::leak(Box::new(Image { initramfs: place, ..image().clone() }));
    let mut scene = Scene::of(image, "stuck", &[&seed]);
    let disk = scene.blank_disk("stuck.img", 4);
    scene.set_disks(&[&disk, &disc]);
    let boot = scene.boot_seed(&seed);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "patient"), "{}", boot.status_output);
    let console = scene.console();
    let ended: Vec<&str> =
        console.lines().filter_map(|line| line.trim_end().strip_prefix("the hook ended with ")).collect();
    assert_eq!(ended, ["1", "1", "12"], "{console}");
    scene.expect_told(&["unable to provision /sysroot: no root is mounted there"]);
    scene.expect_told(&["unable to provision /sysroot: it holds no system"]);
    scene.expect_told(&["unable to read /dev/dm-0: it is suspended, and is left out"]);
    scene.expect_told(&["waiting for /dev/dm-1 to answer"]);
    scene.expect_told(&["unable to read /dev/dm-1: it does not answer, and is left out"]);
    for device in ["/dev/dm-2", "/dev/dm-3"] {
        scene.expect_told(&[&format!("waiting for {device} to answer")]);
        scene.expect_told(&[&format!("unable to read {device}: it does not answer, and is left out")]);
    }
    assert!(console.contains("[agent]"), "its reader waits on: {console}");
}
