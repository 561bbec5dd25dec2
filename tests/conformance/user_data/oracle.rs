//! The python3 that answers; one line in, one line out.

use crate::{data, object, shown, text};
use glowplug::syntax::json;
use glowplug::syntax::value::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// tests/support/user_data.py, which says what can be asked.
pub(crate) struct Oracle(Child, BufReader<ChildStdout>);

impl Oracle {
    pub(crate) fn start() -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .arg(data().join("../support/user_data.py"))
            .arg(data().join("template/instance-data.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("/usr/bin/python3 with cloud-init is needed");
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self(child, answers)
    }

    pub(crate) fn ask(&mut self, what: &str, about: &str) -> Value<'static> {
        let question = shown(&object(vec![(what, text(about.to_string()))])).replace('\n', "");
        writeln!(self.0.stdin.as_mut().unwrap(), "{question}").expect("python3 with cloud-init is needed");
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        json::parse(line.leak().as_bytes()).expect("python3 with cloud-init is needed: no answer")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
