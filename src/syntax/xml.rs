//! The elements of an XML document and their attributes
//! (<https://www.w3.org/TR/xml/>), as much as an OVF environment needs: text
//! between elements is passed over, and a document type is refused, so that
//! nothing expands.

use super::value::Place;
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where.
    pub place: Place,
    /// What.
    pub message: &'static str,
}

/// An element that begins. Names are without the prefix of their namespace.
#[derive(Debug)]
pub struct Element<'t> {
    /// How many elements it lies in.
    pub depth: usize,
    /// Its name.
    pub name: &'t str,
    /// Its attributes in order: names, and values with references undone.
    pub attributes: Vec<(&'t str, String)>,
}

type Result<T> = core::result::Result<T, &'static str>;

/// Reads `text` and hands each element to `take` as it begins.
#[inline(never)]
pub fn read(text: &str, take: &mut dyn FnMut(&Element<'_>)) -> core::result::Result<(), Error> {
    let mut reader = Reader { rest: text, open: Vec::new(), seen: false };
    loop {
        match reader.step(take) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(message) => {
                let place = Place::of_byte(text.as_bytes(), text.len() - reader.rest.len());
                return Err(Error { place, message });
            }
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    /// Names of the elements that are open, prefixes included.
    open: Vec<&'t str>,
    /// Whether there was an element.
    seen: bool,
}

impl<'t> Reader<'t> {
    /// Reads one tag, comment or instruction with the text before it; false at
    /// the end of the document.
    fn step(&mut self, take: &mut dyn FnMut(&Element<'_>)) -> Result<bool> {
        let before = self.until("<");
        if self.open.is_empty() && !before.trim_start_matches('\u{feff}').trim_ascii().is_empty() {
            return Err("text outside of the element");
        }
        if self.rest.is_empty() {
            return if self.open.is_empty() && self.seen {
                Ok(false)
            } else {
                Err("the document ends in the middle")
            };
        }
        if self.skip("<!--") {
            return self.past("-->");
        }
        if self.skip("<?") {
            return self.past("?>");
        }
        if !self.open.is_empty() && self.skip("<![CDATA[") {
            return self.past("]]>");
        }
        if self.rest.starts_with("<!") {
            return Err("a document type is not read");
        }
        if self.skip("</") {
            self.end()?;
        } else {
            self.start(take)?;
        }
        Ok(true)
    }

    fn end(&mut self) -> Result<()> {
        if self.open.last().copied() != Some(self.name()?) {
            return Err("the end of an element that is not open");
        }
        self.open.pop();
        self.space();
        self.expect(">")
    }

    #[inline(never)]
    fn start(&mut self, take: &mut dyn FnMut(&Element<'_>)) -> Result<()> {
        if self.open.is_empty() && self.seen || !self.skip("<") {
            return Err("a second element at the top");
        }
        self.seen = true;
        let whole = self.name()?;
        let mut element = Element { depth: self.open.len(), name: local(whole), attributes: Vec::new() };
        let closed = loop {
            let spaced = self.space();
            if self.skip(">") {
                break false;
            }
            if self.skip("/>") {
                break true;
            }
            if !spaced {
                return Err("a blank was expected");
            }
            let name = local(self.name()?);
            self.space();
            self.expect("=")?;
            self.space();
            let value = self.value()?;
            element.attributes.push((name, value));
        };
        take(&element);
        if !closed {
            if self.open.len() >= limits::XML_DEPTH {
                return Err("elements are nested too deep");
            }
            self.open.push(whole);
        }
        Ok(())
    }

    /// A value between quotes; white space in it is a blank each.
    #[inline(never)]
    fn value(&mut self) -> Result<String> {
        let quote = if self.skip("\"") {
            "\""
        } else if self.skip("'") {
            "'"
        } else {
            return Err("a quote was expected");
        };
        let text = self.until(quote);
        if !self.skip(quote) {
            return Err("the document ends in the middle");
        }
        let mut value = String::new();
        let mut pieces = text.split('&');
        for (first, piece) in core::iter::once(pieces.next().unwrap_or_default())
            .map(|piece| (true, piece))
            .chain(pieces.map(|piece| (false, piece)))
        {
            let mut piece = piece;
            if !first {
                let (name, rest) = piece.split_once(';').ok_or("a reference without an end")?;
                value.push(reference(name).ok_or("an unknown reference")?);
                piece = rest;
            }
            if piece.as_bytes().contains(&b'<') {
                return Err("\"<\" in a value");
            }
            value.extend(piece.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
        }
        Ok(value)
    }

    fn name(&mut self) -> Result<&'t str> {
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"<>/=\"'&".contains(byte);
        let length = self.rest.bytes().position(|byte| is_end(&byte)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        if name.is_empty() {
            return Err("a name was expected");
        }
        self.rest = rest;
        Ok(name)
    }

    /// What stands before the next `mark`, which comes next; all where there is
    /// none.
    #[inline(never)]
    fn until(&mut self, mark: &str) -> &'t str {
        let found = crate::text::cut(self.rest, mark).map_or(self.rest.len(), |(before, _)| before.len());
        let (before, rest) = self.rest.split_at_checked(found).unwrap_or_default();
        self.rest = rest;
        before
    }

    fn past(&mut self, mark: &str) -> Result<bool> {
        self.until(mark);
        self.expect(mark).map(|()| true)
    }

    fn space(&mut self) -> bool {
        let rest = self.rest.trim_ascii_start();
        let any = rest.len() < self.rest.len();
        self.rest = rest;
        any
    }

    fn skip(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, mark: &str) -> Result<()> {
        if self.skip(mark) { Ok(()) } else { Err("a tag without its end") }
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// The character that `&NAME;` stands for.
fn reference(name: &str) -> Option<char> {
    let number = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if digits.starts_with('+') {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|c| *c != '\0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn seen(text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        read(text, &mut |element| {
            seen.push(format!("{} {} {:?}", element.depth, element.name, element.attributes));
        })
        .unwrap();
        seen
    }

    fn error(text: &str) -> (u32, u32, &'static str) {
        let error = read(text, &mut |_| {}).unwrap_err();
        (error.place.line, error.place.column, error.message)
    }

    #[test]
    fn elements_come_with_depth_and_attributes() {
        let text = "\u{feff}<?xml version='1.0'?>\n<!-- a > b -->\n<e:A x:k = \"1 &lt;&#x41;&#66;&amp;\"\n b='\"\t'>\
            text<![CDATA[<B>]]><B/><C d=''></C ></e:A>\n";
        assert_eq!(seen(text), [r#"0 A [("k", "1 <AB&"), ("b", "\" ")]"#, "1 B []", r#"1 C [("d", "")]"#]);
    }

    #[test]
    fn what_is_no_document_is_told_with_its_place() {
        for (text, expected) in [
            ("", (1, 1, "the document ends in the middle")),
            ("<a>\n<b></a>", (2, 7, "the end of an element that is not open")),
            ("<a/><b/>", (1, 5, "a second element at the top")),
            ("<a/>x", (1, 6, "text outside of the element")),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", (1, 1, "a document type is not read")),
            ("<a b='&c;'/>", (1, 11, "an unknown reference")),
            ("<a b='&#0;'/>", (1, 12, "an unknown reference")),
            ("<a b='&lt'/>", (1, 11, "a reference without an end")),
            ("<a b=c/>", (1, 6, "a quote was expected")),
            ("<a b='1'c='2'/>", (1, 9, "a blank was expected")),
            ("<a b='<'/>", (1, 9, "\"<\" in a value")),
            ("<a", (1, 3, "a blank was expected")),
            ("<a b='", (1, 7, "the document ends in the middle")),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert_eq!(error(&"<a>".repeat(100)).2, "elements are nested too deep");
    }
}
