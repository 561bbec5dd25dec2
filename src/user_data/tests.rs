//! Assembling and merging; `tests/conformance/user_data/main.rs` compares both with
//! cloud-init itself over `tests/data`.

use super::*;
use crate::jinja;
use crate::limits;
use crate::syntax::json;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

fn kinds(raw: &[u8]) -> Vec<(Kind, String)> {
    assemble("user_data", raw).parts.into_iter().map(|part| (part.kind, part.filename)).collect()
}

fn problems(raw: &[u8]) -> Vec<String> {
    assemble("user_data", raw).problems.iter().map(ToString::to_string).collect()
}

/// The merged cloud-config as JSON, and the problems of merging.
fn merged(parts: &[&str]) -> (String, Vec<String>) {
    let mut message = String::from("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=BOUNDARY\n");
    for part in parts {
        let header = if part.starts_with("Merge-Type") { "" } else { "\n" };
        message.extend(["\n--BOUNDARY\nContent-Type: text/cloud-config\n", header, part]);
    }
    let assembled = assemble("user_data", message.as_bytes());
    let merged = merge("user_data", &assembled.parts, Some(super::patch));
    let mut text = String::new();
    json::write(&merged.config, json::Style::Compact, &mut text);
    (text, merged.problems.iter().map(ToString::to_string).collect())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut file = alloc::vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    file.extend(miniz_oxide::deflate::compress_to_vec(content, 6));
    // The polynomial division of RFC 1952 §8, a bit at a time.
    let crc = content.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    file.extend((!crc).to_le_bytes());
    file.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    file
}

#[test]
fn kinds_are_told_by_the_first_bytes() {
    for (text, kind) in [
        ("#cloud-config\n", Kind::CloudConfig),
        (" \n\u{a0}\u{3000}#CLOUD-CONFIGX\n", Kind::CloudConfig),
        ("#cloud-config-jsonp\n", Kind::CloudConfigJsonp),
        ("#!/bin/sh\n", Kind::Script),
        ("#cloud-boothook\n", Kind::Boothook),
        ("#include-once\n", Kind::IncludeOnce),
        ("#include http://x\n", Kind::Include),
        ("## template: jinja\n", Kind::Jinja),
        ("#part-handler\n", Kind::PartHandler),
        ("#upstart-job\n", Kind::UpstartJob),
        ("hello\n", Kind::Unknown),
        ("\u{200b}#!/bin/sh\n", Kind::Unknown),
    ] {
        assert_eq!(kinds(text.as_bytes()), [(kind, "part-001".to_string())], "{text:?}");
    }
    assert_eq!(kinds(b""), []);
}

#[test]
fn what_cloud_init_ignores_is_understood_and_said() {
    let config = "#cloud-config\na: 1\n";
    let base64 = STANDARD.encode(config);
    let both = STANDARD.encode(gzip(config.as_bytes()));
    for (raw, noted) in [
        (format!("\u{feff}{config}").into_bytes(), "a byte order mark was taken off"),
        (format!("---\n{config}").into_bytes(), "`---` stands before its first line"),
        (base64.into_bytes(), "it was base64 and has been decoded"),
        (both.into_bytes(), "it was base64 and has been decoded"),
    ] {
        let assembled = assemble("user_data", &raw);
        assert_eq!(assembled.parts[0].kind, Kind::CloudConfig);
        assert!(assembled.parts[0].content.ends_with(config.as_bytes()));
        let [problem] = &assembled.problems[..] else { panic!("{:?}", assembled.problems) };
        let problem = problem.to_string();
        assert!(problem.starts_with("user_data") && problem.contains(noted), "{problem}");
    }
    assert_eq!(problems(&gzip(config.as_bytes())), [""; 0]);
    let twice = problems(&gzip(&gzip(config.as_bytes())));
    assert!(twice[0].contains("gzip inside gzip") && twice.len() == 1, "{twice:?}");
}

