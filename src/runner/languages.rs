//! What the runner reads that the agent leaves to it.

use crate::jinja;
use glowplug::limits::{TEMPLATE_MEMORY, TEMPLATE_SECONDS, USER_DATA_WORK};
use glowplug::syntax::value::Value;
use glowplug::sys::child::{self, Bounds};
use glowplug::user_data::{self, Fault, Languages};

/// All of it.
pub(crate) static LANGUAGES: Languages = Languages { jinja: render, patch: user_data::patch };

const BOUNDS: Bounds =
    Bounds { memory: TEMPLATE_MEMORY, seconds: TEMPLATE_SECONDS, answer: USER_DATA_WORK + 1 };

/// Renders a template ([`jinja::render`]) in a process of its own, so that none takes this one down.
fn render(text: &str, from: usize, data: &Value<'_>) -> Result<String, Fault> {
    let answer = child::answer(BOUNDS, &mut || to_bytes(jinja::render(text, from, data)));
    let why = match answer {
        Ok(Some(answer)) => match of_bytes(answer) {
            Some(rendered) => return rendered,
            None => "what came of it can't be read".into(),
        },
        Ok(None) => format!(
            "rendering it takes more than {TEMPLATE_SECONDS} s or {} MiB: does a list hold itself?",
            TEMPLATE_MEMORY >> 20
        ),
        Err(errno) => format!("no process can be had for it: {errno}"),
    };
    Err(Fault { at: from, why })
}

/// The text, or the place and the reason, with a byte before it that says which.
fn to_bytes(rendered: Result<String, Fault>) -> Vec<u8> {
    match rendered {
        Ok(text) => [b"t", text.as_bytes()].concat(),
        Err(fault) => [b"f", &fault.at.to_ne_bytes()[..], fault.why.as_bytes()].concat(),
    }
}

fn of_bytes(mut answer: Vec<u8>) -> Option<Result<String, Fault>> {
    if answer.first()? == &b't' {
        answer.remove(0);
        return Some(Ok(String::from_utf8(answer).ok()?));
    }
    let (at, why) = answer.get(1..)?.split_first_chunk()?;
    Some(Err(Fault { at: usize::from_ne_bytes(*at), why: String::from_utf8(why.into()).ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_it_was() {
        assert_eq!(of_bytes(to_bytes(Ok("text".into()))).unwrap().unwrap(), "text");
        let fault = of_bytes(to_bytes(Err(Fault { at: 7, why: "why".into() }))).unwrap().unwrap_err();
        assert_eq!((fault.at, &*fault.why), (7, "why"));
        assert!(of_bytes(Vec::new()).is_none());
    }
}
