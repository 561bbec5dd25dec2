//! `#include` and `#include-once`: URLs, one a line, of further user data.

use super::assemble::{Assembly, Candidate};
use super::part::Kind;
use crate::error::Error;
use crate::limits;
use crate::text::without_secrets;
use alloc::string::String;
use alloc::vec::Vec;

/// Gives what stands at a URL; `true`: what it once gave for the instance will
/// do. The error is the cause, a clause that does not name the URL.
pub type Fetch<'f> = &'f mut dyn FnMut(&str, bool) -> Result<Vec<u8>, String>;

/// Puts what URLs lead to in the place of the parts that name them.
///
/// Without one such parts stay as they are; the agent has none, and links
/// nothing of it.
pub struct Includes<'f> {
    fetch: Fetch<'f>,
    expand: fn(&mut Assembly<'_, '_>, bool, &Candidate),
    /// What could not be included.
    pub failed: Vec<Error>,
    /// URLs that may still be fetched.
    left: usize,
    /// How many includes are open.
    depth: usize,
}

impl<'f> Includes<'f> {
    /// Fetches with `fetch`, [`limits::INCLUDED_URLS`] URLs at most.
    pub fn new(fetch: Fetch<'f>) -> Self {
        Self { fetch, expand, failed: Vec::new(), left: limits::INCLUDED_URLS, depth: 0 }
    }
}

impl Assembly<'_, '_> {
    /// Takes what a part of this kind includes; `false` where it includes
    /// nothing or there is nobody to fetch it.
    pub(super) fn include(&mut self, kind: Kind, part: &Candidate) -> bool {
        let once = kind == Kind::IncludeOnce;
        if !once && kind != Kind::Include {
            return false;
        }
        let Some(expand) = self.includes.as_ref().map(|includes| includes.expand) else { return false };
        expand(self, once, part);
        true
    }
}

/// Fetches line by line. What can't be fetched leaves the other lines.
fn expand(assembly: &mut Assembly<'_, '_>, mut once: bool, part: &Candidate) {
    let name = [assembly.source, " ", &assembly.filename(part)].concat();
    let text = String::from_utf8_lossy(&part.content);
    for (number, line) in (1..).zip(text.lines()) {
        let mut url = line.trim();
        if let Some(rest) = after(url, "#include-once") {
            (once, url) = (true, rest);
        } else if let Some(rest) = after(url, "#include") {
            (once, url) = (false, rest);
        }
        if url.is_empty() || url.starts_with('#') {
            continue;
        }
        if assembly.full {
            return;
        }
        let column = line.find(url).map_or(1, |at| line.chars().count() - line[at..].chars().count() + 1);
        let shown = without_secrets(url);
        let place = (number, u32::try_from(column).unwrap_or(1));
        match fetch(assembly, url, once) {
            Ok(content) => assembly.nested(&shown, &content),
            Err(why) => assembly.not_included(&name, place, &[&shown, ": ", &why].concat()),
        }
    }
}

fn fetch(assembly: &mut Assembly<'_, '_>, url: &str, once: bool) -> Result<Vec<u8>, String> {
    let includes = assembly.includes.as_mut().ok_or("nobody fetches it")?;
    if includes.depth >= limits::INCLUDED_DEPTH {
        return Err("includes are nested too deep".into());
    }
    includes.left = includes.left.checked_sub(1).ok_or("too many URLs are included")?;
    (includes.fetch)(url, once)
}

impl Assembly<'_, '_> {
    /// Takes fetched user data apart where the part stood that named it.
    fn nested(&mut self, source: &str, content: &[u8]) {
        if let Some(includes) = &mut self.includes {
            includes.depth += 1;
        }
        let mut inner =
            Assembly { source, out: self.out, includes: self.includes.as_deref_mut(), full: self.full };
        inner.all(content);
        self.full = inner.full;
        if let Some(includes) = &mut self.includes {
            includes.depth -= 1;
        }
    }

    fn not_included(&mut self, name: &str, (line, column): (u32, u32), cause: &str) {
        if let Some(includes) = &mut self.includes {
            includes.failed.push(Error::at("include what is named at", name, line, column, cause));
        }
    }
}

