//! Templates: Jinja as cloud-init sets it up, by minijinja.
//!
//! Nothing but the runner has it: the agent leaves what needs a template to the
//! runner. [`render`] may run out of its stack or its memory for a template that
//! means it to; the runner asks [`super::languages`].

mod data;
mod method;
mod missing;
mod python;
mod source;
#[cfg(test)]
mod tests;

use glowplug::limits::USER_DATA_WORK;
use glowplug::syntax::value::Value;
use glowplug::user_data::Fault;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use source::Source;

/// Bytes that one unit of minijinja's fuel pays for.
const BYTES_A_UNIT: u64 = 64;

/// Calls of macros inside one another.
const CALLS: usize = 64;

/// Renders what follows byte `from` of `text`, whose line ends are `\n`, with
/// `data`, the instance data as cloud-init's `instance-data.json` has it.
///
/// # Errors
/// The first thing that is no template, a value that can't be computed, or more
/// work than [`USER_DATA_WORK`].
pub(crate) fn render(text: &str, from: usize, data: &Value<'_>) -> Result<String, Fault> {
    let body = text.get(from..).unwrap_or_default();
    // Jinja takes one line end off; cloud-init puts it back.
    let (body, end) = body.strip_suffix('\n').map_or((body, ""), |body| (body, "\n"));
    let source = Source::of(body);
    match rendered(&source.rewritten, data) {
        Ok(mut text) => {
            text.push_str(end);
            Ok(text)
        }
        Err(error) => Err(fault(&error, &source, from)),
    }
}

fn rendered(body: &str, data: &Value<'_>) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build()?);
    environment.set_fuel(Some(USER_DATA_WORK as u64 / BYTES_A_UNIT));
    environment.set_recursion_limit(CALLS);
    environment.set_debug(true);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    missing::add_to(&mut environment);
    source::add_to(&mut environment);
    python::add_to(&mut environment);
    environment.template_from_named_str("template", body)?.render(data::of_instance(data))
}

/// What went wrong, without what the place says already.
fn fault(error: &Error, source: &Source<'_>, from: usize) -> Fault {
    let line = error.line().unwrap_or(1);
    let lines = || source.rewritten.split_inclusive('\n').take(line.saturating_sub(1));
    let at = error.range().map_or_else(|| lines().map(str::len).sum(), |range| range.start);
    let why = match error.kind() {
        ErrorKind::OutOfFuel => "the template makes too much out of too little".into(),
        kind => {
            let detail = error.detail().map_or_else(|| kind.to_string(), Into::into);
            with_remedy(detail, source.rewritten.get(at..).unwrap_or_default())
        }
    };
    Fault { at: from + source.origin(at), why }
}

/// What is wrong with what `source` begins with, and what to write instead.
fn with_remedy(why: String, source: &str) -> String {
    if why.starts_with("tried to use % operator") {
        return why + ": `TEXT|format(VALUE)` puts values into a text";
    }
    let name = source.split(|c: char| !c.is_alphanumeric() && !"_.-".contains(c)).next().unwrap_or_default();
    if why.starts_with("tried to use - operator") && name.contains('-') {
        return format!("there is no {name}: a hyphen in a name is written _ here");
    }
    why
}
