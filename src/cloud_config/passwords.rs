//! `password`, `chpasswd` and `ssh_pwauth`.

use super::schema::{Key, Kind};
use super::users::check_name;
use super::{CloudConfig, Setting};
use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("password", Kind::Scalar),
    Key::new(
        "chpasswd",
        Kind::Map(&[
            Key::new("expire", Kind::Bool),
            Key::new("list", Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)])),
            Key::new(
                "users",
                Kind::List(&Kind::Map(&[
                    Key::new("name", Kind::Text).required(),
                    Key::new("password", Kind::Scalar),
                    Key::new("type", Kind::OneOf(&["hash", "text", "RANDOM"])),
                ])),
            ),
        ]),
    ),
    Key::new("ssh_pwauth", Kind::Either(&[Kind::Bool, Kind::Text])),
];

/// What a password is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password<'a> {
    /// This text.
    Text(Cow<'a, str>),
    /// What has this hash.
    Hash(Cow<'a, str>),
    /// Something random, told on the console.
    Random,
}

/// The passwords of users in the order they are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords<'a> {
    /// Users and their passwords.
    pub of: Vec<(&'a str, Password<'a>)>,
    /// Whether each has to be changed at the next login.
    pub expire: bool,
}

const DOING: &str = "set the password at";

/// Reads `chpasswd`, or `password` for the default user where that names
/// nobody. What makes no sense is a problem, and the others count.
pub fn parse<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Passwords<'a> {
    let mut passwords = Passwords { expire: config.is_true("chpasswd.expire", true), ..Passwords::default() };
    let mut take = |entry: Result<(&'a str, Password<'a>)>| match entry {
        Ok(entry) => passwords.of.push(entry),
        Err(problem) => problems.push(problem),
    };
    if let Some(setting) = config.get("chpasswd.users") {
        match setting.list("chpasswd.users") {
            Ok(items) => items.iter().for_each(|item| take(of_user(&setting, item))),
            Err(problem) => take(Err(problem)),
        }
    }
    if let Some(setting) = config.get("chpasswd.list") {
        match &setting.value.data {
            Data::Str(text) => text.lines().filter(|line| !line.trim_ascii().is_empty()).for_each(|line| {
                take(of_line(&setting, setting.value, line));
            }),
            Data::Seq(items) => items.iter().for_each(|item| {
                take(match item.as_str() {
                    Some(line) => of_line(&setting, item, line),
                    None => Err(setting.mismatch(DOING, item, "it", "a string")),
                });
            }),
            _ => take(Err(setting.mismatch(DOING, setting.value, "chpasswd.list", "a list"))),
        }
    }
    if passwords.of.is_empty()
        && let Some(setting) = config.get("password")
    {
        match (text(setting.value), config.default_user()) {
            (Some(text), _) if text.is_empty() => {}
            (Some(_), Some(user)) if check_name(user).is_err() => {
                problems.push(setting.error(DOING, setting.value, "the default user's name is not a name"));
            }
            (Some(text), Some(user)) => passwords.of.push((user, kind(text))),
            (Some(_), None) => {
                problems.push(setting.error(DOING, setting.value, "there is no default user to have it"));
            }
            (None, _) => problems.push(setting.mismatch(DOING, setting.value, "password", "a line of text")),
        }
    }
    passwords
}

/// A scalar that chpasswd(8) takes for a password.
fn text<'a>(value: &'a Value<'a>) -> Option<Cow<'a, str>> {
    line_of(value).filter(|text| !text.contains(char::is_control))
}

/// A scalar as text, without the line end that YAML leaves on a block.
pub(super) fn line_of<'a>(value: &'a Value<'a>) -> Option<Cow<'a, str>> {
    Some(match &value.data {
        Data::Str(text) | Data::Timestamp(text) | Data::BigInt(text) | Data::Float(text) => {
            text.trim_end_matches(['\r', '\n']).into()
        }
        Data::Int(number) => number.to_string().into(),
        _ => return None,
    })
}

