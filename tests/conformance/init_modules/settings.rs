//! Certificates, rsyslog's configuration, seeds of random numbers.

use crate::random::Random;
use crate::{Folder, Json, ask, commands, map, oracle, plan, text, texts, written};
use glowplug::action::{Action, Existing};
use glowplug::instance::Metadata;
use glowplug::module::Plan;
use std::collections::BTreeMap;

/// Made up configurations of each kind.
const GENERATED: usize = 150;

/// The answer to a configuration in which ROOT stands for a root.
fn theirs(oracle: &mut crate::python::Python, module: &str, config: &str, root: &Folder) -> Json {
    let path = root.0.to_str().unwrap();
    let question = map(vec![
        ("module", text(module)),
        ("config", text(&config.replace("ROOT", path))),
        ("root", text(path)),
    ]);
    ask(oracle, &question)
}

fn ours(module: &str, config: &str, root: &Folder) -> Plan {
    plan(module, &config.replace("ROOT", ""), Metadata::default(), root)
}

/// Programs and their input.
fn their_commands(answer: &Json) -> Vec<(Vec<String>, String)> {
    let command = |command: &Json| {
        let [argv, input] = command.items().unwrap() else { panic!("argv and input") };
        (texts(argv), input.as_str().unwrap().to_owned())
    };
    answer.get("commands").unwrap().items().unwrap().iter().map(command).collect()
}

#[test]
fn certificates_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(14);
    let list = "# head\nmozilla/A.crt\n!mozilla/B.crt\n";
    for _ in 0..GENERATED {
        let name = random.pick(&["ca_certs", "ca-certs"]);
        let mut keys = Vec::new();
        let trusted = random.pick(&[
            "",
            "trusted: [one]",
            "trusted: [one, \"-----BEGIN\\nxyz\\n-----END\\n\", three]",
            "trusted: one",
            "trusted: []",
        ]);
        keys.extend(Some(trusted).filter(|text| !text.is_empty()));
        let removes = random.pick(&["", "true", "true", "false"]);
        let removal = format!("{}: {removes}", random.pick(&["remove_defaults", "remove-defaults"]));
        keys.extend(Some(&*removal).filter(|_| !removes.is_empty()));
        let config = format!("{name}: {{{}}}\n", keys.join(", "));
        let files = [
            ("/etc/ca-certificates.conf", list),
            ("/usr/share/ca-certificates/mozilla/A.crt", "a"),
            ("/etc/ssl/certs/a.pem", "a"),
        ];
        let programs = ["update-ca-certificates", "debconf-set-selections"];
        let (root, copy) = (Folder::new(&files).with_programs(&programs), Folder::new(&files));
        let answer = theirs(&mut oracle, "ca_certs", &config, &copy);
        let plan = ours("ca_certs", &config, &root);
        assert!(answer.get_set("error").is_none() && plan.problems.is_empty(), "{config} {answer:?}");
        let certificate = |action: &Action| match action {
            Action::WriteFile(file)
                if file.path.starts_with("/usr/local/share/ca-certificates/cloud-init-ca-cert-") =>
            {
                Some(String::from_utf8(file.content.clone()).unwrap())
            }
            _ => None,
        };
        // one file each, as newer cloud-inits have it; 22.4.2 has one for all
        let ours: String = plan.actions.iter().filter_map(certificate).collect();
        let one = copy.read("/usr/share/ca-certificates/cloud-init-ca-certs.crt").unwrap_or_default();
        let plain = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(plain(&ours), plain(&one), "{config}");
        let trimmed = |commands: Vec<(Vec<String>, String)>| -> Vec<(Vec<String>, String)> {
            commands.into_iter().map(|(argv, input)| (argv, input.trim_end().to_owned())).collect()
        };
        assert_eq!(trimmed(commands(&plan)), trimmed(their_commands(&answer)), "{config}");
        // there the distribution's files go, here its list leaves them out
        let left_out = written(&plan, "/etc/ca-certificates.conf");
        let gone = copy.read("/usr/share/ca-certificates/mozilla/A.crt").is_none();
        assert_eq!(left_out.is_some_and(|text| !text.contains("\nmozilla")), gone, "{config}");
    }
}

