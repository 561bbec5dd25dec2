use crate::action::{Action, Effect, Existing, Owner, WriteFile};
use crate::fetch::memory::Tree;
use crate::instance::Metadata;
use crate::module::Plan;
use crate::module::tests::{FILE, plan_of, planned, texts};

const DEBIAN: &str = "system_info: {default_user: {name: debian, gecos: Debian, shell: /bin/bash, groups: [adm, sudo], sudo: ['ALL=(ALL) NOPASSWD:ALL']}}\n";

/// A root with useradd(8) and its kin.
fn shadow() -> Tree {
    let tools = ["useradd", "groupadd", "usermod", "chpasswd"];
    let root = tiny().with("/usr/bin/passwd", "", 0o100_755);
    tools.iter().fold(root, |root, name| root.with(&format!("/usr/sbin/{name}"), "", 0o100_755))
}

/// A root without.
fn tiny() -> Tree {
    Tree::default()
        .with("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n", FILE)
        .with("/etc/group", "root:x:0:\nsudo:x:27:\nold:x:1000:\n", FILE)
        .with("/etc/sudoers", "@includedir /etc/sudoers.d/\n", FILE)
        .with("/etc/skel/.profile", "PS1=x\n", 0o100_644)
        .with("/bin/sh", "", 0o100_755)
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(Action::text).collect()
}

fn inputs(plan: &Plan) -> Vec<String> {
    let input = |action: &Action| match action {
        Action::RunProgram(program) => Some(String::from_utf8(program.input.clone()).unwrap()),
        _ => None,
    };
    plan.actions.iter().filter_map(input).filter(|input| !input.is_empty()).collect()
}

#[test]
fn users_are_made_by_the_systems_programs() {
    let text = [
        DEBIAN,
        "groups: [cloud, {team: [root, ghost]}]\n\
         users: [default, {name: ann, uid: 1500, groups: 'sudo, web', primary_group: staff, lock_passwd: false, \
         plain_text_passwd: 'pa:ss'}, {name: svc, system: true, no_log_init: true, hashed_passwd: $6$x$y}]\n",
    ]
    .concat();
    let plan = planned("users_groups", &text, &shadow());
    assert_eq!(
        lines(&plan),
        [
            "run groupadd cloud",
            "run groupadd team",
            "run usermod -a -G team root",
            "run groupadd web",
            "run groupadd staff",
            "run useradd ann --groups sudo,web --gid staff --uid 1500 -m",
            "run chpasswd",
            "run useradd svc --no-log-init --system -M",
            "run chpasswd -e",
            "run passwd -l svc",
            "run groupadd adm",
            "run useradd debian --comment Debian --groups adm,sudo --shell /bin/bash -m",
            "run passwd -l debian",
            "make directory /etc/sudoers.d (0750 root)",
            "write /etc/sudoers.d/90-cloud-init-users (0440 root, 77 bytes)",
        ]
    );
    assert_eq!(inputs(&plan), ["ann:pa:ss\n", "svc:$6$x$y\n"]);
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to add ghost to group team: there is no such user; users are made after groups, and take `groups` themselves"
        ]
    );
}

#[test]
fn a_tiny_root_gets_users_without_programs() {
    let text = "users: [{name: ann, gecos: A, expiredate: 2030-12-31, groups: [sudo], plain_text_passwd: x, doas: [permit ann, permit all]}]\n";
    let plan = planned("users_groups", text, &tiny());
    assert_eq!(
        lines(&plan),
        [
            "add user ann",
            "add user ann to group sudo",
            "set the password of ann",
            "lock the password of ann",
            "make directory /home/ann (0755 ann)",
            "write /home/ann/.profile (0644 ann, 6 bytes)",
            "write /etc/doas.conf (0440 root, 33 bytes)",
        ]
    );
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to take the rule at user-data:1:112: it does not name this user; the rule is left out of doas"
        ]
    );
    let Action::Account(change) = &plan.actions[2] else { panic!("a change of accounts") };
    let salted = "$6$rounds=5000$5Qk/5Qk/5Qk/5Qk/$";
    assert!(
        change.secret().starts_with(salted) && change.secret().len() == salted.len() + 86,
        "{}",
        change.secret()
    );
}

