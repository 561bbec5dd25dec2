//! Commands as lines of a shell's script, and which folder sudoers(5) reads.

use crate::random::Random;
use crate::users::PROGRAMS;
use crate::{Folder, ask, map, oracle, plan, text, written};
use glowplug::instance::Metadata;

/// Made up lists.
const GENERATED: usize = 400;

/// Words and lines with all that means something to a shell or to YAML.
const WORDS: [&str; 24] = [
    "ls",
    "'a b'",
    "\"it's\"",
    "'\"quoted\"'",
    "$HOME",
    "'`id`'",
    "'a;b&c|d'",
    "\"two\\nlines\"",
    "'*'",
    "'#x'",
    "\"\\\\\"",
    "''",
    "1",
    "0644",
    "1.5",
    "true",
    "no",
    "null",
    "2026-01-02",
    "'ä'",
    "\"tab\\there\"",
    "-1",
    "'~'",
    "1e3",
];

#[test]
fn commands_as_cloud_init_shellifies_them() {
    let mut oracle = oracle();
    let mut random = Random::new(17);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let item = |random: &mut Random| match random.below(5) {
            0 => "null".to_owned(),
            1 | 2 => {
                let words: Vec<&str> = (0..random.below(5)).map(|_| random.pick(&WORDS)).collect();
                format!("[{}]", words.join(", "))
            }
            _ => random
                .pick(&[
                    "echo x",
                    "'echo \"a\" > /b'",
                    "\"a\\nb\"",
                    "'x: y'",
                    "''",
                    "'  blank '",
                    "\"it's\"",
                    "true; id",
                ])
                .to_owned(),
        };
        let items: Vec<String> = (0..random.below(5)).map(|_| item(&mut random)).collect();
        let config = format!("runcmd: [{}]\n", items.join(", "));
        let root = Folder::new(&[]);
        let question = map(vec![
            ("module", text("runcmd")),
            ("config", text(&config)),
            ("root", text(root.0.to_str().unwrap())),
        ]);
        let answer = ask(&mut oracle, &question);
        let bytes = |entry: &crate::Json| -> String {
            let chars = entry.items().unwrap()[2].as_str().unwrap().chars();
            String::from_utf8(chars.map(|c| u8::try_from(c).unwrap()).collect()).unwrap()
        };
        let theirs = answer.get("written").unwrap().items().unwrap().first().map(bytes);
        let planned = plan("runcmd", &config, Metadata::default(), &root);
        let ours = written(&planned, "/var/lib/cloud/instances/i-1/scripts/runcmd");
        let error = answer.get_set("error");
        if error.is_some() && !planned.problems.is_empty() {
            continue;
        }
        if ours != theirs || error.is_some() {
            wrong.push(format!(
                "{config}ours:   {ours:?} {:?}\ntheirs: {theirs:?} {error:?}",
                planned.problems
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, the first:\n{}",
        wrong.len(),
        wrong.iter().take(4).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// Lines of sudoers(5) that say something, blanks made alike.
fn plain(text: &str) -> Vec<String> {
    let says = |line: &&str| !line.is_empty() && (!line.starts_with('#') || line.starts_with("#include"));
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(str::trim).filter(says).map(line).collect()
}

#[test]
fn the_folder_of_rules_is_read_as_cloud_init_has_it() {
    let mut oracle = oracle();
    let mut random = Random::new(18);
    let config = "users: [{name: ann, sudo: ALL=(ALL) ALL}]\n";
    for number in 0..60 {
        let mut old = String::new();
        for _ in 0..random.below(5) {
            old += random.pick(&[
                "root ALL=(ALL:ALL) ALL\n",
                "#includedir ROOT/etc/sudoers.d\n",
                "@includedir ROOT/etc/sudoers.d\n",
                "@includedir ROOT/etc/sudoers.d/\n",
                "  @includedir\tROOT/etc/sudoers.d  \n",
                "# includedir ROOT/etc/sudoers.d\n",
                "@includedir ROOT/etc/other\n",
                "#include ROOT/etc/sudoers.d\n",
                "Defaults env_reset\n",
            ]);
        }
        if random.once_in(3) {
            old.pop();
        }
        let (ours, theirs) = (Folder::new(&[]).with_programs(&PROGRAMS), Folder::new(&[]));
        if number > 0 {
            ours.put("/etc/sudoers", &old.replace("ROOT", ""), 0o440);
            theirs.put("/etc/sudoers", &old.replace("ROOT", theirs.0.to_str().unwrap()), 0o640);
        }
        let question = map(vec![
            ("module", text("users_groups")),
            ("config", text(config)),
            ("root", text(theirs.0.to_str().unwrap())),
        ]);
        let answer = ask(&mut oracle, &question);
        assert!(answer.get_set("error").is_none(), "{answer:?}");
        let planned = plan("users_groups", config, Metadata::default(), &ours);
        let made = written(&planned, "/etc/sudoers").or_else(|| ours.read("/etc/sudoers"));
        let wanted = theirs.read("/etc/sudoers").unwrap().replace(theirs.0.to_str().unwrap(), "");
        assert_eq!(plain(&made.unwrap_or_default()), plain(&wanted), "{old}");
    }
}
