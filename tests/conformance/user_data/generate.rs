//! Made-up user data: MIME messages and archives of parts whose keys are of
//! the same types throughout, so that all of them can be merged.

// text is put together plainly: it is short
#![allow(clippy::format_push_string)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Numbers from a linear feedback shift register (Marsaglia's xorshift64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn rarely(&mut self) -> bool {
        self.below(6) == 0
    }
}

/// How a part may ask to be merged.
const MERGERS: [&str; 9] = [
    "list(append)+dict(recurse_array)+str()",
    "list(append)+dict(no_replace,recurse_list)+str()",
    "dict(replace)+list()+str()",
    "list(prepend)+dict(recurse_array,recurse_str)+str(append)",
    "dict(allow_delete,recurse_list)+list(replace)",
    "list(no_replace)+dict(recurse_list)+str()",
    "list(recurse_list,recurse_dict)+dict(recurse_list)",
    "dict()",
    "no such thing",
];

/// One piece of user data.
pub(crate) fn user_data(random: &mut Random) -> Vec<u8> {
    let text = match random.below(8) {
        0 => content(random).1,
        1 => archive(random),
        _ => message(random, 0),
    };
    // line ends count as the first line has them
    if random.rarely() { text.replace('\n', "\r\n").into_bytes() } else { text.into_bytes() }
}

fn message(random: &mut Random, depth: usize) -> String {
    let boundary = format!("=={}{depth}", random.below(1000));
    let mut out = format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\n\n");
    for _ in 0..random.below(5) {
        out += &format!("--{boundary}\n");
        out += &if depth < 2 && random.rarely() { message(random, depth + 1) } else { part(random) };
        out += "\n";
    }
    out + &format!("--{boundary}--\n")
}

fn part(random: &mut Random) -> String {
    let (content_type, content) = content(random);
    let content_type =
        if random.below(4) == 0 { random.one(&["text/plain", "text/x-shellscript"]) } else { content_type };
    let mut out = format!("Content-Type: {content_type}\n");
    if random.below(3) == 0 {
        let name = random.one(&["a.sh", "b/c.sh", "../x y", "one.cfg", "job"]);
        out += &format!("Content-Disposition: attachment; filename=\"{name}\"\n");
    }
    if random.rarely() {
        out += &format!("Merge-Type: {}\n", random.one(&MERGERS[..8]));
    }
    if random.below(3) == 0 {
        out + "Content-Transfer-Encoding: base64\n\n" + &STANDARD.encode(content)
    } else {
        out + "\n" + &content
    }
}

/// A content type, and content that begins as it says.
fn content(random: &mut Random) -> (&'static str, String) {
    match random.below(9) {
        0 => ("text/x-shellscript", format!("#!/bin/sh\necho {}\n", random.below(100))),
        1 => ("text/cloud-boothook", "#cloud-boothook\n#!/bin/sh\ntrue\n".into()),
        2 => {
            let often = random.one(&["boot", "instance", "once"]);
            let content_type = match often {
                "boot" => "text/x-shellscript-per-boot",
                "once" => "text/x-shellscript-per-once",
                _ => "text/x-shellscript-per-instance",
            };
            (content_type, format!("#!/bin/sh\necho {often}\n"))
        }
        3 => ("text/cloud-config-jsonp", format!("#cloud-config-jsonp\n{}\n", patch(random))),
        4 => {
            let end = random.one(&[
                "{{ v1.local_hostname }}",
                "{{ ds.meta_data.tags }}",
                "{{ nope }}",
                "{{ nope.x }}",
            ]);
            ("text/jinja2", format!("## template: jinja\n#cloud-config\ns: {end}\n"))
        }
        _ => ("text/cloud-config", format!("#cloud-config\n{}", config(random))),
    }
}

/// A cloud-config: `s` is a text, `l` a list, `m` a mapping, `n` a number.
fn config(random: &mut Random) -> String {
    let mut out = String::new();
    for _ in 0..random.below(4) {
        let number = random.below(10);
        out += &match random.below(6) {
            0 => format!("s: text {number}\n"),
            1 => format!("l: [{number}, a]\n"),
            2 => format!("l: [[{number}], {{k: {number}}}]\n"),
            3 => format!("m: {{s: x{number}, l: [{number}], m: {{k{number}: v}}}}\n"),
            4 => format!("n: {number}\n"),
            _ => format!("k{number}: v\n"),
        };
    }
    if random.below(3) == 0 {
        out += &format!("merge_how: \"{}\"\n", random.one(&MERGERS));
    }
    out + random.one(&["", "", "", "a: [\n", "# end\n"])
}

fn patch(random: &mut Random) -> String {
    let paths = ["/s", "/l", "/l/0", "/l/-", "/m/m", "/m/x", "/n", "/x~1y", "/nope/x", "/l/07"];
    let mut operations = Vec::new();
    for _ in 0..=random.below(2) {
        let (path, from, number) = (random.one(&paths), random.one(&paths), random.below(10));
        operations.push(match random.below(6) {
            0 => format!(r#"{{"op": "remove", "path": "{path}"}}"#),
            1 => format!(r#"{{"op": "replace", "path": "{path}", "value": {number}}}"#),
            2 => format!(r#"{{"op": "copy", "from": "{from}", "path": "/copy"}}"#),
            3 => format!(r#"{{"op": "move", "from": "{from}", "path": "/moved"}}"#),
            4 => format!(r#"{{"op": "test", "path": "{path}", "value": {number}}}"#),
            _ => format!(r#"{{"op": "add", "path": "{path}", "value": {{"k": [{number}]}}}}"#),
        });
    }
    format!("[{}]", operations.join(", "))
}

fn archive(random: &mut Random) -> String {
    let mut out = String::from("#cloud-config-archive\n");
    for _ in 0..random.below(5) {
        let (content_type, content) = content(random);
        out += "- content: |\n";
        for line in content.lines() {
            out += &format!("    {line}\n");
        }
        if random.below(2) == 0 {
            out += &format!("  type: {content_type}\n");
        }
        if random.below(3) == 0 {
            out += &format!("  filename: {}\n", random.one(&["a.sh", "b.cfg"]));
        }
    }
    out
}
