//! Parts, what templates among them render to and what they come to are bounded; the merged config is a mapping
//! that is written as YAML and read back; nothing depends on what was read
//! before.

use std::fs;

use crate::jinja;
use glowplug::limits;
use glowplug::syntax::encoding;
use glowplug::syntax::json;
use glowplug::syntax::value::Data;
use glowplug::syntax::yaml::{self, emit};
use glowplug::user_data::{assemble, clean_name, cloud_config_text, merge, patch, render, script_bytes};

use crate::{Target, corpus, mime};

const PIECES: &[&[u8]] = &[
    b"#cloud-config\n",
    b"#cloud-config-archive\n",
    b"#!/bin/sh\n",
    b"#cloud-boothook\n",
    b"#include\n",
    b"#include-once\n",
    b"#upstart-job\n",
    b"#part-handler\n",
    b"## template: jinja\n",
    b"## template:",
    b"{{ v1.x }}",
    b"{% if x %}",
    b"{{",
    b"}}",
    b"{%- for x in ds.meta_data.tags -%}",
    b"{% for x in [1, 'a', [v1]] %}",
    b"{{ loop.index }}",
    b"{% endfor %}",
    b"{% else %}",
    b"{% endif %}",
    b"{% set x = ds ~ x %}",
    b"{% raw %}",
    b"{% endraw %}",
    b"{#",
    b"#}",
    b" is not defined",
    b"|default('a')|replace('a', x)|join",
    b".meta_data['tags'][-1]",
    b" if x else ",
    b" not in ",
    b" + 9223372036854775807",
    b"(((((((",
    b"#cloud-config-jsonp\n",
    b"[{\"op\": \"add\", \"path\": \"/a\", \"value\": [1.5]}]",
    b"{\"op\": \"copy\", \"from\": \"\", \"path\": \"/a/-\"},",
    b"{\"op\": \"move\", \"from\": \"/a\", \"path\": \"/~01\"},",
    b"{\"op\": \"remove\", \"path\": \"/a/0\"},",
    b"\n",
    b"\r\n",
    b"--BB\n",
    b"--BB--\n",
    b"Content-Type: text/cloud-config\n",
    b"Content-Type: text/x-shellscript\n\n",
    b"Content-Type: text/x-shellscript-per-boot\n",
    b"Merge-Type: list(append)+dict(recurse_array)+str()\n",
    b"merge_how: dict(replace)+list(append)\n",
    b"launch-index: 1\n",
    b"- content: |\n    a\n",
    b"  type: text/jinja2\n",
    b"- ",
    b": ",
    b"\x1f\x8b\x08",
    b"I2Nsb3VkLWNvbmZpZwphOiAxCg==",
    b"\xef\xbb\xbf",
    b"---\n",
    b"../",
    b"/",
    b"\0",
    b"MIME-Version: 1.0\n",
];

/// Data of every kind, gzip'd and encoded too.
const SEEDS: [&[u8]; 6] = [
    b"#cloud-config-archive\n- type: text/x-shellscript\n  content: |\n    #!/bin/sh\n- content: \"a\"\n  Merge-Type: list(append)\n",
    b"#cloud-config\nmerge_how: list(append)+dict(recurse_array)+str()\nl: [1, {\"a\": \"b\"}]\nlaunch-index: 1\n",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
    b"I2Nsb3VkLWNvbmZpZwphOiAxCg==",
    b"## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n",
    b"#cloud-boothook\n#!/bin/sh\necho a\n",
];

pub(crate) fn target() -> Target {
    let mut corpus = mime::messages();
    for entry in fs::read_dir(corpus::data().join("user-data")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "tsv") {
            corpus.push(fs::read(path).unwrap());
        }
    }
    corpus.extend(SEEDS.iter().map(|seed| seed.to_vec()));
    let templates = fs::read_to_string(corpus::data().join("template/templates.txt")).unwrap();
    for template in templates.lines() {
        corpus.push(
            format!("## template: jinja\n#cloud-config\na: {}\n", template.replace("\\n", "\n")).into(),
        );
    }
    Target { name: "user-data", corpus, pieces: PIECES, check, rounds: 25_000 }
}

fn check(input: &[u8]) -> bool {
    let mut assembled = assemble("user_data", input);
    let data =
        json::parse(br#"{"v1": {"x": 1}, "ds": {"meta_data": {"tags": ["a", null], "a-b": "c"}}}"#).unwrap();
    render(jinja::render, "user_data", &mut assembled.parts, &data, &mut assembled.problems);
    assert!(assembled.parts.len() <= limits::MIME_PARTS);
    let merged = merge("user_data", &assembled.parts, Some(patch));
    assert!(matches!(merged.config.data, Data::Map(_)));
    for part in &assembled.parts {
        let name = clean_name(&part.filename);
        assert!(!name.contains(['/', '\0', '\n']));
        assert!(script_bytes(&part.content).len() <= part.content.len());
    }
    let text = cloud_config_text(&merged);
    assert_eq!(
        text,
        cloud_config_text(&merge("user_data", &assembled.parts, Some(patch))),
        "not the same twice"
    );
    if !text.contains("? ") && !text.contains(".nan") {
        let again = yaml::load(&text).unwrap_or_else(|error| panic!("{error} in what was written:\n{text}"));
        if merged.present {
            assert_eq!(emit::dump(&again), emit::dump(&merged.config));
        }
    }
    if let Ok(expanded) = encoding::gunzip(input) {
        assert!(expanded.len() <= limits::EXPANDED);
    }
    !assembled.parts.is_empty()
}