/// An item of `chpasswd.users`.
fn of_user<'a>(setting: &Setting<'a>, item: &'a Value<'a>) -> Result<(&'a str, Password<'a>)> {
    let Some(name) = item.get("name").and_then(Value::as_str) else {
        return Err(setting.error(DOING, item, "it has no name"));
    };
    check_name(name).map_err(|why| setting.error(DOING, item, why))?;
    let given = item.get_set("password");
    let wanted = |what| match given.map(text) {
        Some(Some(text)) => Ok(text),
        Some(None) => Err(setting.error(DOING, item, "password is not a line of text")),
        None => Err(setting.error(DOING, item, what)),
    };
    let password = match item.get_set("type").map_or(Some("hash"), Value::as_str) {
        Some("RANDOM") => Password::Random,
        Some("text") => Password::Text(wanted("it has no password")?),
        Some("hash") => match wanted("it has no password, and its type is not RANDOM")? {
            // A DES hash may be digits alone.
            hash if !hash.contains(':') => Password::Hash(hash),
            _ => return Err(setting.error(DOING, item, "password is not a hash")),
        },
        _ => return Err(setting.error(DOING, item, "type is none of hash, text, RANDOM")),
    };
    Ok((name, password))
}

/// A line `USER:PASSWORD` of `chpasswd.list`.
fn of_line<'a>(setting: &Setting<'a>, place: &Value<'_>, line: &'a str) -> Result<(&'a str, Password<'a>)> {
    let Some((name, password)) = line.split_once(':') else {
        return Err(setting.error(DOING, place, "a line of it has no colon behind the user"));
    };
    if line.contains(char::is_control) {
        return Err(setting.error(DOING, place, "a line of it has control characters"));
    }
    check_name(name).map_err(|why| setting.error(DOING, place, why))?;
    Ok((name, kind(Cow::Borrowed(password))))
}

