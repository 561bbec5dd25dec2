//! The agent as a hook of another initramfs: one command on a root that is
//! mounted already. Each story runs in namespaces of its own (mounts, network,
//! host name), with NICs that are veth pairs, and needs to be root.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use story::{Story, said};

#[path = "support/story.rs"]
mod story;

/// Makes `root` one that NetworkManager configures.
fn with_network_manager(story: &Story) {
    story.root("etc/os-release", "ID=fedora\n");
    story.root("usr/bin/nmcli", "");
    story.root("usr/sbin/NetworkManager", "");
    story.root("etc/systemd/system/multi-user.target.wants/NetworkManager.service", "");
}

#[test]
fn a_root_with_network_manager_gets_keyfiles_and_links_that_are_down() {
    let story = Story::new("keyfile");
    with_network_manager(&story);
    let output = story.run("$AGENT --root $ROOT --seed $SEED; code=$?; ip -o link; ip -o addr; (exit $code)");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let link = said.lines().find(|line| line.contains("52:54:00:aa:00:01")).unwrap();
    assert!(link.contains(" front@") && !link.contains(",UP") && !link.contains("<UP"), "{link}");
    assert!(!said.contains("192.0.2.7/24 "), "the back end puts the address on: {said}");
    let keyfile = story.text("run/NetworkManager/system-connections/cloud-init-front.nmconnection").unwrap();
    for line in
        ["mac-address=52:54:00:AA:00:01", "address1=192.0.2.7/24", "route1=0.0.0.0/0,192.0.2.1", "mtu=1400"]
    {
        assert!(keyfile.lines().any(|have| have == line), "{line} is not in\n{keyfile}");
    }
    let other = story.text("run/NetworkManager/system-connections/cloud-init-b0.nmconnection").unwrap();
    assert!(other.contains("method=auto"), "{other}");
    assert_eq!(
        story.text("root/etc/hostname").as_deref(),
        Some("hooked.example.org\n"),
        "Fedora's is the full name"
    );
}

#[test]
fn statuses_tell_found_absent_and_broken() {
    let story = Story::new("statuses");
    let empty = story.folder.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let code = |seed: &Path| {
        let output = story.run(&format!("$AGENT --root $ROOT --seed {}", seed.display()));
        (output.status.code(), said(&output))
    };
    assert_eq!(code(&empty).0, Some(12), "a seed that is named has to be one");
    let (status, text) = code(&story.folder.join("seed"));
    assert_eq!(status, Some(0), "{text}");
    fs::remove_dir_all(story.folder.join("root/var")).unwrap();
    story.seed("meta_data.json", "{\"uuid\": ");
    let (status, text) = code(&story.folder.join("seed"));
    assert_eq!(status, Some(12), "{text}");
    assert!(text.contains("openstack/latest/meta_data.json:1:10: "), "{text}");
}

/// Where no seed is expected the wait ends with the cold plug, and udev's is
/// over when its queue is gone.
#[test]
fn a_search_ends_when_udev_has_settled() {
    let story = Story::new("settled");
    let search = |queue: &str| {
        let script = format!(
            "mkdir /run/udev; {queue} date +%s.%N; $AGENT --root $ROOT; code=$?; date +%s.%N; (exit $code)"
        );
        let output = story.run(&script);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(10), "{said}");
        let times: Vec<f64> = said.lines().filter_map(|line| line.parse().ok()).collect();
        times[1] - times[0]
    };
    assert!(search("") < 1.2);
    let waited = search("touch /run/udev/queue; (sleep 1.5; rm /run/udev/queue) > /dev/null 2>&1 &");
    assert!((1.4..5.0).contains(&waited), "{waited}");
}

#[test]
fn a_plan_changes_nothing() {
    let story = Story::new("plan");
    with_network_manager(&story);
    story.seed(
        "user_data",
        "#cloud-config\nwrite_files:\n- {path: /etc/x, content: y, permissions: '0600'}\n",
    );
    let output =
        story.run("$AGENT --root $ROOT --seed $SEED --plan; code=$?; ip -o link; hostname; (exit $code)");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for line in
        ["rename link a0 to front", "write /etc/x (0600 root, 1 bytes)", "set host name hooked.example.org"]
    {
        assert!(said.lines().any(|have| have == line), "{line} is not in\n{said}");
    }
    assert!(said.contains(" a0@"), "{said}");
    let left: Vec<_> =
        fs::read_dir(story.folder.join("root")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "var"), "{left:?}");
    assert!(!story.folder.join("root/etc/x").exists() && !story.folder.join("run/glowplug").exists());
}

#[test]
fn what_another_mount_will_cover_is_left_to_the_runner() {
    let story = Story::new("covered");
    story.root("etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n/dev/vdb1 /var ext4 defaults 0 2\n");
    story.seed(
        "user_data",
        "#cloud-config\nwrite_files:\n- {path: /var/x, content: y}\n- {path: /etc/x, content: y}\n",
    );
    let output = story.run("$AGENT --root $ROOT --seed $SEED");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(story.text("root/etc/x").as_deref(), Some("y"));
    assert!(!story.folder.join("root/var").exists(), "{}", said(&output));
    let journal = story.text("run/glowplug/journal").unwrap();
    assert!(journal.contains("left write_files ") && journal.contains("done write_files "), "{journal}");
}

