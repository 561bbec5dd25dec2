//! YAML to a tree, beside its peers.
//!
//! `cargo bench`, or `cargo bench -p glowplug-bench --bench yaml`; with
//! rapidyaml: `CXXFLAGS=-DNDEBUG cargo bench -p glowplug-bench --bench yaml
//! --features rapidyaml`. A word behind `--` picks inputs by their title.
//!
//! The first table of an input compares what each calls its parsed document:
//! ours is the tape, whose scalars are resolved when asked for, as those of
//! rapidyaml and libyaml are. The second one compares trees of owned nodes
//! with every scalar resolved. All but rapidyaml and libyaml take text that is
//! known to be UTF-8, as we do; "from bytes" is ours with that check.

use std::hint::black_box;

use glowplug::syntax::yaml;
use measure::{Contestant, compare};

mod inputs;
mod libyaml;
#[path = "../measure.rs"]
mod measure;
mod peers;

/// What every peer has to read right before it is timed.
const SAMPLE: &str = "\
a: [1, two, {b: true}] # c
\"q\\t\\u00e9\": 'it''s'
l: |
  x
   y

f: >-
  one
  two

  three
p: plain
  text
";

/// What is wrong with `tree`, which should be `expected`.
fn check(tree: Result<String, String>, expected: &str) -> Result<(), String> {
    match tree {
        Ok(tree) if tree == expected => Ok(()),
        Ok(_) => Err("another tree".into()),
        Err(error) => Err(error.lines().next().unwrap_or_default().chars().take(80).collect()),
    }
}

fn own_tree(text: &str) -> String {
    let mut tree = String::new();
    match yaml::load(text) {
        Ok(value) => peers::own(&value, &mut tree),
        Err(error) => panic!("our own parser refuses an input: {error}"),
    }
    tree
}

/// A peer that is right on the sample and on `text`.
fn peer<'a, T>(
    name: &'a str,
    text: &'a str,
    tree: impl Fn(&str) -> Result<String, String>,
    run: impl Fn(&'a str) -> T + 'a,
) -> Contestant<'a> {
    let right = check(tree(SAMPLE), &own_tree(SAMPLE)).map_err(|why| format!("sample: {why}"));
    let right = right.and_then(|()| check(tree(text), &own_tree(text)));
    Contestant::peer(name, right, move || drop(black_box(run(black_box(text)))))
}

fn main() {
    let inputs = [
        ("2 KB cloud-config", inputs::cloud_config()),
        ("60 KB with a base64 block", inputs::base64_file()),
        ("1 MB of small nodes", inputs::small_nodes()),
        ("16 MB of block scalars", inputs::block_scalars()),
    ];
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (title, text) in &inputs {
        if !words.is_empty() && !words.iter().any(|word| title.contains(word.as_str())) {
            continue;
        }
        documents(title, text);
        trees(title, text);
    }
}

fn documents(title: &str, text: &str) {
    use saphyr::LoadableYamlNode;
    let bytes = text.as_bytes();
    let libyaml_tree =
        |text: &str| libyaml::Tree::load(text).map(|mut tree| tree.text()).ok_or("refused".into());
    compare(
        &format!("{title}, to a document"),
        text.len(),
        &mut [
            Contestant::own("glowplug", || drop(black_box(yaml::parse(black_box(text))))),
            Contestant::own("glowplug, from bytes", || {
                drop(black_box(std::str::from_utf8(black_box(bytes)).map(yaml::parse)));
            }),
            #[cfg(feature = "rapidyaml")]
            peer("rapidyaml", text, peers::rapidyaml, |text| ryml::Tree::parse(text)),
            peer("libyaml (unsafe-libyaml)", text, libyaml_tree, libyaml::Tree::load),
            peer("saphyr", text, peers::saphyr, saphyr::Yaml::load_from_str),
            peer("yaml-rust2", text, peers::yaml_rust2, yaml_rust2::YamlLoader::load_from_str),
            peer("noyalib, borrowed", text, peers::noyalib, noyalib::borrowed::from_str_borrowed),
            peer("serde_yaml_ng", text, peers::serde_yaml_ng, |text| {
                serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text)
            }),
            peer("serde-saphyr, serde_json::Value", text, peers::serde_saphyr, |text| {
                serde_saphyr::from_str::<serde_json::Value>(text)
            }),
        ],
    );
}

fn trees(title: &str, text: &str) {
    use saphyr::LoadableYamlNode;
    compare(
        &format!("{title}, to a tree of resolved nodes"),
        text.len(),
        &mut [
            Contestant::own("glowplug", || drop(black_box(yaml::load(black_box(text))))),
            peer("saphyr", text, peers::saphyr, saphyr::Yaml::load_from_str),
            peer("yaml-rust2", text, peers::yaml_rust2, yaml_rust2::YamlLoader::load_from_str),
            peer("noyalib, borrowed", text, peers::noyalib, noyalib::borrowed::from_str_borrowed),
            peer("serde_yaml_ng", text, peers::serde_yaml_ng, |text| {
                serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text)
            }),
            peer("serde-saphyr, serde_json::Value", text, peers::serde_saphyr, |text| {
                serde_saphyr::from_str::<serde_json::Value>(text)
            }),
        ],
    );
}
