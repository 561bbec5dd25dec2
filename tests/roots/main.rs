//! Roots and kernels that are not as one would wish: kernels without the new
//! calls, roots that can't be written, a boot that is cut off anywhere. Each
//! story runs in namespaces of its own and needs to be root.
// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod cut;
mod endless;
mod forged;
mod interrupted;
mod leftovers;
mod links;
mod modes;
mod odd;
mod old_kernel;
mod order;
mod other_root;
mod outcomes;
mod planted;
// of its numbers the second cut alone is made here
#[path = "../support/random.rs"]
#[allow(dead_code)]
mod random;
mod remote;
mod rules;
#[path = "../support/story.rs"]
mod story;
mod templates;
#[path = "../support/tree.rs"]
mod tree;
mod unreadable;
mod untouched;

use tree::Tree;

/// Takes out what holds times or process numbers, and of MIME messages the
/// boundary, which is another each time.
fn without_times(mut tree: Tree) -> Tree {
    const TIMED: [&str; 6] =
        ["/sem/", "/glowplug/log", "/glowplug/timings", "cloud-init.log", "/output.log", "status.json"];
    tree.retain(|path, _| !TIMED.iter().any(|timed| path.contains(timed)));
    for (path, (_, content)) in &mut tree {
        let text = String::from_utf8_lossy(content).into_owned();
        let boundary = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
        if let Some(boundary) = boundary.filter(|_| path.ends_with(".txt.i")) {
            *content = text.replace(boundary, "BOUNDARY").into_bytes();
        }
    }
    tree
}
