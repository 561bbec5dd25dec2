//! An interfaces file with those it includes in their places.

use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// What `source` (a pattern of glob(7)) or `source-directory` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Included<'t> {
    /// The files that match a pattern.
    Source(&'t str),
    /// The files of a directory whose names are letters, digits, `-` and `_`.
    Directory(&'t str),
}

/// Gives included files as (path, text), in order. What is asked for is
/// relative to the folder of the file that names it, the second argument.
pub type Include<'i> = &'i dyn Fn(Included<'_>, &str) -> Vec<(String, String)>;

/// Everything as one text, and where its lines come from.
#[derive(Default)]
pub(super) struct Whole {
    text: String,
    /// File and number of each line of `text`.
    origins: Vec<(usize, u32)>,
    paths: Vec<String>,
}

/// A line that says something.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    pub(super) file: &'t str,
    /// From 1.
    pub(super) number: u32,
    pub(super) text: &'t str,
    pub(super) indented: bool,
}

/// Puts included files into their places. Past [`limits::INCLUDED_FILES`] and
/// [`limits::INCLUDE_DEPTH`] they are left out.
#[inline(never)]
pub(super) fn expand(text: &str, path: &str, include: Include<'_>) -> Whole {
    let mut whole = Whole::default();
    whole.add(text, path, include, 0);
    whole
}

impl Whole {
    #[inline(never)]
    fn add(&mut self, text: &str, path: &str, include: Include<'_>, depth: usize) {
        let file = self.paths.len();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.paths.push(path.into());
        let mut goes_on = false;
        for (number, line) in (1..).zip(text.lines()) {
            if !goes_on {
                self.origins.push((file, number));
            }
            // A backslash at the end continues a line.
            let whole = line.strip_suffix('\\');
            goes_on = whole.is_some();
            self.text.push_str(whole.unwrap_or(line));
            if !goes_on {
                self.text.push('\n');
            }
            let mut words = line.split_ascii_whitespace();
            let wanted = match (words.next(), words.next()) {
                (Some("source"), Some(pattern)) => Included::Source(pattern),
                (Some("source-directory"), Some(path)) => Included::Directory(path),
                _ => continue,
            };
            if depth >= limits::INCLUDE_DEPTH || self.paths.len() >= limits::INCLUDED_FILES {
                continue;
            }
            for (path, text) in include(wanted, folder) {
                if self.paths.len() < limits::INCLUDED_FILES {
                    self.add(&text, &path, include, depth + 1);
                }
            }
        }
        if goes_on {
            self.text.push('\n');
        }
    }

    /// Every line that says something.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.lines().zip(&self.origins).filter_map(|(line, (file, number))| {
            let text = line.trim_ascii();
            let says = !text.is_empty() && !text.starts_with('#');
            let indented = line.starts_with([' ', '\t']);
            says.then_some(Line { file: self.paths.get(*file)?, number: *number, text, indented })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(whole: &Whole) -> Vec<String> {
        whole.lines().map(|line| format!("{}:{}: {}", line.file, line.number, line.text)).collect()
    }

    #[test]
    fn files_stand_where_they_are_included() {
        let include = |wanted: Included<'_>, folder: &str| {
            assert_eq!(folder, "/etc/network");
            let file = |name: &str, text: &str| (format!("{folder}/{name}"), text.to_string());
            match wanted {
                Included::Source("interfaces.d/*.cfg") => {
                    vec![file("a", "one\n# no\ntwo"), file("b", "three\n")]
                }
                Included::Directory("more") => vec![file("c", "four")],
                _ => panic!("{wanted:?}"),
            }
        };
        let text = "first \\\n  goes on\nsource interfaces.d/*.cfg\n\nsource-directory more\nlast";
        let whole = expand(text, "/etc/network/interfaces", &include);
        let expected = [
            "/etc/network/interfaces:1: first   goes on",
            "/etc/network/interfaces:3: source interfaces.d/*.cfg",
            "/etc/network/a:1: one",
            "/etc/network/a:3: two",
            "/etc/network/b:1: three",
            "/etc/network/interfaces:5: source-directory more",
            "/etc/network/c:1: four",
            "/etc/network/interfaces:6: last",
        ];
        assert_eq!(lines(&whole), expected);
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let include = |_: Included<'_>, _: &str| vec![("x".to_string(), "source x\nsource x\na".to_string())];
        let whole = expand("source x", "x", &include);
        assert!(whole.paths.len() <= limits::INCLUDED_FILES);
    }
}
