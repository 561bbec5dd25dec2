//! Modules of the init stage beside those of the cloud-init on this machine:
//! the same configuration on two copies of one root, by hand and made up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commands;
mod files;
#[path = "../../../src/runner/jinja/mod.rs"]
mod jinja;
mod keys;
mod passwords;
#[path = "../../support/python.rs"]
mod python;
#[allow(dead_code)] // mutations are for texts, and here are choices
#[path = "../../support/random.rs"]
mod random;
mod settings;
mod users;
mod write_files;

use glowplug::action::Action;
use glowplug::cloud_config::{CloudConfig, Layer};
use glowplug::error::Result;
use glowplug::instance::{Instance, InstanceId, Metadata};
use glowplug::module::{ALL, Context, FileSystem, Host, Plan};
use glowplug::state::paths::InstancePaths;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;
use glowplug::sys::root::Root;
use python::Python;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

type Json = Value<'static>;

fn text(text: &str) -> Json {
    Value::bare(Data::Str(text.to_owned().into()))
}

fn map(entries: Vec<(&str, Json)>) -> Json {
    Value::bare(Data::Map(entries.into_iter().map(|(key, value)| (text(key), value)).collect()))
}

/// The cloud-init that is asked.
fn oracle() -> Python {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/init_modules.py");
    Python::start(&[script], None)
}

fn ask(oracle: &mut Python, question: &Json) -> Json {
    let mut line = String::new();
    json::write(question, Style::Compact, &mut line);
    oracle.ask(&line)
}

/// A folder taken for a root; it is gone with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("glowplug-init-{}-{number}", std::process::id()));
        let folder = Self(path);
        folder.put(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n",
            0o644,
        );
        folder.put("/etc/group", "root:x:0:\nsudo:x:27:\nold:x:1000:\n", 0o644);
        for (path, content) in files {
            folder.put(path, content, 0o644);
        }
        folder
    }

    /// With the programs that cloud-init expects.
    fn with_programs(self, names: &[&str]) -> Self {
        for name in names {
            self.put(&format!("/usr/sbin/{name}"), "", 0o755);
        }
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    fn put(&self, path: &str, content: &str, mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// Paths and contents of the files that `old` has not, or has otherwise.
    fn new_files(&self, old: &Self) -> BTreeMap<String, String> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![String::new()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.path(&folder)).unwrap().flatten() {
                let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else if self.read(&path) != old.read(&path) {
                    files.insert(path.clone(), self.read(&path).unwrap());
                }
            }
        }
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A machine whose random bytes are counted.
struct Counted;

impl Host for Counted {
    fn random(&self, count: usize) -> Result<Vec<u8>> {
        Ok((0..count).map(|at| u8::try_from(at % 200).unwrap()).collect())
    }

    fn file_system(&self, path: &str) -> Option<FileSystem> {
        path.starts_with("/dev/").then(FileSystem::default)
    }

    fn now(&self) -> u64 {
        0
    }

    fn uptime(&self) -> u64 {
        0
    }

    fn sizes(&self, _: &str) -> Result<(u64, u64)> {
        Ok((2 << 30, 100 << 30))
    }
}

/// What a module of ours plans in a root.
fn plan(module: &str, config: &str, metadata: Metadata, root: &Folder) -> Plan {
    let tree = yaml::load(config).unwrap();
    let config = CloudConfig::new(vec![Layer { name: "user-data", value: &tree }]);
    let mut instance = Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive");
    instance.metadata = metadata;
    let paths = InstancePaths::new(&instance.id);
    let root = Root::open(root.0.to_str().unwrap()).unwrap();
    let module = ALL.iter().find(|known| known.name == module).unwrap();
    let mut plan = Plan::default();
    let context = Context {
        config: &config,
        instance: &instance,
        jobs: &[],
        paths: &paths,
        root: &root,
        host: &Counted,
        jinja: Some(jinja::render),
        arguments: &[],
    };
    (module.plan)(&context, &mut plan);
    plan
}

/// The programs of a plan, as cloud-init's answer has them.
fn commands(plan: &Plan) -> Vec<(Vec<String>, String)> {
    let program = |action: &Action| match action {
        Action::RunProgram(program) => {
            Some((program.argv.clone(), String::from_utf8(program.input.clone()).unwrap()))
        }
        _ => None,
    };
    plan.actions.iter().filter_map(program).collect()
}

/// The file a plan leaves at a path.
fn written(plan: &Plan, path: &str) -> Option<String> {
    let content = |action: &Action| match action {
        Action::WriteFile(file) if file.path == path => {
            Some(String::from_utf8(file.content.clone()).unwrap())
        }
        _ => None,
    };
    plan.actions.iter().rev().find_map(content)
}

/// A field of an answer as texts.
fn texts(value: &Json) -> Vec<String> {
    value.items().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}
