//! `glowplug devel` as a person calls it; `make-mime` beside cloud-init's own,
//! which must be there.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use glowplug::syntax::json::{self, Style};
use glowplug::syntax::mime;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("glowplug-devel-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        for (name, content) in files {
            fs::write(path.join(name), content).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs `program` in `folder`.
fn run(program: &str, arguments: &[&str], folder: &Path, input: &str) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Status, standard output and standard error of `glowplug devel`.
fn devel(arguments: &[&str], folder: &Folder, input: &str) -> (i32, String, String) {
    let arguments = [&["devel"], arguments].concat();
    let output = run(env!("CARGO_BIN_EXE_glowplug"), &arguments, &folder.0, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn yaml_becomes_one_line_of_json() {
    let folder =
        Folder::new("yaml", &[("a.yaml", "b: [1, ~, yes, 2001-01-01, .nan, \"é\"]\n8: !!binary aGk=\n")]);
    let tree = "{\"b\":[1,null,true,\"2001-01-01\",NaN,\"é\"],\"8\":\"aGk=\"}\n";
    assert_eq!(devel(&["yaml", "a.yaml"], &folder, ""), (0, tree.into(), String::new()));
    for arguments in [&["yaml"][..], &["yaml", "-"]] {
        assert_eq!(
            devel(arguments, &folder, "- 1.50\n- {no: .inf}\n"),
            (0, "[1.5,{\"false\":Infinity}]\n".into(), String::new())
        );
    }
}

#[test]
fn yaml_says_what_is_wrong_and_where() {
    let folder =
        Folder::new("broken", &[("a.yaml", "a: 1\nb: [1,\n"), ("b.yaml", "a: 1\na: 2\n"), ("c.yaml", "")]);
    let (status, out, err) = devel(&["yaml", "a.yaml"], &folder, "");
    assert_eq!((status, &*out), (1, ""));
    let place: Vec<_> = err.splitn(4, ':').map(str::trim).collect();
    assert!(
        matches!(place[..], ["a.yaml", line, column, why]
            if line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok() && !why.is_empty()),
        "{err}"
    );
    let (status, out, err) = devel(&["yaml", "b.yaml"], &folder, "");
    assert_eq!((status, &*out), (0, "{\"a\":2}\n"));
    assert!(err.starts_with("b.yaml:2:1: warning: "), "{err}");
    fs::write(folder.0.join("c.yaml"), b"a: \xff").unwrap();
    assert_eq!(devel(&["yaml", "c.yaml"], &folder, ""), (1, String::new(), "c.yaml:1:4: not UTF-8\n".into()));
    let nothing = "glowplug: unable to read none: No such file or directory\n";
    assert_eq!(devel(&["yaml", "none"], &folder, ""), (1, String::new(), nothing.into()));
}

#[test]
fn user_data_is_taken_apart() {
    let template = "## template: jinja\n#cloud-config\nb: {{ v1.x }}\n";
    let message = format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/cloud-config\n\na: 1\n\
         --B\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename=x.sh\n\n#!/bin/sh\n\
         --B\nContent-Type: text/plain\n\n{template}--B--\n"
    );
    let folder = Folder::new(
        "user-data",
        &[("ud", &message), ("data", "{\"v1\": {\"x\": 2}}"), ("plain", "hello\n"), ("empty", "")],
    );
    let parts = "{\"parts\":[\
        {\"content_type\":\"text/cloud-config\",\"filename\":\"part-001\",\"size\":4,\
         \"sha256\":\"16c3c6d78678d53d39ab2c7a5a7bc4596567b46a1a57000a2d707334f779b824\"},\
        {\"content_type\":\"text/x-shellscript\",\"filename\":\"x.sh\",\"size\":9,\
         \"sha256\":\"3af71adb278ad4af33c144b78fa1ae708da03b773d98324ae991a7daedb53ca2\"},\
        {\"content_type\":\"text/jinja2\",\"filename\":\"part-003\",\"size\":46,\
         \"sha256\":\"ecd0106ad787286137bebdeaf8233876f1e44aea6efbd058cff57dbd11b76a28\"}],";
    let (status, out, err) = devel(&["user-data", "ud"], &folder, "");
    assert_eq!(err, "unable to render template part-003 of ud: no --instance-data is given\n");
    assert_eq!((status, out), (0, format!("{parts}\"cloud_config\":{{\"a\":1}}}}\n")));
    let (status, out, err) = devel(&["user-data", "-i", "data", "ud"], &folder, "");
    assert_eq!(
        (status, out, err),
        (0, format!("{parts}\"cloud_config\":{{\"a\":1,\"b\":2}}}}\n"), String::new())
    );
    let (status, _, err) = devel(&["user-data", "plain"], &folder, "");
    assert!(status == 1 && err.contains("names no kind of user data"), "{err}");
    for broken in [
        "#cloud-config\na: [\n",
        "#part-handler\n",
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n",
    ] {
        let (status, _, err) = devel(&["user-data", "-"], &folder, broken);
        assert!(status == 1 && err.starts_with("unable to "), "{broken}: {err}");
    }
    let nothing = "{\"parts\":[],\"cloud_config\":{}}\n";
    assert_eq!(devel(&["user-data", "empty"], &folder, ""), (0, nothing.into(), String::new()));
}

#[test]
fn user_data_warns_of_what_yaml_reads_differently() {
    let folder = Folder::new("warned", &[]);
    let (status, _, err) =
        devel(&["user-data", "-"], &folder, "#cloud-config\nruncmd:\n- echo a: b\n- [sh, -c, a: b]\n");
    let lines: Vec<_> = err.lines().collect();
    assert!(
        matches!(lines[..], [one, other]
            if one.starts_with("<stdin>:3:3: warning: ")
                && other.starts_with("<stdin>:4:12: warning: ")),
        "{err}"
    );
    assert_eq!(status, 0);
}

#[test]
fn help_into_a_closed_pipe_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_glowplug"))
        .arg("--help")
        .stdout(fs::File::create("/dev/full").unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn make_mime_as_cloud_init() {
    let long = "#!/bin/sh\n".to_string() + &"echo a long line, more than one of base64\n".repeat(9);
    let folder = Folder::new(
        "make-mime",
        &[("c.yaml", "#cloud-config\r\na: é\r"), ("s \"x.sh", &long), ("empty", "")],
    );
    let leaves = |message: &[u8]| {
        let leaves = mime::walk(message).map(|leaf| {
            let leaf = leaf.unwrap();
            (leaf.content_type.to_string(), leaf.filename(), leaf.content().into_owned())
        });
        leaves.collect::<Vec<_>>()
    };
    for arguments in [
        &["-a", "c.yaml:cloud-config", "--attach", "s \"x.sh:x-shellscript"][..],
        &["-a", "c.yaml: cloud-config ", "-a", "empty:jinja2"],
        &["-a", "c.yaml:nonsense"],
        &["-a", "c.yaml:text/cloud-config", "-a", "c.yaml:x-include-url", "-f"],
        &["--force", "-a", "c.yaml:Cloud-Config"],
        &[],
    ] {
        let ours = run(
            env!("CARGO_BIN_EXE_glowplug"),
            &[&["devel", "make-mime"], arguments].concat(),
            &folder.0,
            "",
        );
        let theirs =
            run("/usr/bin/cloud-init", &[&["devel", "make-mime"], arguments].concat(), &folder.0, "");
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}");
        assert_eq!(ours.stderr.escape_ascii().to_string(), theirs.stderr.escape_ascii().to_string());
        assert_eq!(leaves(&ours.stdout), leaves(&theirs.stdout), "{arguments:?}");
        let without_boundary = |text: &[u8]| {
            let text = String::from_utf8(text.to_vec()).unwrap();
            text.lines().filter(|line| !line.contains("=====")).map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(without_boundary(&ours.stdout), without_boundary(&theirs.stdout), "{arguments:?}");
    }
    let theirs = run("/usr/bin/cloud-init", &["devel", "make-mime", "-l"], &folder.0, "");
    let (status, list, _) = devel(&["make-mime", "--list-types"], &folder, "");
    // Of Ubuntu's old init and of Heat, whose handler its own user-data brings along.
    let is_theirs = |name: &&str| !["upstart-job", "x-cfninitdata"].contains(name);
    let list: Vec<_> = list.lines().filter(is_theirs).collect();
    let list = list.join("\n") + "\n";
    assert_eq!((status, list.as_bytes()), (0, &*theirs.stdout));
}

#[test]
fn what_make_mime_puts_together_user_data_takes_apart() {
    let folder = Folder::new("round", &[("c.yaml", "#cloud-config\na: 1\n"), ("x.sh", "#!/bin/sh\n")]);
    let (status, message, _) =
        devel(&["make-mime", "-a", "c.yaml:cloud-config", "-a", "x.sh:x-shellscript"], &folder, "");
    assert_eq!(status, 0);
    let (status, out, err) = devel(&["user-data", "-"], &folder, &message);
    assert_eq!((status, &*err), (0, ""));
    let answer = json::parse(out.as_bytes()).unwrap();
    let names: Vec<_> = answer
        .get("parts")
        .unwrap()
        .items()
        .unwrap()
        .iter()
        .map(|part| part.get("filename").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(names, ["c.yaml", "x.sh"]);
    let mut config = String::new();
    json::write(answer.get("cloud_config").unwrap(), Style::Compact, &mut config);
    assert_eq!(config, "{\"a\":1}");
}

#[test]
fn a_template_renders_as_cloud_init_renders_it() {
    let data =
        r#"{"v1": {"local_hostname": "vm", "region": null}, "ds": {"meta_data": {"tags": ["a", "b"]}}}"#;
    let template = "## template: jinja\n#cloud-config\nhostname: {{ local_hostname.upper() }}-{{ v1.region }}\n\
                    {% for tag in ds.meta_data.tags if tag != 'a' -%}\n- {{ tag }}\n{% endfor %}\n{{ nope }}\n";
    let folder = Folder::new("render", &[("data", data), ("template", template), ("none", "#!/bin/sh\n")]);
    let arguments = ["render", "-i", "data", "template"];
    let theirs = run("/usr/bin/cloud-init", &[&["devel"][..], &arguments].concat(), &folder.0, "");
    let (status, out, err) = devel(&arguments, &folder, "");
    assert_eq!((status, out.as_bytes()), (0, &*theirs.stdout), "{theirs:?}");
    assert_eq!(err, "glowplug: unable to render all of template: there is no nope\n");
    let (status, _, err) = devel(&["render", "-i", "data", "none"], &folder, "");
    assert_eq!(
        (status, &*err),
        (1, "glowplug: unable to render none: its first line is not `## template: jinja`\n")
    );
}

#[test]
fn a_command_line_that_makes_no_sense() {
    let folder = Folder::new("usage", &[]);
    for (arguments, why) in [
        (
            &[][..],
            "unable to run devel: yaml, user-data, make-mime, net-convert, render or hotplug-hook is missing, see --help",
        ),
        (&["fly"], "unable to run devel \"fly\": no such command, see --help"),
        (&["user-data"], "unable to run devel user-data: FILE is missing, see --help"),
        (&["make-mime", "-a", "x"], "unable to attach \"x\": FILE:TYPE is expected"),
        (&["make-mime", "-a", "x\n:y"], "unable to attach \"x\\n:y\": it has control characters"),
        (&["yaml", "a", "b"], "unexpected argument \"b\""),
    ] {
        assert_eq!(devel(arguments, &folder, ""), (2, String::new(), format!("glowplug: {why}\n")));
    }
    let (status, help, _) = devel(&["make-mime", "--help"], &folder, "");
    assert!(status == 0 && help.starts_with("Usage: glowplug devel "), "{help}");
}
