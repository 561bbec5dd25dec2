//! `final_message`: what the console says when everything is done.

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Task};
use crate::date::utc;
use crate::error::Error;
use crate::state::paths::{Frequency, decimal_point};
use crate::syntax::value::{Data, Value};
use crate::user_data::render_text;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "final_message",
    keys: &[],
    stage: Stage::Final,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const KEY: &str = "final_message";

/// Said where nobody asks for anything else.
const DEFAULT: &str =
    "glowplug v. $version finished at $timestamp. Datasource $datasource.  Up $uptime seconds";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let setting = context.config.get(KEY);
    let given = setting.and_then(|setting| {
        if setting.value.as_str().is_none() {
            plan.problems.push(setting.mismatch("say the message at", setting.value, KEY, "a string"));
        }
        setting.value.as_str()
    });
    let text = given.map(str::trim_ascii).filter(|text| !text.is_empty()).unwrap_or(DEFAULT);
    match message(context, text) {
        Ok(text) => {
            let what = "say the final message".into();
            plan.actions.push(Task { what, effect: Effect::Print(text + "\n") }.into());
        }
        Err(error) => plan.problems.push(error),
    }
}

/// The message with its four values, each known in small and in large letters.
fn message(context: &Context<'_>, text: &str) -> Result<String, Error> {
    let values = [
        ("uptime", decimal_point(context.host.uptime() / 10_000, 100)),
        ("timestamp", utc(context.host.now()).rfc2822()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("datasource", context.instance.datasource_name()),
    ];
    let mut entries = Vec::new();
    for (name, value) in values {
        for name in [name.into(), name.to_ascii_uppercase()] {
            let text = |text: String| Value::bare(Data::Str(text.into()));
            entries.push((text(name), text(value.clone())));
        }
    }
    render_text(context.jinja(), KEY, text, &Value::bare(Data::Map(entries)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, printed, texts};

    fn said(text: &str) -> String {
        let plan = planned(KEY, text, &Tree::default());
        assert_eq!(plan.problems, []);
        printed(&plan).into()
    }

    #[test]
    fn a_message_is_said_with_or_without_words_of_ones_own() {
        let version = env!("CARGO_PKG_VERSION");
        let date = "Sun, 22 Nov 2026 18:30:05 +0000";
        let default = format!(
            "glowplug v. {version} finished at {date}. Datasource DataSourceConfigDrive.  Up 12.34 seconds\n"
        );
        assert_eq!(said("{}"), default);
        assert_eq!(said("final_message: ' '"), default);
        assert_eq!(said("final_message: up ${UPTIME}s, $uptime."), "up 12.34s, 12.34.\n");
        let jinja = "final_message: |\n  ## template: jinja\n  {{ uptime }} {{ VERSION }}\n";
        assert_eq!(said(jinja), format!("12.34 {version}\n"));
    }

    #[test]
    fn a_message_that_is_no_template_is_told() {
        let plan = planned(KEY, "final_message: $NOTHING", &Tree::default());
        assert_eq!(plan.actions, []);
        assert_eq!(texts(&plan.problems), ["unable to render final_message: there is no NOTHING"]);
    }
}
