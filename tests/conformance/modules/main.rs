//! Modules of the config and final stages beside those of Debian's cloud-init
//! 22.4.2: for made-up configurations, what both would write, run and show.
//!
//! What is different on purpose is made alike in `alike`, each with its reason.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod generate;
#[path = "../../../src/runner/jinja/mod.rs"]
mod jinja;
#[path = "../../support/python.rs"]
mod python;
#[path = "../../support/random.rs"]
#[allow(dead_code)]
mod random;

use generate::Case;
use glowplug::action::{Action, Effect, Existing};
use glowplug::cloud_config::{CloudConfig, Layer};
use glowplug::error::Result;
use glowplug::fetch::Fetch;
use glowplug::instance::{File, Instance, InstanceId, META_DATA};
use glowplug::module::{self, Context, FileSystem, Host, NoHost, Plan};
use glowplug::state::paths::InstancePaths;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;
use python::Python;
use random::Random;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What cloud.cfg says of the machine, to both.
const SYSTEM: &str = "system_info: {package_mirrors: [{arches: [default], \
                      failsafe: {primary: 'http://main/debian', security: 'http://safe/debian'}}]}";

/// What one of the two would do.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    files: BTreeMap<String, Option<String>>,
    programs: Vec<Vec<String>>,
    printed: String,
}

/// A root that a case describes.
struct Root<'a>(&'a Case);

impl Fetch for Root<'_> {
    fn read(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>> {
        if path == "/etc/os-release" {
            return Ok(Some(format!("ID={}\nVERSION_CODENAME=bookworm\n", self.0.distro).into()));
        }
        if path.starts_with("/etc/cloud/templates/") {
            return Ok(fs::read(path).ok());
        }
        Ok(self.0.files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.clone().into_bytes()))
    }

    fn list(&self, _: &str) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        let name = path.rsplit('/').next().unwrap();
        let systemd = ["/run/systemd/system", "/usr/lib/systemd/systemd"].contains(&path);
        let folder = ["/usr/bin/", "/lib/systemd/", "/usr/lib/systemd/"]
            .iter()
            .any(|folder| path == format!("{folder}{name}"));
        if systemd && self.0.systemd || folder && self.0.programs.contains(&name) {
            return Ok(Some(0o100_755));
        }
        Ok(self.0.files.iter().any(|(name, _)| *name == path).then_some(0o100_644))
    }

    fn name(&self, path: &str) -> String {
        path.into()
    }
}

/// A machine that knows the hosts whose names say so.
struct Named;

impl Host for Named {
    fn now(&self) -> u64 {
        NoHost.now()
    }

    fn uptime(&self) -> u64 {
        NoHost.uptime()
    }

    fn random(&self, count: usize) -> Result<Vec<u8>> {
        NoHost.random(count)
    }

    fn file_system(&self, path: &str) -> Option<FileSystem> {
        NoHost.file_system(path)
    }

    fn sizes(&self, path: &str) -> Result<(u64, u64)> {
        NoHost.sizes(path)
    }

    fn resolves(&self, host: &str) -> bool {
        host.contains("there")
    }
}

fn ours(case: &Case) -> (Answer, Plan) {
    let config = yaml::load(&case.config).unwrap();
    let system = yaml::load(SYSTEM).unwrap();
    let layers =
        vec![Layer { name: "user-data", value: &config }, Layer { name: "cloud.cfg", value: &system }];
    let config = CloudConfig::new(layers);
    let mut instance = Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive");
    instance.detail = "[net,ver=2]".into();
    instance.metadata.local_hostname = Some("vm.there.example".into());
    let meta_data = br#"{"availability_zone": "Zone_1"}"#.into();
    instance.raw.push(File { path: META_DATA.into(), content: meta_data });
    let paths = InstancePaths::new(&instance.id);
    let root = Root(case);
    let context = Context {
        config: &config,
        instance: &instance,
        jobs: &[],
        paths: &paths,
        root: &root,
        host: &Named,
        jinja: Some(jinja::render),
        arguments: &[],
    };
    let module = module::ALL.iter().find(|module| module.name == case.module).unwrap();
    let mut plan = Plan::default();
    if config.has_any(module.keys) || module.keys.is_empty() {
        (module.plan)(&context, &mut plan);
    }
    (answer(&plan, case), plan)
}

