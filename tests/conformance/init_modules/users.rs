//! Users, groups, their passwords, rules and keys.

use crate::python::Python;
use crate::random::Random;
use crate::{Folder, Json, ask, commands, map, oracle, plan, text, texts, written};
use glowplug::action::Action;
use glowplug::instance::Metadata;
use glowplug::module::Plan;
use glowplug::syntax::value::{Data, Value};
use std::fmt::Write;

/// Made up configurations.
const GENERATED: usize = 400;

pub(crate) const PROGRAMS: [&str; 5] = ["useradd", "groupadd", "usermod", "chpasswd", "passwd"];

const SYSTEM: &str = "system_info: {default_user: {name: debian, gecos: Debian, groups: [adm, sudo], \
                      sudo: ['ALL=(ALL) NOPASSWD:ALL'], shell: /bin/bash, lock_passwd: true}}\n";

/// cloud-init's commands with the hash of a new user where ours has it: on the
/// standard input of chpasswd(8), which no list of processes shows.
fn theirs(answer: &Json) -> Vec<(Vec<String>, String)> {
    let mut commands = Vec::new();
    for command in answer.get("commands").unwrap().items().unwrap() {
        let [argv, input] = command.items().unwrap() else { panic!("argv and input") };
        let mut argv = texts(argv);
        let mut input = input.as_str().unwrap().to_owned();
        let mut hash = None;
        if let Some(at) = argv.iter().position(|word| word == "--password") {
            argv.remove(at);
            hash = Some(argv.remove(at));
        }
        if argv[0] == "chpasswd" && !input.ends_with('\n') {
            input.push('\n');
        }
        let name = argv.get(1).cloned().unwrap_or_default();
        commands.push((argv, input));
        if let Some(hash) = hash {
            commands.push((vec!["chpasswd".into(), "-e".into()], format!("{name}:{hash}\n")));
        }
    }
    commands
}

/// `[user, sorted keys, options]` of the files of keys that are written.
fn our_keys(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for action in &plan.actions {
        if let Action::WriteFile(file) = action
            && file.path.ends_with("/.ssh/authorized_keys")
        {
            let name = file.owner.text();
            let mut lines: Vec<String> =
                String::from_utf8(file.content.clone()).unwrap().lines().map(Into::into).collect();
            lines.sort();
            found.push((name, lines));
        }
    }
    found
}

fn their_keys(answer: &Json) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for entry in answer.get("keys").unwrap().items().unwrap() {
        let [user, keys, options] = entry.items().unwrap() else { panic!("user, keys, options") };
        let options = options.as_str().unwrap();
        let blank = if options.is_empty() { "" } else { " " };
        let lines = texts(keys).iter().map(|key| format!("{options}{blank}{key}")).collect::<Vec<_>>();
        if !lines.is_empty() {
            found.push((user.as_str().unwrap().to_owned(), lines));
        }
    }
    found
}

fn compare(oracle: &mut Python, config: &str, wrong: &mut Vec<String>) {
    let config = format!("{SYSTEM}{config}");
    let (ours, theirs_root) = (Folder::new(&[]).with_programs(&PROGRAMS), Folder::new(&[]));
    let keys = vec!["ssh-rsa AAAA cloud".to_owned()];
    let plan =
        plan("users_groups", &config, Metadata { public_keys: keys.clone(), ..Metadata::default() }, &ours);
    let list = Value::bare(Data::Seq(keys.iter().map(|key| text(key)).collect()));
    let answer = ask(
        oracle,
        &map(vec![
            ("module", text("users_groups")),
            ("config", text(&config)),
            ("root", text(theirs_root.0.to_str().unwrap())),
            ("metadata", map(vec![("public_keys", list)])),
        ]),
    );
    let body =
        |text: Option<String>| text.unwrap_or_default().split_once('\n').map(|(_, body)| body.to_owned());
    let sudoers = "/etc/sudoers.d/90-cloud-init-users";
    let (our_rules, their_rules) = (body(written(&plan, sudoers)), body(theirs_root.read(sudoers)));
    let error = answer.get_set("error");
    if error.is_some() && !plan.problems.is_empty() {
        // Both find that it contradicts itself; there that ends the module.
        return;
    }
    if commands(&plan) != theirs(&answer)
        || our_keys(&plan) != their_keys(&answer)
        || our_rules != their_rules
        || error.is_some()
    {
        wrong.push(format!(
            "{config}\nours:   {:?} {:?} {our_rules:?} {:?}\ntheirs: {:?} {:?} {their_rules:?} {error:?}",
            commands(&plan),
            our_keys(&plan),
            plan.problems,
            theirs(&answer),
            their_keys(&answer)
        ));
    }
}

