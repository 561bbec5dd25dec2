//! What hostile inputs are made of, each of about the number of bytes asked
//! for.

use std::fmt::Write as _;

use crate::Input;

/// `piece` over and over.
fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

/// `begin`, `piece` over and over, `end`.
fn between(begin: &str, piece: &str, end: &str, bytes: usize) -> String {
    [begin, &filled(piece, bytes), end].concat()
}

/// Pieces made from a number that counts up.
fn counted(begin: &str, end: &str, bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 64);
    text.push_str(begin);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&piece(number));
    }
    text.push_str(end);
    text
}

/// Lines one space deeper each, until the square of them is used up.
fn staircase(step: &str, bytes: usize) -> String {
    let mut text = String::new();
    for depth in 0.. {
        if text.len() >= bytes {
            break;
        }
        writeln!(text, "{}{step}", " ".repeat(depth)).unwrap();
    }
    text
}

/// `count` anchors, then aliases.
fn aliases(count: usize, bytes: usize) -> String {
    let anchors = (0..count).fold(String::new(), |text, number| text + &format!("- &a{number} x\n"));
    counted(&anchors, "", bytes, |number| format!("- *a{}\n", number % count))
}

/// Each mapping merges the one before twice.
fn merges(bytes: usize) -> String {
    counted("- &a0 {k: v}\n", "", bytes, |number| {
        format!("- &a{} {{<<: [*a{number}, *a{number}]}}\n", number + 1)
    })
}

/// Each list holds the one before twice.
fn doublings(bytes: usize) -> String {
    counted("- &a0 [x]\n", "", bytes, |number| format!("- &a{} [*a{number}, *a{number}]\n", number + 1))
}

