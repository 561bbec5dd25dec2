//! Passwords, and whether sshd(8) takes them.

use crate::python::Python;
use crate::random::Random;
use crate::users::PROGRAMS;
use crate::{Folder, Json, ask, map, oracle, plan, text, texts};
use glowplug::action::{Action, Effect};
use glowplug::instance::Metadata;
use glowplug::module::Plan;

/// Made up configurations.
const GENERATED: usize = 300;

const SYSTEM: &str = "system_info: {default_user: {name: debian}}\nusers: [default]\n";

/// What becomes of a machine: lines for chpasswd(8), in clear and as hashes,
/// users whose password expires, each sorted; settings of sshd(8), whether that
/// starts anew, and what the console shows.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    clear: Vec<String>,
    hashed: Vec<String>,
    expired: Vec<String>,
    settings: Vec<(String, String)>,
    restarted: bool,
    told: String,
}

impl Outcome {
    fn add(&mut self, argv: &[String], input: &str) {
        let lines = input.lines().map(ToOwned::to_owned);
        match argv.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["chpasswd"] => self.clear.extend(lines),
            ["chpasswd", "-e"] => self.hashed.extend(lines),
            ["passwd", "--expire", user] => self.expired.push(user.to_owned()),
            ["systemctl", "status", _] => {}
            ["systemctl", .., "restart" | "try-restart", _] => self.restarted = true,
            _ => panic!("{argv:?}"),
        }
    }

    fn finish(mut self, config: Option<String>) -> Self {
        for list in [&mut self.clear, &mut self.hashed, &mut self.expired] {
            list.sort();
        }
        self.settings = settings(&config.unwrap_or_default());
        self
    }
}

/// Keywords and arguments of sshd_config(5), however they are written.
fn settings(text: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let line = line.trim();
        let (key, value) = line.split_once(|c: char| c.is_whitespace() || c == '=')?;
        (!key.starts_with('#')).then(|| (key.to_lowercase(), value.trim().to_owned()))
    };
    text.lines().filter_map(line).collect()
}

fn ours(plan: &Plan, config: &str, files: &Folder) -> Outcome {
    let mut outcome = Outcome::default();
    let mut written = files.read(config);
    for action in &plan.actions {
        match action {
            Action::RunProgram(program) => {
                outcome.add(&program.argv, std::str::from_utf8(&program.input).unwrap());
            }
            Action::Task(task) => match &task.effect {
                Effect::Tell(told) => outcome.told.push_str(told),
                other => panic!("{other:?}"),
            },
            Action::WriteFile(file) => {
                assert_eq!(file.path, config);
                written = Some(String::from_utf8(file.content.clone()).unwrap());
            }
            other => panic!("{other}"),
        }
    }
    outcome.finish(written)
}

fn theirs(answer: &Json, config: &str, root: &Folder) -> Outcome {
    let mut outcome = Outcome::default();
    for command in answer.get("commands").unwrap().items().unwrap() {
        let [argv, input] = command.items().unwrap() else { panic!("argv and input") };
        outcome.add(&texts(argv), input.as_str().unwrap());
    }
    // an empty line follows, which nobody needs
    outcome.told = answer.get("told").unwrap().as_str().unwrap().replace("\n\n", "\n");
    outcome.finish(root.read(config))
}

fn compare(oracle: &mut Python, config: &str, sshd: &str, wrong: &mut Vec<String>) {
    let config = format!("{SYSTEM}{config}");
    let files = [("/etc/ssh/sshd_config", sshd), ("/run/systemd/system/x", "")];
    let (root, copy) = (Folder::new(&files).with_programs(&PROGRAMS), Folder::new(&files));
    // which Include counts hangs on the path of the file itself
    let include = format!("Include {}/etc/", copy.0.display());
    copy.put("/etc/ssh/sshd_config", &sshd.replace("Include /etc/", &include), 0o644);
    let plan = plan("set_passwords", &config, Metadata::default(), &root);
    let question = map(vec![
        ("module", text("set_passwords")),
        ("config", text(&config)),
        ("root", text(copy.0.to_str().unwrap())),
    ]);
    let answer = ask(oracle, &question);
    let error = answer.get_set("error");
    if error.is_some() && !plan.problems.is_empty() {
        // There it ends the module, here that user's password alone.
        return;
    }
    let written = if sshd.contains("Include") {
        "/etc/ssh/sshd_config.d/50-cloud-init.conf"
    } else {
        "/etc/ssh/sshd_config"
    };
    let (ours, theirs) = (ours(&plan, written, &root), theirs(&answer, written, &copy));
    if ours != theirs || error.is_some() {
        wrong.push(format!(
            "{config}{sshd}ours:   {ours:?} {:?}\ntheirs: {theirs:?} {error:?}",
            plan.problems
        ));
    }
}

