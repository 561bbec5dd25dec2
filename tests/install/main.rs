//! `glowplug install` and `uninstall` on roots of every kind, as files: what
//! boots from them is tests/vm's.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod again;
#[path = "../support/tree.rs"]
mod tree;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use tree::Tree;

/// A root in a folder of its own.
struct Image(PathBuf);

/// What `glowplug` answered: exit status and all it said.
type Answer = (i32, String);

impl Image {
    /// `files` end in `/` where they are directories, and hold ` -> ` where
    /// they are links.
    fn new(name: &str, files: &[&str]) -> Self {
        // In memory where there is some: a program with its symbols is synced often.
        let memory = PathBuf::from("/dev/shm");
        let top = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = top.join(format!("glowplug-install-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let image = Self(folder);
        for file in files {
            image.add(file);
        }
        image
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    fn add(&self, file: &str) {
        let (path, target) = file.split_once(" -> ").map_or((file, None), |(path, to)| (path, Some(to)));
        let at = self.at(path.trim_end_matches('/'));
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        match target {
            Some(target) => symlink(target, at).unwrap(),
            None if path.ends_with('/') => fs::create_dir_all(at).unwrap(),
            None => fs::write(at, "theirs\n").unwrap(),
        }
    }

    fn run(&self, words: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_glowplug"))
            .args(words)
            .args(["--root", self.0.to_str().unwrap()])
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// As [`Image::run`], which must go well.
    fn done(&self, words: &[&str]) -> String {
        let (status, said) = self.run(words);
        assert_eq!(status, 0, "{words:?}: {said}");
        said
    }

    fn tree(&self) -> Tree {
        tree::read(&self.0)
    }

    fn link(&self, path: &str) -> Option<String> {
        fs::read_link(self.at(path)).ok().map(|target| target.into_os_string().into_string().unwrap())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const DEBIAN: &[&str] = &[
    "/sbin/init -> ../lib/systemd/systemd",
    "/usr/lib/systemd/systemd",
    "/usr/lib/systemd/system/",
    "/etc/systemd/system/multi-user.target.wants/ssh.service",
    "/usr/sbin/update-initramfs",
    "/usr/share/initramfs-tools/hooks/thermal",
    "/usr/bin/",
    "/var/",
];

const CLOUD_INIT: &[&str] = &[
    "/usr/bin/cloud-init",
    "/etc/cloud/cloud.cfg.d/90_dpkg.cfg",
    "/usr/lib/systemd/system/cloud-init.service",
    "/etc/systemd/system/cloud-init.target.wants/cloud-init.service -> /usr/lib/systemd/system/cloud-init.service",
];

const ALPINE: &[&str] = &[
    "/sbin/init -> /bin/busybox",
    "/sbin/openrc",
    "/etc/init.d/networking",
    "/etc/runlevels/boot/networking -> /etc/init.d/networking",
    "/etc/runlevels/default/",
    "/usr/bin/",
];

const RED_HAT_6: &[&str] = &[
    "/sbin/init",
    "/etc/init.d -> rc.d/init.d",
    "/etc/rc.d/init.d/network",
    "/etc/rc.d/rc2.d/S10network -> ../init.d/network",
    "/etc/rc.d/rc3.d/S10network -> ../init.d/network",
    "/etc/rc.d/rc3.d/S23NetworkManager -> ../init.d/NetworkManager",
    "/etc/rc.d/rc4.d/",
    "/etc/rc.d/rc5.d/",
    "/etc/rc3.d -> rc.d/rc3.d",
    "/etc/redhat-release",
    "/usr/bin/",
];

const DEBIAN_SYSV: &[&str] = &[
    "/sbin/init",
    "/etc/init.d/networking",
    "/etc/rcS.d/S07mountall.sh -> ../init.d/mountall.sh",
    "/etc/rcS.d/S12networking -> ../init.d/networking",
    "/etc/rc2.d/S03ssh -> ../init.d/ssh",
    "/usr/bin/",
];

const BUILDROOT: &[&str] =
    &["/sbin/init -> ../bin/busybox", "/etc/init.d/rcS", "/etc/init.d/S40network", "/usr/bin/"];

/// Each root with a part of what it is found to be, and lines that are printed.
const ROOTS: &[(&str, &[&str], &str, &[&str])] = &[
    (
        "debian",
        DEBIAN,
        "systemd, initramfs-tools",
        &[
            "link /etc/systemd/system/multi-user.target.wants/glowplug.target to /usr/lib/systemd/system/glowplug.target",
            "link /etc/systemd/system/cloud-config.service to /usr/lib/systemd/system/glowplug-config.service",
            "then pack every initramfs anew: chroot ROOT update-initramfs -u -k all",
        ],
    ),
    (
        "alpine",
        ALPINE,
        "OpenRC, nothing known",
        &[
            "link /etc/runlevels/boot/glowplug to /etc/init.d/glowplug",
            "link /etc/runlevels/default/glowplug-final to /etc/init.d/glowplug-final",
        ],
    ),
    (
        "red-hat-6",
        RED_HAT_6,
        "theirs: System V init",
        &[
            "link /etc/rc.d/rc3.d/S09glowplug to ../init.d/glowplug",
            "link /etc/rc.d/rc5.d/S09glowplug to ../init.d/glowplug",
            "link /etc/rc.d/rc3.d/S99glowplug-final to ../init.d/glowplug-final",
        ],
    ),
    (
        "debian-sysv",
        DEBIAN_SYSV,
        "System V init",
        &[
            "link /etc/rcS.d/S11glowplug to ../init.d/glowplug",
            "link /etc/rc2.d/S98glowplug-config to ../init.d/glowplug-config",
        ],
    ),
    ("buildroot", BUILDROOT, "BusyBox init", &["write /etc/init.d/S39glowplug (0755 root, "]),
];

#[test]
fn every_kind_of_root_gets_its_own_and_gets_rid_of_it() {
    for (name, files, found, lines) in ROOTS {
        let image = Image::new(name, files);
        let before = image.tree();
        let printed = image.done(&["install", "--print"]);
        assert!(printed.contains(found), "{name}: {printed}");
        for line in *lines {
            let line = line.replace("ROOT", image.0.to_str().unwrap());
            assert!(
                printed.lines().any(|have| have.starts_with(&line)),
                "{name}: {line} is not in {printed}"
            );
        }
        tree::assert_same(&before, &image.tree(), "after --print");

        let said = image.done(&["install"]);
        assert_eq!(said, printed, "{name}: what is printed is what is done");
        let program = image.at("/usr/bin/glowplug");
        assert_eq!(fs::read(&program).unwrap(), fs::read(env!("CARGO_BIN_EXE_glowplug")).unwrap());
        assert_eq!(program.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
        assert_eq!(
            image.link("/usr/bin/cloud-init").as_deref(),
            Some("/usr/bin/glowplug"),
            "nobody else has the name"
        );
        for (path, (mode, content)) in image.tree() {
            let text = String::from_utf8_lossy(&content).into_owned();
            let starts = text.starts_with("#!") || content.starts_with(b"\x7fELF");
            assert!(
                before.contains_key(&path) || !starts || mode & 0o111 == 0o111,
                "{path} is not executable"
            );
        }

        let once = image.tree();
        assert!(image.done(&["install"]).contains("nothing to do: everything is in place"));
        tree::assert_same(&once, &image.tree(), "installed twice");

        image.done(&["uninstall"]);
        tree::assert_same(&before, &image.tree(), &format!("{name}, uninstalled"));
        let (status, said) = image.run(&["uninstall"]);
        assert_eq!(status, 1);
        assert!(said.contains("there is no /usr/lib/glowplug/manifest"), "{said}");
    }
}

#[test]
fn dracut_gets_a_module_that_is_asked_for() {
    let image = Image::new("dracut", &[DEBIAN, &["/usr/bin/dracut"]].concat());
    let said = image.done(&["install"]);
    assert!(said.contains("dracut --force --regenerate-all"), "{said}");
    let conf = fs::read_to_string(image.at("/etc/dracut.conf.d/90-glowplug.conf")).unwrap();
    assert_eq!(conf, "add_dracutmodules+=\" glowplug \"\n");
    let setup = image.at("/usr/lib/dracut/modules.d/90glowplug/module-setup.sh");
    assert!(fs::read_to_string(setup).unwrap().contains("require_binaries glowplug-agent glowplug"));
    assert!(image.at("/usr/bin/glowplug-agent").exists());
}

#[test]
fn mkinitcpio_gets_a_hook_that_is_in_its_list() {
    let image = Image::new("mkinitcpio", &[DEBIAN, &["/usr/bin/mkinitcpio"]].concat());
    let said = image.done(&["install"]);
    assert!(said.contains("mkinitcpio -P"), "{said}");
    let conf = fs::read_to_string(image.at("/etc/mkinitcpio.conf.d/glowplug.conf")).unwrap();
    assert_eq!(conf, "HOOKS+=(glowplug)\n");
    for hook in ["install", "hooks"] {
        assert!(image.at(&format!("/usr/lib/initcpio/{hook}/glowplug")).exists());
    }
}

#[test]
fn mkinitfs_gets_a_feature_and_a_line_of_its_configuration() {
    const CONF: &str = "/etc/mkinitfs/mkinitfs.conf";
    const LINE: &str = ". /etc/mkinitfs/glowplug.conf\n";
    let image = Image::new("mkinitfs", &[ALPINE, &["/sbin/mkinitfs", CONF]].concat());
    fs::set_permissions(image.at(CONF), fs::Permissions::from_mode(0o640)).unwrap();
    let before = image.tree();
    let said = image.done(&["install"]);
    assert!(said.contains("OpenRC, mkinitfs"), "{said}");
    let root = image.0.to_str().unwrap();
    let command = format!(
        "chroot {root} sh -c 'for kernel in /lib/modules/*; do mkinitfs \"${{kernel##*/}}\" || exit; done'"
    );
    assert!(said.contains(&command), "{said}");
    assert_eq!(fs::read_to_string(image.at(CONF)).unwrap(), format!("theirs\n{LINE}"));
    for file in ["features.d/glowplug.files", "features.d/glowplug.modules", "glowplug.conf"] {
        assert!(image.at("/etc/mkinitfs").join(file).exists(), "{file}");
    }
    assert!(
        image.at("/usr/bin/glowplug-agent").exists() && image.at("/usr/lib/glowplug/add-to-init").exists()
    );
    assert!(image.done(&["install"]).contains("nothing to do"));

    // What a person adds to the file meanwhile stays when the line goes.
    fs::write(image.at(CONF), format!("theirs\n{LINE}more")).unwrap();
    image.done(&["install"]);
    image.done(&["uninstall"]);
    assert_eq!(fs::read_to_string(image.at(CONF)).unwrap(), "theirs\nmore");
    fs::write(image.at(CONF), "theirs\n").unwrap();
    tree::assert_same(&before, &image.tree(), "uninstalled");
}

#[test]
fn what_somebody_changed_is_not_written_over_or_taken_away() {
    let image = Image::new("changed", DEBIAN);
    image.done(&["install"]);
    let unit = "/usr/lib/systemd/system/glowplug-init.service";
    let own = fs::read_to_string(image.at(unit)).unwrap();
    fs::write(image.at(unit), "mine\n").unwrap();
    let (status, said) = image.run(&["install"]);
    assert_eq!(status, 1);
    assert!(
        said.contains(&format!(
            "unable to install {unit}: it was changed since it was installed; --force writes over it"
        )),
        "{said}"
    );
    assert_eq!(fs::read_to_string(image.at(unit)).unwrap(), "mine\n");
    let (status, said) = image.run(&["uninstall"]);
    assert_eq!(status, 1);
    assert!(
        said.contains(&format!("unable to remove {unit}: it was changed since it was installed")),
        "{said}"
    );
    assert_eq!(fs::read_to_string(image.at(unit)).unwrap(), "mine\n");
    assert!(!image.at("/usr/bin/glowplug").exists());

    let (status, said) = image.run(&["install"]);
    assert_eq!(status, 1);
    assert!(said.contains("it was changed since it was installed"), "{said}");
    image.done(&["install", "--force"]);
    assert_eq!(fs::read_to_string(image.at(unit)).unwrap(), own);
}

#[test]
fn an_older_version_is_brought_up_to_date() {
    let image = Image::new("older", DEBIAN);
    image.done(&["install"]);
    let now = image.tree();
    // As if the unit had read otherwise then, and one more link had been made.
    let unit = "/usr/lib/systemd/system/glowplug-init.service";
    let manifest = image.at("/usr/lib/glowplug/manifest");
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text.lines().find(|line| line.ends_with(unit)).unwrap();
    let digest = sha256("old\n");
    fs::write(image.at(unit), "old\n").unwrap();
    image.add("/etc/systemd/system/gone.service -> x");
    let text = text.replace(line, &format!("file\t{digest}\t{unit}"));
    fs::write(&manifest, text + "link\tx\t/etc/systemd/system/gone.service\n").unwrap();
    image.done(&["install"]);
    tree::assert_same(&now, &image.tree(), "brought up to date");
}

/// Left in local-bottom it would go on writing the root below an overlay.
#[test]
fn the_hook_that_an_earlier_install_put_into_local_bottom_is_taken_away() {
    let image = Image::new("local-bottom", DEBIAN);
    image.done(&["install"]);
    let folder = "/usr/share/initramfs-tools/scripts";
    assert!(image.at(&format!("{folder}/init-bottom/provision-glowplug")).exists());
    let manifest = image.at("/usr/lib/glowplug/manifest");
    let mut text = fs::read_to_string(&manifest).unwrap();
    for place in ["local-bottom", "nfs-bottom"] {
        let hook = format!("{folder}/{place}/glowplug");
        fs::create_dir_all(image.at(&hook).parent().unwrap()).unwrap();
        fs::write(image.at(&hook), "old\n").unwrap();
        text.extend(["file\t", &sha256("old\n"), "\t", &hook, "\n"]);
    }
    fs::write(&manifest, text).unwrap();
    image.done(&["install"]);
    for place in ["local-bottom", "nfs-bottom"] {
        assert!(!image.at(&format!("{folder}/{place}/glowplug")).exists(), "{place}");
    }
}

fn sha256(text: &str) -> String {
    let output = Command::new("sh").args(["-c", &format!("printf '{text}' | sha256sum")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn an_enabled_cloud_init_is_not_fought() {
    let image = Image::new("cloud-init", &[DEBIAN, CLOUD_INIT].concat());
    let before = image.tree();
    let (status, said) = image.run(&["install"]);
    assert_eq!(status, 1);
    assert!(said.contains("cloud-init is enabled; --replace puts glowplug in its place"), "{said}");
    let (status, said) = image.run(&["install", "--replace", "--beside"]);
    assert_eq!(status, 1);
    assert!(said.contains("exclude each other"), "{said}");
    tree::assert_same(&before, &image.tree(), "refused");

    image.done(&["install", "--replace"]);
    let ours = "/usr/lib/systemd/system/glowplug-init.service";
    assert_eq!(image.link("/etc/systemd/system/cloud-init.service").as_deref(), Some(ours));
    assert_eq!(
        image.link("/etc/systemd/system-generators/cloud-init-generator").as_deref(),
        Some("/dev/null")
    );
    // Its package's own programs stay; of this one there is cloud-init alone.
    for name in ["/usr/local/bin/cloud-init", "/usr/bin/cloud-id", "/usr/bin/cloud-init-per"] {
        assert_eq!(image.link(name).as_deref(), Some("/usr/bin/glowplug"), "{name}");
    }
    assert!(image.done(&["install", "--replace"]).contains("nothing to do"));
    image.done(&["uninstall"]);
    tree::assert_same(&before, &image.tree(), "restored");

    image.done(&["install", "--beside"]);
    assert_eq!(
        image.link("/etc/cloud/cloud.cfg.d/zz-glowplug.cfg").as_deref(),
        Some("/run/glowplug/cloud.cfg")
    );
    assert!(!image.at(ours).exists(), "cloud-init runs the stages");
    image.done(&["install", "--replace"]);
    assert!(image.link("/etc/cloud/cloud.cfg.d/zz-glowplug.cfg").is_none(), "one or the other");
    image.done(&["uninstall"]);
    tree::assert_same(&before, &image.tree(), "restored");

    let plain = Image::new("no-cloud-init", DEBIAN);
    let (status, said) = plain.run(&["install", "--beside"]);
    assert_eq!(status, 1);
    assert!(said.contains("no cloud-init is enabled in it for --beside to work with"), "{said}");
}

#[test]
fn cloud_init_under_openrc_is_stopped_and_started_again() {
    let links = [
        "/etc/runlevels/boot/cloud-init-local -> /etc/init.d/cloud-init-local",
        "/etc/runlevels/default/cloud-final -> /etc/init.d/cloud-final",
    ];
    let image = Image::new("openrc", &[ALPINE, &links].concat());
    let before = image.tree();
    assert_eq!(image.run(&["install"]).0, 1);
    image.done(&["install", "--replace"]);
    assert!(image.link("/etc/runlevels/boot/cloud-init-local").is_none());
    for name in ["cloud-init", "cloud-id", "cloud-init-per"] {
        assert_eq!(image.link(&format!("/usr/bin/{name}")).as_deref(), Some("/usr/bin/glowplug"), "{name}");
    }
    assert!(image.done(&["install", "--replace"]).contains("nothing to do"));
    image.done(&["uninstall"]);
    tree::assert_same(&before, &image.tree(), "restored");
}

#[test]
fn what_is_not_known_or_missing_is_said() {
    let image = Image::new("unknown", &["/usr/bin/"]);
    let (status, said) = image.run(&["install"]);
    assert_eq!(status, 1);
    assert!(said.contains("neither systemd nor OpenRC"), "{said}");
    let image = Image::new("agent", DEBIAN);
    let (status, said) = image.run(&["install", "--agent", "/nowhere/agent"]);
    assert_eq!(status, 1);
    assert!(
        said.contains("unable to read /nowhere/agent: there is no such file; --agent names the agent"),
        "{said}"
    );
    let (status, said) = image.run(&["install", "--agent", "/etc/passwd"]);
    assert_eq!(status, 1);
    assert!(said.contains("it is not a program for Linux"), "{said}");
}

#[test]
fn scripts_for_the_other_inits_are_sound() {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("initramfs");
    for folder in ["openrc", "sysv"] {
        for entry in fs::read_dir(top.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let output = Command::new("sh").arg("-n").arg(&path).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    let script = top.join("sysv/glowplug");
    let status = Command::new("sh").arg(&script).arg("fly").output().unwrap();
    assert_eq!(status.status.code(), Some(2));
    assert!(Command::new("sh").arg(&script).arg("stop").status().unwrap().success());
}