#[test]
fn keys_of_new_users_and_of_those_that_only_tell_another_name() {
    let text = [
        DEBIAN,
        "users: [default, {name: ann, homedir: /srv/ann, lock_passwd: false, ssh-authorized-keys: [ssh-rsa AA a]}, \
         {name: old, lock_passwd: false, ssh_redirect_user: true}]\n",
    ]
    .concat();
    let metadata = Metadata { public_keys: vec!["ssh-rsa BB b".into()], ..Metadata::default() };
    let plan = plan_of("users_groups", &text, |instance| instance.metadata = metadata, &tiny());
    let files: Vec<&WriteFile> = plan
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::WriteFile(file) if file.path.ends_with("authorized_keys") => Some(&**file),
            _ => None,
        })
        .collect();
    let own = WriteFile {
        path: "/srv/ann/.ssh/authorized_keys".into(),
        content: b"ssh-rsa AA a\n".to_vec(),
        mode: 0o600,
        owner: Owner::User("ann".into()),
        existing: Existing::KeepMetadata,
    };
    assert_eq!(files[0], &own);
    assert_eq!(files[1].path, "/home/old/.ssh/authorized_keys");
    let told = String::from_utf8(files[1].content.clone()).unwrap();
    assert!(
        told.contains("as the user \\\"debian\\\" rather than the user \\\"old\\\"")
            && told.ends_with("\" ssh-rsa BB b\n"),
        "{told}"
    );
    assert_eq!(files.len(), 2);
}

#[test]
fn a_user_that_makes_no_sense_is_left_out_alone() {
    let text = "users: [{name: 'a:b'}, {name: svc, system: true, ssh_authorized_keys: [x]}, {name: c, snapuser: x}, \
                {name: d, ssh_redirect_user: maybe}, {name: e, ssh_redirect_user: true, ssh_import_id: [x]}, 5, old, \
                {name: f, uid: [1], shell: 'a:b', lock_passwd: false}]\n";
    let plan = planned("users_groups", text, &tiny());
    assert_eq!(lines(&plan)[..2], ["lock the password of old", "add user f"]);
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to add the user at user-data:1:194: it is an integer, not a name or a mapping",
            "unable to add the user at user-data:1:9: a:b: it is not a name",
            "unable to add the user at user-data:1:24: svc: ssh_authorized_keys needs a home, and system makes none",
            "unable to add the user at user-data:1:77: c: snapuser is not known here",
            "unable to add the user at user-data:1:130: ssh_redirect_user is neither true nor \"default\"",
            "unable to add the user at user-data:1:138: e: ssh_redirect_user and keys of its own contradict each other",
            "unable to add the user at user-data:1:229: shell has colons or line ends",
            "unable to add the user at user-data:1:217: uid is a list, not a string",
        ]
    );
}

#[test]
fn rules_are_added_once() {
    let text = "users: [{name: old, lock_passwd: false, sudo: ['ALL=ALL', 'ALL=/bin/ls']}]\n";
    let written = |root: &Tree| {
        let plan = planned("users_groups", text, root);
        let file = |action: &Action| match action {
            Action::WriteFile(file) => {
                Some((file.path.clone(), String::from_utf8(file.content.clone()).unwrap()))
            }
            _ => None,
        };
        plan.actions.iter().filter_map(file).collect::<Vec<_>>()
    };
    let path = "/etc/sudoers.d/90-cloud-init-users";
    let content = "# Created by glowplug\n\n# User rules for old\nold ALL=ALL\nold ALL=/bin/ls\n";
    assert_eq!(written(&tiny()), [(path.to_owned(), content.to_owned())]);
    assert_eq!(written(&tiny().with(path, content, FILE)), []);
    let other = tiny().with(path, "# by hand", FILE).with("/etc/sudoers", "root ALL=(ALL) ALL", FILE);
    assert_eq!(
        written(&other),
        [
            (path.to_owned(), "# by hand\n# User rules for old\nold ALL=ALL\nold ALL=/bin/ls\n".to_owned()),
            (
                "/etc/sudoers".to_owned(),
                "root ALL=(ALL) ALL\n\n# Added by glowplug\n#includedir /etc/sudoers.d\n".to_owned()
            ),
        ]
    );
}

