//! The part of Jinja that cloud-configs use: `{{ expressions }}`, `{% if %}`,
//! `{% for %}`, `{% set %}`, `{% raw %}`, `{# comments #}` and white space
//! control, with the settings that cloud-init gives Jinja
//! (<https://jinja.palletsprojects.com/templates/>).
//!
//! A template is carried out while it is read, in one pass: a branch that is
//! not taken is read all the same, so that a mistake in it is found, and the
//! body of a loop is read once for every item. What is not known here is an
//! error with its place, never a misreading.

mod expression;
mod filter;
mod term;
#[cfg(test)]
mod tests;

use super::bound::Budget;
use crate::limits;
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec::Vec;
use term::Term;

/// What stands for a variable that is not there, before its name; cloud-init's
/// own words.
pub(super) const MISSING: &str = "CI_MISSING_JINJA_VAR/";

/// Why a template can't be rendered, and the byte where.
#[derive(Debug, Default)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) why: String,
}

/// Reading can't go on; why is in [`Renderer::fault`].
struct Stop;

type Read<T> = Result<T, Stop>;

/// Renders what follows byte `from` of `text`, whose line ends are `\n`.
///
/// # Errors
/// The first thing that is no template or is not known here, a value that
/// can't be computed, or more work than [`limits::USER_DATA_WORK`].
pub(super) fn render<'v>(text: &'v str, from: usize, data: &'v Value<'v>) -> Result<String, Fault> {
    let body = text.get(from..).unwrap_or_default();
    // Jinja takes one line end off; cloud-init puts it back.
    let (rest, end) = body.strip_suffix('\n').map_or((body, ""), |rest| (rest, "\n"));
    let mut renderer = Renderer {
        rest,
        // positions count back from here
        end: from + rest.len(),
        data,
        operand: rest.len(),
        scope: Vec::new(),
        out: String::new(),
        budget: Budget::new(),
        depth: 0,
        fault: None,
    };
    let closed = match renderer.block(true) {
        Ok("") => true,
        Ok(_) => renderer.stop::<()>(&["nothing is open that this would close"]).is_ok(),
        Err(Stop) => false,
    };
    if !closed {
        return Err(renderer.fault.unwrap_or_default());
    }
    renderer.out.push_str(end);
    Ok(renderer.out)
}

struct Renderer<'v> {
    /// What is still to be read.
    rest: &'v str,
    /// Where it ends in the text.
    end: usize,
    /// The length of [`Self::rest`] where the last value began.
    operand: usize,
    /// What variables are looked up in.
    data: &'v Value<'v>,
    /// What `for` and `set` have named, the innermost last.
    scope: Vec<(&'v str, Term<'v>)>,
    out: String,
    budget: Budget,
    /// How many blocks and values are open.
    depth: usize,
    /// The first thing that went wrong. Where reading could go on, a
    /// condition may still drop it.
    fault: Option<Fault>,
}

impl<'v> Renderer<'v> {
    /// Notes that the value being computed has none.
    fn note(&mut self, why: &[&str]) {
        let at = self.end - self.operand;
        self.fault.get_or_insert_with(|| Fault { at, why: why.concat() });
    }

    fn stop<T>(&mut self, why: &[&str]) -> Read<T> {
        self.fault = None;
        self.operand = self.rest.len();
        self.note(why);
        Err(Stop)
    }

    fn spend(&mut self, amount: Option<usize>) -> Read<()> {
        match amount.and_then(|amount| self.budget.spend(amount)) {
            Some(()) => Ok(()),
            None => self.stop(&["the template makes too much out of too little"]),
        }
    }

