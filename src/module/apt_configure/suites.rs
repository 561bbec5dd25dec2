//! `disable_suites`: parts of the distribution that are left out.

use super::DOING;
use super::sources::is_deb822;
use crate::cloud_config::Setting;
use crate::module::Plan;
use alloc::string::String;
use alloc::vec::Vec;

/// What stands before what was a source.
const DISABLED: &str = "# suite disabled by glowplug: ";

/// The sources without the suites of a list: what is left out becomes a
/// comment.
pub(super) fn without(setting: &Setting<'_>, text: &str, codename: &str, plan: &mut Plan) -> String {
    let Ok(items) = setting.list("disable_suites") else {
        plan.problems.push(setting.mismatch(DOING, setting.value, "disable_suites", "a list"));
        return text.into();
    };
    let mut disabled = Vec::new();
    for item in items {
        match item.as_str() {
            Some(suite) => disabled.push(suite_name(suite, codename)),
            None => plan.problems.push(setting.mismatch(DOING, item, "a suite", "a string")),
        }
    }
    let is_disabled = |suite: &str| disabled.iter().any(|name| name == suite);
    if is_deb822(text) {
        return of_paragraphs(text, &is_disabled);
    }
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if !line.starts_with('#') && suite_of(line).is_some_and(is_disabled) {
            out.push_str(DISABLED);
        }
        out.push_str(line);
    }
    out
}

/// The words cloud-init completes, and `$RELEASE`.
fn suite_name(suite: &str, codename: &str) -> String {
    match suite {
        "updates" | "backports" | "security" | "proposed" => [codename, "-", suite].concat(),
        "release" => codename.into(),
        _ => suite.replace("${RELEASE}", codename).replace("$RELEASE", codename),
    }
}

/// The third word of a line, options in brackets not counted.
fn suite_of(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let mut word = words.next()?;
    if word.starts_with('[') {
        while !word.ends_with(']') {
            word = words.next()?;
        }
        words.next()?;
    }
    words.next()
}

/// Paragraphs of deb822(5), each with its own lines for comments in between.
fn of_paragraphs(text: &str, is_disabled: &dyn Fn(&str) -> bool) -> String {
    let (mut out, mut lines) = (String::new(), Vec::new());
    for line in text.split_inclusive('\n') {
        if line.trim_ascii().is_empty() {
            paragraph(&lines, is_disabled, &mut out);
            lines.clear();
            out.push_str(line);
        } else {
            lines.push(line);
        }
    }
    paragraph(&lines, is_disabled, &mut out);
    out
}

/// One paragraph. Suites are in one line or go on in lines that are indented;
/// one without suites is no source.
fn paragraph(lines: &[&str], is_disabled: &dyn Fn(&str) -> bool, out: &mut String) {
    let name = |line: &str| line.split_once(':').map(|(name, _)| name.trim_ascii().to_ascii_lowercase());
    let Some(begin) = lines.iter().position(|line| name(line).as_deref() == Some("suites")) else {
        return out.extend(lines.iter().copied());
    };
    let goes_on = |line: &&&str| line.starts_with([' ', '\t', '#']);
    let end = begin + 1 + lines[begin + 1..].iter().take_while(goes_on).count();
    let own = &lines[begin..end];
    let first = own[0].split_once(':').map_or("", |(_, suites)| suites);
    let rest = own[1..].iter().filter(|line| !line.starts_with('#')).copied();
    let words = || [first].into_iter().chain(rest.clone()).flat_map(str::split_ascii_whitespace);
    let left: Vec<&str> = words().filter(|suite| !is_disabled(suite)).collect();
    if left.len() == words().count() {
        return out.extend(lines.iter().copied());
    }
    let put = |lines: &[&str], out: &mut String| {
        for line in lines {
            if !line.starts_with('#') {
                out.push_str(DISABLED);
            }
            out.push_str(line);
        }
    };
    if left.is_empty() {
        return put(lines, out);
    }
    out.extend(lines[..begin].iter().copied());
    put(own, out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&["Suites: ", &left.join(" "), "\n"].concat());
    out.extend(lines[end..].iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, suites: &[&str]) -> String {
        of_paragraphs(text, &|suite| suites.contains(&suite))
    }

    #[test]
    fn a_suite_of_several_goes_and_what_was_there_is_a_comment() {
        let text = "# top\n\nTypes: deb\n# about it\nsuites: a\n # no comment\n b  c\nURIs: http://x\n";
        assert_eq!(
            without(text, &["b", "#"]),
            "# top\n\nTypes: deb\n# about it\n# suite disabled by glowplug: suites: a\n\
             # suite disabled by glowplug:  # no comment\n# suite disabled by glowplug:  b  c\n\
             Suites: a no comment c\nURIs: http://x\n"
        );
        assert_eq!(without(text, &["d"]), text);
    }

    #[test]
    fn a_paragraph_without_suites_is_a_comment() {
        let text = "Types: deb\nSuites: a b\n# c\n\nTypes: deb\nSuites: a\n \nx";
        assert_eq!(
            without(text, &["a", "b"]),
            "# suite disabled by glowplug: Types: deb\n# suite disabled by glowplug: Suites: a b\n# c\n\n\
             # suite disabled by glowplug: Types: deb\n# suite disabled by glowplug: Suites: a\n \nx"
        );
        assert_eq!(without("Suites: a b", &["a"]), "# suite disabled by glowplug: Suites: a b\nSuites: b\n");
    }
}
