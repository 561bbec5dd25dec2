//! The part of Jinja that cloud-configs use: `{{ expressions }}`, `{% if %}`,
//! `{% for %}`, `{% set %}`, `{% raw %}`, `{# comments #}` and white space
//! control, with the settings that cloud-init gives Jinja
//! (<https://jinja.palletsprojects.com/templates/>).
//!
//! A template is carried out while it is read, in one pass: a branch that is
//! not taken is read all the same, so that a mistake in it is found, and the
//! body of a loop is read once for every item. What is not known here is an
//! error with its place, never a misreading.

mod collection;
mod expression;
mod filter;
mod literal;
mod method;
mod repeat;
mod subscript;
mod term;
#[cfg(test)]
mod tests;
mod words;

use super::bound::Budget;
use crate::limits;
use crate::syntax::value::Value;
use crate::text::{contains, cut, fill};
use alloc::string::String;
use alloc::vec::Vec;
use term::{Slot, Term, first_slots};

/// What stands for a variable that is not there, before its name; cloud-init's
/// own words.
pub const MISSING: &str = "CI_MISSING_JINJA_VAR/";

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
#[inline(never)]
pub(super) fn render<'v>(text: &'v str, from: usize, data: &'v Value<'v>) -> Result<String, Fault> {
    let body = text.get(from..).unwrap_or_default();
    // Jinja takes one line end off; cloud-init puts it back.
    let (rest, end) = body.strip_suffix('\n').map_or((body, ""), |rest| (rest, "\n"));
    let mut renderer = Renderer {
        rest,
        // positions count back from here
        end: from + rest.len(),
        operand: rest.len(),
        live: true,
        data,
        slots: first_slots(),
        scope: Vec::new(),
        out: String::new(),
        budget: Budget::new(),
        depth: 0,
        fault: None,
    };
    let mut word = renderer.block(true);
    if let Ok(closing @ ("elif" | "else" | "endif" | "endfor")) = word {
        word = renderer.stop("no block is open that `{}` could belong to", closing);
    }
    match word {
        Ok(_) => {
            renderer.out.push_str(end);
            Ok(renderer.out)
        }
        Err(Stop) => Err(renderer.fault.unwrap_or_default()),
    }
}

struct Renderer<'v> {
    /// What is still to be read.
    rest: &'v str,
    /// Where it ends in the text.
    end: usize,
    /// The length of [`Self::rest`] where the last value began.
    operand: usize,
    /// Whether what is read counts; else only its form does.
    live: bool,
    /// What variables are looked up in.
    data: &'v Value<'v>,
    /// The values that are at hand; a loop and a tag take theirs with them,
    /// unless `set` has named one.
    slots: Vec<Slot<'v>>,
    /// What `for` and `set` have named, the innermost last.
    scope: Vec<(&'v str, Term)>,
    out: String,
    budget: Budget,
    /// How many blocks and values are open.
    depth: usize,
    /// The first thing that went wrong. Where reading could go on, a
    /// condition may still drop it.
    fault: Option<Fault>,
}

impl<'v> Renderer<'v> {
    /// Notes that the value being computed has none, with `name` for the `{}`
    /// of `why`.
    #[inline(never)]
    fn note(&mut self, why: &str, name: &str) {
        if self.live && self.fault.is_none() {
            let names: &[&str] = if contains(why, "{}") { &[name] } else { &[] };
            self.fault = Some(Fault { at: self.end - self.operand, why: fill(why, names) });
        }
    }

    /// Ends reading.
    #[inline(never)]
    fn stop<T>(&mut self, why: &str, name: &str) -> Read<T> {
        self.fault = None;
        self.live = true;
        self.operand = self.rest.len();
        self.note(why, name);
        Err(Stop)
    }

    #[inline(never)]
    fn spend(&mut self, amount: Option<usize>) -> Read<()> {
        match amount.and_then(|amount| self.budget.spend(amount)) {
            Some(()) => Ok(()),
            None => self.stop("the template makes too much out of too little", ""),
        }
    }