    /// Opens a block or a value; each must be closed by `depth -= 1`.
    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > limits::TEMPLATE_DEPTH { self.stop(&["it is nested too deep"]) } else { Ok(()) }
    }

    fn write(&mut self, text: &str) -> Read<()> {
        self.spend(Some(text.len()))?;
        self.out.push_str(text);
        Ok(())
    }

    /// Reads to the word that ends a block (`else`, `endif`, …), or to the end
    /// of the text, which is the word ``.
    fn block(&mut self, live: bool) -> Read<&'v str> {
        self.enter()?;
        loop {
            let mark = |pair: &[u8]| matches!(pair, b"{{" | b"{%" | b"{#");
            let opening = self.rest.as_bytes().windows(2).position(mark);
            let (mut before, tag) = self.rest.split_at(opening.unwrap_or(self.rest.len()));
            self.rest = tag.get(2..).unwrap_or_default();
            if self.eat("-") {
                before = before.trim_ascii_end();
            } else {
                self.eat("+");
            }
            if live {
                self.write(before)?;
            }
            let word = match tag.as_bytes() {
                [_, b'{', ..] => {
                    let term = self.expression(live)?;
                    self.close("}}", false)?;
                    if live {
                        let text = term.text();
                        self.write(&text)?;
                    }
                    None
                }
                [_, b'#', ..] => {
                    let Some(end) = self.rest.find("#}") else {
                        return self.stop(&["the comment has no end"]);
                    };
                    let end = end - usize::from(self.rest[..end].ends_with(['-', '+']));
                    self.rest = &self.rest[end..];
                    self.close("#}", true)?;
                    None
                }
                [] => Some(""),
                _ => self.statement(live)?,
            };
            if let Some(word) = word {
                self.depth -= 1;
                return Ok(word);
            }
        }
    }

    /// Carries out a statement; the value is a word that is none of its own.
    fn statement(&mut self, live: bool) -> Read<Option<&'v str>> {
        match self.word() {
            "if" => self.branches(live)?,
            "for" => self.repeat(live)?,
            "set" => {
                let name = self.name()?;
                self.expect("=")?;
                let value = self.expression(live)?;
                if live {
                    self.scope.push((name, value));
                }
                self.close("%}", true)?;
            }
            "raw" => self.raw(live)?,
            word @ ("elif" | "else" | "endif" | "endfor") => return Ok(Some(word)),
            word => {
                return self.stop(&[
                    "there is no statement `",
                    word,
                    "` here: if, for, set and raw are known",
                ]);
            }
        }
        Ok(None)
    }

    fn branches(&mut self, live: bool) -> Read<()> {
        let (mut word, mut taken, mut last) = ("if", false, false);
        while word != "endif" {
            let asked = live && !taken;
            let chosen = match word {
                "else" if !last => {
                    last = true;
                    true
                }
                "if" | "elif" if !last => self.expression(asked)?.is_true(),
                _ => return self.stop(&["`{% endif %}` is missing"]),
            };
            self.close("%}", true)?;
            word = self.block(asked && chosen)?;
            taken |= chosen;
        }
        self.close("%}", true)
    }

    fn repeat(&mut self, live: bool) -> Read<()> {
        let name = self.name()?;
        if !self.keyword("in") {
            return self.stop(&["`in` is expected"]);
        }
        let list = self.expression(live)?;
        self.close("%}", true)?;
        let (body, outer) = (self.rest, self.scope.len());
        let count = match list.data() {
            None => 0,
            Some(Data::Seq(items)) => items.len(),
            Some(Data::Map(entries)) => entries.len(),
            Some(_) => return self.stop(&["only a list or a mapping can be repeated for"]),
        };
        let mut word = "";
        for index in 0..count {
            self.rest = body;
            let item = self.item(&list, index)?;
            self.scope.push((name, item.unwrap_or_else(Term::nothing)));
            self.scope.push(("loop", counters(index, count)));
            word = self.block(true)?;
            self.scope.truncate(outer);
            self.spend(Some(body.len() - self.rest.len()))?;
        }
        if count == 0 {
            word = self.block(false)?;
        }
        if word == "else" {
            self.close("%}", true)?;
            word = self.block(live && count == 0)?;
        }
        self.scope.truncate(outer);
        if word == "endfor" { self.close("%}", true) } else { self.stop(&["`{% endfor %}` is missing"]) }
    }

    /// Everything to `{% endraw %}` as it stands.
    fn raw(&mut self, live: bool) -> Read<()> {
        self.close("%}", false)?;
        let mut text = self.rest;
        loop {
            let Some(at) = self.rest.find("{%") else { return self.stop(&["`{% endraw %}` is missing"]) };
            let end = text.len() - self.rest.len() + at;
            self.rest = &self.rest[at + 2..];
            let trimmed = self.eat("-");
            if self.word() == "endraw" {
                text = &text[..end];
                if live {
                    self.write(if trimmed { text.trim_ascii_end() } else { text })?;
                }
                return self.close("%}", true);
            }
        }
    }

    /// Reads the end of a tag, and the white space that it takes with it;
    /// `block`: a line end, too.
    fn close(&mut self, end: &str, block: bool) -> Read<()> {
        self.space();
        let mark = self.rest.chars().next();
        if matches!(mark, Some('-' | '+')) {
            self.rest = &self.rest[1..];
        }
        if !self.eat(end) {
            return self.stop(&["`", end, "` is expected"]);
        }
        if mark == Some('-') {
            self.rest = self.rest.trim_ascii_start();
        } else if block && mark != Some('+') {
            self.eat("\n");
        }
        Ok(())
    }
}

/// What `loop` is inside a loop.
fn counters<'v>(index: usize, count: usize) -> Term<'v> {
    let number = |number: usize| Data::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let fields = [
        ("index", number(index + 1)),
        ("index0", number(index)),
        ("first", Data::Bool(index == 0)),
        ("last", Data::Bool(index + 1 == count)),
        ("length", number(count)),
    ];
    let mut entries = Vec::with_capacity(fields.len());
    for (name, data) in fields {
        entries.push((Value::bare(Data::Str(name.into())), Value::bare(data)));
    }
    Term::new(Data::Map(entries))
}
