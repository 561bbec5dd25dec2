use super::*;
use crate::action::{Effect, Existing, Owner, Program, WriteFile};
use crate::cloud_config::layer;
use crate::fetch::memory::Tree;
use crate::instance::{File, InstanceId, Metadata};
use crate::state::paths::SET_HOSTNAME;
use alloc::string::String;

/// Sun, 22 Nov 2026 18:30:05 +0000.
const NOW: u64 = 1_795_372_205_000_000;

pub(super) const FILE: u32 = 0o100_644;

/// What a module plans for a cloud-config and a root.
pub(super) fn planned(module: &str, text: &str, root: &Tree) -> Plan {
    plan_of(module, text, |_| {}, root)
}

/// A machine whose random bytes are all alike.
struct Dice;

impl Host for Dice {
    fn now(&self) -> u64 {
        NOW
    }

    fn uptime(&self) -> u64 {
        12_340_000
    }

    fn random(&self, count: usize) -> crate::error::Result<Vec<u8>> {
        Ok(vec![7; count])
    }

    fn file_system(&self, path: &str) -> Option<FileSystem> {
        let kind = |kind: &str, label: &str| {
            Some(FileSystem { kind: kind.into(), label: label.into(), uuid: String::new() })
        };
        match path {
            "/dev/vdb1" => kind("ext4", "data"),
            "/dev/vdc" => kind("vfat", "ephemeral0"),
            _ => None,
        }
    }

    fn real_path(&self, path: &str) -> Option<String> {
        Some(if path == "/dev/disk/by-id/virtio-data" { "/dev/vdd".into() } else { path.into() })
    }

    fn sizes(&self, _: &str) -> crate::error::Result<(u64, u64)> {
        Ok((2 << 30, 10 << 30))
    }
}

fn plan(module: &str, text: &str, metadata: Metadata, root: &Tree) -> Plan {
    plan_of(module, text, |instance| instance.metadata = metadata, root)
}

pub(super) fn plan_of(module: &str, text: &str, change: impl FnOnce(&mut Instance), root: &Tree) -> Plan {
    let module = ALL.iter().find(|known| known.name == module).unwrap();
    plan_with(module, text, change, root)
}

/// What a module that may not be in [`ALL`] plans.
pub(super) fn plan_by(module: &Module, text: &str, root: &Tree) -> Plan {
    plan_with(module, text, |_| {}, root)
}

fn plan_with(module: &Module, text: &str, change: impl FnOnce(&mut Instance), root: &Tree) -> Plan {
    let mut instance = Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive");
    change(&mut instance);
    let paths = InstancePaths::new(&instance.id);
    let mut plan = Plan::default();
    (module.plan)(
        &Context {
            config: &layer(text),
            instance: &instance,
            jobs: &[],
            paths: &paths,
            root,
            host: &Dice,
            jinja: Some(crate::jinja::render),
            arguments: &[],
        },
        &mut plan,
    );
    plan
}

/// The lines a plan shows, which are all it does.
pub(super) fn printed(plan: &Plan) -> &str {
    let [Action::Task(task)] = &*plan.actions else { panic!("{:?}", plan.actions) };
    let Effect::Print(text) = &task.effect else { panic!("{task:?}") };
    text
}

pub(super) fn texts(problems: &[Error]) -> Vec<&str> {
    problems.iter().map(Error::text).collect()
}

fn hostname_file(name: &str) -> Action {
    WriteFile {
        path: "/etc/hostname".into(),
        content: format!("{name}\n").into_bytes(),
        mode: 0o644,
        owner: Owner::Root,
        existing: Existing::Replace,
    }
    .into()
}

fn hostname_record(fqdn: &str, hostname: &str) -> String {
    format!("{{\n \"fqdn\": \"{fqdn}\",\n \"hostname\": \"{hostname}\"\n}}\n")
}

fn named(local_hostname: &str) -> Metadata {
    Metadata { local_hostname: Some(local_hostname.into()), ..Metadata::default() }
}

#[test]
fn the_agent_has_exactly_the_early_modules() {
    let early = ALL.iter().filter(|module| module.early != Early::No).map(|module| module.name);
    assert_eq!(EARLY.iter().map(|module| module.name).collect::<Vec<_>>(), early.collect::<Vec<_>>());
}

#[test]
fn a_host_name_is_written_set_and_recorded() {
    let plan = plan("set_hostname", "{}", named("vm.example.org"), &Tree::default());
    let record = hostname_record("vm.example.org", "vm");
    assert_eq!(
        plan.actions,
        [
            hostname_file("vm"),
            Action::SetHostname { name: "vm".into() },
            Action::write(SET_HOSTNAME, record.into_bytes(), 0o644),
        ]
    );
    assert!(plan.problems.is_empty() && plan.waits.is_empty());
}

