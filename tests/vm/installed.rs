//! Debian roots that are not as the agent would find them by default: one that
//! `glowplug install` made ready and whose own initramfs-tools packed its
//! initramfs, and one that takes no file.

use std::sync::OnceLock;

use crate::debian::{BACK, FRONT, counts, image, seed, seed_with, sound};
use crate::scene::{Scene, addresses, change_root, link, story_folder};
use crate::vm::debian::{self, Backend, Maker};
use crate::vm::kernel::Kernel;
use crate::vm::{Image, Parts, folder, host, programs, qemu};

/// Of a root as packages leave it one that glowplug is installed in.
/// RUNNER KERNEL INITRAMFS: the last is made.
const INSTALL: &str = r#"
runner=$1 kernel=$2 initramfs=$3
version=$(basename "$kernel"/lib/modules/*)
mkdir -p lib/modules
cp -a "$kernel/lib/modules/$version" lib/modules/
cp "$kernel/boot/config-$version" "$kernel/boot/vmlinuz-$version" boot/
sed -i 's/^MODULES=.*/MODULES=list/' etc/initramfs-tools/initramfs.conf
printf 'virtio_pci\nvirtio_blk\n' > etc/initramfs-tools/modules
mount -t proc proc proc
mount -t devtmpfs dev dev || mount --bind /dev dev
chroot . update-initramfs -c -k "$version"
state() { find . -xdev ! -type d -printf '%p %y %m %U:%G %s %T@ %l\n' -o -xdev -printf '%p %m %U:%G\n' | sort; }
before=$(state)
"$runner" install --root .
"$runner" uninstall --root .
after=$(state)
[ "$before" = "$after" ] && echo uninstalled without a trace
"$runner" install --root . --rebuild
chroot . systemd-analyze verify --man=no default.target 2>&1 | sed 's/^/verify: /'
cp "boot/initrd.img-$version" "$initramfs"
"#;

#[test]
fn a_root_with_glowplug_installed_boots_the_initramfs_it_packed() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let mut said = String::new();
    let image = IMAGE.get_or_init(|| {
        let say = &mut |text: &str| println!("{text}");
        let kernel = Kernel::find_or_fetch(&folder().join("kernel"), say).unwrap();
        let plain = debian::root(Backend::Ifupdown, &["initramfs-tools"], say).unwrap();
        let place = story_folder("installed-image");
        let (root, initramfs) = (place.join("root.img"), place.join("initramfs"));
        let runner = programs::build().unwrap().runner;
        let package = kernel.modules.ancestors().find(|path| path.join("boot").is_dir()).unwrap();
        let words = [runner.as_os_str(), package.as_os_str(), initramfs.as_os_str()];
        said = change_root(&plain, &root, INSTALL, &words);
        Image {
            kernel: kernel.file.clone(),
            initramfs,
            words: "",
            root,
            memory: 768,
            timeout: qemu::TIMEOUT * 3,
            agent_bytes: 0,
        }
    });
    assert!(said.contains("uninstalled without a trace\n") && !said.contains("verify: "), "{said}");
    let seed = seed("installed", "first", "anvil", "192.0.2.20");
    let mut scene = Scene::of(image, "installed", &[&seed]);
    let boot = scene.boot_seed(&seed);
    sound(&scene, &boot, Backend::Ifupdown, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene), (1, 1));
    scene.expect_told(&["the root has the units of glowplug: it runs its own"]);
    assert!(scene.text("/root/address").unwrap().contains("192.0.2.20/24"), "runcmd waited for the network");
    assert_eq!(scene.text("/usr/local/bin/glowplug"), None);
    let made_up =
        boot.run_files.keys().find(|path| path.starts_with("/run/systemd/system/glowplug-init.service"));
    assert!(made_up.is_none_or(|path| path.contains(".d/")), "{made_up:?}");
}

/// What a machine can do whose root takes no file.
const IN_MEMORY: &str = "\
#cloud-config
users: []
ssh_deletekeys: false
ssh_genkeytypes: []
write_files:
- {path: /etc/early.conf, content: x}
- {path: /run/early, content: y}
runcmd:
- echo instance >> /run/instances
- ip -4 -o address show dev front > /run/address
";

#[test]
fn a_root_that_takes_no_file_is_named_and_addressed_and_its_commands_run() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        let image = image(Parts::debian(Backend::Ifupdown, Maker::InitramfsTools), "read-only");
        let root = story_folder("read-only-root").join("root.img");
        let script = "mkdir var/lib/cloud; sed -i 's/ defaults / ro /' etc/fstab";
        change_root(&image.root, &root, script, &[]);
        Image { root, ..image }
    });
    let seed = seed_with("read-only", "first", "anvil", "192.0.2.20", IN_MEMORY);
    let mut scene = Scene::of(image, "read-only", &[&seed]);
    scene.protect_disk();
    let boot = scene.boot_seed(&seed);
    let told = scene.console();
    scene.expect_told(&["the root is read-only, and eni reads no file in /run: addresses are set live"]);
    scene.expect_told(&["/run/glowplug/bin/glowplug runs the stages"]);
    assert_eq!(boot.hostname, "anvil", "{told}");
    for (mac, name, address) in [(FRONT, "front", "192.0.2.20/24"), (BACK, "back", "198.51.100.20/25")] {
        let link = link(&boot, mac);
        assert_eq!((&*link.name, link.up, addresses(link)), (name, true, vec![address]));
    }
    let route = boot.routes.iter().any(|route| route.starts_with("default via 192.0.2.1 dev front"));
    assert!(route, "{:?}", boot.routes);
    assert_eq!(boot.run_files["/run/early"], "y");
    assert_eq!(boot.run_files["/run/instances"], "instance\n");
    assert!(boot.run_files["/run/address"].contains("192.0.2.20/24"));
    let result = &boot.run_files["/run/cloud-init/result.json"];
    assert!(result.contains("\"errors\": []"), "{result}");
    let status = &boot.run_files["/run/cloud-init/status.json"];
    assert!(status.contains("unable to write /etc/early.conf: Read-only file system"), "{status}");
    assert_eq!(boot.cycles.trim(), "");
    assert_eq!(boot.failed_units, Vec::<String>::new(), "{told}");
    let mut compare = host::command("cmp").unwrap();
    host::run(compare.arg(&image.root).arg(scene.disk()), "compare", &image.root).unwrap();
}
