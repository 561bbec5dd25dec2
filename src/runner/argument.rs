//! What a list of modules, or `glowplug single`, gives a module beside its
//! name: for some modules it stands for a key of the configuration.

use glowplug::error::Error;
use glowplug::fetch::Fetch;
use glowplug::limits;
use glowplug::stage::listed::Entry;
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;

/// Modules and the keys that their first argument stands for.
const KEYS: [(&str, &str); 5] = [
    ("final_message", "final_message"),
    ("locale", "locale"),
    ("resizefs", "resize_rootfs"),
    ("set_passwords", "password"),
    ("timezone", "timezone"),
];

/// Its first argument is a file with the configuration.
const OF_FILE: &str = "phone_home";

/// The argument as configuration of its own, which wins over all; `None` for a
/// module without one.
pub(crate) fn layer<'a>(entry: &Entry<'a>, root: &dyn Fetch) -> Result<Option<Value<'a>>, Error> {
    let Some(argument) = entry.arguments.first() else { return Ok(None) };
    let module = entry.module.name;
    let map = |key: &'a str, value| Value::bare(Data::Map(vec![(Value::bare(Data::Str(key.into())), value)]));
    if module == OF_FILE {
        let path = argument.as_str().unwrap_or_default();
        let content = root.read(path, limits::ROOT_FILE)?;
        let content = content.ok_or_else(|| Error::new("read", path, "No such file or directory"))?;
        let text = String::from_utf8_lossy(&content);
        let value = yaml::load(&text)
            .map_err(|error| Error::at("read", path, error.place.line, error.place.column, error.message))?;
        return Ok(Some(map(OF_FILE, owned(&value))));
    }
    let key = KEYS.iter().find(|(name, _)| *name == module).map(|(_, key)| *key);
    Ok(key.map(|key| map(key, argument.clone())))
}

/// A tree of its own.
fn owned<'a>(value: &Value<'_>) -> Value<'a> {
    let data = match &value.data {
        Data::Null => Data::Null,
        Data::Bool(value) => Data::Bool(*value),
        Data::Int(value) => Data::Int(*value),
        Data::BigInt(text) => Data::BigInt(text.to_string().into()),
        Data::Float(text) => Data::Float(text.to_string().into()),
        Data::Str(text) => Data::Str(text.to_string().into()),
        Data::Timestamp(text) => Data::Timestamp(text.to_string().into()),
        Data::Bytes(bytes) => Data::Bytes(bytes.to_vec().into()),
        Data::Seq(items) => Data::Seq(items.iter().map(owned).collect()),
        Data::Map(entries) => {
            Data::Map(entries.iter().map(|(key, value)| (owned(key), owned(value))).collect())
        }
    };
    Value { place: value.place, data }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::module;

    fn of(name: &str, words: &[&str]) -> Result<Option<String>, String> {
        let module = module::ALL.iter().find(|module| module.name == name).unwrap();
        let arguments: Vec<Value<'_>> =
            words.iter().map(|word| Value::bare(Data::Str((*word).into()))).collect();
        let entry = Entry { arguments: &arguments, ..Entry::of(module) };
        let layer = layer(&entry, &Files).map_err(|error| error.to_string())?;
        Ok(layer.map(|value| {
            let (key, value) = &value.entries()[0];
            format!("{}: {}", key.as_str().unwrap(), value.as_str().unwrap_or(value.kind()))
        }))
    }

    struct Files;

    impl Fetch for Files {
        fn read(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>, Error> {
            Ok(match path {
                "/home.cfg" => Some(b"url: http://x/\n".to_vec()),
                "/broken" => Some(b"a: [".to_vec()),
                _ => None,
            })
        }

        fn list(&self, _: &str) -> Result<Option<Vec<String>>, Error> {
            Ok(None)
        }

        fn mode(&self, _: &str) -> Result<Option<u32>, Error> {
            Ok(None)
        }

        fn name(&self, path: &str) -> String {
            path.into()
        }
    }

    #[test]
    fn an_argument_stands_for_a_key() {
        assert_eq!(of("timezone", &["Europe/Paris", "x"]), Ok(Some("timezone: Europe/Paris".into())));
        assert_eq!(of("set_passwords", &["x"]), Ok(Some("password: x".into())));
        assert_eq!(of("timezone", &[]), Ok(None));
        assert_eq!(of("write_files", &["x"]), Ok(None));
        assert_eq!(of("phone_home", &["/home.cfg"]), Ok(Some("phone_home: a mapping".into())));
        assert_eq!(
            of("phone_home", &["/none"]),
            Err("unable to read /none: No such file or directory".into())
        );
        assert!(of("phone_home", &["/broken"]).unwrap_err().starts_with("unable to read /broken:1:4: "));
    }
}
