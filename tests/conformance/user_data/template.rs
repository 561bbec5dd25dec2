//! Templates against Jinja as cloud-init sets it up.

use crate::jinja;
use crate::oracle::Oracle;
use crate::{data, shown, text};
use glowplug::syntax::json;
use glowplug::syntax::value::{Data, Value};
use glowplug::user_data::{Kind, assemble, render};
use std::collections::BTreeMap;
use std::fs;

/// What templates of this test are rendered with.
pub(crate) fn instance_data() -> Value<'static> {
    let content = fs::read(data().join("template/instance-data.json")).unwrap();
    json::parse(content.leak()).unwrap()
}

/// A row of templates.txt as the text it stands for.
fn unescaped(row: &str) -> String {
    let mut out = String::new();
    let mut characters = row.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                other => panic!("escape \\{other} in {row}"),
            },
            _ => character,
        });
    }
    out
}

/// Our answer; none where the template is refused.
fn ours(template: &str, data: &Value<'_>) -> Option<String> {
    let mut assembled = assemble("user_data", template.as_bytes());
    assert_eq!(assembled.parts[0].kind, Kind::Jinja);
    render(jinja::render, "user_data", &mut assembled.parts, data, &mut assembled.problems);
    let part = &assembled.parts[0];
    if part.kind == Kind::Jinja {
        assert_eq!(assembled.problems.len(), 1, "{template}: refused, but {:?}", assembled.problems);
        return None;
    }
    Some(String::from_utf8(part.content.clone()).unwrap())
}

#[test]
fn templates_render_as_in_jinja() {
    let mut oracle = Oracle::start();
    let data_of_instance = instance_data();
    let table = fs::read_to_string(data().join("template/differences.tsv")).unwrap();
    let rows = table.lines().filter(|row| !row.starts_with('#'));
    let mut known: BTreeMap<_, _> = rows.map(|row| row.split_once('\t').unwrap()).collect();
    let templates = fs::read_to_string(data().join("template/templates.txt")).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for row in templates.split('\n').filter(|row| !row.is_empty() && !row.starts_with('#')) {
        count += 1;
        // a script, so that whatever it renders to is kept
        let template = format!("## template: jinja\n#!/bin/sh\n{}", unescaped(row));
        let theirs = oracle.ask("template", &template);
        let ours = ours(&template, &data_of_instance).map_or(Value::bare(Data::Null), text);
        match (shown(&ours) == shown(&theirs), known.remove(row)) {
            (true, Some(reason)) => wrong.push(format!("{row} no longer differs: {reason}")),
            (false, None) => {
                wrong.push(format!("{row}\n--- ours\n{}\n--- theirs\n{}", shown(&ours), shown(&theirs)));
            }
            _ => {}
        }
    }
    wrong.extend(known.keys().map(|row| format!("differences.tsv: no such template: {row}")));
    assert!(count >= 100, "{count} templates are too few");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