pub(crate) const YAML: &[Input] = &[
    ("[ nested", |bytes| filled("[", bytes)),
    ("{ nested", |bytes| filled("{", bytes)),
    ("{a: nested", |bytes| filled("{a: ", bytes)),
    ("[] many", |bytes| between("[", "[], ", "]", bytes)),
    ("- on one line", |bytes| filled("- ", bytes)),
    ("- on lines of their own", |bytes| filled("-\n", bytes)),
    ("- deeper each line", |bytes| staircase("-", bytes)),
    ("a: deeper each line", |bytes| staircase("a:", bytes)),
    ("a: on one line", |bytes| filled("a: ", bytes)),
    ("? on one line", |bytes| filled("? ", bytes)),
    ("? on lines of their own", |bytes| filled("? a\n", bytes)),
    ("keys", |bytes| counted("", "", bytes, |number| format!("k{number}: v\n"))),
    ("keys in flow", |bytes| counted("{", "}", bytes, |number| format!("k{number}: v, "))),
    ("keys alone in flow", |bytes| counted("{", "}", bytes, |number| format!("k{number}, "))),
    ("keys sorted backwards", |bytes| {
        counted("", "", bytes, |number| format!("k{:07}: v\n", 9_999_999 - number))
    }),
    ("keys that are numbers", |bytes| counted("", "", bytes, |number| format!("0x{number:x}: v\n"))),
    ("keys that are floats", |bytes| counted("", "", bytes, |number| format!("{number}.50: v\n"))),
    ("keys that are dates", |bytes| {
        counted("", "", bytes, |number| format!("{:04}-01-01: v\n", number % 9999 + 1))
    }),
    ("keys that are escaped", |bytes| counted("", "", bytes, |number| format!("\"\\x41{number}\": v\n"))),
    ("one key over and over", |bytes| filled("a: v\n", bytes)),
    ("one key in many writings", |bytes| filled("a: v\n\"a\": v\n'a': v\n\"\\x61\": v\n", bytes)),
    ("keys with one long beginning", |bytes| {
        counted("", "", bytes, |number| format!("{}{number}: v\n", "k".repeat(900)))
    }),
    ("a key too long", |bytes| between("", "k", ": v\n", bytes)),
    ("a key too long in quotes", |bytes| between("\"", "k", "\": v\n", bytes)),
    ("pairs in a list", |bytes| between("[", "a: b, ", "]", bytes)),
    ("anchors", |bytes| counted("", "", bytes, |number| format!("- &a{number} x\n"))),
    ("one anchor over and over", |bytes| filled("- &a x\n", bytes)),
    ("aliases of one anchor", |bytes| aliases(1, bytes)),
    ("aliases of many anchors", |bytes| aliases(1000, bytes)),
    ("aliases of a long list", |bytes| {
        let list = between("- &a [", "x, ", "]\n", bytes / 2);
        between(&list, "- *a\n", "", bytes / 2)
    }),
    ("aliases that double", doublings),
    ("merges that double", merges),
    ("merges of one mapping", |bytes| between("- &a {k: v}\n", "- {<<: *a}\n", "", bytes)),
    ("merges of a long mapping", |bytes| {
        let map = counted("- &a {", "}\n", bytes / 2, |number| format!("k{number}: v, "));
        between(&map, "- {<<: *a}\n", "", bytes / 2)
    }),
    ("one merge of many", |bytes| between("- &a {k: v}\n- <<: [", "*a , ", "]\n", bytes)),
    ("merge keys over and over", |bytes| between("- &a {k: v}\n- {", "<<: *a , ", "}\n", bytes)),
    ("blank lines", |bytes| filled("\n", bytes)),
    ("blank lines with spaces", |bytes| filled("       \n", bytes)),
    ("blank lines between keys", |bytes| filled("a:\n\n\n\n\n\n\n\n", bytes)),
    ("blank lines before an end", |bytes| between("a: b\n", "\n", "...\n", bytes)),
    ("blank lines in a plain scalar", |bytes| between("a: b\n", "\n", "  c\n", bytes)),
    ("blank lines in quotes", |bytes| between("a: \"b\n", "\n", "c\"\n", bytes)),
    ("blank lines in a literal", |bytes| between("a: |\n  b\n", "\n", "  c\n", bytes)),
    ("blank lines in a folded", |bytes| between("a: >\n  b\n", "\n", "  c\n", bytes)),
    ("blank lines behind a literal", |bytes| between("a: |\n  b\n", "\n", "", bytes)),
    ("blank lines behind a literal, kept", |bytes| between("a: |+\n  b\n", "\n", "", bytes)),
    ("blank lines first in a literal", |bytes| between("a: |\n", "\n", "  b\n", bytes)),
    ("blank lines deeper and deeper", |bytes| {
        ["a: |\n", &staircase("", bytes), &" ".repeat(bytes / 8), "b\n"].concat()
    }),
    ("literals without text", |bytes| filled("- |\n", bytes)),
    ("literals before blank lines", |bytes| filled("- |\n\n\n\n\n", bytes)),
    ("literals", |bytes| filled("- |\n  a\n", bytes)),
    ("folded lines", |bytes| between("a: >\n", "  b\n", "", bytes)),
    ("folded lines, every other deeper", |bytes| between("a: >\n", "  b\n   c\n", "", bytes)),
    ("a literal of long indentation", |bytes| {
        let line = format!("{}b\n", " ".repeat(250));
        between("a: |\n", &line, "", bytes)
    }),
    ("spaces", |bytes| filled(" ", bytes)),
    ("spaces before a key", |bytes| between("", " ", "a: b\n", bytes)),
    ("spaces before a colon", |bytes| between("a", " ", ": b\n", bytes)),
    ("spaces before a comment", |bytes| between("a: b", " ", "# c\n", bytes)),
    ("spaces in quotes", |bytes| between("\"a", " ", "b\"\n", bytes)),
    ("spaces at line ends in quotes", |bytes| between("\"", "a    \n", "\"\n", bytes)),
    ("spaces in a plain scalar", |bytes| between("a", " ", "b\n", bytes)),
    ("tabs", |bytes| filled("\t", bytes)),
    ("an open quote", |bytes| between("\"", "a ", "", bytes)),
    ("an open single quote", |bytes| between("'", "a ", "", bytes)),
    ("quotes", |bytes| filled("'", bytes)),
    ("double quotes", |bytes| filled("\"", bytes)),
    ("quotes on lines", |bytes| filled("\"\n", bytes)),
    ("open quotes in a list", |bytes| filled("- \"a\n", bytes)),
    ("escapes", |bytes| between("\"", "\\x41", "\"\n", bytes)),
    ("escaped breaks", |bytes| between("\"", "\\\n", "\"\n", bytes)),
    ("backslashes", |bytes| between("\"", "\\\\", "\"\n", bytes)),
    ("plain lines", |bytes| filled("a\n", bytes)),
    ("plain lines in a list", |bytes| between("- ", "  a\n", "", bytes)),
    ("plain lines in flow", |bytes| between("[", "a\n", "]", bytes)),
    ("plain lines then a colon", |bytes| between("", "a\n", ": b\n", bytes)),
    ("plain starts of markers", |bytes| filled("--\n", bytes)),
    ("colons", |bytes| filled(":", bytes)),
    ("colons in flow", |bytes| between("{", ":a", "}", bytes)),
    ("commas", |bytes| between("[", ",", "]", bytes)),
    ("comments", |bytes| filled("#\n", bytes)),
    ("comments deeper each line", |bytes| staircase("# a", bytes)),
    ("a long comment", |bytes| between("", "#", "\n", bytes)),
    ("comments behind values", |bytes| filled("- a # b\n", bytes)),
    ("tags", |bytes| filled("!!str ", bytes)),
    ("tags and values", |bytes| filled("- !!str a\n", bytes)),
    ("a long tag", |bytes| between("!", "a", " b\n", bytes)),
    ("a long anchor", |bytes| between("&", "a", " b\n", bytes)),
    ("a long alias", |bytes| between("- &a b\n- *", "a", "\n", bytes)),
    ("directives", |bytes| filled("%A\n", bytes)),
    ("markers", |bytes| filled("---\n", bytes)),
    ("ends", |bytes| filled("...\n", bytes)),
    ("warnings", |bytes| filled("- 0o7\n", bytes)),
    ("returns", |bytes| filled("- a\r\n", bytes)),
    ("byte order marks", |bytes| filled("\u{feff}", bytes)),
    ("digits", |bytes| filled("1", bytes)),
    ("digits after a point", |bytes| between("0.", "1", "\n", bytes)),
    ("integers at the bound", |bytes| filled(&format!("- {}\n", "7".repeat(4300)), bytes)),
    ("hexadecimal at the bound", |bytes| filled(&format!("- 0x{}\n", "f".repeat(640)), bytes)),
    ("underscores", |bytes| between("1", "_", "\n", bytes)),
    ("sexagesimal", |bytes| between("1", ":1", "\n", bytes)),
    ("sexagesimal floats", |bytes| filled(&format!("- 1{}.5\n", ":1".repeat(100)), bytes)),
    ("dates", |bytes| filled("- 2001-02-03 04:05:06\n", bytes)),
    ("base64", |bytes| between("!!binary |\n", "  QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n", "", bytes)),
    ("base64 of spaces", |bytes| between("!!binary \"", " \n", "\"", bytes)),
    ("characters of four bytes", |bytes| filled("- 😀\n", bytes)),
    ("one long line of characters", |bytes| filled("é", bytes)),
    ("indentation up and down", |bytes| filled("a:\n b:\n  c:\n   d: e\n", bytes)),
];

