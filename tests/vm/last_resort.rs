//! What PID 1 does of a boot that can't go on, and what it passes on of one that
//! does.

use crate::scene::Scene;

/// Words after which a kernel line names no root that there is.
const NO_ROOT: &str = "root=PARTLABEL=elsewhere panic=0";

#[test]
fn a_machine_without_a_usable_root_says_what_there_is_and_restarts() {
    let mut scene = Scene::new("no-root", &[]);
    // QEMU ends where the machine restarts; one that waits fails by its time.
    scene.boot_unreported(&format!("{NO_ROOT} glowplug.onerror=reboot"));
    scene.expect_told(&["the kernel line has:", "root=PARTLABEL=elsewhere"]);
    scene.expect_told(&["there is /dev/vda: ext4, LABEL=glowplug-root, UUID="]);
    scene.expect_told(&[
        "unable to find root PARTLABEL=elsewhere: only /dev/NAME, LABEL= and UUID= are known",
    ]);
    scene.expect_told(&["ending this boot (glowplug.onerror=reboot)"]);
}

#[test]
fn a_machine_without_a_usable_root_honours_panic_of_the_kernel_line() {
    let mut scene = Scene::new("no-root-panic", &[]);
    scene.boot_unreported(&format!("{NO_ROOT} panic=1"));
    scene.expect_told(&["ending this boot (panic=)"]);
    assert!(scene.console().contains("glowplug-agent: restarting in 1 s"), "{}", scene.console());
}

#[test]
fn arguments_after_two_dashes_reach_init_as_they_are() {
    let mut scene = Scene::new("init-arguments", &[]);
    scene.boot_unreported(
        "glowplug=off init=/bin/busybox -- sh -c \"echo :$0:$1: > /dev/console; poweroff -f\" --no-seed wé",
    );
    assert!(scene.console().contains(":--no-seed:wé:"), "{}", scene.console());
    scene.expect_told(&["nothing is provisioned in this boot"]);
}
