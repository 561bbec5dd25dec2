//! Kernels before openat2(2) (5.6), fsopen(2) and its like (5.2) and statx(2)
//! (4.11), made by a seccomp filter.

use super::story::{Story, said};
use super::tree::{self, Tree};
use std::path::Path;
use std::process::Command;

/// What `$OLD PROGRAM` runs under.
pub(super) fn launcher() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/without_calls.py");
    format!("/usr/bin/python3 {} {}", script.display(), missing())
}

/// The numbers of the calls that are not there: openat2, fsopen, fsconfig,
/// fsmount, open_tree, move_mount, clone3, close_range, statx. From 424 on all
/// processors have the same.
fn missing() -> String {
    let statx = if cfg!(target_arch = "x86_64") { 332 } else { 291 };
    format!("437,430,431,432,428,429,435,436,{statx}")
}

fn provisioned(name: &str, launcher: &str) -> (Tree, Tree) {
    let story = Story::new(name);
    for (path, content) in [
        ("etc/os-release", "ID=fedora\n"),
        ("usr/bin/nmcli", ""),
        ("usr/sbin/NetworkManager", ""),
        ("etc/systemd/system/multi-user.target.wants/NetworkManager.service", ""),
        ("etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n/dev/vdb1 /srv ext4 defaults 0 2\n"),
    ] {
        story.root(path, content);
    }
    story.seed(
        "user_data",
        "#cloud-config\nwrite_files:\n- {path: /data/link/x, content: y}\n- {path: /srv/x, content: y}\n\
         runcmd: [[touch, /ran]]\n",
    );
    let link = "mkdir -p $ROOT/data $ROOT/dev $ROOT/run; ln -s /../../etc/a $ROOT/data/link";
    let output = story.run(&format!(
        "{link}; mount --bind $SEED /mnt; {launcher} $AGENT --root $ROOT --seed /mnt && cp $RUNNER $ROOT/runner && \
         mount --bind /run $ROOT/run && {launcher} /usr/sbin/chroot $ROOT /runner init"
    ));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(story.text("root/etc/a/x").as_deref(), Some("y"), "{}", said(&output));
    assert_eq!(story.text("root/srv/x").as_deref(), Some("y"), "{}", said(&output));
    let [mut root, run] = ["root", "run"].map(|top| tree::read(&story.folder.join(top)));
    root.remove("/runner");
    (super::without_times(root), super::without_times(run))
}

#[test]
fn an_old_kernel_makes_no_difference() {
    let new = provisioned("new-kernel", "");
    let old = provisioned("old-kernel", &launcher());
    assert!(new.0.len() > 30 && new.1.len() > 5, "{:?}", new.1.keys());
    tree::assert_same(&new.0, &old.0, "the root on an old kernel");
    tree::assert_same(&new.1, &old.1, "/run on an old kernel");
}

#[test]
fn the_room_of_system_calls_holds_on_an_old_kernel() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = Command::new(cargo)
        .args(["test", "--lib", "--no-run", "--message-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let text = String::from_utf8(build.stdout).unwrap();
    let program = text.rsplit("\"executable\":\"").next().unwrap().split('"').next().unwrap();
    let run = format!("{} {program} sys::", launcher());
    let output = Command::new("sh").args(["-c", &run]).output().unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    for test in ["sys::apply::tests::links_in_the_image_never_lead_out_of_the_root", "sys::mount::tests::"] {
        assert!(said.contains(test), "{test} did not run: {said}");
    }
}