/// What follows `mark`, in any case, on a line.
fn after<'l>(line: &'l str, mark: &str) -> Option<&'l str> {
    let (head, rest) = line.split_at_checked(mark.len())?;
    head.eq_ignore_ascii_case(mark).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_data::{Assembled, assemble_into};
    use alloc::string::ToString;

    /// What URLs of a made up world give; `once` is noted by a `!`.
    fn included(raw: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut asked = Vec::new();
        let mut fetch = |url: &str, once: bool| {
            asked.push([url, if once { "!" } else { "" }].concat());
            match url {
                "http://x/config" => Ok(b"#cloud-config\na: 1\n".to_vec()),
                "http://x/script" => Ok(b"#!/bin/sh\n".to_vec()),
                "http://x/more" => Ok(b"#include\nhttp://x/script\nhttp://me:secret@x/none?key=secret\n".to_vec()),
                "http://x/itself" => Ok(b"#include http://x/itself\n".to_vec()),
                "http://x/many" => Ok("http://x/script\n".repeat(1000).into_bytes()),
                "http://x/mime" => Ok(b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/x-include-url\n\nhttp://x/script\n--B\nContent-Type: text/cloud-boothook\n\nid\n--B--\n".to_vec()),
                "http://x/archive" => Ok(b"#cloud-config-archive\n- '#!/bin/sh'\n- '#include http://x/config'\n".to_vec()),
                _ => Err("the server answers 404".into()),
            }
        };
        let mut includes = Includes::new(&mut fetch);
        let mut out = Assembled::default();
        assemble_into("user-data", raw.as_bytes(), &mut out, Some(&mut includes));
        let part = |part: &crate::user_data::Part| [&part.content_type[5..], " ", &part.filename].concat();
        let failed = core::mem::take(&mut includes.failed);
        let problems = failed.iter().chain(&out.problems).map(ToString::to_string).collect();
        (asked, out.parts.iter().map(part).collect(), problems)
    }

    #[test]
    fn what_is_included_takes_the_place_of_the_part_that_includes_it() {
        let (asked, parts, problems) = included(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=A\n\n--A\nContent-Type: text/x-shellscript\n\n#!/bin/a\n\
             --A\nContent-Type: text/plain\n\n#include\n# a comment\n\nhttp://x/config\n  http://x/mime  \nhttp://x/archive\n\
             --A\nContent-Type: text/x-shellscript\n\n#!/bin/b\n--A--\n",
        );
        assert_eq!(
            asked,
            ["http://x/config", "http://x/mime", "http://x/script", "http://x/archive", "http://x/config"]
        );
        assert_eq!(
            parts,
            [
                "x-shellscript part-001",
                "cloud-config part-002",
                "x-shellscript part-003",
                "cloud-boothook part-004",
                "x-shellscript part-005",
                "cloud-config part-006",
                "x-shellscript part-007"
            ]
        );
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn once_holds_from_its_line_on() {
        let (asked, _, _) =
            included("#Include-Once http://x/config\nhttp://x/script\n#include\nhttp://x/script\n");
        assert_eq!(asked, ["http://x/config!", "http://x/script!", "http://x/script"]);
    }

    #[test]
    fn a_url_that_fails_leaves_the_others_and_is_named_with_its_line() {
        let (_, parts, problems) = included("#include\nhttp://x/none\nhttp://x/more\n http://x/config\n");
        assert_eq!(parts, ["x-shellscript part-001", "cloud-config part-002"]);
        assert_eq!(
            problems,
            [
                "unable to include what is named at user-data part-001:2:1: http://x/none: the server answers 404",
                "unable to include what is named at http://x/more part-001:3:1: http://x/none: the server answers 404",
            ]
        );
    }

    #[test]
    fn includes_have_an_end() {
        let (asked, parts, problems) = included("#include http://x/itself\n");
        assert_eq!((asked.len(), parts.len()), (limits::INCLUDED_DEPTH, 0));
        assert!(problems[0].ends_with("http://x/itself: includes are nested too deep"), "{problems:?}");
        let many = ["#include\n", &"http://x/script\n".repeat(limits::INCLUDED_URLS + 2)].concat();
        let (asked, parts, problems) = included(&many);
        assert_eq!((asked.len(), parts.len()), (limits::INCLUDED_URLS, limits::INCLUDED_URLS));
        assert!(problems[0].ends_with("http://x/script: too many URLs are included"), "{}", problems[0]);
        assert_eq!(problems.len(), 2);
    }
}
