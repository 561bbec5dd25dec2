//! Stories of virtual machines: a seed, a boot, and what must have come of it.
//! Each boots the release build of both programs in QEMU.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../initramfs/image/vm/mod.rs"]
mod vm;

mod beside;
mod boots;
mod broken;
mod debian;
mod disk_image;
mod disks;
mod drives;
mod ending;
mod installed;
mod modules;
mod network;
mod other_seeds;
mod sample;
mod scene;
