//! No input takes more than in proportion to its length: the bytes, entries
//! and keys looked at are counted for a text and one of twice its length.

// Texts are composed for reading here, not for speed.
#![allow(clippy::format_collect)]

use alloc::format;
use alloc::string::String;
use core::cell::Cell;

use super::parse;

std::thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// One more look at a byte, sixteen bytes, an entry or two keys.
pub(super) fn step() {
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// Steps of parsing, building and warning; whether there is a tree.
fn steps(text: &str) -> (u64, bool) {
    STEPS.with(|steps| steps.set(0));
    let document = parse(text);
    let built = document.map(|document| {
        document.warnings();
        document.to_value().is_ok()
    });
    (STEPS.with(Cell::get), built == Ok(true))
}

fn check(name: &str, reads: bool, text: impl Fn(usize) -> String) {
    const SIZE: usize = 3000;
    let (short, long) = (text(SIZE), text(2 * SIZE));
    let ((few, _), (many, built)) = (steps(&short), steps(&long));
    assert_eq!(built, reads, "{name}");
    // Sorting keys takes n log n: a tenth more here than twice.
    assert!(many * 10 <= few * 24 + 10_000, "{name}: {few} steps, then {many}");
    assert!(many <= 200 * long.len() as u64 + 10_000, "{name}: {many} steps for {} bytes", long.len());
}

#[test]
fn what_cannot_be_read_ends_soon() {
    check("brackets", false, |n| "[".repeat(n));
    check("braces", false, |n| "{".repeat(n));
    check("dashes", false, |n| "- ".repeat(n));
    check("pairs in brackets", false, |n| "[a: ".repeat(n));
    check("questions", false, |n| "? ".repeat(n));
    check("colons", false, |n| ": ".repeat(n));
    check("anchors", false, |n| "&a ".repeat(n));
    check("tags", false, |n| "!!str ".repeat(n));
    check("deeper and deeper", false, |n| (0..n / 10).map(|step| " ".repeat(step) + "a:\n").collect());
    check("open quotes", false, |n| "- \"a\n".repeat(n));
    check("open quotes in brackets", false, |n| String::from("[") + &"'a\n, ".repeat(n));
    check("many anchors", false, |n| (0..n).map(|number| format!("- &a{number} x\n")).collect());
    check("a long key", false, |n| "k".repeat(n) + ": v\n");
    check("unlike keys and a broken end", false, |n| "a: 'b'\n".repeat(n) + "]");
}

#[test]
fn what_is_read_takes_its_length() {
    check("keys", true, |n| (0..n).map(|number| format!("key{number}: v\n")).collect());
    check("equal keys", true, |n| "a: 1\n".repeat(n));
    check("keys that are numbers", true, |n| (0..n).map(|number| format!("{number}.50: v\n")).collect());
    check("items", true, |n| "- a\n".repeat(n));
    check("empty items", true, |n| "-\n".repeat(n));
    check("items in brackets", true, |n| format!("[{}]", "a, ".repeat(n)));
    check("pairs in one line", true, |n| format!("[{}]", "a: 1, ".repeat(n)));
    check("blank lines before a comment", true, |n| format!("a: b\n{}# c\n", "\n".repeat(n)).repeat(3));
    check("comments between", true, |n| "- a\n\n# c\n\n\n#c\n".repeat(n));
    check("lines of a plain scalar", true, |n| String::from("a: b") + &"\n  c".repeat(n) + "\n");
    check("plain lines in brackets", true, |n| format!("[{}]", "a\n\n\nb, ".repeat(n)));
    check("blank lines in brackets", true, |n| format!("[a{}, b]", "\n\n".repeat(n)));
    check("lines of quotes", true, |n| format!("a: \"{}\"\n", "b\n \n".repeat(n)));
    check("escapes", true, |n| format!("a: \"{}\"\n", "\\x41\\n".repeat(n)));
    check("hashes and colons in text", true, |n| format!("a: {}\n", "b#c:d".repeat(n)));
    check("spaces in text", true, |n| format!("a: {}c\n", "b   ".repeat(n)));
    check("spaces behind text", true, |n| format!("a: b{}\n", " ".repeat(n)).repeat(3));
    check("lines of a literal", true, |n| String::from("a: |\n") + &"  b\n\n".repeat(n));
    check("blank lines of a folded one", true, |n| format!("a: >+\n{}  b\n", "\n".repeat(n)));
    check("many literals", true, |n| "- |\n  b\n   \n".repeat(n));
    check("aliases of a list", true, |n| {
        format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(40), "*a , ".repeat(n))
    });
    check("one merge each", true, |n| String::from("a: &a {x: 1}\n") + &"b: {<<: *a, y: 2}\n".repeat(n / 2));
    check("foreign characters", true, |n| format!("a: {}\n", "é\u{3042}".repeat(n)));
    check("digits", true, |n| format!("a: [{}]\n", "0x1234567890abcdef1234, ".repeat(n)));
}

#[test]
fn bombs_are_cut_short() {
    // Aliases of aliases and merges of merges end at a bound that does not
    // depend on the text.
    let level = |open: &str, close: &str, number: usize| {
        format!("- &a{number} {open}{}{close}\n", format!("*a{} , ", number - 1).repeat(10))
    };
    let laughs: String = (1..40).map(|number| level("[", "]", number)).collect();
    let merges: String = (1..40).map(|number| level("{<<: [", "]}", number)).collect();
    for text in [format!("- &a0 [x, y]\n{laughs}"), format!("- &a0 {{x: 1}}\n{merges}")] {
        let (steps, built) = steps(&text);
        assert!(!built);
        assert!(steps < 100 << 20, "{steps} steps");
    }
}
