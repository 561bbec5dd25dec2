//! What a template renders to; `tests/conformance/user_data/main.rs` compares many
//! more with Jinja as cloud-init sets it up.

use super::*;
use crate::syntax::json;
use alloc::string::ToString;

const DATA: &str = r#"{"v1": {"local_hostname": "vm", "public_ssh_keys": ["a", "b"], "region": null},
    "ds": {"meta_data": {"a-b": {"c": [1, {"d": "x'y"}]}, "name": "Vm", "on": true}}}"#;

fn rendered(template: &str) -> Result<String, String> {
    let data = json::parse(DATA.as_bytes()).unwrap();
    render(template, 0, &data).map_err(|fault| [&fault.at.to_string(), ": ", &fault.why].concat())
}

#[test]
fn what_is_known() {
    for (template, expected) in [
        ("{{ v1.local_hostname }} {{ local_hostname }}\n", "vm vm\n"),
        ("{{ ds.meta_data.a_b.c[0] }}{{ds['meta_data']['a-b'].c[-1].d|upper}}", "1X'Y"),
        ("{{ v1.public_ssh_keys }} {{ region }} {{ ds.meta_data.on }}", "['a', 'b'] None True"),
        ("{{ nope }} {{ v1.nope|default('d') }} {{ region|d('e', true) }}", "CI_MISSING_JINJA_VAR/nope d e"),
        ("{% if region or nope %}a{% elif name is not defined %}b{% else %}c{% endif %}", "b"),
        ("{% for k in v1.public_ssh_keys -%} {{ loop.index }}{{ k }}{% endfor %}", "1a2b"),
        ("{% for k in nope %}x{% else %}none{% endfor %}", "none"),
        ("{% set x = 'a' ~ 1 %}\n{{ x }}", "a1"),
        ("{% raw %}{{ x }}{% endraw %}{# no #}\n.", "{{ x }}."),
        ("{{ 1 + 2 - 4 }} {{ 'a' + 'b' }} {{ 1 < 2 and 'v' in local_hostname }}", "-1 ab True"),
        ("{{ 'x' if nope else 'y' }}{{ nope.a if nope else 'z' }}", "yz"),
        ("{% for a, b in {'x': 1}.items() if b == 1 %}{{ a }}{{ range(b + 1)|list }}{% endfor %}", "x[0, 1]"),
        (
            "{{ 'a.b'.split('.')[0] }} {{ [3, 1, 3]|unique|sort }} {{ 'abc'[1:] }} {{ {'b': [7 % 4]}|tojson }}",
            "a [1, 3] bc {\"b\": [3]}",
        ),
        ("{{ ['b', 'c']|join(', ') }} {{ ' 7 '|int + 1 }} {{ 'a.b'|replace('.', '-') }}", "b, c 8 a-b"),
    ] {
        assert_eq!(rendered(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn what_is_not_known_has_a_place() {
    for (template, expected) in [
        ("a {{ x", "6: `}}` is expected"),
        ("{% block %}", "8: there is no statement `block` here: if, for, set and raw are known"),
        ("{% if x %}", "10: `{% endif %}` is missing"),
        ("{% for x in [1] %}{% endif %}", "26: `{% endfor %}` is missing"),
        ("{% endif %}", "8: no block is open that `endif` could belong to"),
        ("{{ x | shuffle }}", "14: there is no filter `shuffle` here"),
        ("{{ x is odd }}", "11: there is no test `odd` here"),
        ("{{ x.y }}", "3: there is no x"),
        ("{{ x(3) }}", "5: nothing can be called here"),
        ("{{ 'a'.title() }}", "14: there is no method `title` here"),
        ("{{ [1].split() }}", "4: it has no method `split`"),
        ("{{ 'a'|default(value=1) }}", "21: an argument called `value` is not known here"),
        ("{% for a, b in [[1]] %}{% endfor %}", "23: the loop has not as many names as its items have parts"),
        ("{{ 1.5 }}", "4: only decimal integers are known as numbers here"),
        ("{{ a-b }}", "5: there is no a to subtract with: a hyphen in a name is written _ here"),
        ("{{ 1 < 'a' }}", "7: only two numbers or two texts can be put in order"),
        ("{{ 1 < 2 < 3 }}", "13: only two values can be compared at once"),
        ("{{ 'a }}", "4: the text has no closing quote"),
        ("{{ }}", "3: a value is expected"),
        ("{# x", "2: the comment has no end"),
        ("{{ 'ä'|upper }}", "3: only ASCII letters can change their case here"),
        ("{% for x in 5 %}{% endfor %}", "16: only a list or a mapping can be repeated for"),
        ("{% raw %}{%", "11: `{% endraw %}` is missing"),
        ("{{ 'a' + 1 }}", "9: these values can't be added or subtracted"),
        ("{{ 9999999999999999999 }}", "22: only decimal integers are known as numbers here"),
    ] {
        let found = rendered(template).unwrap_err();
        assert!(found.starts_with(expected), "{template}: {found}");
    }
}

#[test]
fn work_and_depth_are_bounded() {
    let deep = "{{ ".to_string() + &"(".repeat(100_000);
    assert!(rendered(&deep).unwrap_err().ends_with("it is nested too deep"));
    let deep = "{% if x %}".repeat(100_000);
    assert!(rendered(&deep).unwrap_err().ends_with("it is nested too deep"));
    let too_much = "the template makes too much out of too little";
    let double = "{% set x = 'xxxxxxxxxxxxxxxx' %}".to_string() + &"{% set x = x ~ x %}".repeat(40);
    assert!(rendered(&double).unwrap_err().ends_with(too_much));
    let double = "{% set x = [1] %}".to_string() + &"{% set x = [x, x] %}".repeat(40);
    assert!(rendered(&double).unwrap_err().ends_with(too_much));
    let twenty = ["[", &"1, ".repeat(50), "1]"].concat();
    let loops = ["{% for x in ", &twenty, " %}"].concat().repeat(8) + &"{% endfor %}".repeat(8);
    assert!(rendered(&loops).unwrap_err().ends_with(too_much));
    // a mark that never comes is looked for once
    let marks = "{ ".repeat(1 << 20);
    assert_eq!(rendered(&marks).unwrap().len(), 2 << 20);
}
