//! Variables that are not there.

use glowplug::user_data::MISSING;
use minijinja::value::{DynObject, Enumerator, Kwargs, Object, ObjectRepr, Rest, Value};
use minijinja::{Environment, Error, ErrorKind, Output, State};
use std::cmp::Ordering;
use std::fmt::{self, Formatter};
use std::sync::Arc;

/// Jinja's undefined, with the name of what is not there.
#[derive(Debug)]
pub(super) struct Missing(String);

impl Missing {
    pub(super) fn value(name: &str) -> Value {
        Value::from_object(Self(name.into()))
    }

    fn error(&self) -> Error {
        Error::new(ErrorKind::UndefinedError, format!("there is no {}", self.0))
    }
}

impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from(self.error()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn call_method(self: &Arc<Self>, _: &mut State, _: &str, _: &[Value]) -> Result<Value, Error> {
        Err(self.error())
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Self>().map(|_| Ordering::Equal)
    }

    fn render(self: &Arc<Self>, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{MISSING}{}", self.0)
    }
}

pub(super) fn is_missing(value: &Value) -> bool {
    value.is_undefined() || value.downcast_object_ref::<Missing>().is_some()
}

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_test("defined", |value: &Value| !is_missing(value));
    environment.add_test("undefined", is_missing);
    for name in ["default", "d"] {
        environment.add_filter(name, default);
    }
    environment.set_formatter(|out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value| {
        Ok(write!(out, "{value}")?)
    });
}

/// Where Python computes with undefined, it fails.
pub(super) fn refuse(value: &Value) -> Result<(), Error> {
    match value.downcast_object_ref::<Missing>() {
        Some(missing) => Err(missing.error()),
        None => Ok(()),
    }
}

// minijinja gives the arguments as they are
#[allow(clippy::needless_pass_by_value)]
fn default(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let at = |index: usize, name: &str| match given.get(index) {
        Some(value) => Ok(value.clone()),
        None => named.get::<Option<Value>>(name).map(Option::unwrap_or_default),
    };
    let (other, is_strict) = (at(0, "default_value")?, at(1, "boolean")?.is_true());
    named.assert_all_used()?;
    let is_kept = !is_missing(value) && (value.is_true() || !is_strict);
    Ok(if is_kept {
        value.clone()
    } else if other.is_undefined() {
        Value::from("")
    } else {
        other
    })
}
