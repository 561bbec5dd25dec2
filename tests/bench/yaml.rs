//! YAML to a tree, beside the peers: `cargo bench --bench yaml`.

use std::hint::black_box;

use glowplug::syntax::yaml;
use measure::{Contestant, compare};

mod measure;

fn main() {
    let text = "a: [1, two]\nb:\n- x: y\n".repeat(1);
    compare(
        "small",
        text.len(),
        &mut [
            Contestant::own("glowplug, tape", || drop(black_box(yaml::parse(black_box(&text))))),
            Contestant::own("glowplug, owned tree", || drop(black_box(yaml::load(black_box(&text))))),
        ],
    );
}
