//! The scripts that other makers of an initramfs run, with those makers'
//! functions made up around them: what they pack, and that a failing agent
//! stops no boot. Needs to be root: /usr/bin is covered in a namespace.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write as _;
use std::process::{Command, Stdio};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/initramfs");

/// Puts an agent that says its arguments and ends with `$STATUS` over /usr/bin.
const AGENT: &str = "\
set -e; here=$(mktemp -d); mount -t tmpfs tmpfs \"$here\"; mkdir \"$here/new\" \"$here/work\"
printf '#!/bin/sh\\necho agent \"$@\"\\nexit $STATUS\\n' > \"$here/new/glowplug-agent\"
echo runner > \"$here/new/glowplug\"; chmod 755 \"$here/new/\"*
mount -t overlay -o lowerdir=/usr/bin,upperdir=\"$here/new\",workdir=\"$here/work\" overlay /usr/bin
set +e
";

/// What `script` prints, run by bash in a mount namespace of its own with the
/// agent of that exit status.
fn run(status: i32, script: &str) -> String {
    let output = Command::new("unshare")
        .args(["-m", "bash", "-c", &format!("{AGENT}{script}")])
        .env("STATUS", status.to_string())
        .current_dir(FOLDER)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn shellcheck_has_nothing_to_say() {
    // what the makers define, and files that are on other machines alone
    let elsewhere = "--exclude=SC1091,SC2154,SC2034";
    for (shell, files) in [
        ("bash", &["dracut/90glowplug/module-setup.sh", "mkinitcpio/install/glowplug"][..]),
        (
            "dash",
            &[
                "dracut/90glowplug/glowplug-agent.sh",
                "initramfs-tools/hooks/glowplug",
                "initramfs-tools/scripts/init-bottom/provision-glowplug",
                "mkinitcpio/hooks/glowplug",
                "mkinitfs/add-to-init",
                "../tests/vm/change-root",
                "image/debian/build",
                "image/debian/files/usr/local/sbin/report",
            ],
        ),
    ] {
        let output = Command::new("shellcheck")
            .args(["-s", shell, "-S", "warning", elsewhere])
            .args(files)
            .current_dir(FOLDER)
            .output()
            .unwrap_or_else(|error| panic!("unable to run shellcheck (package shellcheck): {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// dracut sources its hooks: an `exit` would end the boot.
#[test]
fn dracut_goes_on_whatever_the_agent_says() {
    let script = "NEWROOT=/sysroot; warn() { echo \"warned: $*\"; }; \
                  . dracut/90glowplug/glowplug-agent.sh; echo goes on";
    for (status, warned) in [(0, false), (10, false), (11, false), (12, false), (1, true), (139, true)] {
        let said = run(status, script);
        assert!(said.starts_with("agent --root /sysroot\n") && said.ends_with("goes on\n"), "{said}");
        assert_eq!(said.contains("warned: "), warned, "{status}: {said}");
    }
}

#[test]
fn dracut_packs_it_only_when_asked() {
    let script = |systemd: &str| {
        format!(
            "require_binaries() {{ :; }}; find_binary() {{ echo /usr/bin/$1; }}; \
             inst_binary() {{ echo binary $2; }}; inst_simple() {{ echo file $2; }}; inst_hook() {{ echo hook $1 $2; }}; \
             dracut_module_included() {{ {systemd}; }}; SYSTEMCTL='echo systemctl'; systemdsystemunitdir=/units; \
             instmods() {{ echo modules $*; }}; . dracut/90glowplug/module-setup.sh; \
             check; echo check $?; install; installkernel"
        )
    };
    let said = run(0, &script("true"));
    assert!(
        said.starts_with("check 255\nbinary /usr/bin/glowplug-agent\nbinary /usr/bin/glowplug\n"),
        "{said}"
    );
    assert!(said.contains("file /units/glowplug-agent.service\nsystemctl "), "{said}");
    assert!(said.contains("add-wants initrd.target glowplug-agent.service"), "{said}");
    assert!(said.contains(" isofs ") && said.contains(" vmxnet3 "), "{said}");
    let said = run(0, &script("false"));
    assert!(said.contains("hook pre-pivot 90\n") && !said.contains("/units"), "{said}");
    let said = run(0, &format!("export IN_KDUMP=1; {}", script("true")));
    assert_eq!(said, "check 255\n", "a crash kernel's initramfs has nothing of ours");
}

const INIT_BOTTOM: &str = "./initramfs-tools/scripts/init-bottom/provision-glowplug";

#[test]
fn initramfs_tools_runs_it_below_its_root() {
    let script = format!("{INIT_BOTTOM} prereqs > /dev/null && rootmnt=/root {INIT_BOTTOM}; echo status $?");
    assert_eq!(run(12, &script), "agent --root /root\nstatus 0\n");
    let said = run(1, &script);
    assert!(said.contains("failed") && said.ends_with("status 0\n"), "{said}");
}

/// In local-bottom it wrote the lower root, and did not run at all for BOOT=live:
/// each kind of boot has a folder of its own there, init-bottom is for all. The
/// order is what mkinitramfs(8) makes of the scripts (`cache_run_scripts`).
#[test]
fn initramfs_tools_runs_it_on_the_root_that_overlayroot_made_and_before_udev_goes() {
    let others = "cp initramfs-tools/scripts/init-bottom/* $here/new/; cd $here/new; \
                  for name in overlayroot udev; do printf '#!/bin/sh\\nexit 0\\n' > $name; chmod 755 $name; done; \
                  for name in overlayroot udev provision-glowplug; do echo $name $name; \
                  for first in $(./$name prereqs); do echo $first $name; done; done | tsort";
    assert_eq!(run(0, others), "overlayroot\nprovision-glowplug\nudev\n");
    let scripts = std::fs::read_dir(format!("{FOLDER}/initramfs-tools/scripts")).unwrap();
    let folders: Vec<_> = scripts.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders, ["init-bottom"], "a folder of one BOOT= would run it twice");
}

/// A crash kernel saves the memory of the one that crashed: its initramfs has
/// nothing of ours, and where it has, nothing runs.
#[test]
fn a_crash_kernel_gets_and_runs_nothing() {
    let said =
        run(0, "CONFDIR=/var/lib/kdump/initramfs-tools ./initramfs-tools/hooks/glowplug; echo status $?");
    assert_eq!(said, "status 0\n", "it went as far as the functions of initramfs-tools");
    let said = run(0, &format!("rm /usr/bin/glowplug-agent; rootmnt=/root {INIT_BOTTOM}; echo status $?"));
    assert_eq!(said, "status 0\n", "packed without the agent");
    for hook in [
        format!("rootmnt=/root {INIT_BOTTOM}"),
        "NEWROOT=/sysroot; . dracut/90glowplug/glowplug-agent.sh".into(),
        ". mkinitcpio/hooks/glowplug; run_latehook".into(),
    ] {
        let script = format!("mount -t tmpfs tmpfs /proc; touch /proc/vmcore; {hook}; echo status $?");
        assert_eq!(run(1, &script), "status 0\n", "{hook}");
    }
    let unit = include_str!("../initramfs/dracut/90glowplug/glowplug-agent.service");
    assert!(unit.contains("\nConditionPathExists=!/proc/vmcore\n"), "{unit}");
}

#[test]
fn mkinitcpio_packs_and_runs_it() {
    let stubs = "add_module() { echo module $1; }; add_binary() { echo binary $1; }; \
                 add_runscript() { echo runscript; }; add_file() { echo file $1; }; add_symlink() { echo link $*; }; \
                 . mkinitcpio/install/glowplug;";
    let said = run(0, &format!("{stubs} HOOKS=(base udev glowplug); build; help"));
    assert!(
        said.contains("module isofs?\n") && said.contains("binary /usr/bin/glowplug\nrunscript\n"),
        "{said}"
    );
    let said = run(0, &format!("{stubs} HOOKS=(base systemd glowplug); build"));
    assert!(said.contains("file /usr/lib/systemd/system/glowplug-agent.service\nlink "), "{said}");
    assert!(!said.contains("runscript"), "{said}");
    let said = run(1, ". mkinitcpio/hooks/glowplug; run_latehook; echo goes on");
    assert!(said.starts_with("agent --root /new_root\n") && said.ends_with("goes on\n"), "{said}");
}

#[test]
fn mkinitfs_gets_an_init_with_the_agent_in_it() {
    let convert = |init: &str| {
        let mut child = Command::new(format!("{FOLDER}/mkinitfs/add-to-init"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(init.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let moves =
        "cat /proc/mounts | while read DEV DIR TYPE OPTS; do :; done\nexec switch_root $sysroot /sbin/init\n";
    let (made, init) = convert(&format!("#!/bin/sh\nmount root $sysroot\n{moves}"));
    let agent = init.find("/usr/bin/glowplug-agent --root \"$sysroot\"").unwrap();
    assert!(made && agent > init.find("mount root").unwrap() && agent < init.find("/proc/mounts").unwrap());
    assert_eq!(convert(&init), (true, init), "once is enough");
    assert_eq!(convert(&format!("{moves}{moves}")).1.matches("--root").count(), 2, "each way into a root");
    assert!(!convert("#!/bin/sh\nexec switch_root\n").0, "an init of another kind is refused");
}

/// mkinitfs sources its configuration once it knows its init.
#[test]
fn mkinitfs_packs_its_own_init_with_the_agent_in_it() {
    let place = "mkdir -p $here/lib/glowplug $here/work2; cp mkinitfs/add-to-init $here/lib/glowplug; \
                 mount -t overlay -o lowerdir=/usr/lib,upperdir=$here/lib,workdir=$here/work2 overlay /usr/lib; \
                 mount -t tmpfs tmpfs /run; ";
    let conf = "features='base ext4'; . mkinitfs/glowplug.conf; echo $features; echo $init; cat $init";
    let moves = "cat /proc/mounts | while read DEV DIR";
    let said = run(0, &format!("{place} init=$here/init; echo '{moves}' > $init; {conf}"));
    let agent = "/usr/bin/glowplug-agent --root \"$sysroot\"";
    assert!(said.starts_with(&format!("base ext4 glowplug\n/run/glowplug-init\n{agent}")), "{said}");
    let said = run(0, &format!("{place} init=$here/init; echo other > $init; {conf}"));
    assert!(said.ends_with("/init\nother\n"), "an init of another kind stays: {said}");
}
