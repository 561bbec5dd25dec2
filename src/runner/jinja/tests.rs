//! What a template renders to; `tests/conformance/user_data/template.rs` compares
//! many more with Jinja as cloud-init sets it up.

use super::*;
use glowplug::syntax::json;

const DATA: &str = r#"{"v1": {"local_hostname": "vm", "public_ssh_keys": ["a", "b"], "region": null},
    "ds": {"meta_data": {"a-b": {"c": [1, {"d": "x'y", "e-f": 2}]}, "name": "Vm", "on": true}}}"#;

fn answer(template: &str) -> Result<String, String> {
    let data = json::parse(DATA.as_bytes()).unwrap();
    render(template, 0, &data).map_err(|fault| format!("{}: {}", fault.at, fault.why))
}

#[test]
fn names_are_looked_up_as_cloud_init_has_them() {
    for (template, expected) in [
        ("{{ v1.local_hostname }} {{ local_hostname }}\n", "vm vm\n"),
        ("{{ ds.meta_data.a_b.c[0] }}{{ds['meta_data']['a-b'].c[-1].d|upper}}", "1X'Y"),
        ("{{ ds.meta_data.a_b.c[1].e_f }} {{ ds.meta_data.a_b.c[1] }}", "2 {'d': \"x'y\", 'e-f': 2}"),
        ("{{ v1.public_ssh_keys }} {{ region }} {{ ds.meta_data.on }}", "['a', 'b'] None True"),
        ("{{ nope }} {{ v1.nope|default('d') }} {{ region|d('e', true) }}", "CI_MISSING_JINJA_VAR/nope d e"),
        ("{% for k in nope %}x{% else %}none{% endfor %}", "none"),
        (
            "{{ nope|default(none) }} {{ nope == nope2 }} {{ nope is defined }} {{ nope ~ '!' }}",
            "None True False CI_MISSING_JINJA_VAR/nope!",
        ),
        (
            "{{ 'no' in ds.meta_data }} {{ 'name' in ds.meta_data }} {{ ds['meta_data']['no'] }} {{ v1.get('no', 1) }}",
            "False True CI_MISSING_JINJA_VAR/no 1",
        ),
        ("{% set range = 1 %}{{ range }} {% set namespace = 2 %}{{ namespace }}", "1 2"),
    ] {
        assert_eq!(answer(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn what_is_wrong_has_a_place() {
    let mut wrong = Vec::new();
    for (template, expected) in [
        ("a {{ x", "5: unexpected end of input, expected end of variable block"),
        ("{% block %}", "3: unknown statement block"),
        ("ä\n{% include 'x' %}", "6: unknown statement include"),
        ("{% if x %}", "8: unexpected end of input, expected end of block"),
        ("{{ x | shuffle }}", "7: filter shuffle is unknown"),
        ("{{ x is strange }}", "8: test strange is unknown"),
        ("{{ x.y }}", "3: there is no x"),
        ("{{ '%s' % 1 }}{{ v1.nope.x }}", "19: there is no nope"),
        ("{{ v1.region.x }}", "3: `v1.region.x` is undefined"),
        ("{{ [1].append(2) }}", "6: lists and mappings don't change: `LIST + [ITEM]` is a new list"),
        ("{{ a-b }}", "3: there is no a-b: a hyphen in a name is written _ here"),
        (
            "{{ x % 'a' }}",
            "3: tried to use % operator on unsupported types plain object and string: `TEXT|format(VALUE)` puts values into a text",
        ),
        ("{{ 'a }}", "8: unexpected end of string"),
        ("{% for x in 5 %}{% endfor %}", "12: number is not iterable"),
    ] {
        let found = answer(template).unwrap_err();
        if found != expected {
            wrong.push(format!("{template}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn work_and_depth_are_bounded() {
    let too_much = "the template makes too much out of too little";
    let nested =
        |open: &str, close: &str| ["{{ ", &open.repeat(100_000), &close.repeat(100_000), " }}"].concat();
    for deep in [nested("(", ")"), nested("[", "]"), nested("'' % (", ")"), "{% if x %}".repeat(100_000)] {
        assert!(answer(&deep).is_err());
    }
    let named = |value: &str| format!("{{% set x = {value} %}}");
    let twice = |text: &str| text.repeat(2);
    for much in [
        named("'xxxxxxxxxxxxxxxx'") + &"{% set x = x ~ x %}".repeat(40),
        "{% for x in range(90) %}".repeat(8) + &"{% endfor %}".repeat(8),
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}".into(),
        twice("{{ 'x' * 999999999 }}"),
        twice("{{ '%999999999d'|format(1) }}"),
        twice("{{ '{:999999999}'.format(1) }}"),
        twice("{{ 'x'.center(999999999) }}"),
        twice("{{ 'x'|center(999999999) }}"),
    ] {
        let fault = answer(&much).unwrap_err();
        assert!(
            fault.ends_with(too_much) || fault.contains("recursion") || fault.contains("wider"),
            "{much}: {fault}"
        );
    }
    // a mark that never comes is looked for once
    let marks = "{ ".repeat(1 << 20);
    assert_eq!(answer(&marks).unwrap().len(), 2 << 20);
}
