//! A script, a cloud-config and an upstart job in one MIME message on a config
//! drive: what it makes of a machine over four boots (the first, one more, a
//! snapshot with another drive, the drive gone) and by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::debian::image as debian_image;
use crate::scene::{Scene, addresses, change_root, image, link, metadata, story_folder, write_seed};
use crate::vm::debian::{Backend, Maker};
use crate::vm::report::Boot;
use crate::vm::{Image, Parts, host, programs};

const MAC: &str = "52:54:00:6b:31:01";

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUnPfhfNLhZcqtF7WHhMOB2wcWcfHTcjO2YFGMaZ5xz miller";

const RESOLV_CONF: &str = "# Created by glowplug\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n";

/// What a person types on the machine, in cloud-init's words.
const BY_HAND: &str = "\
glowplug init --local
glowplug init
glowplug modules --mode config
glowplug modules --mode final
glowplug query ds.meta_data.hostname
glowplug query v1.instance_id
glowplug single --name runcmd --frequency always
glowplug single --name scripts_user --frequency always
glowplug cache show
glowplug cache set local-hostname renamed
glowplug cache get local-hostname
";

/// A config drive of instance `id`, known outside as `public`, with `address` on its NIC.
fn drive(story: &str, id: &str, public: &str, address: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mission");
    let mut make = std::process::Command::new(programs::build().unwrap().runner);
    make.args(["devel", "make-mime"]).current_dir(&data);
    for part in ["first.sh:x-shellscript", "settings.cfg:cloud-config", "job.cfg:upstart-job"] {
        make.args(["-a", part]);
    }
    let message = String::from_utf8(host::run(&mut make, "make the message of", &data).unwrap()).unwrap();
    let network = format!(
        r#"{{"links": [{{"id": "l", "name": "eth0", "type": "phy", "ethernet_mac_address": "{MAC}"}}],
            "networks": [{{"id": "n", "link": "l", "type": "ipv4", "ip_address": "{address}", "netmask": "255.255.255.0"}}]}}"#
    );
    let files = [
        ("meta_data.json", &*format!(r#"{{"uuid": "{id}", "hostname": "{id}"}}"#)),
        ("network_data.json", &network),
        ("user_data", &message),
    ];
    let seed = write_seed(&format!("{story}-{id}"), &files);
    fs::create_dir_all(seed.join("ec2/latest")).unwrap();
    let ec2 = format!(r#"{{"instance-id": "{id}", "public-ipv4": "{public}"}}"#);
    fs::write(seed.join("ec2/latest/meta-data.json"), ec2).unwrap();
    seed
}

/// An image with the commands of [`BY_HAND`] in its root.
fn with_commands(image: &Image, story: &str) -> Image {
    let root = story_folder(&format!("{story}-root")).join("root.img");
    change_root(&image.root, &root, "printf %s \"$1\" > root/by-hand", &[BY_HAND.as_ref()]);
    Image { root, ..image.clone() }
}

#[test]
fn a_message_of_a_script_settings_and_a_job_makes_a_tiny_machine() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    four_boots_and_by_hand("mission", IMAGE.get_or_init(|| with_commands(image(), "mission")));
}

#[test]
fn a_message_of_a_script_settings_and_a_job_makes_a_debian() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let parts = Parts::debian(Backend::Ifupdown, Maker::InitramfsTools);
    let image = IMAGE.get_or_init(|| with_commands(&debian_image(parts, "mission-debian"), "mission-debian"));
    four_boots_and_by_hand("mission-debian", image);
}

fn four_boots_and_by_hand(story: &str, image: &'static Image) {
    let seed = drive(story, "first", "203.0.113.20", "192.0.2.10");
    let mut scene = Scene::of(image, story, &[&seed]);

    let boot = scene.boot_seed(&seed);
    the_machine_is(&scene, &boot, "first", &["192.0.2.10/24", "192.168.2.10/24"]);
    the_files_are_there_before_init(&scene);
    what_can_not_be_done_is_told(&scene);
    assert_eq!(runs(&scene), (1, 1));

    let boot = scene.boot_seed(&seed);
    the_machine_is(&scene, &boot, "first", &["192.0.2.10/24", "192.168.2.10/24"]);
    assert_eq!(runs(&scene), (1, 1), "nothing runs again");

    let other = drive(story, "second", "203.0.113.21", "192.0.2.11");
    let boot = scene.boot_seed(&other);
    the_machine_is(&scene, &boot, "second", &["192.0.2.11/24", "192.168.3.10/24"]);
    assert!(
        boot.routes.iter().any(|route| route.starts_with("default via 192.168.3.254 ")),
        "{:?}",
        boot.routes
    );
    assert_eq!(runs(&scene), (2, 2), "a snapshot with another drive is another machine");

    let boot = scene.boot(None);
    the_machine_is(&scene, &boot, "second", &["192.0.2.11/24", "192.168.3.10/24"]);
    assert_eq!(runs(&scene), (2, 2), "a drive that is gone changes nothing");

    let boot = scene.boot_seed_with(&other, "report.hand");
    the_commands_answer(&boot.run_files["/run/by-hand"]);
    assert_eq!(runs(&scene), (3, 3), "of all that is typed only `single` runs anything again");
}

