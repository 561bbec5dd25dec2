//! Man pages (man(7)). Run by the build script.

use super::verb::{Opt, Verb};
use std::fmt::Write as _;

/// The pages of every command, by file name.
pub(crate) fn pages(program: &Verb, version: &str) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    program.walk(&[program.name], &mut |path, verb| {
        pages.push((format!("{}.1", path.join("-")), page(path, verb, version)));
    });
    pages
}

fn page(path: &[&str], verb: &Verb, version: &str) -> String {
    let (name, words) = (path.join("-"), path.join(" "));
    let mut page = format!(
        ".TH {} 1 \"\" \"glowplug {version}\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n{}\n",
        plain(&name.to_uppercase()),
        plain(&name),
        plain(verb.summary),
        plain(&words),
        plain(&verb.usage())
    );
    page += ".SH DESCRIPTION\n";
    page += &paragraph(if verb.about.is_empty() { verb.summary } else { verb.about });
    if !verb.verbs.is_empty() {
        page += ".SH COMMANDS\n";
        for inner in verb.verbs {
            let _ = write!(
                page,
                ".TP\n.BR {}\\-{} (1)\n{}\n",
                plain(&name),
                plain(inner.name),
                plain(inner.summary)
            );
        }
    }
    page += ".SH OPTIONS\n";
    for option in verb.options.iter().chain([&Opt::flag("help", 'h', "print help")]) {
        let _ = write!(page, ".TP\n.B {}\n{}", plain(option.usage().trim_start()), paragraph(option.help));
    }
    for (heading, note) in verb.notes {
        let _ = write!(page, ".SH {}\n.nf\n{}.fi\n", plain(&heading.to_uppercase()), paragraph(note));
    }
    if path.len() > 1 {
        let above = &path[..path.len() - 1];
        let _ = write!(page, ".SH SEE ALSO\n.BR {} (1)\n", plain(&above.join("-")));
    }
    page
}

/// Lines of text.
fn paragraph(text: &str) -> String {
    text.lines().map(|line| plain(line) + "\n").collect()
}

/// Text that nothing in is a request or an escape.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}