/// What is read, so that it can be written.
pub(crate) const YAML_DUMP: &[Input] = &[
    ("keys", |bytes| counted("", "", bytes, |number| format!("k{number}: v\n"))),
    ("keys sorted backwards", |bytes| {
        counted("", "", bytes, |number| format!("k{:07}: v\n", 9_999_999 - number))
    }),
    ("numbers", |bytes| filled("- 1.5\n", bytes)),
    ("a long word", |bytes| between("- ", "a", "\n", bytes)),
    ("words", |bytes| between("- ", "a ", "\n", bytes)),
    ("quotes", |bytes| between("- \"", "'", "\"\n", bytes)),
    ("escapes", |bytes| between("- \"", "\\a", "\"\n", bytes)),
    ("characters", |bytes| between("- ", "é", "\n", bytes)),
    ("lines", |bytes| between("- |\n", "  a\n", "", bytes)),
    ("blank lines", |bytes| between("- |+\n  a\n", "\n", "", bytes)),
    ("base64", |bytes| between("- !!binary |\n", "  QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo+\n", "", bytes)),
    ("nested", |bytes| filled(&format!("- {}{}\n", "[".repeat(60), "]".repeat(60)), bytes)),
];

pub(crate) const JSON: &[Input] = &[
    ("[ nested", |bytes| filled("[", bytes)),
    ("{ nested", |bytes| filled("{\"a\":", bytes)),
    ("[] many", |bytes| between("[", "[],", "[]]", bytes)),
    ("keys", |bytes| counted("{", "\"\":0}", bytes, |number| format!("\"k{number}\":0,"))),
    ("keys sorted backwards", |bytes| {
        counted("{", "\"\":0}", bytes, |number| format!("\"{}\":0,", 9_999_999 - number))
    }),
    ("one key over and over", |bytes| between("{", "\"a\":0,", "\"a\":0}", bytes)),
    ("escapes", |bytes| between("\"", "\\u0041", "\"", bytes)),
    ("backslashes", |bytes| between("\"", "\\\\", "\"", bytes)),
    ("an open string", |bytes| between("\"", "a", "", bytes)),
    ("digits", |bytes| filled("1", bytes)),
    ("digits after a point", |bytes| between("0.", "1", "", bytes)),
    ("exponents", |bytes| between("[", "1e9,", "1]", bytes)),
    ("spaces", |bytes| between("", " ", "1", bytes)),
    ("characters", |bytes| between("\"", "😀", "\"", bytes)),
];

