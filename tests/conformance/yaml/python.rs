//! PyYAML and cloud-init of this machine, in one process.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::corpus::Case;

/// What the other side answers, a line per case.
pub(crate) fn answers(cases: &[Case]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/yaml/oracle.py");
    let mut child = Command::new("python3")
        .arg(script)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 with yaml and cloudinit is needed");
    let mut input = Vec::new();
    for Case { text, .. } in cases {
        writeln!(input, "{}", text.len()).unwrap();
        input.extend_from_slice(text);
    }
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert!(output.status.success(), "the Python side failed");
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}