fn answer(plan: &Plan, case: &Case) -> Answer {
    let mut answer = Answer::default();
    for action in &plan.actions {
        match action {
            Action::WriteFile(file) => {
                let text = String::from_utf8(file.content.clone()).unwrap();
                let present =
                    || case.files.iter().find(|(path, _)| **path == file.path).map(|(_, text)| text.clone());
                let before = match file.existing {
                    Existing::Append => {
                        answer.files.remove(&file.path).flatten().or_else(present).unwrap_or_default()
                    }
                    _ => String::new(),
                };
                answer.files.insert(file.path.clone(), Some(before + &text));
            }
            Action::RemoveFile { path } => drop(answer.files.insert(path.clone(), None)),
            Action::RunProgram(program) => answer.programs.push(program.argv.clone()),
            Action::Task(task) => match &task.effect {
                Effect::Print(text) => answer.printed.push_str(text),
                Effect::ShutDown(shut_down) => {
                    let condition = match &shut_down.condition {
                        None => "true".to_string(),
                        Some(program) if program.argv[..2] == ["/bin/sh", "-c"] => {
                            shown(&text(&program.argv[2]))
                        }
                        Some(program) => shown(&list(&program.argv)),
                    };
                    answer.programs.push(vec!["condition".into(), condition]);
                    answer.programs.push(shut_down.program.argv.clone());
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other}"),
        }
    }
    answer
}

fn text(text: &str) -> Value<'static> {
    Value::bare(Data::Str(text.to_string().into()))
}

fn list<T: AsRef<str>>(items: &[T]) -> Value<'static> {
    Value::bare(Data::Seq(items.iter().map(|item| text(item.as_ref())).collect()))
}

fn shown(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write(value, Style::Compact, &mut out);
    out
}

fn theirs(oracle: &mut Python, case: &Case) -> (Answer, Option<String>) {
    let files = case.files.iter().map(|(path, content)| (text(path), text(content))).collect();
    let question = Value::bare(Data::Map(vec![
        (text("module"), text(case.module)),
        (text("distro"), text(case.distro)),
        (text("config"), text(&case.config)),
        (text("system"), text(SYSTEM)),
        (text("programs"), list(&case.programs)),
        (text("systemd"), Value::bare(Data::Bool(case.systemd))),
        (text("files"), Value::bare(Data::Map(files))),
    ]));
    let value = oracle.ask(&shown(&question));
    let string = |value: &Value<'_>| value.as_str().map(String::from);
    let answer = Answer {
        files: value
            .get("files")
            .unwrap()
            .entries()
            .iter()
            .map(|(path, text)| (string(path).unwrap(), string(text)))
            .collect(),
        programs: value
            .get("programs")
            .unwrap()
            .items()
            .unwrap()
            .iter()
            .map(|words| words.items().unwrap().iter().map(|word| string(word).unwrap()).collect())
            .collect(),
        printed: string(value.get("printed").unwrap()).unwrap(),
    };
    (answer, string(value.get("failed").unwrap()))
}

/// An answer without what is different on purpose.
fn alike(mut answer: Answer, case: &Case) -> Answer {
    // boot-finished is the stage's, not the module's
    answer.files.retain(|path, _| !path.ends_with("/boot-finished"));
    for text in answer.files.values_mut().flatten() {
        // who wrote it, and when: a plan that is made again is to be the same;
        // and a file ends with a line's end
        let is_head = |line: &&str| {
            !["# Created by ", "//Written by ", "// Created by "].iter().any(|head| line.starts_with(head))
        };
        // the lines of these two are other programs' comments
        let is_setting = |line: &&str| {
            !["apk_configure", "locale"].contains(&case.module) && !text.contains("[Time]")
                || !line.starts_with('#') && !line.trim().is_empty()
        };
        let lines: Vec<String> = text
            .lines()
            .filter(is_head)
            .filter(is_setting)
            .map(|line| line.trim_end().replace("suite disabled by cloud-init", "suite disabled by glowplug"))
            .collect();
        *text = lines.join("\n").trim_end().to_string();
    }
    // whether what was asked is installed is of no use to us
    answer.programs.retain(|program| program[0] != "dpkg-query");
    for program in &mut answer.programs {
        // dpkg's own lock is waited for by apt itself; cloud-init looks at it
        program.retain(|word| word != "--option=DPkg::Lock::Timeout=120");
    }
    answer
}

#[test]
fn modules_do_what_cloud_inits_do() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/modules/oracle.py");
    let mut oracle = Python::start(&[script], None);
    let (mut wrong, mut failed, mut acted) = (Vec::new(), 0, BTreeMap::new());
    let mut random = Random::new(11);
    let cases = generate::cases(&mut random);
    for case in &cases {
        let (ours, plan) = ours(case);
        let (theirs, error) = theirs(&mut oracle, case);
        if let Some(error) = error {
            failed += 1;
            if plan.problems.is_empty() {
                wrong.push(format!("{case:?}\ncloud-init fails, we do not: {error}\n{ours:?}"));
            }
            continue;
        }
        let (ours, theirs) = (alike(ours, case), alike(theirs, case));
        if ours != Answer::default() {
            *acted.entry(case.module).or_insert(0) += 1;
        }
        if ours != theirs {
            wrong.push(format!(
                "{case:#?}\n--- ours\n{ours:#?}\n{:?}\n--- theirs\n{theirs:#?}",
                plan.problems
            ));
        }
    }
    assert!(acted.len() >= 12 && acted.values().all(|count| *count >= 5), "too little is done: {acted:?}");
    assert!(failed * 10 < cases.len(), "{failed} of {} fail in cloud-init", cases.len());
    let first = wrong.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{first}", wrong.len(), cases.len());
}