/// Files that users become root by are put in place together, and once: one start for all users.
#[test]
fn rules_wait_for_what_checks_them_where_the_root_has_it() {
    let text = "users: [{name: old, lock_passwd: false, sudo: ALL=ALL, doas: [permit old]}, \
                {name: root, lock_passwd: false, sudo: ALL=ALL, doas: [permit root]}]\n";
    let root = tiny()
        .with("/usr/sbin/visudo", "", 0o100_755)
        .with("/usr/bin/doas", "", 0o100_755)
        .with("/etc/doas.conf", "permit nopass old\n", FILE)
        .with("/etc/sudoers", "root ALL=(ALL) ALL\n", FILE);
    let plan = planned("users_groups", text, &root);
    assert_eq!(
        lines(&plan),
        [
            "make directory /etc/sudoers.d (0750 root)",
            "write /etc/sudoers.d/90-cloud-init-users (0440 root, 92 bytes), write /etc/sudoers (0440 root, 67 bytes), \
             once visudo accepts it",
            "write /etc/doas.conf (0440 root, 86 bytes), once doas accepts it",
        ]
    );
    let Action::Task(task) = &plan.actions[1] else { panic!("a task") };
    let Effect::Check(checked) = &task.effect else { panic!("{task:?}") };
    let paths: Vec<&str> = checked.files.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, ["/etc/sudoers.d/90-cloud-init-users", "/etc/sudoers"], "the new rules are checked");
}

#[test]
fn passwords_that_yaml_reads_as_numbers_or_blocks_were_none() {
    let text = "users:\n- {name: a1, lock_passwd: false, plain_text_passwd: 123456}\n- name: n1\n  lock_passwd: false\n  \
                hashed_passwd: |\n    $6$abcdefgh$0J1xyz\n- name: n2\n  lock_passwd: false\n  plain_text_passwd: |\n    secret\n  \
                sudo: >\n    ALL=(ALL) NOPASSWD:ALL\n- name: n3\n  lock_passwd: false\n  passwd: >\n    $6$abcdefgh$0J1xyz\n";
    let plan = planned("users_groups", text, &shadow());
    assert_eq!(
        inputs(&plan),
        ["a1:123456\n", "n1:$6$abcdefgh$0J1xyz\n", "n2:secret\n", "n3:$6$abcdefgh$0J1xyz\n"]
    );
    let rules = plan.actions.iter().find_map(|action| match action {
        Action::WriteFile(file) if file.path.ends_with("users") => {
            Some(String::from_utf8(file.content.clone()).unwrap())
        }
        _ => None,
    });
    assert!(rules.unwrap().ends_with("\nn2 ALL=(ALL) NOPASSWD:ALL\n"));
    assert_eq!(texts(&plan.problems), [""; 0]);
}

#[test]
fn a_locked_password_is_unlocked_where_there_is_one() {
    let text = "users: [{name: old, lock_passwd: false}]\n";
    let done = |root: Tree, password: &str| {
        let root = root.with("/etc/shadow", &format!("old:{password}:1::::::\n"), 0o100_640);
        lines(&planned("users_groups", text, &root))
    };
    assert_eq!(done(shadow(), "!$6$x$y"), ["run passwd -u old"]);
    assert_eq!(done(tiny(), "!!$6$x$y"), ["set the password of old"]);
    for password in ["!", "*", "!*", "!!", "", "$6$x$y"] {
        assert_eq!(done(shadow(), password), [""; 0], "{password}");
    }
}

#[test]
fn entries_without_a_name_were_taken_for_the_default_user() {
    let text =
        [DEBIAN, "users: [default, {username: bob}, {bob2: {shell: /bin/sh}}, {gecos: only}]\n"].concat();
    let plan = planned("users_groups", &text, &shadow());
    let lines = lines(&plan);
    assert!(lines.iter().any(|line| line.starts_with("run useradd debian --comment Debian ")), "{lines:?}");
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to add the user at user-data:2:18: it has no name; username is none",
            "unable to add the user at user-data:2:35: it has no name",
            "unable to add the user at user-data:2:61: it has no name",
        ]
    );
}
