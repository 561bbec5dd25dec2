//! The first boot of the sample seed, checked to the byte.

use crate::scene::{Scene, addresses, image, link, metadata, sample};
use crate::vm::contents::{Contents, Entry};
use crate::vm::report::Boot;

/// Keys in the order they were given: the metadata's, then user-data's.
const KEYS: &str = "\
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNhbXBsZS1rZXktb2YtdGhlLW1ldGFkYXRhLTAwMDAx laptop@example.net
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNhbXBsZS1rZXktb2YtdGhlLXVzZXItZGF0YS0wMDAwMDE desk@example.net
";

const ROOT: (u32, u32) = (0, 0);
const ADMIN: (u32, u32) = (1000, 1000);

/// Path, permission bits, owner and content.
type File<'a> = (&'a str, u32, (u32, u32), &'a [u8]);

/// Kernel modules and the archive's own headers, in bytes.
const MODULES: u64 = 4 << 20;

#[test]
fn the_initramfs_holds_the_agent_and_modules_alone() {
    let size = std::fs::metadata(&image().initramfs).unwrap().len();
    let agent = image().agent_bytes;
    assert!((agent..agent + MODULES).contains(&size), "{size} bytes, {agent} of them the agent's");
}

#[test]
fn first_boot_of_the_sample() {
    let seed = sample();
    let mut scene = Scene::new("sample", &[&seed]);
    let boot = scene.boot_seed(&seed);
    let contents = scene.contents();
    assert_eq!((boot.status.as_str(), boot.status_exit), ("done", 0), "{}", boot.status_output);
    the_name_is_the_user_datas(&boot, &contents);
    the_links_are_named_by_address(&boot);
    every_file_is_as_asked(&contents);
    the_keys_are_in_place(&contents);
    the_commands_ran(&boot, &contents);
    the_state_is_where_people_look(&boot, &contents);
    scene.expect_told(&["config drive", "/dev/sr0"]);
}

fn the_name_is_the_user_datas(boot: &Boot, contents: &Contents) {
    assert_eq!(boot.hostname, "forge");
    assert_eq!(contents.text("/etc/hostname").as_deref(), Some("forge\n"));
}

fn the_links_are_named_by_address(boot: &Boot) {
    let front = link(boot, "52:54:00:6b:1c:01");
    assert_eq!((front.name.as_str(), front.up), ("eth0", true));
    assert_eq!(addresses(front), ["192.0.2.10/24", "2001:db8:0:2::10/64"]);
    let back = link(boot, "52:54:00:6b:1c:02");
    assert_eq!((back.name.as_str(), back.up), ("eth1", true));
    assert_eq!(addresses(back), ["198.51.100.10/25"]);
    assert_eq!(boot.links.len(), 2, "{:?}", boot.links);
    for route in ["default via 192.0.2.1 dev eth0", "203.0.113.0/24 via 198.51.100.1 dev eth1"] {
        assert!(boot.routes.iter().any(|line| line.starts_with(route)), "{route}: {:?}", boot.routes);
    }
}

fn every_file_is_as_asked(contents: &Contents) {
    let ascending: Vec<u8> = (0..64).collect();
    let descending: Vec<u8> = (192..=255).rev().collect();
    let compressed = "decoded from base64, then from gzip\n".repeat(8);
    let files: [File; 8] = [
        ("/etc/forge/plain.conf", 0o644, ROOT, b"kind = \"plain text\"\nmode = \"the default, 0644\"\n"),
        ("/etc/forge/base64.bin", 0o600, ROOT, &ascending),
        ("/etc/forge/compressed.txt", 0o644, ROOT, compressed.as_bytes()),
        ("/etc/forge/binary.bin", 0o440, ROOT, &descending),
        ("/etc/forge/injected.conf", 0o660, ROOT, b"injected = \"by the files of meta_data.json\"\n"),
        ("/home/admin/notes/readme", 0o640, ADMIN, b"owned by the admin\n"),
        ("/etc/motd", 0o644, ROOT, b"A small machine, provisioned by glowplug.\nIts seed added this line.\n"),
        ("/etc/passwd", 0o644, ROOT, include_bytes!("../../initramfs/image/root/etc/passwd")),
    ];
    for (path, mode, owner, content) in files {
        assert!(contents.entries.get(path).is_some_and(Entry::is_file), "{path}");
        assert_eq!(metadata(contents, path), (mode, owner.0, owner.1), "{path}");
        assert_eq!(contents.read(path).as_deref(), Some(content), "{path}");
    }
    assert_eq!(metadata(contents, "/etc/init.d/S10hello"), (0o755, 0, 0));
    // lists do not add up: the user's write_files take the place of the vendor's
    assert!(!contents.entries.contains_key("/etc/forge/vendor.conf"));
}

