//! Stories of virtual machines: a seed, a boot, and what must have come of it.
//! Each boots the release build of both programs in QEMU.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../initramfs/image/vm/mod.rs"]
mod vm;

/// Lines of a script of every boot, in user-data: with `report.late` on the kernel
/// line it says when multi-user.target is reached, and waits for the NIC `back`
/// that is plugged in then.
macro_rules! wait_for_back {
    () => {
        "    grep -q report.late /proc/cmdline || exit 0
    until systemctl is-active --quiet multi-user.target; do sleep 0.2; done
    echo 'multi-user.target is reached' > /dev/console
    seconds=0
    until ip -4 address show dev back | grep 198.51.100.20 || [ $seconds = 60 ]; do
        sleep 1; seconds=$((seconds + 1))
    done
"
    };
}

mod beside;
mod boots;
mod broken;
mod buses;
mod damaged;
mod debian;
mod disk_image;
mod disks;
mod drives;
mod ending;
mod fat;
mod installed;
mod last_resort;
mod mission;
mod modules;
mod nameless;
mod network;
mod other_seeds;
mod places;
mod power;
#[path = "../support/random.rs"]
mod random;
mod sample;
mod scene;
mod selinux;
mod stuck;