#[test]
fn passwords_by_hand_as_cloud_init() {
    let mut oracle = oracle();
    let mut wrong = Vec::new();
    for config in [
        "password: x",
        "password: R",
        "password: 123",
        "password: $6$salt$hash",
        "password: $6$salt$with:colon",
        "password: $1$",
        "chpasswd: {expire: false}\npassword: x",
        "chpasswd: {list: 'a:b\n\n  c:d'}",
        "chpasswd: {list: \"a:R\\nb:RANDOM\\nc:$2y$x$y\\n\"}\npassword: ignored",
        "chpasswd: {list: ['a:b:c', 'd:$5$s$h', 'e:']}",
        "chpasswd: {users: [{name: a, password: $6$x$y}, {name: b, type: text, password: p}, {name: c, type: RANDOM}]}",
        "chpasswd: {users: [{name: a, password: plain}]}",
        "chpasswd: {users: [{name: a, password: p, type: text}], list: [b:c], expire: 'no'}",
    ] {
        compare(&mut oracle, config, "Port 22\n", &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn made_up_passwords_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(12);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let mut keys = Vec::new();
        let users: Vec<String> = (0..random.below(4))
            .map(|number| {
                let what = random.pick(&[
                    "password: $6$a$b",
                    "password: $5$rounds=1000$b$c, type: hash",
                    "password: 'a b:c', type: text",
                    "password: '12345', type: text",
                    "password: $6$looks$like, type: text",
                    "type: RANDOM",
                ]);
                format!("{{name: u{number}, {what}}}")
            })
            .collect();
        if !users.is_empty() {
            keys.push(format!("users: [{}]", users.join(", ")));
        }
        let lines: Vec<&str> = (0..random.below(4))
            .map(|_| {
                random.pick(&[
                    "'a:b'",
                    "'c:d:e'",
                    "'f:$6$x$y'",
                    "'g:$1$x$y:z'",
                    "'h:R'",
                    "'i:RANDOM'",
                    "'k:$9$x$y'",
                ])
            })
            .collect();
        if !lines.is_empty() {
            keys.push(format!("list: [{}]", lines.join(", ")));
        }
        if random.once_in(3) {
            keys.push(format!("expire: {}", random.pick(&["true", "false", "'true'", "'off'"])));
        }
        let mut config = format!("chpasswd: {{{}}}\n", keys.join(", "));
        if random.once_in(3) {
            config +=
                random.pick(&["password: p\n", "password: RANDOM\n", "password: $6$x$y\n", "password: ''\n"]);
        }
        config += random.pick(&[
            "",
            "ssh_pwauth: true\n",
            "ssh_pwauth: false\n",
            "ssh_pwauth: unchanged\n",
            "ssh_pwauth: 'yes'\n",
            "ssh_pwauth: 'FALSE'\n",
            "ssh_pwauth: null\n",
            "ssh_pwauth: perhaps\n",
        ]);
        let sshd = random.pick(&[
            "Port 22\n# PasswordAuthentication no\n",
            "PasswordAuthentication no\nX11Forwarding yes\n",
            "passwordauthentication yes\nPasswordAuthentication no\n",
            "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication no\n",
            "PasswordAuthentication=yes\n",
        ]);
        compare(&mut oracle, &config, sshd, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[0]);
}
