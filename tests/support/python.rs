//! A python3 with cloud-init that answers questions: one line in, one line of
//! JSON out.

use glowplug::syntax::json;
use glowplug::syntax::value::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The process and its answers; it ends with this value.
pub(crate) struct Python(Child, BufReader<ChildStdout>);

impl Python {
    /// Starts a script with its arguments; `path`, where given, is where its
    /// modules are looked for first.
    pub(crate) fn start<A: AsRef<OsStr>>(script: &[A], path: Option<&OsStr>) -> Self {
        let mut command = Command::new("/usr/bin/python3");
        if let Some(path) = path {
            command.env("PYTHONPATH", path);
        }
        let mut child = command
            .args(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("/usr/bin/python3 with cloud-init is needed");
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self(child, answers)
    }

    /// Asks a question of one line.
    pub(crate) fn ask(&mut self, question: &str) -> Value<'static> {
        writeln!(self.0.stdin.as_mut().unwrap(), "{question}").expect("python3 with cloud-init is needed");
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        json::parse(line.leak().as_bytes()).expect("python3 with cloud-init is needed: no answer")
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
