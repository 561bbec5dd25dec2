//! Keys of ours for servers, read back by those servers' own programs.

use crate::{Folder, plan};
use glowplug::action::Action;
use glowplug::instance::Metadata;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// The key a root with nothing but this server gets, as a file.
fn key_of(server: &str) -> (Folder, String) {
    let root = Folder::new(&[]).with_programs(&[server]);
    let plan = plan("ssh", "{}", Metadata::default(), &root);
    let [Action::WriteFile(key), rest @ ..] = &*plan.actions else { panic!("{:?}", plan.actions) };
    fs::write(root.path("key"), &key.content).unwrap();
    fs::set_permissions(root.path("key"), fs::Permissions::from_mode(0o600)).unwrap();
    let public = rest.first().map(|action| match action {
        Action::WriteFile(file) => String::from_utf8(file.content.clone()).unwrap(),
        other => panic!("{other}"),
    });
    (root, public.unwrap_or_default())
}

fn told(program: &str, arguments: &[&str], root: &Folder) -> String {
    let output = Command::new(program).args(arguments).arg(root.path("key")).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn openssh_reads_our_key() {
    let (root, public) = key_of("sshd");
    assert_eq!(told("ssh-keygen", &["-y", "-f"], &root), public);
}

#[test]
fn dropbear_reads_our_key() {
    let (openssh, _) = key_of("sshd");
    let public = told("ssh-keygen", &["-y", "-f"], &openssh);
    let material = public.split(' ').nth(1).unwrap();
    let (root, _) = key_of("dropbear");
    let answer = told("dropbearkey", &["-y", "-f"], &root);
    assert!(answer.contains(material), "the same random bytes make the same key: {answer}");
}