#[test]
fn each_part_left_alone_is_named() {
    for (text, problem) in [
        ("#part-handler", "unable to run part handler part-001 of user_data: this version runs no Python"),
        (
            "hello",
            "unable to use part part-001 of user_data: its first line names no kind of user data (#cloud-config, #!, …)",
        ),
        (
            "MIME-Version: 1\nContent-Type: image/png\n\nx",
            "unable to use part part-001 of user_data: content type image/png is not known",
        ),
        (
            "\x1f\u{8b}",
            "unable to use part part-001 of user_data: its first line names no kind of user data (#cloud-config, #!, …)",
        ),
    ] {
        assert_eq!(problems(text.as_bytes()), [problem], "{text:?}");
    }
    assert_eq!(
        problems(b"\x1f\x8bxx")[0],
        "unable to decompress user_data: not a gzip file, or its header is cut short"
    );
}

#[test]
fn a_damaged_part_leaves_the_others() {
    let message = format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: application/gzip\n\nno\n\
         --B\nContent-Type: application/x-gzip\nContent-Transfer-Encoding: base64\n\n{}\n--B--\n",
        STANDARD.encode(gzip(b"#!/bin/sh\n"))
    );
    let assembled = assemble("user_data", message.as_bytes());
    assert_eq!(assembled.parts.len(), 1);
    assert_eq!(
        (&assembled.parts[0].kind, &*assembled.parts[0].content),
        (&Kind::Script, &b"#!/bin/sh\n"[..])
    );
    let cause = "not a gzip file, or its header is cut short";
    assert_eq!(
        assembled.problems[0].to_string(),
        format!("unable to decompress user_data part-001: {cause}")
    );
}

#[test]
fn archives_become_parts() {
    let archive = "#cloud-config-archive\n- type: text/cloud-config\n  filename: one.cfg\n  launch-index: 3\n  Merge-Type: list(append)\n  content: |\n    a: 1\n- \"#!/bin/sh\"\n- 5\n- content: 5\n- type: nonsense\n- b\n";
    let assembled = assemble("user_data", archive.as_bytes());
    let [one, two, three] = &assembled.parts[..] else { panic!("{:?}", assembled.parts) };
    assert_eq!((&*one.filename, &*one.content, one.launch_index), ("one.cfg", &b"a: 1\n"[..], Some(3)));
    assert_eq!(one.merge_type.as_deref(), Some("list(append)"));
    assert_eq!((&two.kind, &*two.filename), (&Kind::Script, "part-002"));
    assert_eq!((&three.kind, &*three.content), (&Kind::CloudConfig, &b"b"[..]));
    let problems: Vec<_> = assembled.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].starts_with("unable to read user_data part-001:9:"), "{problems:?}");
    assert!(problems[0].ends_with("a text or a mapping is expected, not an integer"), "{problems:?}");
    assert_eq!(kinds(b"#cloud-config-archive\n"), []);
    assert!(
        self::problems(b"#cloud-config-archive\na: 1\n")[0]
            .contains("a list of parts is expected, not a mapping")
    );
}

#[test]
fn launch_index_of_header_or_content() {
    let part = |text: &str| assemble("user_data", text.as_bytes()).parts[0].clone();
    let own = part("#cloud-config\nlaunch-index: 2\n");
    assert_eq!(own.launch_index, Some(2));
    assert!(own.is_for(None) && own.is_for(Some(2)) && !own.is_for(Some(0)));
    let header =
        part("MIME-Version: 1\nContent-Type: text/cloud-config\nLaunch-Index: 1\n\nlaunch-index: 2\n");
    assert_eq!(header.launch_index, Some(1));
    assert_eq!(part("#!/bin/sh\nlaunch-index: 2\n").launch_index, None);
}

#[test]
fn later_parts_replace_top_level_keys() {
    let (config, problems) = merged(&["a: 1\nl:\n- x\nm:\n  k: 1\n", "l:\n- y\nm:\n  j: 2\n"]);
    assert_eq!((&*config, problems.len()), ("{\"a\":1,\"l\":[\"y\"],\"m\":{\"j\":2}}", 0));
}