const MULTIPART: &str = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n";

/// A part inside a part, as deep as there are bytes.
fn multiparts(bytes: usize) -> String {
    counted("MIME-Version: 1.0\n", "", bytes, |number| {
        format!("Content-Type: multipart/mixed; boundary=B{number}\n\n--B{number}\n")
    })
}

pub(crate) const MIME: &[Input] = &[
    ("parts", |bytes| between(MULTIPART, "--B\n\na\n", "--B--\n", bytes)),
    ("empty parts", |bytes| between(MULTIPART, "--B\n", "", bytes)),
    ("delimiters almost", |bytes| between(MULTIPART, "--BB\n", "", bytes)),
    ("delimiters with blanks", |bytes| between(MULTIPART, "--B        x\n", "", bytes)),
    ("dashes", |bytes| between(MULTIPART, "-", "\n", bytes)),
    ("dashes on lines", |bytes| between(MULTIPART, "--\n", "", bytes)),
    ("closed over and over", |bytes| between(MULTIPART, "--B--\n", "", bytes)),
    ("multiparts nested", multiparts),
    ("messages nested", |bytes| filled("Content-Type: message/rfc822\n\n", bytes)),
    ("one boundary nested", |bytes| filled("Content-Type: multipart/mixed; boundary=B\n\n--B\n", bytes)),
    ("header fields", |bytes| between("", "X: y\n", "\n", bytes)),
    ("one header field, folded", |bytes| between("Content-Type: text/plain\n", " ;a=b\n", "\n", bytes)),
    ("lines that are no fields", |bytes| filled("a\n", bytes)),
    ("returns", |bytes| filled("\r", bytes)),
    ("blank lines", |bytes| filled("\n", bytes)),
    ("From lines", |bytes| filled("From x\n", bytes)),
    ("parameters", |bytes| between("Content-Type: text/plain", "; a=b", "\n\n", bytes)),
    ("semicolons", |bytes| between("Content-Type: text/plain", ";", "\n\n", bytes)),
    ("quotes in parameters", |bytes| between("Content-Type: text/plain; name=", "\"", "\n\n", bytes)),
    ("backslashes in parameters", |bytes| {
        between("Content-Type: text/plain; name=\"", "\\\"", "\"\n\n", bytes)
    }),
    ("comments in parameters", |bytes| between("Content-Type: text/plain", "(", "\n\n", bytes)),
    ("a name in pieces", |bytes| {
        counted("Content-Disposition: attachment", "\n\n", bytes, |number| format!("; filename*{number}=a"))
    }),
    ("a name in pieces, backwards", |bytes| {
        counted("Content-Disposition: attachment", "\n\n", bytes, |number| {
            format!("; filename*{}=a", 9_999_999 - number)
        })
    }),
    ("a name in one piece over and over", |bytes| {
        between("Content-Disposition: attachment", "; filename*0=a", "\n\n", bytes)
    }),
    ("a name in percent signs", |bytes| {
        between("Content-Disposition: attachment; filename*=utf-8''", "%41", "\n\n", bytes)
    }),
    ("encoded words", |bytes| {
        between("Content-Disposition: attachment; filename=\"", "=?utf-8?q?a?= ", "\"\n\n", bytes)
    }),
    ("encoded words left open", |bytes| {
        between("Content-Disposition: attachment; filename=\"", "=?utf-8?q?", "\"\n\n", bytes)
    }),
    ("question marks", |bytes| {
        between("Content-Disposition: attachment; filename=\"", "=?", "\"\n\n", bytes)
    }),
    ("base64", |bytes| between("Content-Transfer-Encoding: base64\n\n", "QUJD\n", "", bytes)),
    ("base64 padding", |bytes| between("Content-Transfer-Encoding: base64\n\n", "=", "", bytes)),
    ("base64 of other characters", |bytes| between("Content-Transfer-Encoding: base64\n\n", "!", "", bytes)),
    ("quoted-printable", |bytes| {
        between("Content-Transfer-Encoding: quoted-printable\n\n", "=41", "", bytes)
    }),
    ("quoted-printable breaks", |bytes| {
        between("Content-Transfer-Encoding: quoted-printable\n\n", "=\n", "", bytes)
    }),
    ("quoted-printable blanks", |bytes| {
        between("Content-Transfer-Encoding: quoted-printable\n\n", " ", "\n", bytes)
    }),
];

