//! `glowplug schema`: what in a cloud-config nothing will read, or read as it
//! was meant.

use crate::cli::{Arguments, Ended, Fault, escaped_lines, print, say};
use crate::input::read;
use crate::languages::LANGUAGES;
use crate::network_config::unread::unread;
use crate::{refused, schema_docs};
use glowplug::cloud_config::decimal_modes::decimal_modes;
use glowplug::cloud_config::schema::{self, Finding};
use glowplug::error::Error;
use glowplug::instance::NETWORK_CONFIG;
use glowplug::limits;
use glowplug::network::parse::{Description, description};
use glowplug::state::paths::INSTANCE_LINK;
use glowplug::syntax::value::Place;
use glowplug::syntax::{json, yaml};
use glowplug::sys::tree;
use glowplug::text::escaped;
use glowplug::user_data::{self, Assembled, Kind, Part};
use std::fmt::Write as _;

/// What the machine's own configuration was made of.
const SYSTEM: [&str; 3] = ["user-data.txt", "vendor-data.txt", "vendor-data2.txt"];

/// What templates are rendered with where nobody says otherwise.
const INSTANCE_DATA: &str = "/run/cloud-init/instance-data.json";

pub(crate) fn run(arguments: &Arguments) -> Ended {
    if arguments.has("docs") {
        return schema_docs::run(arguments.values("docs"));
    }
    let files: Vec<String> = match arguments.value("config-file") {
        Some(file) => vec![file.into()],
        None if arguments.has("system") => {
            SYSTEM.iter().map(|name| format!("{INSTANCE_LINK}/{name}")).collect()
        }
        None => {
            return Err(Fault::Usage(
                "unable to run schema: --config-file, --system or --docs is missing, see --help".into(),
            ));
        }
    };
    let mut faults = 0;
    for file in &files {
        let content = read(file)?;
        if content.is_empty() && arguments.has("system") {
            continue;
        }
        faults += match arguments.value("schema-type") {
            Some("network-config") => check_network(file, &content)?,
            _ => check(file, &content, arguments)?,
        };
    }
    Ok(u8::from(faults > 0))
}

/// Checks a network configuration of version 1 or 2.
fn check_network(file: &str, content: &[u8]) -> Result<usize, Error> {
    let mut problems = match description(NETWORK_CONFIG, content, file)? {
        Description::Network(parsed) => parsed.problems,
        Description::Disabled => Vec::new(),
        Description::Nothing => vec![Error::new("check", file, "it describes no network")],
    };
    let tree = str::from_utf8(content).ok().and_then(|text| yaml::load(text).ok());
    problems.extend(tree.iter().flat_map(|tree| unread(tree, file)));
    for problem in &problems {
        say(problem.text());
    }
    verdict("network-config", file, problems.len())?;
    Ok(problems.len())
}

/// The last word on a file.
fn verdict(kind: &str, file: &str, count: usize) -> Result<(), Error> {
    if count == 0 {
        return print(&format!("Valid {kind}: {}\n", escaped(file)));
    }
    say(&format!("Invalid {kind} {file}: {count} to mend"));
    Ok(())
}

/// Renders the templates among the parts with the file that is named, else with
/// what is known of this machine.
fn render(file: &str, arguments: &Arguments, assembled: &mut Assembled) -> Result<(), Error> {
    let is_template = |part: &Part| part.kind == Kind::Jinja;
    if !assembled.parts.iter().any(is_template) {
        return Ok(());
    }
    let data = match arguments.value("instance-data") {
        Some(path) => (path, read(path)?),
        None => (INSTANCE_DATA, tree::bytes(INSTANCE_DATA, limits::SEED_TOTAL).unwrap_or_default()),
    };
    if data.1.is_empty() {
        for part in assembled.parts.iter().filter(|part| is_template(part)) {
            let what = ["template ", &part.filename, " of ", file].concat();
            assembled.problems.push(Error::new("check", what, "no --instance-data is given"));
        }
        return Ok(());
    }
    let value = json::parse(&data.1).map_err(|error| error.in_file(data.0))?;
    user_data::render(LANGUAGES.jinja, file, &mut assembled.parts, &value, &mut assembled.problems);
    Ok(())
}

