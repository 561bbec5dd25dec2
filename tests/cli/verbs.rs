//! Every command on a machine that has booted: what it prints, and its exit
//! status, as tests/data/cli/verbs.txt has it. A line `$ WORDS` there is what
//! is asked, what follows is the answer; GLOWPLUG_WRITE_GOLDEN=1 writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const META_DATA: &str =
    r#"{"uuid": "i-verbs", "hostname": "vm.example.org", "availability_zone": "z1", "meta": {"role": "db"}}"#;

pub(crate) const USER_DATA: &str = "#cloud-config
hostname: web
write_files:
- {path: /srv/file, content: x, permissions: '0600'}
runcmd:
- echo ran >> /srv/ran
- a: mapping
";

pub(crate) const LISTS: &str = "\
cloud_init_modules: [write-files, set_hostname]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
datasource_list: [ConfigDrive, None]
network: {config: disabled}
";

/// What boots.sh works in; gone after the test.
pub(crate) struct Work(pub(crate) PathBuf);

impl Work {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("glowplug-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

impl Work {
    pub(crate) fn put_program(&self, path: &str, text: &str) {
        self.put(path, text);
        fs::set_permissions(self.0.join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts the program into the machine under all its names.
    pub(crate) fn install(&self) {
        let folder = self.0.join("boot1/root/tmp/bin");
        fs::create_dir_all(&folder).unwrap();
        for name in ["glowplug", "cloud-init", "cloud-init-per", "cloud-id"] {
            symlink(env!("CARGO_BIN_EXE_glowplug"), folder.join(name)).unwrap();
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Boots a machine and asks it with a script; the value is what that printed.
pub(crate) fn answers(work: &Work, script: &str) -> String {
    work.put("after", script);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stages/boots.sh");
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = Command::new(if is_root { "bash" } else { "sudo" });
    if !is_root {
        command.args(["-n", "--preserve-env=LOCAL_OPTIONS", "bash"]);
    }
    let output = command
        .arg(program)
        .arg(&work.0)
        .arg(env!("CARGO_BIN_EXE_glowplug"))
        .env("LOCAL_OPTIONS", "--seed /var/lib/cloud/seed/config_drive")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(work.0.join("answers")).unwrap()
}

/// A text with `N` for every number with a fraction or of a date, and the
/// version left out.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if let Some((before, _)) = line.split_once("last_update") {
            // a date of today
            let _ = writeln!(out, "{before}last_update N");
            continue;
        }
        for (index, word) in line.split_inclusive(' ').enumerate() {
            let bare = word.trim_matches(|c: char| !c.is_ascii_digit());
            let numeric = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit() || ".-:".contains(c));
            if index > 0 && numeric && bare.len() > 5 || bare.contains('.') && numeric {
                out += &word.replace(bare, "N");
            } else {
                out += word;
            }
        }
        out.push('\n');
    }
    out.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn every_command_answers_as_written_down() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cli/verbs.txt");
    let written = fs::read_to_string(&golden).unwrap();
    let work = Work::new("verbs");
    work.put("boot1/seed/openstack/latest/meta_data.json", META_DATA);
    work.put("boot1/seed/openstack/latest/user_data", USER_DATA);
    work.put("boot1/root/etc/cloud/cloud.cfg.d/99-lists.cfg", LISTS);
    work.put("boot1/root/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
    work.install();
    let mut script = String::from("cd /tmp\n");
    for question in written.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let quoted = question.replace('\'', "'\\''");
        let _ = write!(
            script,
            "echo '$ {quoted}'\n{{ {question}\n}} 2>&1\ns=$?; [ $s -eq 0 ] || echo \"[status $s]\"\n"
        );
    }
    let answers = without_times(&answers(&work, &script));
    if std::env::var_os("GLOWPLUG_WRITE_GOLDEN").is_some() {
        fs::write(&golden, &answers).unwrap();
    }
    let differing = written.lines().zip(answers.lines()).find(|(written, given)| written != given);
    assert_eq!(differing, None, "the whole is\n{answers}");
    assert_eq!(written.lines().count(), answers.lines().count(), "the whole is\n{answers}");
}
