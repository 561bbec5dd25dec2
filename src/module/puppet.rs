//! `puppet`: installs the agent, configures and starts it.

use super::packages::{Package, install};
use super::system::runs_systemd;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Again, Effect, Existing, Fetched, Owner, Program, Task, WriteFile};
use crate::cloud_config::{Setting, hostname};
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml::emit;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "puppet",
    keys: &["puppet"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("puppet"),
    plan,
};

const DOING: &str = "set up puppet by what is at";

/// What installs Puppet's own packages.
const INSTALLER: &str = "https://raw.githubusercontent.com/puppetlabs/install-puppet/main/install.sh";

/// Puts the server's certificate where puppet looks for it: puppet's program, its directory of keys,
/// or nothing for its own, and its user.
const PUT_CERTIFICATE: &str = r#"ssl=${2:-$("$1" config print ssldir)} && mkdir -p "$ssl/certs" && chmod 771 "$ssl" &&
cat >"$ssl/certs/ca.pem" && chown "$3:root" "$ssl" "$ssl/certs" "$ssl/certs/ca.pem""#;

/// Writes the attributes of a request for a certificate; they may be secret.
const PUT_ATTRIBUTES: &str = r#"file=${2:-$("$1" config print csr_attributes)} && umask 077 &&
mkdir -p "${file%/*}" && cat >"$file" && { chown "$3:root" "$file" || :; }"#;

/// Makes the service start with the machine where systemd is not there to be told.
const ENABLE: &str = "if [ -e /etc/default/puppet ]; then sed -i 's/^START=.*/START=yes/' /etc/default/puppet
elif command -v chkconfig >/dev/null; then chkconfig puppet on
elif command -v rc-update >/dev/null; then rc-update add puppet
else echo 'nothing here starts services'; exit 1; fi";

/// With `--test` that is how the agent says that it has changed something.
const CHANGED: [i32; 1] = [2];

/// Settings that programs are given as a word each.
const WORDS: [&str; 7] = [
    "package_name",
    "version",
    "collection",
    "aio_install_url",
    "conf_file",
    "ssl_dir",
    "csr_attributes_path",
];

/// Whether no program takes `text` for anything else than a value.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_control)
}

/// How the agent came to the machine.
struct Agent<'v> {
    program: &'static str,
    user: &'static str,
    setting: Setting<'v>,
}

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("puppet") else { return };
    let value = setting.value;
    if !matches!(value.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, value, "puppet", "a mapping"));
    }
    let is_own = match value.get_set("install_type").and_then(Value::as_str) {
        Some("aio") => true,
        Some("packages") | None => false,
        Some(_) => {
            let why = "install_type is neither packages nor aio";
            return plan.problems.push(setting.error(DOING, value, why));
        }
    };
    for word in WORDS.iter().filter_map(|key| value.get_set(key)) {
        if !word.scalar().is_some_and(|text| is_word(&text)) {
            plan.problems.push(setting.error(DOING, word, "it is no word that a program could be given"));
        }
    }
    let (program, user) = if is_own { ("/opt/puppetlabs/bin/puppet", "root") } else { ("puppet", "puppet") };
    let agent = Agent { program, user, setting };
    if context.config.is_true("puppet.install", true) {
        if is_own { agent.fetch(context, plan) } else { agent.install(context, plan) }
    } else if value.get_set("version").is_some() {
        plan.problems.push(setting.error(DOING, value, "version counts only where puppet is installed"));
    }
    agent.configure(context, plan);
    agent.start(context, plan);
}

