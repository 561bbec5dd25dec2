//! A Debian whose own cloud-init is enabled: beside it, where it does all but
//! the network, and in its place. The same root and seed, and the same must
//! come of it.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::debian::{BACK, FRONT, KEY, image, network};
use crate::scene::{Scene, addresses, change_root, link, story_folder, write_seed};
use crate::vm::debian::{Backend, Maker};
use crate::vm::report::Boot;
use crate::vm::{Image, Parts, RootKind, programs};

const USER_DATA: &str = "\
#cloud-config
users:
- default
- {name: smith, gecos: Agnes Smith, shell: /bin/sh}
write_files:
- {path: /etc/written.conf, content: \"by user-data\\n\", permissions: '0640'}
- path: /var/lib/cloud/scripts/per-boot/count
  content: \"#!/bin/sh\\necho boot >> /root/boots\\n\"
  permissions: '0755'
ssh_genkeytypes: [ed25519]
locale: C.UTF-8
runcmd:
- echo instance >> /root/instances
- ip -4 -o address show dev front > /root/address
";

const VENDOR_DATA: &str =
    r##"["#!/bin/sh\necho vendor > /root/vendor\n", "#cloud-config\ntimezone: Europe/Zurich\n"]"##;

/// Debian with cloud-init, the root that `initramfs/demo --measure` has too.
fn with_cloud_init() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let root = RootKind::Debian(Backend::NetworkManager, &["cloud-init"]);
    IMAGE.get_or_init(|| {
        let image = image(Parts { root, maker: Maker::Dracut, provisioned: true }, "cloud-init");
        // its four stages alone take twice as long as a boot without them
        Image { timeout: image.timeout * 2, ..image }
    })
}

fn seed(story: &str) -> PathBuf {
    let metadata = format!(
        r#"{{"uuid": "beside-1", "hostname": "anvil.example.org", "availability_zone": "north",
             "meta": {{"role": "forge"}}, "random_seed": "AAECAwQ=", "public_keys": {{"k": "{KEY}"}},
             "files": [{{"path": "/etc/injected", "content_path": "/content/0000"}}]}}"#
    );
    let files = [
        ("meta_data.json", &*metadata),
        ("network_data.json", &network("192.0.2.20")),
        ("user_data", USER_DATA),
        ("vendor_data.json", VENDOR_DATA),
        ("../content/0000", "injected\n"),
    ];
    write_seed(story, &files)
}

/// Fails unless the machine is as the seed says, whoever made it so, and
/// commands ran as often as this: for the instance, and at each boot.
fn provisioned(scene: &Scene, boot: &Boot, counts: (usize, usize)) {
    let told = format!("{:#?}", scene.lines);
    assert!(boot.failed_units.is_empty(), "{:?}\n{told}", boot.failed_units);
    assert_eq!(boot.cycles.trim(), "");
    assert_eq!(boot.hostname, "anvil", "{told}");
    for (mac, nic, has) in [(FRONT, "front", "192.0.2.20/24"), (BACK, "back", "198.51.100.20/25")] {
        let link = link(boot, mac);
        assert_eq!((&*link.name, addresses(link)), (nic, vec![has]), "{told}");
        let said = &boot.network_backend[nic];
        assert!(said.contains(&format!("GENERAL.CONNECTION:cloud-init {nic}")), "{said}");
    }
    let text = |path: &str| scene.text(path).unwrap_or_else(|| panic!("{path} is not there\n{told}"));
    assert_eq!(text("/etc/written.conf"), "by user-data\n");
    assert_eq!(text("/etc/injected"), "injected\n");
    assert_eq!(text("/root/vendor"), "vendor\n");
    assert_eq!(text("/etc/timezone"), "Europe/Zurich\n");
    assert!(text("/etc/passwd").contains("Agnes Smith"));
    assert!(text("/home/debian/.ssh/authorized_keys").contains(KEY), "cloud.cfg's own user has the key");
    assert!(text("/root/address").contains("192.0.2.20/24"), "the network was there");
    let data = &boot.run_files["/run/cloud-init/instance-data.json"];
    for known in ["\"availability_zone\": \"north\"", "\"role\": \"forge\""] {
        assert!(data.contains(known), "{known} is not in\n{data}");
    }
    let lines = |path: &str| text(path).lines().count();
    assert_eq!((lines("/root/instances"), lines("/root/boots")), counts);
}

#[test]
fn debians_cloud_init_does_all_but_the_network() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let mut said = String::new();
    let image = IMAGE.get_or_init(|| {
        let root = story_folder("beside-root").join("root.img");
        let runner = programs::build().unwrap().runner;
        let script = "\"$1\" install --root . --beside";
        said = change_root(&with_cloud_init().root, &root, script, &[runner.as_os_str()]);
        Image { root, ..with_cloud_init().clone() }
    });
    assert!(
        said.contains("link /etc/cloud/cloud.cfg.d/zz-glowplug.cfg to /run/glowplug/cloud.cfg"),
        "{said}"
    );
    let seed = seed("beside");
    let mut scene = Scene::of(image, "beside", &[&seed]);
    let boot = scene.boot_seed(&seed);
    provisioned(&scene, &boot, (1, 1));
    scene.expect_told(&["the rest is left to cloud-init, which gets the seed in /run/glowplug/nocloud"]);
    alone_with_the_network(&scene, &boot);

    let boot = scene.boot(None);
    provisioned(&scene, &boot, (1, 2));
    alone_with_the_network(&scene, &boot);
}

/// cloud-init had the seed from us, found nothing wrong, and left the network.
fn alone_with_the_network(scene: &Scene, boot: &Boot) {
    let result = &boot.run_files["/run/cloud-init/result.json"];
    assert!(
        result.contains("DataSourceNoCloud [seed=ds_config_seedfrom,/run/glowplug/nocloud/]"),
        "{result}"
    );
    assert!(result.contains("\"errors\": []"), "{result}");
    let log = scene.text("/var/log/cloud-init.log").unwrap();
    let bad: Vec<&str> =
        log.lines().filter(|line| line.contains("WARNING") || line.contains("Traceback")).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(!boot.run_files.contains_key("/run/systemd/system/glowplug-init.service"));
}

#[test]
fn in_the_place_of_debians_cloud_init() {
    let seed = seed("replace");
    let mut scene = Scene::of(with_cloud_init(), "replace", &[&seed]);
    let boot = scene.boot_seed_with(&seed, "glowplug=replace");
    provisioned(&scene, &boot, (1, 1));
    assert_eq!((boot.status.as_str(), boot.status_exit), ("done", 0), "{}", boot.status_output);
    let result = &boot.run_files["/run/cloud-init/result.json"];
    assert!(result.contains("DataSourceConfigDrive"), "{result}");
    // what its generator, its ds-identify and its stages leave wherever they run
    for trace in ["cloud-init-generator.log", "ds-identify.log", "cloud.cfg", "enabled"] {
        assert!(!boot.run_files.contains_key(&format!("/run/cloud-init/{trace}")), "{trace}");
    }
    assert_eq!(scene.text("/var/lib/cloud/data/python-version"), None);
    let log = scene.text("/var/log/cloud-init.log").unwrap();
    assert!(!log.contains(".py["), "{log}");
}