#[test]
fn a_host_name_that_was_set_is_left_alone() {
    let root = Tree::default().with(SET_HOSTNAME, &hostname_record("vm.example.org", "vm"), FILE);
    assert_eq!(plan("set_hostname", "{}", named("vm.example.org"), &root).actions, []);
    assert_eq!(plan("set_hostname", "{}", named("vm2"), &root).actions.len(), 3);
    assert_eq!(plan("set_hostname", "preserve_hostname: true", named("vm2"), &root).actions, []);
}

#[test]
fn red_hats_name_is_the_full_one_unless_told() {
    let root = Tree::default().with("/etc/os-release", "NAME=x\nID_LIKE=\"suse rhel\"\n", FILE).with(
        "/usr/lib/systemd/systemd",
        "",
        FILE,
    );
    let name = |text: &str, root: &Tree| match &plan("set_hostname", text, named("a.b"), root).actions[1] {
        Action::SetHostname { name } => name.clone(),
        other => panic!("{other}"),
    };
    assert_eq!(name("{}", &root), "a.b");
    assert_eq!(name("prefer_fqdn_over_hostname: false", &root), "a");
    assert_eq!(name("prefer_fqdn_over_hostname: true", &Tree::default()), "a.b");
    let debian = Tree::default().with("/etc/os-release", "ID=debian\nVARIANT=rhel\n", FILE);
    assert_eq!(name("{}", &debian), "a");
}

#[test]
fn a_bad_host_name_leaves_the_metadatas() {
    let none = plan("set_hostname", "hostname: 'a b'", Metadata::default(), &Tree::default());
    assert_eq!(none.actions, []);
    let plan = plan("set_hostname", "hostname: 'a b'", named("vm"), &Tree::default());
    assert_eq!(plan.actions[1], Action::SetHostname { name: "vm".into() });
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to set host name at user-data:1:11: the name has blanks, slashes, quotes or control characters"
        ]
    );
}

#[test]
fn what_the_seed_injects_is_written_0660() {
    let file = File { path: "/etc/a".into(), content: b"x".to_vec() };
    let actions = plan_of("seed_files", "{}", |instance| instance.files.push(file), &Tree::default()).actions;
    assert_eq!(actions, [Action::write("/etc/a", b"x".to_vec(), 0o660)]);
}

#[test]
fn files_are_written_in_order_and_deferred_ones_later() {
    let text = "write_files:\n\
                - {path: /a, content: one, permissions: '0600', owner: 'app:web'}\n\
                - {path: /late, content: two, defer: true}\n\
                - {content: nowhere}\n\
                - {path: /b, content: three, append: true}\n";
    let root = Tree::default().with("/etc/passwd", "app:x:7:7::/:/bin/sh\n", FILE).with(
        "/etc/group",
        "web:x:8:\n",
        FILE,
    );
    let plan = |module| plan(module, text, Metadata::default(), &root);
    let early = plan("write_files");
    let owner = Owner::Named { user: "app".into(), group: Some("web".into()) };
    let file = |path: &str, content: &str, mode, owner, existing| {
        Action::from(WriteFile { path: path.into(), content: content.into(), mode, owner, existing })
    };
    assert_eq!(
        early.actions,
        [
            file("/a", "one", 0o600, owner, Existing::Replace),
            file("/b", "three", 0o644, Owner::Root, Existing::Append),
        ]
    );
    let problem = "unable to write the file at user-data:4:3: it has no path";
    assert_eq!(texts(&early.problems), [problem]);
    let late = plan("write_files_deferred");
    assert_eq!(late.actions, [Action::write("/late", b"two".into(), 0o644)]);
    assert!(late.problems.is_empty(), "told once, by the module that runs first");
}

/// The write of an authorized_keys file and of its directory.
fn keys(folder: &str, content: &str, uid: u32) -> [Action; 2] {
    let owner = || Owner::Ids { uid, gid: uid };
    let file = WriteFile {
        path: format!("{folder}/authorized_keys"),
        content: content.into(),
        mode: 0o600,
        owner: owner(),
        existing: Existing::KeepMetadata,
    };
    [Action::MakeDirectory { path: folder.into(), mode: 0o700, owner: owner() }, file.into()]
}

#[test]
fn keys_go_to_the_default_user_and_guarded_to_root() {
    let root = Tree::default()
        .with("/etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:7:7::/home/me:/bin/sh\n", FILE)
        .with("/root/.ssh/authorized_keys", "# mine\n", FILE);
    let metadata =
        Metadata { public_keys: vec!["ssh-rsa AA a".into(), "junk".into()], ..Metadata::default() };
    let text = "{user: me, disable_root_opts: 'command=\"no $USER\"', ssh_authorized_keys: [ssh-dss BB]}";
    let plan = plan("ssh", text, metadata, &root);
    let guarded = "# mine\ncommand=\"no me\" ssh-rsa AA a\ncommand=\"no me\" ssh-dss BB\n";
    assert_eq!(plan.actions[..2], keys("/home/me/.ssh", "ssh-rsa AA a\nssh-dss BB\n", 7));
    assert_eq!(plan.actions[2..], keys("/root/.ssh", guarded, 0));
    assert_eq!(texts(&plan.problems), ["unable to authorize key 2: no known key type with a key behind it"]);
}