#[test]
fn users_by_hand_as_cloud_init() {
    let mut oracle = oracle();
    let mut wrong = Vec::new();
    for config in [
        "users: [default]",
        "user: me\nusers: [{name: bob}]",
        "user: {name: me, groups: [adm, web]}\n",
        "users: 'b,a,default'",
        "users: {ann: {gecos: A}, bob: true, eve: false, default: true}",
        "users: [[x, y], 'z,w', old]",
        "users: [{name: default, groups: [only]}, {name: debian, groups: [more]}]",
        "users: [default, {name: debian, groups: [more, adm], shell: /bin/zsh}]",
        "users: [{name: a, lock-passwd: false, primary_group: g, groups: 'x, y', ssh-authorized-keys: ssh-rsa BB b}]",
        "users: [{name: a}, {name: a, gecos: second, shell: first}]",
        "groups: 'a,b'\nusers: []",
        "groups: [a, {b: [root, old], c: root}, {b: root}]\nusers: []",
        "groups: {a: [old], root: []}\nusers: []",
        "users: [default, {name: old, ssh_redirect_user: true}, {name: n, ssh_redirect_user: default}]",
        "users: [{name: a, passwd: $6$x$y, plain_text_passwd: t, hashed_passwd: $5$x$y, sudo: false}]",
        "users: [{name: a, create_groups: false, groups: [q]}, {name: b, groups: {r: null}}]",
        "",
    ] {
        compare(&mut oracle, config, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// One entry of `users`.
fn user(random: &mut Random) -> String {
    let name = random.pick(&["ann", "bob", "old", "debian", "default", "web-1", "x_y"]);
    let mut entry = format!("{{name: {name}");
    let options = [
        "gecos: 'Some One'",
        "homedir: /srv/x",
        "uid: 1234",
        "uid: '77'",
        "groups: [web, adm]",
        "groups: 'web,db,adm'",
        "groups: [db], primary_group: staff",
        "shell: /bin/zsh",
        "expiredate: '2030-01-01'",
        "inactive: '5'",
        "no_user_group: true",
        "no_log_init: true",
        "lock_passwd: false",
        "lock_passwd: true",
        "plain_text_passwd: 'a b:c'",
        "hashed_passwd: $6$abc$def",
        "passwd: $6$ghi$jkl",
        "sudo: 'ALL=(ALL) ALL'",
        "sudo: ['ALL=(root) ALL', 'ALL=(ALL) /bin/ls']",
        "sudo: null",
        "create_groups: false",
        "selinux_user: staff_u",
    ];
    let mut seen = Vec::new();
    for _ in 0..random.below(6) {
        let option = random.pick(&options);
        let key = option.split(':').next().unwrap();
        if !seen.contains(&key) {
            seen.push(key);
            write!(entry, ", {option}").unwrap();
        }
    }
    match random.below(4) {
        0 => entry += ", system: true",
        1 => entry += ", no_create_home: true",
        2 => entry += ", ssh_authorized_keys: [ssh-rsa AA a, ssh-ed25519 BB b]",
        _ => {}
    }
    entry + "}"
}

#[test]
fn made_up_users_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(6);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let mut names: Vec<String> = Vec::new();
        for _ in 0..random.below(4) {
            let user = user(&mut random);
            // Entries of one name merge into what may contradict itself.
            let name = user.split([' ', ',', '}']).nth(1).unwrap();
            if !names.iter().any(|other| other.split([' ', ',', '}']).nth(1) == Some(name)) {
                names.push(user);
            }
        }
        if random.once_in(3) {
            names.push("default".into());
        }
        let mut config = format!("users: [{}]\n", names.join(", "));
        if random.once_in(3) {
            config += "groups: [web, {staff: [old, root]}, sudo]\n";
        }
        if random.once_in(6) {
            config += "user: {name: me, shell: /bin/dash}\n";
        }
        compare(&mut oracle, &config, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[0]);
}

#[test]
fn a_hash_is_what_crypt_makes_of_the_password() {
    let mut oracle = oracle();
    for password in ["x", "a b:c", "ärger", &"long".repeat(40)] {
        let config = format!("users: [{{name: ann, plain_text_passwd: '{password}', lock_passwd: false}}]");
        let plan = plan("users_groups", &config, Metadata::default(), &Folder::new(&[]));
        let change = plan.actions.iter().find_map(|action| match action {
            Action::Account(change) if !change.secret().is_empty() => Some(change),
            _ => None,
        });
        let hash = change.unwrap().secret();
        let setting = hash.rsplit_once('$').unwrap().0;
        let answer = ask(&mut oracle, &map(vec![("crypt", text(password)), ("salt", text(setting))]));
        assert_eq!(answer.as_str(), Some(hash), "{password}");
    }
}
