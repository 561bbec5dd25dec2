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
            Action::Task(task) => records.task(&task.effect),
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

pub(crate) struct Records<'v> {
    pub(crate) value: &'v str,
    pub(crate) found: Vec<String>,
}

impl Records<'_> {
    /// The records of files of networks.
    pub(crate) fn of_files(planned: &Planned, value: &str) -> Vec<String> {
        let mut records = Records { value, found: Vec::new() };
        for action in &planned.actions {
            if let Action::WriteFile(file) = action {
                records.network_file(&file.path, &file.content);
            }
        }
        records.found
    }

    fn network_file(&mut self, path: &str, content: &[u8]) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let is_led_out = path.split('/').any(|part| part == "..") || path.contains(['\n', '\0']);
        self.push(if is_led_out { "file led out of" } else { "file in" }, folder);
        let text = String::from_utf8(content.to_vec()).expect("text");
        if text.contains(|c: char| c.is_control() && c != '\n') {
            self.push("control character in", folder);
        }
        match (folder, name.rsplit('.').next().unwrap()) {
            (_, "network" | "netdev" | "link" | "nmconnection") => self.ini(&text),
            (_, "yaml") => match glowplug::syntax::yaml::load(&text) {
                Ok(value) => self.tree(&value, ""),
                Err(_) => self.push("no YAML in", folder),
            },
            ("/etc/udev/rules.d", _) => self.lines(&text, "#", |records, line| {
                records.count("rule", "", line.split(", ").filter(|part| part.contains('=')).count());
            }),
            _ if name.starts_with("ifcfg-") || name == "network" || folder.ends_with("sysconfig/network") => {
                self.shell(&text);
            }
            _ => self.lines(&text, "#", |records, line| records.words(name, line)),
        }
    }

    pub(crate) fn push(&mut self, what: &str, key: &str) {
        let key = if self.is_value(key) { "VALUE" } else { key };
        self.found.push(format!("{what} {key}"));
    }

    /// Whether a key is the value, or has it in it.
    pub(crate) fn is_value(&self, key: &str) -> bool {
        let value = self.value.trim();
        let is_plain = value.chars().all(|c| c.is_alphanumeric() || c == '_') && value != "ALL";
        let has_it = key.eq_ignore_ascii_case(value) || value.len() > 2 && key.contains(value);
        key.contains("zz9") || !is_plain && has_it
    }

    pub(crate) fn count(&mut self, what: &str, key: &str, count: usize) {
        self.push(&format!("{what} of {count}"), key);
    }

    /// The first word of a line, and each of the others.
    pub(crate) fn words(&mut self, what: &str, line: &str) {
        // resolv.conf(5) has comments in the first column alone.
        let line = if what == "resolver" { line } else { line.split('#').next().unwrap() };
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default().to_owned();
        self.push(what, &first);
        for _ in words {
            self.push(&format!("word of {what}"), &first);
        }
    }

    fn task(&mut self, effect: &Effect) {
        match effect {
            Effect::ShutDown(shut_down) => {
                self.program(&shut_down.program);
                shut_down.condition.iter().for_each(|condition| self.program(condition));
            }
            Effect::Check(checked) => {
                checked.files.iter().for_each(|file| self.file(&file.path, &file.content));
            }
            Effect::Print(text) | Effect::Tell(text) => {
                let is_odd = text.contains(|c: char| c.is_control() && c != '\n');
                self.count(if is_odd { "odd text" } else { "text" }, "", text.lines().count());
            }
            Effect::Post(post) => {
                // What sends it refuses an address or a header that can't be one.
                post.form.iter().for_each(|(name, _)| self.push("field", name));
            }
            Effect::Fetch(fetched) => {
                self.file(&fetched.file.path, &fetched.file.content);
                fetched.headers.iter().for_each(|_| self.push("header", ""));
            }
            Effect::CompleteHome { .. } => self.push("home", ""),
            Effect::GrowPartition { .. } | Effect::GrowExt { .. } => self.push("growth", ""),
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
                let option = word.split_inclusive('=').next().unwrap_or(word);
                self.found.push(format!("option of {name} {option}"));
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
        // A name alone lies in the root's own folder.
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
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
            (_, "script" | "runcmd" | "bootcmd") => self.shell(&text),
            ("/etc/apk", _) => self.lines(&text, "#", |records, _| records.push("apk", "")),
            ("/etc/rsyslog.d", _) => self.lines(&text, "#", |records, line| {
                records.count("rsyslog", "", line.split('#').next().unwrap().split_whitespace().count());
            }),
            (_, "authorized_keys") => self.keys(&text),
            (_, "ntp.conf" | "chrony.conf") => {
                self.lines(&text, "#!%;", |records, line| records.words("clock", line));
            }
            ("/etc/systemd/timesyncd.conf.d", _) => self.ini(&text),
            (_, name) if name.ends_with(".repo") || name == "zypp.conf" => self.ini(&text),
            (_, name) if name.ends_with(".list") => self.lines(&text, "#", |records, line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                records.count("source", words[0], words.len());
            }),
            (_, name) if name.ends_with(".sources") => self.lines(&text, "#", |records, line| {
                if !line.starts_with([' ', '\t']) {
                    records.push("source", line.split(':').next().unwrap());
                }
            }),
            ("/etc" | "/etc/default", "keyboard" | "locale.conf" | "locale")
            | ("/etc/sysconfig" | "/etc/profile.d", _) => self.shell(&text),
            ("/etc/ssh", "sshd_config") => self.lines(&text, "#", |records, line| records.words(name, line)),
            ("/etc", "locale.gen") => self.lines(&text, "#", |records, line| {
                records.count("locale", "", line.split_whitespace().count());
            }),
            ("/etc", "hostname" | "timezone")
            | ("/var/lib/cloud/data", "set-hostname")
            | (_, "x" | "x.conf") => {
                self.count("text", "", text.lines().count());
            }
            (_, name) if name.ends_with(".json") => match glowplug::syntax::json::parse(content) {
                Ok(value) => self.tree(&value, ""),
                Err(_) => self.push("no JSON in", folder),
            },
            // A document of the person's own, and texts without a form.
            (_, "attach.yaml") | ("/var/lib/cloud/instances/i-1", _) => {
                match glowplug::syntax::yaml::load(&text) {
                    Ok(value) => self.tree(&value, ""),
                    Err(_) => self.push("no YAML in", folder),
                }
            }
            _ => panic!("{path}: a format that nothing here reads"),
        }
    }
}
