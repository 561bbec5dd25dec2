//! What a plan is made of, values left out: lines, keys, fields and words as
//! strict readers of the formats see them.

use crate::machine::Planned;
use glowplug::accounts::edit::{AccountFiles, Editor};
use glowplug::action::{Action, Effect, Program};

/// The records of all actions, in no order that matters.
pub(crate) fn of(planned: &Planned, value: &str) -> Vec<String> {
    let mut records = Records { value, found: Vec::new() };
    let accounts = AccountFiles {
        passwd: Some("root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n".into()),
        group: Some("root:x:0:\nold:x:1000:\n".into()),
        shadow: Some("root:*:::::::\nold:*:::::::\n".into()),
        gshadow: Some("root:*::\n".into()),
    };
    let mut editor = Editor::new(&accounts, 20_000);
    for action in &planned.actions {
        match action {
            Action::WriteFile(file) => records.file(&file.path, &file.content),
            Action::RunProgram(program) => records.program(program),
            Action::Account(change) => {
                // What edits nothing has nothing to be read.
                let _ = editor.change(change);
            }
            Action::Task(task) => match &task.effect {
                Effect::ShutDown(shut_down) => records.program(&shut_down.program),
                _ => records.push("task", ""),
            },
            Action::SetHostname { name } => {
                let is_plain =
                    name.len() <= 64 && !name.contains(|c: char| c.is_control() || c.is_whitespace());
                records.push("hostname", if is_plain { "" } else { "odd" });
            }
            _ => {}
        }
    }
    records.accounts(&editor.files());
    records.found
}

struct Records<'v> {
    value: &'v str,
    found: Vec<String>,
}