#[test]
fn merge_how_of_key_and_header() {
    let first = "l:\n- x\nm:\n  k: 1\n  l: [1, 2]\ns: a\n";
    for (second, expected) in [
        (
            "merge_how: list(append)+dict(recurse_array)+str()\nl: [\"y\"]\nm: {\"l\": [3]}\n",
            r#"{"l":["x","y"],"m":{"k":1,"l":[1,2,3]},"s":"a"}"#,
        ),
        (
            "Merge-Type: list(prepend)+dict(recurse_list,recurse_str)+str(append)\n\nl: [\"y\"]\ns: b\n",
            r#"{"l":["y","x"],"m":{"k":1,"l":[1,2]},"s":"ab"}"#,
        ),
        (
            "merge_type: dict(no_replace)\nl: [\"y\"]\nm: {\"k\": 2, \"n\": 3}\n",
            r#"{"l":["x"],"m":{"k":1,"l":[1,2],"n":3},"s":"a"}"#,
        ),
        ("merge_how: dict(replace,allow_delete)\nm: null\n", r#"{"l":["x"],"s":"a"}"#),
        (
            "merge_how:\n- name: dict\n  settings: [\"recurse_list\"]\n- name: list\n  settings: [\"replace\"]\nl: [1, 2]\n",
            r#"{"l":[1],"m":{"k":1,"l":[1,2]},"s":"a"}"#,
        ),
        ("merge_how: [[\"dict\", \"replace\"]]\ns: b\n", r#"{"l":["x"],"m":{"k":1,"l":[1,2]},"s":"b"}"#),
        ("merge_how: list(append)\ns: b\n", r#"{"l":["x"],"m":{"k":1,"l":[1,2]},"s":"a"}"#),
    ] {
        assert_eq!(merged(&[first, second]), (expected.to_string(), Vec::new()), "{second}");
    }
}

#[test]
fn a_part_that_cannot_be_merged_is_named_with_its_place() {
    for (part, problem) in [
        ("[1]\n", "unable to read user_data part-002:1:1: a mapping of keys is expected, not a list"),
        ("# nothing\n", "unable to read user_data part-002:1:1: it holds no keys"),
        ("merge_how: list(\na: 2\n", "`list(` is no merger: `name(option,…)` is expected"),
        ("merge_how: set()\na: 2\n", "there is no merger `set`: dict, list and str are known"),
    ] {
        let (config, problems) = merged(&["a: 1\n", part]);
        assert_eq!(config, "{\"a\":1}", "{part}");
        assert!(problems.len() == 1 && problems[0].ends_with(problem), "{problems:?}");
    }
    let (config, problems) =
        merged(&["s: a\nn: 1\n", "merge_how: dict(recurse_list)+str(append)\ns: [1]\nn: 2\n"]);
    assert_eq!(config, "{\"s\":\"a\",\"n\":1}");
    assert!(problems[0].ends_with("only a text can be appended to a text"), "{problems:?}");

    let alone = assemble("user_data", b"#cloud-config\na: \xff\n");
    let merged = merge("user_data", &alone.parts, Some(super::patch));
    assert_eq!(merged.problems[0].to_string(), "unable to read user_data:2:4: not UTF-8");
    assert_eq!(cloud_config_text(&merged), "#cloud-config\n\n--- {}\n...\n");
}

#[test]
fn cloud_config_file_names_its_parts() {
    let assembled = assemble("user_data", b"#cloud-config\na: 1\n");
    let text = cloud_config_text(&merge("user_data", &assembled.parts, Some(super::patch)));
    assert!(text.starts_with("#cloud-config\n\n# from 1 files\n# part-001\n\n---\n"), "{text}");
    let script = assemble("user_data", b"#!/bin/sh\n");
    assert_eq!(cloud_config_text(&merge("user_data", &script.parts, Some(super::patch))), "");
}

#[test]
fn script_names_and_line_ends() {
    for (given, clean) in [
        ("../../a b.sh", ".._.._ab.sh"),
        ("naïve(1).sh", "nave(1).sh"),
        ("..", "part"),
        ("", "part"),
        ("\u{e4}", "part"),
    ] {
        assert_eq!(clean_name(given), clean);
    }
    for (script, written) in [
        ("#!/bin/sh\r\na\nb\r\n\r", "#!/bin/sh\na\nb\n\r"),
        ("#!/bin/sh\na\r\n", "#!/bin/sh\na\r\n"),
        ("\r\na\r\n", "\na\n"),
        ("\na\r\n", "\na\r\n"),
        ("no end", "no end"),
    ] {
        assert_eq!(&*script_bytes(script.as_bytes()), written.as_bytes(), "{script:?}");
    }
}

#[test]
fn parts_are_bounded() {
    let archive = "#cloud-config-archive\n".to_string() + &"- x\n".repeat(limits::MIME_PARTS + 10);
    let assembled = assemble("user_data", archive.as_bytes());
    assert_eq!(assembled.parts.len(), limits::MIME_PARTS);
    assert_eq!(assembled.problems.len(), 1);
    assert_eq!(
        assembled.problems[0].to_string(),
        "unable to read all of user_data: it has more than 1024 parts"
    );
}

#[test]
fn aliases_of_an_archive_do_not_fill_the_memory() {
    let archive =
        ["#cloud-config-archive\n- &a '#!", &"x".repeat(1 << 20), "'\n", &"- *a\n".repeat(500)].concat();
    let assembled = assemble("user_data", archive.as_bytes());
    let total: usize = assembled.parts.iter().map(|part| part.content.len()).sum();
    assert!((32 << 20..=limits::USER_DATA_TOTAL).contains(&total), "{total}");
    assert_eq!(
        assembled.problems.last().unwrap().to_string(),
        "unable to read all of user_data: its parts come to more than 64 MiB"
    );
}

#[test]
fn a_long_list_is_not_moved_for_each_of_many_parts() {
    let item = "--B\nContent-Type: text/cloud-config\nMerge-Type: list(prepend)+dict(recurse_list)\n\na: [";
    let items = "1,".repeat(7000) + "]\n";
    let head = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n";
    let message = [head, &[item, &items].concat().repeat(120)].concat();
    let assembled = assemble("user_data", message.as_bytes());
    assert_eq!(assembled.parts.len(), 120);
    let merged = merge("user_data", &assembled.parts, None);
    assert_eq!(merged.problems.len(), 1);
    let problem = merged.problems[0].to_string();
    assert!(problem.ends_with("it takes too much work: this and what follows is left out"), "{problem}");
    assert!(merged.config.get("a").unwrap().items().unwrap().len() > 90 * 7000);
}

/// What a cloud-config template renders to, or the problems.
fn rendered(template: &str, data: &str) -> String {
    let mut assembled = assemble("user_data", template.as_bytes());
    let data = json::parse(data.as_bytes()).unwrap();
    render(jinja::render, "user_data", &mut assembled.parts, &data, &mut assembled.problems);
    if let [problem, ..] = &assembled.problems[..] {
        return problem.to_string();
    }
    let part = &assembled.parts[0];
    assert_eq!((part.kind, &*part.content_type), (Kind::CloudConfig, "text/jinja2"));
    String::from_utf8(part.content.clone()).unwrap()
}

#[test]
fn templates_become_what_they_render_to() {
    let data = r#"{"v1": {"local_hostname": "vm"}}"#;
    let template = "## template: jinja\r\n#cloud-config\r\nhostname: {{ local_hostname }}-a\r\n";
    assert_eq!(rendered(template, data), "#cloud-config\nhostname: vm-a\n");
    for (template, problem) in [
        (
            "## template: jinja\n#cloud-config\na: {{ nope }} '{{ v1.no }}'",
            "unable to render all of user_data part-001: there is no nope, no",
        ),
        (
            "## template: jinja\n#cloud-config\na: {{ nope.x }}\n",
            "unable to render user_data part-001:3:7: there is no nope",
        ),
        (
            "MIME-Version: 1.0\nContent-Type: text/jinja2\n\n#cloud-config\n",
            "unable to render user_data part-001: its first line is not `## template: jinja`",
        ),
        (
            "## template: jinja\nhello\n",
            "unable to use template user_data part-001: it renders to neither a cloud-config nor a script",
        ),
    ] {
        assert_eq!(rendered(template, data), problem);
    }
}

#[test]
fn json_patches_are_applied_in_their_turn() {
    let patched = |patch: &str| {
        let message = format!(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/cloud-config\n\n\
             a: 1\nl: [x, y]\nm: {{k: v}}\n--B\nContent-Type: text/cloud-config-jsonp\n\n{patch}\n--B--\n"
        );
        let assembled = assemble("user_data", message.as_bytes());
        let merged = merge("user_data", &assembled.parts, Some(super::patch));
        if let [problem, ..] = &merged.problems[..] {
            return problem.to_string();
        }
        assert_eq!(merged.from.len(), 2);
        let mut text = String::new();
        json::write(&merged.config, json::Style::Compact, &mut text);
        text
    };
    for (patch, expected) in [
        (
            r#"#cloud-config-jsonp
               [{"op": "add", "path": "/l/1", "value": 5}, {"op": "add", "path": "/l/-", "value": null},
                {"op": "remove", "path": "/a"}, {"op": "replace", "path": "/m/k", "value": {"~/": 1}},
                {"op": "test", "path": "/m/k/~0~1", "value": 1}, {"op": "copy", "from": "/m/k", "path": "/c"},
                {"op": "move", "from": "/l", "path": "/m/l"}]"#,
            r#"{"m":{"k":{"~/":1},"l":["x",5,"y",null]},"c":{"~/":1}}"#,
        ),
        (
            "[{\"op\": \"remove\", \"path\": \"/x\"}]",
            "unable to apply JSON patch user_data part-002:1:2: there is nothing at its path",
        ),
        (
            "#cloud-config-jsonp [\n{\"op\": \"move\", \"from\": \"/m\", \"path\": \"/m/k/x\"}]",
            "unable to apply JSON patch user_data part-002:2:1: nothing can be moved into itself",
        ),
        (
            "{\"a\": 1,}",
            "unable to apply JSON patch user_data part-002:1:9: a key in double quotes is expected",
        ),
        (
            "[{\"op\": \"add\", \"path\": \"\", \"value\": []}]",
            "unable to apply JSON patch user_data part-002:1:1: no mapping is left",
        ),
        (
            "[{\"op\": \"test\", \"path\": \"/m\", \"value\": {\"k\": \"w\"}}]",
            "unable to apply JSON patch user_data part-002:1:2: the value at its path is another one",
        ),
    ] {
        assert_eq!(patched(patch), expected);
    }
    // each operation doubles what is there
    let bomb = "{\"op\": \"copy\", \"from\": \"\", \"path\": \"/a\"},".repeat(100);
    let bomb = format!("[{}]", bomb.trim_end_matches(','));
    assert!(patched(&bomb).ends_with("it would nest too deep"), "{}", patched(&bomb));
    let bomb = "{\"op\": \"copy\", \"from\": \"/m\", \"path\": \"/l/0\"},\
                {\"op\": \"copy\", \"from\": \"/l\", \"path\": \"/m/k\"},"
        .repeat(25);
    let bomb = format!("[{}]", bomb.trim_end_matches(','));
    assert!(patched(&bomb).ends_with("the patch takes too much work"), "{}", patched(&bomb));
}

#[test]
fn boothooks_and_upstart_jobs_as_they_are_written() {
    assert_eq!(boothook_bytes(b"#cloud-boothook\r\n#!/bin/sh\r\nx\r\n"), b"#!/bin/sh\nx\n");
    assert_eq!(boothook_bytes(b"#!/bin/sh\nx\n"), b"#!/bin/sh\nx\n");
    for (name, path) in
        [("a/b", "/etc/init/a_b.conf"), ("my.cfg", "/etc/init/my.cfg.conf"), ("x.CONF", "/etc/init/x.CONF")]
    {
        assert_eq!(upstart_path(name), path);
    }
}
