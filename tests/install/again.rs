//! A second `install` or `uninstall`, after a person or systemctl has had a hand in it.

use super::{DEBIAN, Image, tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

const WANTS: &str = "/etc/systemd/system/multi-user.target.wants/glowplug.target";

/// Where /lib is a link to /usr/lib, systemctl writes the one and this program the other.
#[test]
fn links_that_systemctl_made_anew_are_known() {
    let image = Image::new("systemctl", DEBIAN);
    image.add("/lib -> usr/lib");
    let before = image.tree();
    image.done(&["install"]);
    fs::remove_file(image.at(WANTS)).unwrap();
    symlink("/lib/systemd/system/glowplug.target", image.at(WANTS)).unwrap();
    let said = image.done(&["install"]);
    assert!(said.contains("nothing to do"), "{said}");
    image.done(&["uninstall"]);
    tree::assert_same(&before, &image.tree(), "uninstalled");
}

#[test]
fn an_edited_file_does_not_lose_the_manifest() {
    let image = Image::new("edited", DEBIAN);
    let before = image.tree();
    image.done(&["install"]);
    let unit = image.at("/usr/lib/systemd/system/glowplug-init.service");
    let own = fs::read(&unit).unwrap();
    fs::write(&unit, "mine\n").unwrap();
    for _ in 0..2 {
        let (status, said) = image.run(&["uninstall"]);
        assert_eq!(status, 1, "{said}");
        assert!(said.contains("it was changed since it was installed"), "{said}");
    }
    fs::write(&unit, own).unwrap();
    image.done(&["uninstall"]);
    tree::assert_same(&before, &image.tree(), "uninstalled");
}

/// As Debian has it with the package dracut-core.
#[test]
fn of_two_makers_the_one_whose_archives_boot_is_asked() {
    let image = Image::new("makers", DEBIAN);
    image.add("/usr/bin/dracut");
    let said = image.done(&["install", "--print"]);
    assert!(said.contains("update-initramfs -u") && said.contains("dracut --force"), "{said}");
    image.add("/boot/initrd.img-6.1.0-1-amd64");
    let said = image.done(&["install", "--print"]);
    assert!(said.contains("update-initramfs -u") && !said.contains("dracut --force"), "{said}");
    let image = Image::new("makers-2", DEBIAN);
    image.add("/usr/bin/dracut");
    image.add("/usr/bin/mkinitcpio");
    image.add("/boot/initramfs-6.12.0.img");
    image.add("/boot/initramfs-linux.img.old/");
    fs::remove_dir(image.at("/boot/initramfs-linux.img.old")).unwrap();
    let said = image.done(&["install", "--print"]);
    assert!(said.contains("dracut --force") && !said.contains("mkinitcpio -P"), "{said}");
}

#[test]
fn nothing_is_rebuilt_when_nothing_changed() {
    let image = Image::new("rebuild", DEBIAN);
    fs::create_dir_all(image.at("/bin")).unwrap();
    fs::copy("/bin/busybox", image.at("/bin/busybox")).unwrap();
    let maker = image.at("/usr/sbin/update-initramfs");
    fs::write(&maker, "#!/bin/busybox sh\necho packed >> /var/packed\n").unwrap();
    fs::set_permissions(&maker, fs::Permissions::from_mode(0o755)).unwrap();
    let packed = || fs::read_to_string(image.at("/var/packed")).unwrap_or_default().lines().count();

    let said = image.done(&["install"]);
    assert!(said.contains("then pack every initramfs anew") && packed() == 0, "{said}");
    image.done(&["install", "--rebuild"]);
    assert_eq!(packed(), 1, "what was installed before is in no initramfs yet");
    let said = image.done(&["install", "--rebuild"]);
    assert!(packed() == 1 && !said.contains("pack every"), "{said}");
    let said = image.done(&["install"]);
    assert!(!said.contains("pack every"), "{said}");

    fs::remove_file(image.at("/usr/share/initramfs-tools/hooks/glowplug")).unwrap();
    image.done(&["install", "--rebuild"]);
    assert_eq!(packed(), 2, "a piece was put back");
    fs::remove_file(image.at("/var/packed")).unwrap();
    image.done(&["uninstall", "--rebuild"]);
    assert_eq!(packed(), 1);
    assert!(!image.at("/usr/lib/glowplug").exists());
}
