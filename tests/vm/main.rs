//! Stories of virtual machines: a seed, a boot, and what must have come of it.
//! Each boots the release build of both programs in QEMU.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../initramfs/image/vm/mod.rs"]
mod vm;

mod beside;
mod boots;
mod broken;
mod buses;
mod debian;
mod disk_image;
mod disks;
mod drives;
mod ending;
mod fat;
mod installed;
mod modules;
mod network;
mod other_seeds;
mod places;
mod sample;
mod scene;
mod selinux;
