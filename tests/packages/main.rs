//! Package managers that really update, upgrade and install: packages and
//! repositories are made here (`make.sh`), and a copy of this machine boots with
//! them in namespaces of its own (`tests/conformance/stages/boots.sh`), without
//! any network. Of apt, the real cloud-init does the same beside us.
//!
//! To add a package manager: what makes a package and a repository of its own
//! in `make.sh`, and a file beside this one. apk and tdnf are not in Debian: what
//! they are told is compared with cloud-init in `tests/conformance/modules`.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod apt;
mod others;
mod sources;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which modules run, and where nothing else is looked for.
const LISTS: &str = "datasource_list: [ConfigDrive, None]\nnetwork: {config: disabled}\n\
                     cloud_init_modules: [bootcmd]\n\
                     cloud_config_modules: [apt-configure, yum_add_repo, zypper_add_repo, runcmd]\n\
                     cloud_final_modules: [package-update-upgrade-install, scripts-user]\n";

/// A copy of this machine, to be booted.
pub(crate) struct Machine {
    folder: PathBuf,
    boots: usize,
}

impl Machine {
    /// `name` is its own among the tests.
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("glowplug-packages-{name}-{}", std::process::id()));
        let machine = Self { folder, boots: 0 };
        machine.put("boot1/root/etc/cloud/cloud.cfg.d/99-lists.cfg", LISTS, 0o644);
        machine
    }

    fn put(&self, path: &str, content: &str, mode: u32) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A file that the root has before it boots.
    pub(crate) fn file(&self, path: &str, content: &str, mode: u32) {
        self.put(&format!("boot1/root/{path}"), content, mode);
    }

    /// A package in /repository, each a name, a version and a script to run after it is
    /// installed.
    pub(crate) fn packages(&self, kind: &str, packages: &[(&str, &str, &str)]) {
        let folder = self.folder.join("boot1/root/repository");
        let folder = folder.to_str().unwrap();
        for (name, version, script) in packages {
            make(&[kind, folder, name, version, script]);
        }
        make(&[&format!("index-{kind}"), folder]);
    }

    /// Makes of /repository one that is signed; the value is its key, to be put into YAML
    /// behind `key: |`, with so many blanks before each line.
    pub(crate) fn signed(&self, blanks: usize) -> String {
        let folder = self.folder.join("boot1/root/repository");
        make(&["sign", folder.to_str().unwrap()]);
        let key = fs::read_to_string(folder.join("key.asc")).unwrap();
        let blanks = " ".repeat(blanks);
        key.lines().flat_map(|line| [&*blanks, line, "\n"]).collect()
    }

    /// Lets a key server at 127.0.0.1:8765 have the key of /repository; the value is its number.
    pub(crate) fn serve_key(&self) -> String {
        let read =
            |name: &str| fs::read_to_string(self.folder.join("boot1/root/repository").join(name)).unwrap();
        self.put("boot1/www/pks/lookup", &read("key.asc"), 0o644);
        read("key.id").trim_end().to_owned()
    }

    /// Copies a file of the root to another place in it.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.join("boot1/root").join(from)).unwrap();
        self.file(to, &text, 0o644);
    }

    /// Moves /repository to another folder of the root.
    pub(crate) fn keep_packages(&self, folder: &str) {
        let root = self.folder.join("boot1/root");
        fs::rename(root.join("repository"), root.join(folder)).unwrap();
    }

    /// One more boot with this user-data.
    pub(crate) fn boot(&mut self, user_data: &str) {
        self.boots += 1;
        let drive = format!("boot{}/seed/openstack/latest", self.boots);
        self.put(&format!("{drive}/user_data"), user_data, 0o644);
        self.put(&format!("{drive}/meta_data.json"), r#"{"uuid": "i-packages", "hostname": "vm"}"#, 0o644);
    }

    /// Boots with ours; `after` is asked in the machine at the end.
    pub(crate) fn run(&self, after: &str) -> Booted {
        self.run_with(env!("CARGO_BIN_EXE_glowplug"), "--seed /var/lib/cloud/seed/config_drive", after)
    }

    /// The same with cloud-init.
    pub(crate) fn run_theirs(&self, after: &str) -> Booted {
        self.run_with("cloud-init", "", after)
    }

    fn run_with(&self, program: &str, local: &str, after: &str) -> Booted {
        self.put("after", after, 0o644);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stages/boots.sh");
        let changed = self.folder.join("changed");
        // It is root's.
        as_root(&["rm", "-rf", changed.to_str().unwrap(), self.folder.join("scratch").to_str().unwrap()]);
        let words = ["bash", script.to_str().unwrap(), self.folder.to_str().unwrap(), program];
        let local = format!("LOCAL_OPTIONS={local}");
        as_root(&[&["env", &local], &words[..]].concat());
        let read = |path: &str| fs::read_to_string(self.folder.join(path)).unwrap();
        Booted { log: read("log"), answers: read("answers") }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::env::var_os("PACKAGES_KEEP").is_none() {
            as_root(&["rm", "-rf", self.folder.to_str().unwrap()]);
        }
    }
}

/// What came of the boots.
pub(crate) struct Booted {
    log: String,
    /// What was answered in the machine after the last one.
    pub(crate) answers: String,
}

impl Booted {
    /// What a stage of a boot printed, and its exit status; ours without times.
    pub(crate) fn said(&self, boot: usize, stage: &str) -> String {
        let start = format!("== boot{boot} {stage}\n");
        let said = self.log.split(&start).nth(1).unwrap().split("\n== boot").next().unwrap();
        let plain = |line: &str| {
            let text = line.strip_prefix("glowplug[").and_then(|line| line.split_once("]: "));
            text.map_or(line, |(_, text)| text).to_owned() + "\n"
        };
        said.lines().map(plain).collect()
    }
}

fn make(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/make.sh");
    let output = Command::new("bash").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn as_root(words: &[&str]) {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let words = if is_root { words.to_vec() } else { [&["sudo", "-n"], words].concat() };
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}
