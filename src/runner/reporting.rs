//! `reporting`: where events of a boot are to be sent. Nothing here sends any, and says so.

use glowplug::cloud_config::{CloudConfig, Setting};
use glowplug::error::Error;
use glowplug::syntax::value::Value;

/// A line for each receiver that gets nothing; the log has the events that are for it.
pub(crate) fn unsent(config: &CloudConfig<'_>) -> Vec<Error> {
    let Some(setting) = config.get("reporting") else { return Vec::new() };
    let untold = |value: &&Value<'_>| {
        let kind = value.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| !matches!(kind, "log" | "print" | "none"))
    };
    let receivers = setting.value.entries().iter().map(|(_, value)| value).filter(untold);
    receivers.map(|value| told(&setting, value)).collect()
}

fn told(setting: &Setting<'_>, value: &Value<'_>) -> Error {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    setting.error("report as asked for at", value, &format!("no events are sent to a {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::cloud_config::Layer;
    use glowplug::syntax::yaml;

    #[test]
    fn a_receiver_of_events_was_left_out_in_silence() {
        let text = "reporting:\n  maas: {type: webhook, endpoint: 'http://m'}\n  logging: {type: log}\n";
        let value = yaml::load(text).unwrap();
        let config = CloudConfig::new(vec![Layer { name: "user-data", value: &value }]);
        let lines: Vec<String> = unsent(&config).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            ["unable to report as asked for at user-data:2:9: no events are sent to a webhook"]
        );
        assert_eq!(unsent(&CloudConfig::new(vec![])), []);
    }
}