    /// Opens a block or a value; each must be closed by `depth -= 1`.
    #[inline(never)]
    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > limits::TEMPLATE_DEPTH { self.stop("it is nested too deep", "") } else { Ok(()) }
    }

    #[inline(never)]
    fn write(&mut self, text: &str) -> Read<()> {
        if self.live {
            self.spend(Some(text.len()))?;
            self.out.push_str(text);
        }
        Ok(())
    }

    /// Reads to the word that ends a block (`else`, `endif`, …), or to the end
    /// of the text, which is the word ``. What it holds counts if `chosen`.
    #[inline(never)]
    fn block(&mut self, chosen: bool) -> Read<&'v str> {
        self.enter()?;
        let outer = self.live;
        self.live = outer && chosen;
        let word = loop {
            let mark = |pair: &[u8]| matches!(pair, b"{{" | b"{%" | b"{#");
            let opening = self.rest.as_bytes().windows(2).position(mark);
            let (mut before, tag) = self.rest.split_at(opening.unwrap_or(self.rest.len()));
            self.rest = tag.get(2..).unwrap_or_default();
            if self.eat("-") {
                before = before.trim_ascii_end();
            } else {
                self.eat("+");
            }
            self.write(before)?;
            let word = match tag.as_bytes() {
                [_, b'{', ..] => {
                    let made = self.slots.len();
                    let term = self.expression()?;
                    self.close("}}", false)?;
                    let text = self.text(term);
                    self.slots.truncate(made);
                    self.write(&text)?;
                    None
                }
                [_, b'#', ..] => {
                    let Some((comment, _)) = cut(self.rest, "#}") else {
                        return self.stop("the comment has no end", "");
                    };
                    let marked = matches!(comment.as_bytes(), [.., b'-' | b'+']);
                    let end = comment.len() - usize::from(marked);
                    self.rest = self.rest.get(end..).unwrap_or_default();
                    self.close("#}", true)?;
                    None
                }
                [] => Some(""),
                _ => self.statement()?,
            };
            if let Some(word) = word {
                break word;
            }
        };
        self.live = outer;
        self.depth -= 1;
        Ok(word)
    }

    /// Carries out a statement; the value is a word that is none of its own.
    fn statement(&mut self) -> Read<Option<&'v str>> {
        match self.word() {
            "if" => self.branches()?,
            "for" => self.repeat()?,
            "set" => {
                let name = self.name()?;
                self.expect("=")?;
                let value = self.expression()?;
                if self.live {
                    self.scope.push((name, value));
                }
                self.close("%}", true)?;
            }
            "raw" => self.raw()?,
            word @ ("elif" | "else" | "endif" | "endfor") => return Ok(Some(word)),
            word => {
                return self.stop("there is no statement `{}` here: if, for, set and raw are known", word);
            }
        }
        Ok(None)
    }

    fn branches(&mut self) -> Read<()> {
        let (mut word, mut taken, mut last) = ("if", false, false);
        while word != "endif" {
            if last || !matches!(word, "if" | "elif" | "else") {
                return self.stop("`{% endif %}` is missing", "");
            }
            last = word == "else";
            let outer = self.live;
            self.live = outer && !taken;
            let chosen = last || {
                let made = self.slots.len();
                let condition = self.expression()?;
                let chosen = self.is_true(condition);
                self.slots.truncate(made);
                chosen
            };
            self.live = outer;
            self.close("%}", true)?;
            word = self.block(chosen && !taken)?;
            taken |= chosen;
        }
        self.close("%}", true)
    }

    /// Everything to `{% endraw %}` as it stands.
    fn raw(&mut self) -> Read<()> {
        self.close("%}", false)?;
        let text = self.rest;
        loop {
            let Some((before, after)) = cut(self.rest, "{%") else {
                return self.stop("`{% endraw %}` is missing", "");
            };
            let end = text.len() - self.rest.len() + before.len();
            self.rest = after;
            let trimmed = self.eat("-");
            if self.word() == "endraw" {
                let text = text.get(..end).unwrap_or_default();
                self.write(if trimmed { text.trim_ascii_end() } else { text })?;
                return self.close("%}", true);
            }
        }
    }

    /// Reads the end of a tag, and the white space that it takes with it;
    /// `block`: a line end, too.
    #[inline(never)]
    fn close(&mut self, end: &str, block: bool) -> Read<()> {
        self.space();
        let trimmed = self.eat("-");
        let kept = !trimmed && self.eat("+");
        if !self.eat(end) {
            return self.stop("`{}` is expected", end);
        }
        if trimmed {
            self.rest = self.rest.trim_ascii_start();
        } else if block && !kept {
            self.eat("\n");
        }
        Ok(())
    }
}