/// Checks a file and says what was found; the value is how much.
fn check(file: &str, content: &[u8], arguments: &Arguments) -> Result<usize, Error> {
    let mut assembled = user_data::assemble(file, content);
    render(file, arguments, &mut assembled)?;
    let configs: Vec<_> = assembled.parts.iter().filter(|part| part.kind == Kind::CloudConfig).collect();
    for problem in &assembled.problems {
        // A file that is no message has no parts for who wrote it.
        let text = problem.text();
        say(&if assembled.parts.len() == 1 { text.replace("part part-001 of ", "") } else { text.into() });
    }
    if configs.is_empty() && assembled.problems.is_empty() {
        let why = "it is no cloud-config: its first line is not `#cloud-config`";
        return Err(Error::new("check", file, why));
    }
    let mut count = assembled.problems.len();
    for part in &configs {
        let name = if assembled.parts.len() == 1 { file.into() } else { format!("{file} {}", part.filename) };
        let text = String::from_utf8_lossy(&part.content);
        let found = match str::from_utf8(&part.content) {
            Ok(text) => found(text),
            Err(error) => {
                let place = Place::of_byte(&part.content, error.valid_up_to());
                Found { faults: vec![finding(place, "not UTF-8")], ..Found::default() }
            }
        };
        for finding in &found.warnings {
            say(&line(&name, finding, "warning: "));
        }
        count += found.faults.len();
        if arguments.has("annotate") && !(found.faults.is_empty() && found.old.is_empty()) {
            print(&annotated(&text, &found))?;
        } else {
            for (findings, kind) in [(&found.old, "warning: "), (&found.faults, "")] {
                for finding in findings {
                    say(&line(&name, finding, kind));
                }
            }
        }
    }
    verdict("cloud-config", file, count)?;
    Ok(count)
}

fn finding(place: Place, message: &str) -> Finding {
    Finding { place, path: String::new(), message: message.to_owned(), is_lost: false }
}

/// What there is to say of a text.
#[derive(Default)]
struct Found {
    /// What is wrong.
    faults: Vec<Finding>,
    /// What may surprise its author.
    warnings: Vec<Finding>,
    /// Keys that have another name today.
    old: Vec<Finding>,
}

fn found(text: &str) -> Found {
    let mut found = Found::default();
    let document = match yaml::parse(text) {
        Ok(document) => document,
        Err(error) => {
            found.faults.push(finding(error.place, &error.message));
            return found;
        }
    };
    found.warnings.extend(document.warnings().iter().map(|warning| finding(warning.place, &warning.message)));
    match document.to_value() {
        Ok(value) if value.entries().is_empty() && value.kind() != "a mapping" && value.kind() != "null" => {
            found.faults.push(finding(value.place, &format!("it is {}, not a mapping", value.kind())));
        }
        Ok(value) => {
            found.faults = refused::faults(&value);
            found.faults.extend(decimal_modes(&value, text));
            found.faults.sort_by_key(|finding| finding.place);
            found.old = schema::old_names(&value);
        }
        Err(error) => found.faults.push(finding(error.place, &error.message)),
    }
    found
}

/// `FILE:LINE:COLUMN: PATH: MESSAGE`.
fn line(file: &str, finding: &Finding, kind: &str) -> String {
    let Place { line, column } = finding.place;
    format!("{file}:{line}:{column}: {kind}{}", message(finding))
}

fn message(finding: &Finding) -> String {
    let path = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    escaped(&format!("{path}{}", finding.message))
}

/// The text with a mark on each line that has a fault or an old name, and what
/// they are at its end.
fn annotated(text: &str, found: &Found) -> String {
    let groups = [("E", "Errors", &found.faults), ("D", "Deprecations", &found.old)];
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut marks = Vec::new();
        for (letter, _, findings) in groups {
            let here =
                findings.iter().enumerate().filter(|(_, found)| found.place.line as usize == number + 1);
            marks.extend(here.map(|(index, _)| format!("{letter}{}", index + 1)));
        }
        let mark = if marks.is_empty() { String::new() } else { format!("\t\t# {}", marks.join(",")) };
        let _ = writeln!(out, "{}{mark}", escaped_lines(line));
    }
    for (letter, title, findings) in groups.into_iter().filter(|(_, _, findings)| !findings.is_empty()) {
        let _ = writeln!(out, "\n# {title}: -------------");
        for (index, finding) in findings.iter().enumerate() {
            let _ = writeln!(out, "# {letter}{}: {}", index + 1, message(finding));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_and_old_names_are_marked_where_they_stand() {
        let text = "apt_update: true\napt_proxy: [x]\nfoo: 1\n";
        let expected = "apt_update: true\t\t# D1\napt_proxy: [x]\t\t# E1,D2\nfoo: 1\t\t# E2\n\n\
                        # Errors: -------------\n# E1: apt_proxy: it is a list, not a string\n\
                        # E2: foo: no such key\n\n# Deprecations: -------------\n\
                        # D1: apt_update: it is deprecated; write package_update\n\
                        # D2: apt_proxy: it is deprecated; write apt.proxy\n";
        assert_eq!(annotated(text, &found(text)), expected);
    }
}
