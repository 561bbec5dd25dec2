//! `glowplug schema`: what in a cloud-config nothing will read, or read as it
//! was meant.

use crate::cli::{Arguments, Ended, Fault, print, say};
use crate::input::read;
use crate::schema_docs;
use glowplug::cloud_config::schema::{self, Finding};
use glowplug::error::Error;
use glowplug::instance::NETWORK_CONFIG;
use glowplug::network::parse::{Description, description};
use glowplug::state::paths::INSTANCE_LINK;
use glowplug::syntax::value::Place;
use glowplug::syntax::{json, yaml};
use glowplug::user_data::{self, Assembled, Kind, LANGUAGES, Part};
use std::fmt::Write as _;
use std::fs;

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
    let problems = match description(NETWORK_CONFIG, content, file)? {
        Description::Network(parsed) => parsed.problems,
        Description::Disabled => Vec::new(),
        Description::Nothing => vec![Error::new("check", file, "it describes no network")],
    };
    for problem in &problems {
        say(problem.text());
    }
    verdict("network-config", file, problems.len())?;
    Ok(problems.len())
}

/// The last word on a file.
fn verdict(kind: &str, file: &str, count: usize) -> Result<(), Error> {
    if count == 0 {
        return print(&format!("Valid {kind}: {file}\n"));
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
        None => (INSTANCE_DATA, fs::read(INSTANCE_DATA).unwrap_or_default()),
    };
    if data.1.is_empty() {
        for part in assembled.parts.iter().filter(|part| is_template(part)) {
            let what = ["template ", &part.filename, " of ", file].concat();
            assembled.problems.push(Error::new("check", what, "no --instance-data is given"));
        }
        return Ok(());
    }
    let value = json::parse(&data.1).map_err(|error| error.in_file(data.0))?;
    (LANGUAGES.render)(file, &mut assembled.parts, &value, &mut assembled.problems);
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
        let (findings, warnings) = match str::from_utf8(&part.content) {
            Ok(text) => found(text),
            Err(error) => {
                let place = Place::of_byte(&part.content, error.valid_up_to());
                (vec![finding(place, "not UTF-8")], Vec::new())
            }
        };
        for finding in &warnings {
            say(&line(&name, finding, "warning: "));
        }
        count += findings.len();
        if arguments.has("annotate") && !findings.is_empty() {
            print(&annotated(&text, &findings))?;
        } else {
            for finding in &findings {
                say(&line(&name, finding, ""));
            }
        }
    }
    verdict("cloud-config", file, count)?;
    Ok(count)
}

fn finding(place: Place, message: &str) -> Finding {
    Finding { place, path: String::new(), message: message.to_owned() }
}

/// What is wrong with a text, and what may surprise its author.
fn found(text: &str) -> (Vec<Finding>, Vec<Finding>) {
    let finding = |place, message: &str| Finding { place, path: String::new(), message: message.to_owned() };
    let document = match yaml::parse(text) {
        Ok(document) => document,
        Err(error) => return (vec![finding(error.place, &error.message)], Vec::new()),
    };
    let warnings =
        document.warnings().iter().map(|warning| finding(warning.place, &warning.message)).collect();
    let findings = match document.to_value() {
        Ok(value) if value.entries().is_empty() && value.kind() != "a mapping" && value.kind() != "null" => {
            vec![finding(value.place, &format!("it is {}, not a mapping", value.kind()))]
        }
        Ok(value) => schema::check(&value),
        Err(error) => vec![finding(error.place, &error.message)],
    };
    (findings, warnings)
}

/// `FILE:LINE:COLUMN: PATH: MESSAGE`.
fn line(file: &str, finding: &Finding, kind: &str) -> String {
    let Place { line, column } = finding.place;
    format!("{file}:{line}:{column}: {kind}{}", message(finding))
}

fn message(finding: &Finding) -> String {
    let path = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    format!("{path}{}", finding.message)
}

/// The text with a mark on each line that has a fault, and the faults at its
/// end.
fn annotated(text: &str, findings: &[Finding]) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let marks: Vec<String> = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| finding.place.line as usize == number + 1)
            .map(|(index, _)| format!("E{}", index + 1))
            .collect();
        let mark = if marks.is_empty() { String::new() } else { format!("\t\t# {}", marks.join(",")) };
        let _ = writeln!(out, "{line}{mark}");
    }
    out.push_str("\n# Errors: -------------\n");
    for (index, finding) in findings.iter().enumerate() {
        let _ = writeln!(out, "# E{}: {}", index + 1, message(finding));
    }
    out
}