pub(crate) const USER_DATA: &[Input] = &[
    ("a cloud-config", |bytes| counted("#cloud-config\n", "", bytes, |number| format!("k{number}: v\n"))),
    ("a list", |bytes| between("#cloud-config\nruncmd:\n", "- a\n", "", bytes)),
    ("a script", |bytes| between("#!/bin/sh\r\n", "echo\r\n", "", bytes)),
    ("a boothook", |bytes| between("#cloud-boothook\n", "echo\n", "", bytes)),
    ("addresses", |bytes| between("#include\n", "http://x/\n", "", bytes)),
    ("include lines", |bytes| filled("#include\n", bytes)),
    ("an archive", |bytes| between("#cloud-config-archive\n", "- a\n", "", bytes)),
    ("an archive of configs", |bytes| {
        counted("#cloud-config-archive\n", "", bytes, |number| {
            format!("- content: |\n    #cloud-config\n    k{number}: v\n")
        })
    }),
    ("configs", |bytes| {
        let piece = |number| {
            format!("--B\nContent-Type: text/cloud-config\n\nk{number}: {}\n", "v".repeat(bytes / 800))
        };
        counted(MULTIPART, "--B--\n", bytes, piece)
    }),
    ("configs that append", |bytes| {
        let items = "- a\n".repeat(bytes / 3600);
        let part = format!(
            "--B\nContent-Type: text/cloud-config\nMerge-Type: list(append)+dict(recurse_array)+str()\n\nl:\n{items}"
        );
        between(MULTIPART, &part, "--B--\n", bytes)
    }),
    ("a template", |bytes| between("## template: jinja\n#cloud-config\na: \"", "{{ v1.x }}", "\"\n", bytes)),
    ("an open template", |bytes| between("## template: jinja\n#cloud-config\n", "{{ ", "", bytes)),
    ("blank lines", |bytes| filled("\n", bytes)),
    ("base64", |bytes| filled("I2Nsb3VkLWNvbmZpZwph\n", bytes)),
];
