//! A value that ends a line, a string or a table cell, in every place of a seed
//! that something tells of: what is told is still one line, one string, one
//! file in its folder.

use super::story::{Story, said};
use miniserde::json::{self, Value};
use std::fs;

/// Ends what it stands in, in JSON, in a log, in a table of the console and in a path, and begins
/// what must begin nowhere.
const BEGUN: &str = "2026-12-01 00:00:00,000 - forged";

/// As JSON, and YAML in double quotes, write it.
fn value(name: &str) -> String {
    format!(r#""{name}\n{BEGUN}[ERROR]: x\r\u001b[2J\u0085\u2028\u202e\"}}, \"forged\": {{\"| forged |""#)
}

fn seed(story: &Story) {
    let [host, key, meta, user, group, package, file, owner, command, unknown] =
        ["h", "ssh-ed25519 AAAAC3Nz k", "m", "u", "g", "p", "/etc/f", "o:o", "false", "k"].map(value);
    story.seed(
        "meta_data.json",
        &format!(
            r#"{{"uuid": "forged-1", "hostname": {host}, "public_keys": {{{key}: {key}}}, "meta": {{{meta}: {meta}}}}}"#
        ),
    );
    story.seed(
        "user_data",
        &format!(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/cloud-config\n\n\
             hostname: {host}\nusers: [{{name: {user}, gecos: {user}, ssh_authorized_keys: [{key}]}}]\n\
             ssh_authorized_keys: [{key}]\ngroups: [{group}]\npackages: [{package}]\n\
             write_files: [{{path: {file}, owner: {owner}, content: x}}]\n\
             runcmd: [[sh, -c, {command}]]\n{unknown}: {unknown}\n\
             --b\nContent-Type: text/x-shellscript\n\
             Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fcron.d%2Fforged%0A{name}%1B\n\n\
             #!/bin/sh\n:\n--b--\n",
            name = BEGUN.replace(' ', "%20"),
        ),
    );
}

const SCRIPT: &str = "\
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr $ROOT/etc/ssh $ROOT/tmp; \
for folder in bin sbin lib lib64; do ln -s usr/$folder $ROOT/$folder; done; \
mount --bind /usr $ROOT/usr; cp -a /etc/login.defs /etc/ld.so.cache $ROOT/etc/; \
$AGENT --root $ROOT --seed $SEED; \
mount --bind /run $ROOT/run; mount -t proc proc $ROOT/proc; mount --bind /dev $ROOT/dev; cp $RUNNER /run/runner; \
for stage in init 'modules --mode=config' 'modules --mode=final'; do chroot $ROOT /run/runner $stage; done; \
chroot $ROOT /run/runner status --long; chroot $ROOT /run/runner analyze show; \
mkdir /run/asked; chroot $ROOT /run/runner status --format json > /run/asked/status.json; \
chroot $ROOT /run/runner query --all > /run/asked/query.json; rm /run/runner";

/// Fails where a key of an object was forged.
fn has_own_keys(path: &str, value: &Value) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            assert!(!key.starts_with("forged"), "{path}: {key}");
            has_own_keys(path, value);
        }),
        Value::Array(items) => items.iter().for_each(|item| has_own_keys(path, item)),
        _ => {}
    }
}

/// Fails where a text has a line that was forged, or would draw.
fn tells_own_lines(path: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.starts_with(BEGUN) && !line.starts_with("| forged"), "{path}: {line}");
    }
    let drawn = text.find(|c: char| c.is_control() && !"\n\t".contains(c) || "\u{2028}\u{202e}".contains(c));
    assert_eq!(drawn.map(|at| &text[..at]), None, "{path}");
}

#[test]
fn no_value_of_a_seed_forges_a_line_a_key_or_a_file() {
    let story = Story::new("forged");
    story.root("var/log/lastlog", "");
    story.root("etc/os-release", "ID=debian\n");
    story.root("etc/cloud/templates/hosts.debian.tmpl", "127.0.1.1 {{fqdn}} {{hostname}}\n");
    story.root("etc/cloud/cloud.cfg", "manage_etc_hosts: true\nssh_genkeytypes: []\nssh_deletekeys: false\n");
    seed(&story);
    let told = said(&story.run(SCRIPT));
    tells_own_lines("the console", &told);
    for path in ["root/var/log/cloud-init.log", "root/etc/hosts", "root/etc/passwd", "root/etc/group"] {
        tells_own_lines(path, &story.text(path).unwrap_or_default());
    }
    let log = story.text("root/var/log/cloud-init.log").unwrap_or_else(|| panic!("no log: {told}"));
    assert!(log.contains("forged"), "something of it is told");
    for line in log.lines() {
        let is_one = line.starts_with("20") && line.contains(" - ");
        assert!(is_one, "a line without a time: {line}");
    }

    let instance = "root/var/lib/cloud/instances/forged-1";
    for path in [
        "run/cloud-init/instance-data.json",
        "run/cloud-init/instance-data-sensitive.json",
        "run/cloud-init/combined-cloud-config.json",
        "run/asked/status.json",
        "run/asked/query.json",
        "root/var/lib/cloud/data/status.json",
        "root/var/lib/cloud/data/result.json",
    ] {
        let text = story.text(path).unwrap_or_else(|| panic!("{path} is not there\n{told}"));
        let value = json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
        has_own_keys(path, &value);
    }
    let scripts = fs::read_dir(story.folder.join(instance).join("scripts")).unwrap();
    let names: Vec<_> = scripts.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in &names {
        assert!(!name.contains(|c: char| c.is_control() || c == '/') && *name != "..", "{name:?}");
    }
    assert!(!story.folder.join("root/etc/cron.d").exists());
}
