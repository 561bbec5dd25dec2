//! The lines of an interfaces file and of those it includes, each where it is
//! included.

use crate::error::Error;
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

/// Gives included files as (path, text). A pattern that is not absolute is
/// relative to the folder of the file that names it, the second argument.
pub type Include<'i> = &'i dyn Fn(Included<'_>, &str) -> Vec<(String, String)>;

/// A file, and the files included at its lines.
pub(super) struct File {
    path: String,
    text: String,
    /// Byte of the line, and the places of the files in the list.
    includes: Vec<(usize, Vec<usize>)>,
}

/// A line that says something, with its continuations' place.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    pub(super) file: &'t str,
    /// From 1.
    pub(super) number: u32,
    pub(super) text: &'t str,
    pub(super) indented: bool,
}

/// The file and all that it includes, itself first.
#[inline(never)]
pub(super) fn load(text: &str, path: &str, include: Include<'_>, problems: &mut Vec<Error>) -> Vec<File> {
    let mut files = alloc::vec![File { path: path.into(), text: join_continued(text), includes: Vec::new() }];
    let mut at = 0;
    while let Some(file) = files.get(at) {
        let mut found = Vec::new();
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in file.text.split('\n').enumerate() {
            let mut words = line.split_ascii_whitespace();
            let wanted = match (words.next(), words.next()) {
                (Some("source"), Some(pattern)) => Included::Source(pattern),
                (Some("source-directory"), Some(path)) => Included::Directory(path),
                _ => continue,
            };
            if found.len() < limits::INCLUDED_FILES {
                found.push((number, include(wanted, folder)));
            }
        }
        for (number, included) in found {
            let mut places = Vec::new();
            for (path, text) in included {
                if files.len() >= limits::INCLUDED_FILES {
                    problems.push(Error::new("read", &path, "too many files are included"));
                    break;
                }
                places.push(files.len());
                files.push(File { path, text: join_continued(&text), includes: Vec::new() });
            }
            if let Some(file) = files.get_mut(at) {
                file.includes.push((number, places));
            }
        }
        at += 1;
    }
    files
}

/// A backslash at the end continues a line; the lines after keep their
/// numbers.
fn join_continued(text: &str) -> String {
    let (mut joined, mut owed) = (String::new(), 0);
    for line in text.lines() {
        let (line, goes_on) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        joined.push_str(line);
        owed += 1;
        if !goes_on {
            for _ in 0..core::mem::take(&mut owed) {
                joined.push('\n');
            }
        }
    }
    joined
}

/// Every line that says something, in the order ifupdown sees them.
#[inline(never)]
pub(super) fn lines(files: &[File]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    // A file includes only later ones, so this ends.
    let mut open: Vec<(usize, usize)> = alloc::vec![(0, 0)];
    let texts: Vec<Vec<&str>> = files.iter().map(|file| file.text.split('\n').collect()).collect();
    while let Some((file, number)) = open.pop() {
        let (Some(whole), Some(line)) =
            (files.get(file), texts.get(file).and_then(|lines| lines.get(number)))
        else {
            continue;
        };
        open.push((file, number + 1));
        let text = line.trim_ascii();
        if !text.is_empty() && !text.starts_with('#') {
            let indented = line.starts_with([' ', '\t']);
            let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
            lines.push(Line { file: &whole.path, number, text, indented });
        }
        if let Some((_, included)) = whole.includes.iter().find(|(at, _)| *at == number) {
            open.extend(included.iter().rev().map(|file| (*file, 0)));
        }
    }
    lines
}