impl Agent<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let text = self.setting.value.get_set(key)?.scalar()?.into_owned();
        is_word(&text).then_some(text)
    }

    /// The package of the distribution.
    fn install(&self, context: &Context<'_>, plan: &mut Plan) {
        let name = self.text("package_name").unwrap_or_else(|| "puppet".into());
        let version = self.text("version");
        install(context, &[Package::in_version(&name, version.map(Into::into))], plan);
    }

    /// Puppet's own packages, by a script that is fetched.
    fn fetch(&self, context: &Context<'_>, plan: &mut Plan) {
        let path = context.paths.file("puppet-install");
        let uri = self.text("aio_install_url").unwrap_or_else(|| INSTALLER.into());
        let (content, owner, existing) = (Vec::new(), Owner::Root, Existing::Replace);
        let file = WriteFile { path: path.clone(), content, mode: 0o700, owner, existing };
        let (headers, has_content) = (Vec::new(), false);
        let fetched = Fetched { uri, headers, file, has_content, tries: 5, timeout: 30 };
        let what = "fetch what installs puppet".into();
        plan.actions.push(Task { what, effect: Effect::Fetch(Box::new(fetched)) }.into());
        let mut argv = Vec::from([path.clone()]);
        for (option, key) in [("-v", "version"), ("-c", "collection")] {
            if let Some(text) = self.text(key) {
                argv.extend([option.into(), text]);
            }
        }
        if self.setting.value.get_set("cleanup").and_then(Value::as_bool) != Some(false) {
            argv.push("--cleanup".into());
        }
        plan.actions.push(Program { argv, again: Again::Same, ..Program::default() }.into());
        plan.actions.push(Action::RemoveFile { path });
    }

    /// puppet.conf, by puppet itself: what the package has set in it stays.
    fn configure(&self, context: &Context<'_>, plan: &mut Plan) {
        let value = self.setting.value;
        let conf = value.get_set("conf").map(Value::entries).unwrap_or_default();
        for (section, settings) in conf {
            let name = section.as_str().unwrap_or_default();
            if name == "ca_cert" {
                match settings.as_str() {
                    Some(text) => self.put(PUT_CERTIFICATE, "ssl_dir", text.into(), plan),
                    None => plan.problems.push(self.setting.mismatch(DOING, settings, name, "a string")),
                }
                continue;
            }
            for (key, value) in settings.entries() {
                if let Some(program) = self.set(context, name, key, value) {
                    plan.actions.push(program.into());
                } else {
                    let why = "it is no setting of one line in a section";
                    plan.problems.push(self.setting.error(DOING, key, why));
                }
            }
        }
        if let Some(attributes) = value.get_set("csr_attributes") {
            self.put(PUT_ATTRIBUTES, "csr_attributes_path", emit::dump(attributes), plan);
        }
    }

    /// What sets one setting.
    fn set(
        &self,
        context: &Context<'_>,
        section: &str,
        key: &Value<'_>,
        value: &Value<'_>,
    ) -> Option<Program> {
        let mut text = match value.as_bool() {
            Some(is_true) => if is_true { "true" } else { "false" }.into(),
            None => value.scalar()?.into_owned(),
        };
        let key = key.as_str()?;
        if key == "certname" {
            let given = context.instance.metadata.local_hostname.as_deref().unwrap_or_default();
            let names = hostname::names(context.config, given, &mut Vec::new());
            text = text.replace("%f", names.map_or("localhost", |names| names.fqdn));
            text = text.replace("%i", context.instance.id.as_str()).to_ascii_lowercase();
        }
        if ![section, key, &text].into_iter().all(is_word) {
            return None;
        }
        let mut program = Program::repeatable(&[self.program, "config", "set", "--section", section]);
        if let Some(file) = self.text("conf_file") {
            program.argv.extend(["--config".into(), file]);
        }
        program.argv.extend([key.into(), text]);
        Some(program)
    }

    fn put(&self, script: &str, key: &str, content: String, plan: &mut Plan) {
        let path = self.text(key).unwrap_or_default();
        let program = Program::repeatable(&["sh", "-c", script, "sh", self.program, &path, self.user]);
        plan.actions.push(Program { input: content.into_bytes(), ..program }.into());
    }

    fn start(&self, context: &Context<'_>, plan: &mut Plan) {
        let starts = context.config.is_true("puppet.start_service", true);
        let is_systemd = runs_systemd(context.root);
        if starts && is_systemd {
            plan.actions.push(Program::repeatable(&["systemctl", "enable", "puppet.service"]).into());
        } else if starts {
            plan.actions.push(Program::repeatable(&["sh", "-c", ENABLE]).into());
        }
        if context.config.is_true("puppet.exec", false) {
            let mut program = Program::repeatable(&[self.program, "agent"]);
            if let Some(words) = self.arguments() {
                program.argv.extend(words);
            } else {
                let why = "exec_args is no list of strings; --test is taken";
                plan.problems.push(self.setting.error(DOING, self.setting.value, why));
                program.argv.push("--test".into());
            }
            if program.argv.iter().any(|word| matches!(&**word, "--test" | "-t" | "--detailed-exitcodes")) {
                program.accepted = &CHANGED;
            }
            plan.actions.push(program.into());
        }
        if starts {
            let words: &[&str] = if is_systemd {
                &["systemctl", "--no-block", "start", "puppet.service"]
            } else {
                &["service", "puppet", "start"]
            };
            plan.actions.push(Program::repeatable(words).into());
        }
    }

    /// What the agent is given; `None`: nothing that can be.
    fn arguments(&self) -> Option<Vec<String>> {
        let Some(value) = self.setting.value.get_set("exec_args") else {
            return Some(["--test".into()].into());
        };
        match &value.data {
            Data::Str(text) => Some(text.split_ascii_whitespace().map(String::from).collect()),
            Data::Seq(words) => words.iter().map(|word| Some(word.as_str()?.into())).collect(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    const TEXT: &str = "fqdn: Web.Example.org\npuppet:\n  version: '7.7'\n  conf:\n    agent: {server: p.example.org, \
                        certname: '%i.%f', report: true, x: [y]}\n    ca_cert: |\n      CERT\n  csr_attributes: \
                        {extension_requests: {pp_uuid: s3cret}}\n  exec: true\n";

    fn plan_on(text: &str, systemd: bool) -> (Vec<String>, Plan) {
        let root = Tree::default().with("/etc/os-release", "ID=fedora\n", 0o100_644);
        let root = root.with("/usr/bin/dnf", "", 0o100_755);
        let root = if systemd { root.with("/run/systemd/system", "", 0o040_755) } else { root };
        let plan = planned("puppet", text, &root);
        let line = |action: &Action| {
            action.text().split(" ssl=").next().unwrap().split(" file=").next().unwrap().into()
        };
        (plan.actions.iter().map(line).collect(), plan)
    }

    #[test]
    fn what_the_package_has_set_in_puppet_conf_stays() {
        let (lines, plan) = plan_on(TEXT, true);
        assert_eq!(
            lines,
            [
                "run dnf -y install puppet-7.7",
                "run puppet config set --section agent server p.example.org",
                "run puppet config set --section agent certname i-1.web.example.org",
                "run puppet config set --section agent report true",
                "run sh -c",
                "run sh -c",
                "run systemctl enable puppet.service",
                "run puppet agent --test",
                "run systemctl --no-block start puppet.service",
            ]
        );
        let program = |at: usize| match &plan.actions[at] {
            Action::RunProgram(program) => program,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (&program(4).argv[4..], &*program(4).input),
            (&["puppet", "", "puppet"].map(String::from)[..], &b"CERT\n"[..])
        );
        assert_eq!(program(5).input, b"---\nextension_requests:\n    pp_uuid: s3cret\n...\n");
        // A run that changed something was a failure.
        assert_eq!(program(7).accepted, [2]);
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to set up puppet by what is at user-data:5:69: it is no setting of one line in a section"
            ]
        );
    }

    #[test]
    fn puppets_own_packages_come_by_a_script() {
        let text = "puppet: {install_type: aio, version: 7.7.0, collection: puppet7, exec_args: '-t x', exec: 1, \
                    aio_install_url: 'https://x/y', conf_file: /c}";
        let (lines, plan) = plan_on(text, false);
        assert_eq!(
            lines[..3],
            [
                "fetch what installs puppet",
                "run /var/lib/cloud/instances/i-1/puppet-install -v 7.7.0 -c puppet7 --cleanup",
                "remove /var/lib/cloud/instances/i-1/puppet-install",
            ]
        );
        assert!(lines[3].starts_with("run sh -c if [ -e /etc/default/puppet ]"), "{lines:?}");
        assert_eq!(lines[4..], ["run /opt/puppetlabs/bin/puppet agent -t x", "run service puppet start"]);
        assert!(plan.problems.is_empty());
        let (lines, plan) = plan_on("puppet: {install: false, version: 7, start_service: false}", true);
        assert_eq!(lines, [""; 0]);
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to set up puppet by what is at user-data:1:9: version counts only where puppet is installed"
            ]
        );
    }
}
