//! Roots and kernels that are not as one would wish: kernels without the new
//! calls, roots that can't be written, a boot that is cut off anywhere. Each
//! story runs in namespaces of its own and needs to be root.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod cut;
mod odd;
mod old_kernel;
#[path = "../support/story.rs"]
mod story;
mod tree;
