//! Files without what differs from boot to boot: times, process ids, random
//! words, versions.

use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};

/// The content of the file at `path`, fit to be compared.
pub(crate) fn content(path: &str, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let name = path.rsplit('/').next().unwrap_or(path);
    if path.contains("/sem/") {
        return semaphore(&text);
    }
    match name {
        "boot-finished" => finished(&text),
        "status.json" | "result.json" => status(bytes),
        "instance-data.json" | "instance-data-sensitive.json" => instance_data(bytes),
        "shadow" | "shadow-" => shadow(&text),
        _ if name.ends_with(".txt.i") => boundary(&text),
        _ if name.starts_with("ssh_host_") => host_key(&text),
        // theirs are written in the order of a set
        "authorized_keys" => sorted(&text),
        _ => {
            text.lines().map(created).collect::<Vec<_>>().join("\n")
                + if text.ends_with('\n') { "\n" } else { "" }
        }
    }
}

/// `PID: SECONDS.FRACTION`, or what a cloud-init-per leaves.
fn semaphore(text: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let usual = text.strip_suffix('\n').and_then(|line| line.split_once(": ")).is_some_and(|(pid, time)| {
        digits(pid) && time.split_once('.').is_some_and(|(seconds, rest)| digits(seconds) && digits(rest))
    });
    if usual { "PID: TIME\n".into() } else { text.into() }
}

/// `UPTIME - DATE - v. VERSION`.
fn finished(text: &str) -> String {
    let fields: Vec<&str> = text.trim_end().split(" - ").collect();
    match fields[..] {
        [uptime, date, version]
            if uptime.parse::<f64>().is_ok() && date.len() == 31 && version.starts_with("v. ") =>
        {
            "UPTIME - DATE - VERSION\n".into()
        }
        _ => text.into(),
    }
}

/// `# Created by cloud-init v. VERSION on DATE`.
fn created(line: &str) -> &str {
    if line.starts_with("# Created by ") { "# Created by" } else { line }
}

/// Days since a password was changed, and salts.
fn shadow(text: &str) -> String {
    let line = |line: &str| {
        let mut fields: Vec<&str> = line.split(':').collect();
        if let [_, password, changed, ..] = &mut fields[..] {
            if !changed.is_empty() && *changed != "0" {
                *changed = "DAY";
            }
            if let Some((kind, _)) =
                password.trim_start_matches('!').get(1..).and_then(|rest| rest.split_once('$'))
            {
                *password = if password.starts_with('!') {
                    "!HASH"
                } else if kind.is_empty() {
                    ""
                } else {
                    "HASH"
                };
            }
        }
        fields.join(":")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// The kind of a server's key, and whose it is.
fn host_key(text: &str) -> String {
    let words: Vec<&str> = text.lines().next().unwrap_or_default().split(' ').collect();
    match words[..] {
        [kind, _, whose] => format!("{kind} KEY {whose}\n"),
        _ => words.join(" "),
    }
}

/// A message with its boundary named `B`, and of its parts' headers type and
/// name alone.
fn boundary(text: &str) -> String {
    let found = text.split_once("boundary=\"").and_then(|(_, rest)| rest.split_once('"'));
    let text = found.map_or_else(|| text.into(), |(boundary, _)| text.replace(boundary, "B"));
    let lines = text
        .split('\n')
        .filter(|line| !["MIME-Version: 1.0", "Content-Transfer-Encoding: 7bit"].contains(line));
    lines.map(|line| line.split("; charset=").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Without times, the words of errors, and fields of one version alone.
fn status(bytes: &[u8]) -> String {
    let Ok(value) = json::parse(bytes) else { return "not JSON".into() };
    changed(value, &|path, value| match (path.last().copied().unwrap_or_default(), &value.data) {
        ("recoverable_errors" | "modules-init", _) => None,
        ("start" | "finished", Data::Float(_) | Data::Int(_)) => Some(Value::bare(Data::Str("TIME".into()))),
        (_, Data::Str(_)) if path.contains(&"errors") => Some(Value::bare(Data::Str("ERROR".into()))),
        _ => Some(value),
    })
}

/// Without what tells of the interpreter, its distribution's tables and time.
fn instance_data(bytes: &[u8]) -> String {
    let Ok(value) = json::parse(bytes) else { return "not JSON".into() };
    changed(value, &|path, value| match path[..] {
        // one of them is 26.2's
        ["sensitive_keys", _] if value.as_str() == Some("merged_system_cfg") => None,
        ["sys_info" | "merged_cfg" | "merged_system_cfg"] | [.., "python_version" | "system_platform"] => {
            None
        }
        _ => Some(value),
    })
}

type Keep<'k> = dyn for<'v> Fn(&[&str], Value<'v>) -> Option<Value<'v>> + 'k;

/// A value as JSON, each of its parts as `keep` leaves it.
fn changed(value: Value<'_>, keep: &Keep<'_>) -> String {
    fn walk<'v>(path: &[&str], value: Value<'v>, keep: &Keep<'_>) -> Option<Value<'v>> {
        let mut value = keep(path, value)?;
        value.data = match value.data {
            Data::Map(entries) => Data::Map(
                entries
                    .into_iter()
                    .filter_map(|(key, value)| {
                        let name = key.as_str().unwrap_or_default().to_owned();
                        Some((key, walk(&[path, &[&name]].concat(), value, keep)?))
                    })
                    .collect(),
            ),
            Data::Seq(items) => Data::Seq(
                items.into_iter().filter_map(|item| walk(&[path, &["0"]].concat(), item, keep)).collect(),
            ),
            data => data,
        };
        Some(value)
    }
    let mut text = String::new();
    if let Some(value) = walk(&[], value, keep) {
        json::write(&value, Style::File, &mut text);
    }
    text
}
