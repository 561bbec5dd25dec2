//! What is wrong with a cloud-config before any machine has it: what the table of keys says, and what
//! modules refuse that plan for a machine which has all that they ask for.

use crate::languages::LANGUAGES;
use glowplug::cloud_config::schema::{self, Finding};
use glowplug::cloud_config::{CloudConfig, Layer};
use glowplug::error::Error;
use glowplug::fetch::Fetch;
use glowplug::module::{self, Context, NoHost, Plan};
use glowplug::stage::fallback;
use glowplug::state::paths::InstancePaths;
use glowplug::syntax::value::{Place, Value};
use glowplug::syntax::yaml;

/// All of it; what both say, as the table says it.
pub(crate) fn faults(value: &Value<'_>) -> Vec<Finding> {
    let mut faults = schema::check(value);
    for refused in refused(value) {
        if !faults.iter().any(|known| is_same(known, &refused)) {
            faults.push(refused);
        }
    }
    faults
}

/// What the table of keys finds that comes to nothing, and no module tells when it runs.
pub(crate) fn untold(value: &Value<'_>) -> Vec<Finding> {
    let refused = refused(value);
    let mut findings = schema::check(value);
    findings.retain(|known| known.is_lost && !refused.iter().any(|refused| is_same(known, refused)));
    findings
}

/// Whether a finding of the table is also a module's: that names the same value, or an entry around
/// it and the key.
fn is_same(known: &Finding, refused: &Finding) -> bool {
    let key = known.path.rsplit('.').next().unwrap_or_default();
    known.place == refused.place || known.place.line == refused.place.line && refused.message.contains(key)
}

/// Where time zones are.
const ZONES: &str = "/usr/share/zoneinfo/";

/// What of a distribution's own configuration user-data relies on.
const SYSTEM_CONFIG: &str = "{users: [default], system_info: {default_user: {name: cloud}}}";

/// A root that has every device, program and time zone that is asked for, and nothing else.
struct NoRoot;