fn the_keys_are_in_place(contents: &Contents) {
    assert_eq!(metadata(contents, "/home/admin/.ssh"), (0o700, ADMIN.0, ADMIN.1));
    assert_eq!(metadata(contents, "/home/admin/.ssh/authorized_keys"), (0o600, ADMIN.0, ADMIN.1));
    assert_eq!(contents.text("/home/admin/.ssh/authorized_keys").as_deref(), Some(KEYS));
    assert_eq!(metadata(contents, "/root/.ssh/authorized_keys"), (0o600, 0, 0));
    let root = contents.text("/root/.ssh/authorized_keys").unwrap_or_default();
    for (line, key) in root.lines().zip(KEYS.lines()) {
        assert!(line.starts_with("no-port-forwarding,") && line.ends_with(key), "{line}");
        assert!(line.contains("the user \\\"admin\\\" rather than"), "{line}");
    }
    assert_eq!(root.lines().count(), 2);
}

fn the_commands_ran(boot: &Boot, contents: &Contents) {
    assert_eq!(contents.text("/root/by-list").as_deref(), Some("a list, on forge\n"));
    assert_eq!(contents.text("/root/by-string").as_deref(), Some("a string, on forge\n"));
    assert_eq!(contents.text("/root/by-script").as_deref(), Some("a script, as root\n"));
    assert_eq!(contents.text("/var/log/bootcmd").as_deref(), Some("vendor\n"));
    let output = contents.text("/var/log/cloud-init-output.log").unwrap_or_default();
    assert!(output.contains("The script of the user data has run."), "{output}");
    // the seed's own service ran in this boot, after the name and the address were there
    let hello = &boot.run_files["/run/hello"];
    assert!(hello.starts_with("forge\n") && hello.contains("192.0.2.10/24"), "{hello}");
}

fn the_state_is_where_people_look(boot: &Boot, contents: &Contents) {
    let id = "6f1a7c52-3b0e-4d5f-8a3e-5c1f0e9d2b10";
    assert_eq!(contents.text("/var/lib/cloud/data/instance-id"), Some(format!("{id}\n")));
    let user_data = std::fs::read(sample().join("openstack/latest/user_data")).unwrap();
    assert_eq!(contents.read("/var/lib/cloud/instance/user-data.txt"), Some(user_data));
    assert_eq!(metadata(contents, &format!("/var/lib/cloud/instances/{id}/user-data.txt")).0, 0o600);
    for module in ["runcmd", "write_files", "set_hostname", "ssh", "scripts_user"] {
        let semaphore = format!("/var/lib/cloud/instances/{id}/sem/config_{module}");
        assert!(contents.entries.contains_key(&semaphore), "{semaphore}");
    }
    for file in ["/run/cloud-init/status.json", "/run/cloud-init/result.json", "/run/glowplug/timings"] {
        assert!(boot.run_files.contains_key(file), "{file}: {:?}", boot.run_files.keys());
    }
    assert!(boot.timings_ms.keys().any(|step| step.starts_with("agent/")), "{:?}", boot.timings_ms);
}