/// A text that says itself what it is.
fn kind(text: Cow<'_, str>) -> Password<'_> {
    match text {
        text if text == "R" || text == "RANDOM" => Password::Random,
        text if is_hash(&text) => Password::Hash(text),
        text => Password::Text(text),
    }
}

/// Whether a text is what crypt(5) calls a hash, by its prefix. One of the oldest kind has none, and
/// is a password.
fn is_hash(text: &str) -> bool {
    /// Characters of a hash of BSDi's DES, prefix included.
    const BSDI: usize = 20;
    let is_of_des = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    if let Some(rest) = text.strip_prefix('_') {
        return text.len() == BSDI && rest.bytes().all(is_of_des);
    }
    let mut fields = text.split('$');
    if fields.next() != Some("") || text.contains(':') {
        return false;
    }
    let id = fields.next().unwrap_or_default();
    let filled = fields.filter(|field| !field.is_empty()).count();
    match id {
        "1" | "2a" | "2b" | "2x" | "2y" | "5" | "6" | "7" | "gy" | "md5" | "sha1" | "y" => filled >= 2,
        // NT: `$3$$` and 32 digits.
        "3" => text.starts_with("$3$$") && filled == 1,
        _ => id.starts_with("md5,rounds=") && filled >= 2,
    }
}

/// Whether sshd(8) is to take passwords; `None`: as it is. A word that says
/// neither is a problem.
pub fn ssh_pwauth(config: &CloudConfig<'_>, problems: &mut Vec<Error>) -> Option<bool> {
    let setting = config.get("ssh_pwauth")?;
    let any = |words: &[&str]| {
        let text = match &setting.value.data {
            Data::Bool(value) => value.to_string(),
            Data::Int(number) => number.to_string(),
            Data::Str(text) => text.trim_ascii().to_ascii_lowercase(),
            _ => return false,
        };
        words.contains(&&*text)
    };
    if any(&["true", "1", "on", "yes"]) {
        Some(true)
    } else if any(&["false", "0", "off", "no"]) {
        Some(false)
    } else {
        if !any(&["unchanged"]) {
            problems.push(setting.error(
                "use ssh_pwauth at",
                setting.value,
                "it is none of true, false, unchanged",
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    fn parsed(text: &str) -> (Vec<(String, String)>, bool, Vec<String>) {
        let config = layer(text);
        let mut problems = Vec::new();
        let passwords = parse(&config, &mut problems);
        let of = passwords.of.iter().map(|(user, password)| (user.to_string(), format!("{password:?}")));
        (of.collect(), passwords.expire, problems.iter().map(ToString::to_string).collect())
    }

    fn one(user: &str, password: &str) -> (String, String) {
        (user.into(), password.into())
    }

    #[test]
    fn every_form_gives_passwords() {
        let text = "chpasswd:\n  expire: false\n  users:\n  - {name: a, password: 12345, type: text}\n  - {name: b, type: RANDOM}\n  - {name: c, password: $6$x$y}\n  list: |\n    d:pass:word\n\n    e:R\n    f:$5$s$h\n";
        let (of, expire, problems) = parsed(text);
        assert_eq!(
            of,
            [
                one("a", "Text(\"12345\")"),
                one("b", "Random"),
                one("c", "Hash(\"$6$x$y\")"),
                one("d", "Text(\"pass:word\")"),
                one("e", "Random"),
                one("f", "Hash(\"$5$s$h\")"),
            ]
        );
        assert!(!expire && problems.is_empty());
        let default = "{password: x, users: [default], system_info: {default_user: {name: me}}}";
        assert_eq!(parsed(default), (vec![one("me", "Text(\"x\")")], true, vec![]));
    }

    #[test]
    fn hashes_of_yescrypt_were_set_as_passwords() {
        let hash = "$y$j9T$PX1w5G1xkRkTbzCm$DsJ2";
        let (of, _, problems) = parsed(&format!("chpasswd: {{list: ['a:{hash}']}}"));
        assert_eq!((of, problems), (vec![one("a", &format!("Hash({hash:?})"))], vec![]));
    }

    #[test]
    fn every_prefix_of_crypt_is_that_of_a_hash() {
        for hash in [
            "$y$j9T$PX1w5G1xkRkTbzCm$DsJ2",
            "$gy$j9T$PX1w5G1xkRkTbzCm$DsJ2",
            "$7$CU..../....2Q9obwLhin8qvQl6sisAO/$sh.sa",
            "$2a$05$abc",
            "$2b$05$abc",
            "$2x$05$abc",
            "$2y$05$abc",
            "$6$rounds=5000$salt$hash",
            "$5$salt$hash",
            "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq",
            "$md5,rounds=5000$GUBv0xjJ$$mSwgIswdjlTY0YxV7HBVm0",
            "$md5$GUBv0xjJ$mSwgIswdjlTY0YxV7HBVm0",
            "$1$salt$hash",
            "$3$$8846f7eaee8fb117ad06bdd830b7586c",
            "_J9..K0AyUubBeH5EU0E",
        ] {
            assert_eq!(kind(hash.into()), Password::Hash(hash.into()), "{hash}");
        }
        for text in [
            "$100",
            "$3$x",
            "$9$a$b",
            "_short",
            "_J9..K0AyUubBeH5E U0",
            "$6$a:b$c",
            "abJnggxhB/yWI",
            "a$6$b$c",
        ] {
            assert_eq!(kind(text.into()), Password::Text(text.into()), "{text}");
        }
    }

    #[test]
    fn a_hash_of_digits_was_none() {
        let text =
            "chpasswd: {users: [{name: a, password: 1234567890123}, {name: b, password: 12345678901.5}]}";
        let hashes = vec![one("a", "Hash(\"1234567890123\")"), one("b", "Hash(\"12345678901.5\")")];
        assert_eq!(parsed(text), (hashes, true, vec![]));
    }

    #[test]
    fn a_password_in_a_block_has_no_line_end() {
        let text = "chpasswd:\n  users:\n  - name: n\n    type: text\n    password: |\n      topsecret\n";
        assert_eq!(parsed(text).0, [one("n", "Text(\"topsecret\")")]);
    }

    #[test]
    fn what_makes_no_sense_leaves_the_others() {
        let text = "chpasswd: {users: [{password: x}, {name: a, password: [x], type: text}, {name: b}], list: [ab, 'c:d']}";
        let (of, _, problems) = parsed(text);
        assert_eq!(of, [one("c", "Text(\"d\")")]);
        assert_eq!(
            problems,
            [
                "unable to set the password at user-data:1:20: it has no name",
                "unable to set the password at user-data:1:35: password is not a line of text",
                "unable to set the password at user-data:1:73: it has no password, and its type is not RANDOM",
                "unable to set the password at user-data:1:92: a line of it has no colon behind the user",
            ]
        );
        assert_eq!(
            parsed("{password: x}").2,
            ["unable to set the password at user-data:1:12: there is no default user to have it"]
        );
    }

    #[test]
    fn passwords_over_ssh_are_on_off_or_as_they_are() {
        let wanted = |text: &str| {
            let mut problems = Vec::new();
            (ssh_pwauth(&layer(text), &mut problems), problems.len())
        };
        assert_eq!(wanted("{}"), (None, 0));
        assert_eq!(wanted("{ssh_pwauth: yes}"), (Some(true), 0));
        assert_eq!(wanted("{ssh_pwauth: 'False'}"), (Some(false), 0));
        assert_eq!(wanted("{ssh_pwauth: unchanged}"), (None, 0));
        assert_eq!(wanted("{ssh_pwauth: maybe}"), (None, 1));
    }
}