#[test]
fn rsyslog_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(15);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let mut items = Vec::new();
        for _ in 0..random.below(4) {
            items.push(random.pick(&[
                "'*.* @@192.0.2.1'",
                "\"ends\\n\"",
                "{content: 'a.* /var/log/a', filename: 01-a.conf}",
                "{content: \"b\\n\"}",
                "{content: c, filename: ROOT/etc/other.conf}",
                "{content: d, filename: ' spaced.conf '}",
                "{filename: nothing.conf}",
                "{content: e, filename: ''}",
            ]));
        }
        let mut remotes = Vec::new();
        for name in ["maas", "juju", "other", "none"] {
            if random.once_in(3) {
                let host = random.pick(&[
                    "192.0.2.1",
                    "'@192.0.2.1'",
                    "'@@host:10514'",
                    "'*.err host'",
                    "'*.* @@[fe80::1]:514'",
                    "'host # why'",
                    "'host:514 # why'",
                    "null",
                    "'a b c'",
                    "'[::1]'",
                    "'host:'",
                    "'::1'",
                ]);
                remotes.push(format!("{name}: {host}"));
            }
        }
        let mut keys =
            vec![format!("configs: [{}]", items.join(", ")), format!("remotes: {{{}}}", remotes.join(", "))];
        if random.once_in(3) {
            keys.push("config_dir: ROOT/opt/rsyslog.d".into());
        }
        if random.once_in(3) {
            keys.push("config_filename: 99-x.conf".into());
        }
        if random.once_in(2) {
            keys.push(format!("service_reload_command: {}", random.pick(&["auto", "[reload, it]"])));
        }
        let mut config = format!("rsyslog: {{{}}}\n", keys.join(", "));
        if random.once_in(4) {
            config = format!(
                "rsyslog: [{}]\nrsyslog_filename: old.conf\nrsyslog_dir: ROOT/srv/log\n",
                items.join(", ")
            );
        }
        let files = [("/run/systemd/system/x", ""), ("/etc/rsyslog.d/other", "")];
        let (root, copy) = (Folder::new(&files), Folder::new(&files));
        let answer = theirs(&mut oracle, "rsyslog", &config, &copy);
        let plan = ours("rsyslog", &config, &root);
        let of_ours: BTreeMap<String, String> = plan
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::WriteFile(file) => {
                    Some((file.path.clone(), String::from_utf8(file.content.clone()).unwrap()))
                }
                _ => None,
            })
            .collect();
        let run: Vec<Vec<String>> = commands(&plan).into_iter().map(|(argv, _)| reload(argv)).collect();
        let mut of_theirs = copy.new_files(&root);
        // an empty list of hosts is not written here
        for text in of_theirs.values_mut() {
            *text = text.replace("# begin remotes\n# end remotes\n", "");
        }
        of_theirs.retain(|_, text| !text.is_empty());
        let mut wanted: Vec<Vec<String>> =
            their_commands(&answer).into_iter().map(|(argv, _)| reload(argv)).collect();
        wanted.retain(|_| !of_theirs.is_empty());
        if of_ours != of_theirs || run != wanted || answer.get_set("error").is_some() {
            wrong.push(format!(
                "{config}ours:   {of_ours:?} {run:?} {:?}\ntheirs: {of_theirs:?} {wanted:?} {:?}",
                plan.problems,
                answer.get_set("error")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, the first:\n{}",
        wrong.len(),
        wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// The command that has a service read its files, by what it is for alone.
fn reload(argv: Vec<String>) -> Vec<String> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    match words[..] {
        ["systemctl", .., "reload-or-try-restart", unit] => {
            vec!["reload".into(), unit.trim_end_matches(".service").into()]
        }
        _ => argv,
    }
}

#[test]
fn seeds_of_random_numbers_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(16);
    for _ in 0..GENERATED {
        let mut keys = vec!["file: ROOT/var/seed".to_owned()];
        keys.push(
            random
                .pick(&[
                    "data: abc",
                    "data: aGk=, encoding: b64",
                    "data: aGk=, encoding: BASE64",
                    "data: 'ä', encoding: raw",
                    "data: !!binary gICA",
                    "data: !!binary H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==, encoding: gzip",
                    "data: ''",
                    "data: x, encoding: rot13",
                    "encoding: b64",
                ])
                .into(),
        );
        if random.once_in(2) {
            keys.push(format!("command: {}", random.pick(&["[gather, -x]", "[gather]", "[]"])));
        }
        if random.once_in(3) {
            keys.push(format!("command_required: {}", random.pick(&["true", "false"])));
        }
        let config = format!("random_seed: {{{}}}\n", keys.join(", "));
        let files = [("/var/seed", "old")];
        let (root, copy) = (Folder::new(&files).with_programs(&["gather"]), Folder::new(&files));
        let answer = theirs(&mut oracle, "seed_random", &config, &copy);
        let plan = ours("seed_random", &config, &root);
        if answer.get_set("error").is_some() {
            // What waits is an error once nothing comes that it could wait for.
            assert!(!plan.problems.is_empty() || !plan.waits.is_empty(), "{config} {answer:?}");
            continue;
        }
        let mut bytes = b"old".to_vec();
        for action in &plan.actions {
            if let Action::WriteFile(file) = action {
                assert!(file.path == "/var/seed" && file.existing == Existing::Append);
                bytes.extend(&file.content);
            }
        }
        assert_eq!(bytes, std::fs::read(copy.path("/var/seed")).unwrap(), "{config}");
        assert_eq!(commands(&plan), their_commands(&answer), "{config}");
    }
}