#[test]
fn keys_of_a_user_that_is_not_there_wait() {
    let root = Tree::default().with("/etc/passwd", "root:x:0:0::/root:/bin/sh\n", FILE);
    let text = "{user: me, disable_root: false, ssh_authorized_keys: [ssh-rsa AA]}";
    let plan = plan("ssh", text, Metadata::default(), &root);
    assert_eq!(plan.actions, keys("/root/.ssh", "ssh-rsa AA\n", 0));
    assert_eq!(texts(&plan.waits), ["unable to authorize the keys of me: the root has no such user"]);
}

#[test]
fn keys_go_where_sshd_looks_and_once() {
    let root = Tree::default().with("/etc/passwd", "me:x:7:7::/home/me:/bin/sh\n", FILE).with(
        "/etc/ssh/sshd_config",
        "authorizedkeysfile /etc/all /etc/keys/%u\n",
        FILE,
    );
    let text = "{user: me, ssh_authorized_keys: [ssh-rsa AA]}";
    let [_, Action::WriteFile(file)] = keys("/etc/keys", "ssh-rsa AA\n", 7) else { panic!("a file") };
    let elsewhere = Action::from(WriteFile { path: "/etc/keys/me".into(), ..*file });
    assert_eq!(plan("ssh", text, Metadata::default(), &root).actions, [elsewhere]);
    let root = root.with("/etc/keys/me", "ssh-rsa AA\n", FILE);
    assert_eq!(plan("ssh", text, Metadata::default(), &root).actions, []);
}

#[test]
fn scripts_run_in_the_order_of_their_names() {
    let folder = "/var/lib/cloud/scripts/per-boot";
    let root = Tree::default()
        .with(&format!("{folder}/20"), "", 0o100_755)
        .with(&format!("{folder}/10"), "", 0o100_700)
        .with(&format!("{folder}/15"), "", FILE)
        .with(&format!("{folder}/sub"), "", 0o040_755)
        .with("/var/lib/cloud/instance/scripts/part-001", "", 0o100_700);
    let run = |path: String| Action::from(Program::new(&[&path]));
    let plan = |module| plan(module, "{}", Metadata::default(), &root);
    let boot = plan("scripts_per_boot");
    assert_eq!(boot.actions, [run(format!("{folder}/10")), run(format!("{folder}/20"))]);
    assert_eq!(
        texts(&boot.problems),
        ["unable to run /var/lib/cloud/scripts/per-boot/15: it is not executable"]
    );
    let user = plan("scripts_user");
    assert_eq!(user.actions, [run("/var/lib/cloud/instance/scripts/part-001".into())]);
    assert_eq!(plan("scripts_per_once").actions, []);
}

#[test]
fn a_vendors_scripts_run_behind_the_prefix() {
    let path = "/var/lib/cloud/instance/scripts/vendor/part-001";
    let root = Tree::default().with(path, "", 0o100_755);
    let run = |prefix: &str| {
        let text = format!("vendor_data: {{prefix: {prefix}}}");
        let plan = plan("scripts_vendor", &text, Metadata::default(), &root);
        (
            plan.actions.iter().map(Action::text).collect::<Vec<_>>().join("\n"),
            texts(&plan.problems).join("\n"),
        )
    };
    assert_eq!(run("[/usr/bin/env, A=1, 2]"), (format!("run /usr/bin/env A=1 2 {path}"), String::new()));
    assert_eq!(run("/bin/sh"), (format!("run /bin/sh {path}"), String::new()));
    assert_eq!(run("null"), (format!("run {path}"), String::new()));
    let told =
        "unable to run scripts by user-data:1:23: prefix is a mapping, not a string or a list of words";
    assert_eq!(run("{a: b}"), (format!("run {path}"), told.into()));
}

#[test]
fn runcmd_becomes_a_script_of_the_instance() {
    let text = "runcmd: [[echo, \"a'b\"], ls, {a: b}]";
    let plan = plan("runcmd", text, Metadata::default(), &Tree::default());
    let path = "/var/lib/cloud/instances/i-1/scripts/runcmd";
    let script = b"#!/bin/sh\n'echo' 'a'\\''b'\nls\n";
    assert_eq!(plan.actions, [Action::write(path, script.into(), 0o700)]);
    assert_eq!(plan.problems.len(), 1);
}
