//! The real cloud-init, asked about user-data.

use crate::python::Python;
use crate::{data, object, shown, text};
use glowplug::syntax::value::Value;

/// tests/support/user_data.py, which says what can be asked.
pub(crate) struct Oracle(Python);

impl Oracle {
    pub(crate) fn start() -> Self {
        let script = ["../support/user_data.py", "template/instance-data.json"].map(|file| data().join(file));
        Self(Python::start(&script, None))
    }

    pub(crate) fn ask(&mut self, what: &str, about: &str) -> Value<'static> {
        self.0.ask(&shown(&object(vec![(what, text(about.to_string()))])).replace('\n', ""))
    }
}