#[test]
fn the_last_instance_holds_on_its_own_machine_and_on_no_copy() {
    let story = Story::new("clone");
    let empty = story.folder.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let without_seed =
        format!("$AGENT --root $ROOT --seed {}; code=$?; ip -o addr; (exit $code)", empty.display());
    assert_eq!(story.run("$AGENT --root $ROOT --seed $SEED").status.code(), Some(0));

    let same = story.run(&without_seed);
    assert_eq!(same.status.code(), Some(12), "{}", said(&same));
    assert!(said(&same).contains("instance hook-1 of the last boot holds"), "{}", said(&same));
    assert!(said(&same).contains("192.0.2.7/24"), "{}", said(&same));

    let copy = story.run_on("52:54:00:bb:00", &without_seed);
    assert_eq!(copy.status.code(), Some(12), "{}", said(&copy));
    assert!(said(&copy).contains("it was made on another machine"), "{}", said(&copy));
    assert!(!said(&copy).contains("192.0.2.7"), "{}", said(&copy));
}

#[test]
fn a_cache_that_is_damaged_is_told_and_made_again() {
    let story = Story::new("damaged");
    assert_eq!(story.run("$AGENT --root $ROOT --seed $SEED").status.code(), Some(0));
    let cache = story.folder.join("root/var/lib/cloud/instances/hook-1/instance.cache");
    let sound = fs::read(&cache).unwrap();
    fs::write(&cache, &sound[..sound.len() / 2]).unwrap();
    let output = story.run("$AGENT --root $ROOT --seed $SEED");
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("unable to use the instance cache"), "{}", said(&output));
    assert!(fs::read(&cache).unwrap().starts_with(b"GLOWPLUG"));
    assert_eq!(fs::read(&cache).unwrap().len(), sound.len());
}

/// With the root's mount failed the empty folder for it was provisioned, and
/// said to be found.
#[test]
fn the_folder_that_an_initramfs_has_for_its_root_is_no_root() {
    let story = Story::new("no-root");
    let output = story.run(
        "T=$ROOT/../memory; mkdir $T; mount -t tmpfs tmpfs $T; mkdir -p $T/sysroot/etc $T/run $T/proc $T/sys; \
         cp $AGENT $T/agent; cp -a $SEED $T/seed; rm $T/seed/openstack/latest/network_data.json; \
         agent() { chroot $T /agent --root /sysroot --seed /seed; echo status $?; }; \
         agent; ls -A $T/sysroot/etc; mount -t tmpfs tmpfs $T/sysroot; agent; mkdir $T/sysroot/etc; agent; \
         touch $T/proc/vmcore; agent; rm $T/proc/vmcore; mkdir $T/sysroot/usr; agent",
    );
    let said = said(&output);
    let statuses: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("status ")).collect();
    assert_eq!(statuses, ["1", "1", "0", "10", "0"], "{said}");
    for line in [
        "unable to provision /sysroot: no root is mounted there",
        "unable to provision /sysroot: it holds no system: neither etc nor usr is in it",
        "/proc/vmcore: nothing is provisioned in this boot",
        "unable to find the system of /sysroot: its usr is empty (not mounted yet?): it is provisioned by half",
    ] {
        assert_eq!(said.matches(line).count(), 1, "{line}\n{said}");
    }
    assert!(!said.contains("hostname\n"), "{said}");
}

/// Who repairs a machine does not want another one.
#[test]
fn a_boot_for_repairs_provisions_nothing() {
    let story = Story::new("repairs");
    story.seed("network_data.json", "{}");
    let boot = |line: &str| {
        fs::write(story.folder.join("cmdline"), format!("root=/dev/vda {line} quiet\n")).unwrap();
        let output =
            story.run("mount --bind $ROOT/../cmdline /proc/cmdline; $AGENT --root $ROOT --seed $SEED");
        (output.status.code(), said(&output))
    };
    for line in
        ["rescue", "emergency", "single", "S", "1", "-b", "systemd.unit=rescue.target", "init=/bin/bash"]
    {
        let (status, said) = boot(line);
        let sign = line.split_once('=').map_or(line, |(_, sign)| sign);
        assert_eq!(status, Some(10), "{line}: {said}");
        assert!(said.contains(&format!("{sign}: nothing is provisioned in this boot")), "{said}");
        assert!(!story.folder.join("root/etc/hostname").exists(), "{line}");
    }
    let (status, said) = boot("init=/usr/lib/systemd/systemd systemd.unit=multi-user.target 3");
    assert_eq!(status, Some(0), "{said}");
}

/// NixOS has neither init nor units where others have them.
#[test]
fn a_root_that_is_not_as_others_is_told() {
    let story = Story::new("nixos");
    story.seed("network_data.json", "{}");
    story.root("nix/var/nix/profiles/system", "");
    let output = story.run("$AGENT --root $ROOT --seed $SEED");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("it looks like NixOS") && said.contains("nothing runs the stages"), "{said}");
}