impl Records<'_> {
    fn push(&mut self, what: &str, key: &str) {
        let is_value = key.contains("zz9") || self.value.trim().len() > 2 && key.contains(self.value.trim());
        self.found.push(format!("{what} {}", if is_value { "VALUE" } else { key }));
    }

    fn count(&mut self, what: &str, key: &str, count: usize) {
        self.push(&format!("{what} of {count}"), key);
    }

    /// The first word of a line, and each of the others.
    fn words(&mut self, what: &str, line: &str) {
        // resolv.conf(5) has comments in the first column alone.
        let line = if what == "resolver" { line } else { line.split('#').next().unwrap() };
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default().to_owned();
        self.push(what, &first);
        for _ in words {
            self.push(&format!("word of {what}"), &first);
        }
    }

    fn program(&mut self, program: &Program) {
        /// Options whose argument is the next word.
        const WITH_ARGUMENT: &[&str] = &[
            "--comment",
            "--home",
            "--shell",
            "--gid",
            "--groups",
            "--expiredate",
            "--inactive",
            "--selinux-user",
            "--uid",
            "-L",
            "-n",
            "-l",
            "-c",
        ];
        let name = &program.argv[0];
        self.push("run", name);
        let (mut words, mut operands) = (program.argv.iter().skip(1), false);
        while let Some(word) = words.next() {
            if word.contains('\0') {
                self.push("NUL in a word of", name);
            }
            if operands || !word.starts_with('-') {
                self.push("operand of", name);
            } else if word == "--" {
                operands = true;
            } else {
                self.found.push(format!("option of {name} {word}"));
                let known = WITH_ARGUMENT.contains(&word.as_str());
                if known && !(word == "-n" && name == "su") {
                    words.next();
                }
                // What follows the script are its arguments.
                operands |= word == "-c";
            }
        }
        for (variable, _) in &program.environment {
            self.push("variable", variable);
        }
        let input = String::from_utf8_lossy(&program.input);
        for line in input.lines().filter(|_| name == "chpasswd") {
            let (user, password) = line.split_once(':').unwrap_or((line, "none"));
            self.push("password", "");
            if user.contains(|c: char| c.is_whitespace() || c.is_control()) || user.starts_with('-') {
                self.push("password", "of no name");
            }
            if program.argv.len() > 1 && password.contains(':') {
                self.push("password", "with another field");
            }
        }
    }

    fn accounts(&mut self, files: &AccountFiles) {
        for (name, text, fields) in [
            ("passwd", &files.passwd, 7),
            ("group", &files.group, 4),
            ("shadow", &files.shadow, 9),
            ("gshadow", &files.gshadow, 4),
        ] {
            for line in text.as_deref().unwrap_or_default().split('\n').filter(|line| !line.is_empty()) {
                let found: Vec<&str> = line.split(':').collect();
                let odd = found.len() != fields || found[0].is_empty() || line.contains(['\0', '\r']);
                self.push(if odd { "odd line of" } else { "line of" }, name);
            }
        }
    }

    fn file(&mut self, path: &str, content: &[u8]) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        // Whoever names a file may name one in a folder below.
        let folders = ["/etc/rsyslog.d", "/etc/apt/sources.list.d"];
        let folder =
            folders.into_iter().find(|known| folder.starts_with(&format!("{known}/"))).unwrap_or(folder);
        let leads_out = path.split('/').any(|part| part == "..") || path.contains(['\n', '\0']);
        self.push(if leads_out { "file led out of" } else { "file in" }, folder);
        let text = String::from_utf8(content.to_vec()).expect("text");
        if text.contains('\0') {
            self.push("NUL in", folder);
        }
        match (folder, name) {
            ("/etc", "fstab") => self.lines(&text, "#", |records, line| {
                records.count("fstab", "", line.split([' ', '\t']).filter(|word| !word.is_empty()).count());
            }),
            ("/etc", "hosts") => self.lines(&text, "#", |records, line| records.words("hosts", line)),
            ("/etc", "resolv.conf") => {
                self.lines(&text, "#;", |records, line| records.words("resolver", line));
            }
            ("/etc" | "/etc/sudoers.d", "sudoers" | "90-cloud-init-users") => self.sudoers(&text),
            ("/etc", "doas.conf") => self.lines(&text.replace("\\\n", ""), "#", |records, line| {
                records.push("doas", line.split_whitespace().next().unwrap_or_default());
            }),
            ("/etc/apt/apt.conf.d", _) => self.apt(&text),
            (_, "script" | "runcmd") => self.shell(&text),
            ("/etc/apk", _) => self.lines(&text, "#", |records, _| records.push("apk", "")),
            ("/etc/rsyslog.d", _) => self.lines(&text, "#", |records, line| {
                records.count("rsyslog", "", line.split('#').next().unwrap().split_whitespace().count());
            }),
            (_, "authorized_keys") => self.keys(&text),
            (_, "ntp.conf" | "chrony.conf") => {
                self.lines(&text, "#!%;", |records, line| records.words("clock", line));
            }
            (_, name) if name.ends_with(".repo") || name == "zypp.conf" || name == "timesyncd.conf" => {
                self.ini(&text);
            }
            (_, name) if name.ends_with(".list") => self.lines(&text, "#", |records, line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                records.count("source", words[0], words.len());
            }),
            (_, name) if name.ends_with(".sources") => self.lines(&text, "#", |records, line| {
                if !line.starts_with([' ', '\t']) {
                    records.push("source", line.split(':').next().unwrap());
                }
            }),
            ("/etc" | "/etc/default", "keyboard" | "locale.conf" | "locale") => self.shell(&text),
            _ => self.count("text", "", text.lines().count()),
        }
    }

    /// Each line that is not empty; those that begin with one of `comments`
    /// count alone.
    fn lines(&mut self, text: &str, comments: &str, each: impl Fn(&mut Self, &str)) {
        for line in text.split(['\n', '\r']) {
            match line.trim_start_matches([' ', '\t']).chars().next() {
                None => {}
                Some(first) if comments.contains(first) => self.push("comment", ""),
                Some(_) => each(self, line),
            }
        }
    }

    /// sudoers(5): a line that ends with a backslash goes on.
    fn sudoers(&mut self, text: &str) {
        for line in text.replace("\\\n", " ").split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
            let user = line.split_whitespace().next().unwrap();
            if user.starts_with(['#', '@']) {
                continue;
            }
            let is_name = user.chars().all(|c| c.is_alphanumeric() || "_.-$".contains(c)) && user != "ALL";
            self.push(if is_name { "rule of" } else { "rule of more than" }, "a user");
            let rule = line.trim_start().strip_prefix(user).unwrap();
            let mut quoted = false;
            let mut escaped = false;
            let mut is_open = true;
            for c in rule.chars() {
                quoted ^= c == '"' && !escaped;
                is_open &= c != '#';
                if !is_open {
                    break;
                }
                escaped = c == '\\' && !escaped;
            }
            if quoted || escaped || !rule.contains('=') {
                self.push("broken rule", "");
            }
        }
    }

    /// apt.conf(5): `NAME "VALUE";` each.
    fn apt(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| !line.is_empty() && !line.starts_with("//")) {
            let fields: Vec<&str> = line.split('"').collect();
            match &*fields {
                [name, value, ";"] if !value.contains(|c: char| c.is_control() || c == '\\') => {
                    self.push("apt", name);
                }
                _ => self.push("apt", "no setting"),
            }
        }
    }

    /// Words of a shell on each line, quotes followed.
    fn shell(&mut self, text: &str) {
        let (mut words, mut quote, mut inside, mut any) = (0, None, false, false);
        for c in text.replace("'\\''", "").chars() {
            any = true;
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (Some('"'), '$' | '`' | '\\') => self.push("shell", "expands"),
                (Some(_), _) => {}
                (None, '\'' | '"') => {
                    words += usize::from(!inside);
                    (quote, inside) = (Some(c), true);
                }
                (None, '\n') => {
                    self.count("shell", "", words);
                    (words, inside) = (0, false);
                }
                (None, ' ' | '\t') => inside = false,
                (None, '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '~') => {
                    self.push("shell", "operator");
                }
                (None, '\\') => self.push("shell", "escape"),
                (None, _) => {
                    words += usize::from(!inside);
                    inside = true;
                }
            }
        }
        if any && quote.is_some() {
            self.push("shell", "open quote");
        }
    }

    /// sshd(8), AUTHORIZED_KEYS: a text of several lines is several keys.
    fn keys(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| line.starts_with("no-port")) {
            let (mut quoted, mut escaped, mut options) = (false, false, 1);
            for c in line.chars() {
                quoted ^= c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                options += usize::from(c == ',' && !quoted);
                if c == ' ' && !quoted {
                    break;
                }
            }
            if quoted || options != 4 {
                self.push("odd options in", "authorized_keys");
            }
        }
        if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
            self.push("control character in", "authorized_keys");
        }
    }

    fn ini(&mut self, text: &str) {
        let mut section = String::new();
        for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
            if line.starts_with(['#', ';']) {
                self.push("comment", "");
            } else if line.starts_with('[') {
                section = if line.contains("zz9") { "VALUE".into() } else { line.into() };
                let is_one = line.ends_with(']') && line.matches([']', '[']).count() == 2;
                self.push(if is_one { "section" } else { "odd section" }, line);
            } else if !line.starts_with([' ', '\t']) {
                let key = line.split(['=', ':']).next().unwrap().trim();
                self.push(&format!("key of {section}"), if line.contains('=') { key } else { "none" });
            }
        }
    }
}
