//! `runcmd` and `bootcmd`: lists of commands that become one shell script.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml::float_value;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[Key::new("runcmd", COMMANDS), Key::new("bootcmd", COMMANDS)];

/// A list of commands, each a text for the shell or a list of words.
const COMMANDS: Kind = Kind::List(&Kind::Either(&[Kind::Text, Kind::List(&Kind::Scalar), Kind::Null]));

/// The script of the commands under `key`; `None` when there is none. An item
/// that is neither text nor list is a problem with its place, and the others
/// are written.
pub fn script(config: &CloudConfig<'_>, key: &str, problems: &mut Vec<Error>) -> Option<String> {
    let (setting, items) = config.list(key, problems)?;
    let mut script = String::from("#!/bin/sh\n");
    for item in items {
        match line(&setting, item) {
            Ok(Some(line)) => {
                script.push_str(&line);
                script.push('\n');
            }
            Ok(None) => {}
            Err(error) => problems.push(error),
        }
    }
    Some(script)
}

/// A text goes to the shell as it is, a list with each word quoted; `null` is
/// no line.
fn line(setting: &Setting<'_>, item: &Value<'_>) -> Result<Option<String>> {
    match &item.data {
        Data::Null => Ok(None),
        Data::Str(text) => Ok(Some(text.clone().into_owned())),
        Data::Seq(words) => {
            if words.iter().any(|word| word.as_str().is_some_and(|word| word.contains('\0'))) {
                return Err(setting.error(
                    "run the command at",
                    item,
                    "a word of it has a NUL, as no argument may",
                ));
            }
            let words: Option<Vec<String>> =
                words.iter().map(|word| python_str(word).map(|w| quote(&w))).collect();
            words.map(|words| Some(words.join(" "))).ok_or_else(|| {
                setting.error("run the command at", item, "a word of it is a list or a mapping")
            })
        }
        Data::Map(_) => {
            let why = "it is a mapping, not text or a list (a colon followed by a blank wants quotes around the text)";
            Err(setting.error("run the command at", item, why))
        }
        _ => Err(setting.mismatch("run the command at", item, "it", "text or a list")),
    }
}

/// A scalar as Python's `str` prints it.
fn python_str(value: &Value<'_>) -> Option<String> {
    Some(match &value.data {
        Data::Null => "None".into(),
        Data::Bool(true) => "True".into(),
        Data::Bool(false) => "False".into(),
        Data::Int(number) => format!("{number}"),
        Data::Float(number) => float(float_value(number)),
        Data::Str(text) | Data::BigInt(text) | Data::Timestamp(text) => text.clone().into_owned(),
        Data::Bytes(_) | Data::Seq(_) | Data::Map(_) => return None,
    })
}

fn float(number: f64) -> String {
    let text = format!("{number}");
    if number.is_finite() && !text.contains(['.', 'e']) { text + ".0" } else { text.to_lowercase() }
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    fn script(text: &str) -> (Option<String>, Vec<Error>) {
        let mut problems = Vec::new();
        (super::script(&layer(text), "runcmd", &mut problems), problems)
    }

    #[test]
    fn lists_are_quoted_and_texts_go_as_they_are() {
        let text = "runcmd: [[ls, -l, it's, 3, true, null, 1.0], 'echo $HOME | wc', null]";
        let (script, problems) = script(text);
        assert_eq!(
            script.as_deref(),
            Some("#!/bin/sh\n'ls' '-l' 'it'\\''s' '3' 'True' 'None' '1.0'\necho $HOME | wc\n")
        );
        assert!(problems.is_empty());
    }

    #[test]
    fn a_mapping_is_told_with_its_line_and_the_rest_stays() {
        let (script, problems) = script("runcmd:\n- echo a: b\n- echo c\n- 5\n");
        assert_eq!(script.as_deref(), Some("#!/bin/sh\necho c\n"));
        assert!(
            problems[0]
                .to_string()
                .starts_with("unable to run the command at user-data:2:3: it is a mapping")
        );
        assert_eq!(
            problems[1].to_string(),
            "unable to run the command at user-data:4:3: it is an integer, not text or a list"
        );
    }

    #[test]
    fn no_list_is_no_script() {
        let (script, problems) = script("runcmd: echo");
        assert_eq!((script, problems.len()), (None, 1));
    }
}