/// Name, addresses and resolver in this boot, and a status that says so.
fn the_machine_is(scene: &Scene, boot: &Boot, id: &str, expected: &[&str]) {
    assert_eq!((&*boot.hostname, boot.status.as_str()), (id, "done"), "{}", boot.status_output);
    let nic = link(boot, MAC);
    assert_eq!((nic.name.as_str(), addresses(nic)), ("eth0", expected.to_vec()), "{:#?}", scene.lines);
    assert_eq!(scene.text("/etc/resolv.conf").as_deref(), Some(RESOLV_CONF));
    assert!(boot.failed_units.is_empty(), "{:?}", boot.failed_units);
}

fn the_files_are_there_before_init(scene: &Scene) {
    let contents = scene.contents();
    let files: [(&str, u32, &[u8]); 5] = [
        ("/etc/sysconfig/mill", 0o644, b"# mode of the mill\nmode=fast\n"),
        ("/etc/sysconfig/saw", 0o644, b"# options of the saw\nSAW_OPTIONS=\"-q\"\n"),
        ("/usr/local/bin/plain", 0o555, b"#!/bin/sh\necho plain\n"),
        ("/usr/local/bin/zipped", 0o644, b"#!/bin/sh\necho gzipe\n"),
        ("/etc/init/job.cfg.conf", 0o644, include_bytes!("../data/mission/job.cfg")),
    ];
    for (path, mode, content) in files {
        let found = contents.read(path).unwrap_or_else(|| panic!("{path} is not there"));
        assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(content), "{path}");
        assert_eq!(metadata(&contents, path), (mode, 0, 0), "{path}");
    }
    for done in ["seed_files: 1 action", "write_files: 4 actions", "resolv_conf: 1 action", "ssh: "] {
        scene.expect_told(&[done, "done"]);
    }
    for user in ["/home/admin", "/root"] {
        let keys = contents.text(&format!("{user}/.ssh/authorized_keys")).unwrap_or_default();
        assert!(keys.trim_end().ends_with(KEY) && keys.lines().count() == 1, "{user}: {keys}");
    }
    let output = contents.text("/var/log/cloud-init-output.log").unwrap();
    for line in ["made at ", "changed the mill", "mode=fast"] {
        assert!(output.contains(line), "{output}");
    }
    assert!(contents.entries.contains_key("/var/lib/cloud/instances/first/scripts/runcmd"));
}

fn what_can_not_be_done_is_told(scene: &Scene) {
    let log = scene.text("/var/log/cloud-init.log").unwrap();
    for words in ["settings.cfg:20:1: permissions: no such key", "unable to authorize key 1"] {
        assert!(log.contains(words), "{words}:\n{log}");
    }
    assert!(!log.contains("key_one"), "what is no key may be a secret: {log}");
}

/// How often the script and the commands ran.
fn runs(scene: &Scene) -> (usize, usize) {
    let output = scene.text("/var/log/cloud-init-output.log").unwrap_or_default();
    let count = |words: &str| output.lines().filter(|line| line.contains(words)).count();
    (count("made at "), count("changed the mill"))
}

fn the_commands_answer(said: &str) {
    let answer = |command: &str| {
        let rest =
            said.split_once(&format!("+ {command}\n")).unwrap_or_else(|| panic!("{command}: {said}")).1;
        rest.split("\n+ ").next().unwrap_or(rest).trim_end().to_owned()
    };
    assert_eq!(answer("glowplug query ds.meta_data.hostname"), "second", "{said}");
    assert_eq!(answer("glowplug query v1.instance_id"), "second", "{said}");
    let written = answer("glowplug single --name runcmd --frequency always");
    assert!(written.contains("runcmd: 1 action done"), "{said}");
    assert!(answer("glowplug cache show").contains("second"), "{said}");
    assert!(said.trim_end().ends_with("renamed"), "{said}");
}