impl Fetch for NoRoot {
    fn read(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>, Error> {
        let is_size = path.starts_with("/sys/class/block/") && path.ends_with("/size");
        Ok(match path {
            // A disk of a gigabyte.
            _ if is_size => Some(b"2097152\n".into()),
            _ if path.starts_with(ZONES) => Some(b"TZif2".into()),
            _ => None,
        })
    }

    fn list(&self, _: &str) -> Result<Option<Vec<String>>, Error> {
        Ok(None)
    }

    fn mode(&self, path: &str) -> Result<Option<u32>, Error> {
        const BLOCK_DEVICE: u32 = 0o060_600;
        const PROGRAM: u32 = 0o100_755;
        const FILE: u32 = 0o100_644;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(match folder {
            _ if path.starts_with("/dev/") => Some(BLOCK_DEVICE),
            _ if folder.ends_with("bin") => Some(PROGRAM),
            _ if path.starts_with(ZONES) => Some(FILE),
            _ => None,
        })
    }

    fn name(&self, path: &str) -> String {
        path.into()
    }
}

/// What modules refuse of a cloud-config, on a machine that has nothing: what depends on the machine
/// has no place in the text.
fn refused(value: &Value<'_>) -> Vec<Finding> {
    let Some(instance) = fallback::bare() else { return Vec::new() };
    let Ok(system) = yaml::load(SYSTEM_CONFIG) else { return Vec::new() };
    let config = CloudConfig::new(vec![Layer { name: "", value }, Layer { name: "system", value: &system }]);
    let paths = InstancePaths::new(&instance.id);
    let context = Context {
        config: &config,
        instance: &instance,
        jobs: &[],
        paths: &paths,
        root: &NoRoot,
        host: &NoHost,
        jinja: Some(LANGUAGES.jinja),
        arguments: &[],
    };
    let mut findings = Vec::new();
    for module in module::ALL {
        let mut plan = Plan::default();
        (module.plan)(&context, &mut plan);
        for problem in &plan.problems {
            if let Some((line, column)) = problem.place() {
                let (place, path) = (Place { line, column }, module.name.to_owned());
                let message = problem.cause().to_owned();
                let finding = Finding { place, path, message, is_lost: false };
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::cloud_config::decimal_modes::decimal_modes;

    fn lines(text: &str) -> Vec<String> {
        let value = yaml::load(text).unwrap();
        let mut faults = faults(&value);
        faults.extend(decimal_modes(&value, text));
        let line = |Finding { place, path, message, .. }: &Finding| {
            format!("f:{}:{}: {path}: {message}", place.line, place.column)
        };
        faults.iter().map(line).collect()
    }

    /// The table of keys knows types alone: a boot refused these, and schema had called them valid.
    #[test]
    fn what_a_module_refuses_is_found() {
        for (text, fault) in [
            (
                "write_files: [{path: /a, permissions: 644}]",
                "f:1:39: write_files.0.permissions: 644 is a decimal number",
            ),
            (
                "write_files: [{path: /a, permissions: '0999'}]",
                "f:1:39: write_files: no octal mode; 0644 is used",
            ),
            (
                "write_files: [{path: /a, content: '!!!', encoding: b64}]",
                "f:1:52: write_files: content has characters",
            ),
            (
                "write_files: [{path: /a, content: a, encoding: b64}]",
                "f:1:48: write_files: base64 text is one character",
            ),
            ("write_files: [~]", "f:1:15: write_files: it has no path"),
            ("users: [{name: a, uid: abc}]", "f:1:24: users_groups: uid is \"abc\", not a number"),
            ("users: [{name: a, groups: wheel sudo}]", "f:1:27: users_groups: wheel sudo: it is not a name"),
            ("users: [{name: a b}]", "f:1:9: users_groups: a b: it is not a name"),
            (
                "users: [{name: a, expiredate: never}]",
                "f:1:31: users_groups: expiredate is \"never\", not a date",
            ),
            ("chpasswd: {list: nocolon}", "f:1:18: set_passwords: a line of it has no colon behind the user"),
            (
                "fs_setup: [{device: /dev/vdb, filesystem: ext5}]",
                "f:1:43: fs_setup.0.filesystem: ext5 is none of",
            ),
            (
                "disk_setup: {/dev/vdb: {layout: [60, 60]}}",
                "f:1:33: disk_setup: layout is no list of percentages",
            ),
            ("swap: {filename: /s, size: 2Q}", "f:1:28: mounts: size is no size"),
            ("power_state: {mode: explode}", "f:1:21: power_state.mode: explode is none of"),
            (
                "power_state: {mode: reboot, delay: soon}",
                "f:1:36: power_state_change: delay is neither now nor",
            ),
            ("mounts: [[]]", "f:1:10: mounts: it is a list, not a list with a device in front"),
            ("growpart: {mode: some}", "f:1:18: growpart.mode: some is none of"),
            ("hostname: a b", "f:1:11: set_hostname: the name has blanks"),
            ("yum_repos: {x: {name: y}}", "f:1:16: yum_add_repo: it has neither baseurl"),
        ] {
            let faults = lines(text);
            assert!(faults.len() == 1 && faults[0].starts_with(fault), "{text}: {faults:#?}");
        }
    }

    #[test]
    fn what_depends_on_the_machine_is_no_fault_of_the_text() {
        for text in [
            "timezone: Mars/Base",
            "mounts: [[/dev/vdx, /mnt], [vdy, none, swap]]",
            "fs_setup: [{device: /dev/vdx, filesystem: xfs}]",
            "disk_setup: {/dev/vdx: {layout: true}}",
            "users: [default, {name: a, groups: [sudo], shell: /bin/zsh, uid: 1001, expiredate: 2030-01-01}]",
            "password: x\nssh_import_id: [gh:a]\npackages: [vim]\nssh_pwauth: true",
            "write_files: [{path: /a, owner: 'app:app', permissions: 0644, content: YQ==, encoding: b64}]",
        ] {
            assert_eq!(lines(text), [""; 0], "{text}");
        }
    }
}
