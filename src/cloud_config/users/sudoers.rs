//! Whether a rule is one that sudo(8) or doas(1) can read: a file with one that
//! they can't read lets nobody become root any more.

/// What may stand before a command, with a colon behind it (sudoers(5),
/// `Tag_Spec`).
const TAGS: &[&str] = &[
    "EXEC",
    "NOEXEC",
    "FOLLOW",
    "NOFOLLOW",
    "INTERCEPT",
    "NOINTERCEPT",
    "LOG_INPUT",
    "NOLOG_INPUT",
    "LOG_OUTPUT",
    "NOLOG_OUTPUT",
    "MAIL",
    "NOMAIL",
    "PASSWD",
    "NOPASSWD",
    "SETENV",
    "NOSETENV",
];

/// What may stand before a command, with `=` and a value behind it
/// (`Option_Spec`).
const OPTIONS: &[&str] = &[
    "APPARMOR_PROFILE",
    "CHROOT",
    "CWD",
    "LIMITPRIVS",
    "NOTAFTER",
    "NOTBEFORE",
    "PRIVS",
    "ROLE",
    "TIMEOUT",
    "TYPE",
];

/// Digests of commands (`Digest_Spec`).
const DIGESTS: &[&str] = &["sha224", "sha256", "sha384", "sha512"];

/// What is wrong with a rule.
type Check<T> = Result<T, &'static str>;

/// Takes a rule without its user for one of sudoers(5): one line of
/// `HOSTS = (RUNAS) TAGS COMMANDS`, more of them behind colons.
pub(super) fn sudo(rule: &str) -> Check<()> {
    let mut rest = Rest(one_line(rule)?);
    loop {
        rest.list(&|rest| rest.negated(|rest| member(rest, true)))?;
        rest.take('=').ok_or("no = follows the hosts")?;
        rest.list(&command)?;
        if rest.is_empty() {
            return Ok(());
        }
        rest.take(':').ok_or("something follows the commands")?;
    }
}

/// Takes a name for one that means this user alone in front of a rule.
pub(super) fn user(name: &str) -> Check<()> {
    let is_plain = |c: char| c.is_alphanumeric() || "_.-$".contains(c);
    if name != "ALL" && name.chars().all(is_plain) {
        Ok(())
    } else {
        Err("sudo takes the user's name for something else")
    }
}

/// Takes a rule for one of doas.conf(5) that names `user`.
pub(super) fn doas(rule: &str, user: &str) -> Check<()> {
    let rule = one_line(rule)?;
    let words = rule.split('#').next().unwrap_or_default().split_ascii_whitespace();
    match words.clone().next() {
        Some("permit" | "deny") if rule.matches('"').count() % 2 == 1 => Err("a quote has no end"),
        Some("permit" | "deny") if words.clone().any(|word| word == user) => Ok(()),
        Some("permit" | "deny") => Err("it does not name this user"),
        _ => Err("it begins with neither permit nor deny"),
    }
}

fn one_line(rule: &str) -> Check<&str> {
    let rule = rule.trim_matches([' ', '\t']);
    let slashes = rule.len() - rule.trim_end_matches('\\').len();
    if rule.is_empty() {
        Err("it is empty")
    } else if rule.chars().any(|c| c.is_control() && c != '\t') {
        Err("it has control characters")
    } else if slashes % 2 == 1 {
        Err("it ends with a backslash, and would go on in the next line")
    } else {
        Ok(rule)
    }
}

/// One command with what stands before it.
fn command(rest: &mut Rest<'_>) -> Check<()> {
    if rest.take('(').is_some() {
        for separator in [':', ')'] {
            if !rest.begins_with(&[':', ')']) {
                rest.list(&|rest| rest.negated(|rest| member(rest, false)))?;
            }
            if rest.take(')').is_some() {
                break;
            }
            rest.take(separator).ok_or("the parenthesis has no end")?;
        }
    }
    loop {
        let before = rest.0;
        let word = rest.word("=,:()")?;
        if TAGS.contains(&word) {
            rest.take(':').ok_or("no colon follows a tag")?;
        } else if OPTIONS.contains(&word) {
            rest.take('=').ok_or("no = follows an option")?;
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./~*-".contains(c);
            if !rest.word(",:()")?.chars().all(is_plain) {
                return Err("an option has a value with other characters than those of a path");
            }
        } else if DIGESTS.contains(&word) {
            rest.take(':').ok_or("no colon follows a digest's name")?;
            let is_digest = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
            if !rest.word(",:()")?.chars().all(is_digest) {
                return Err("a digest is neither hexadecimal nor base64");
            }
            rest.take(',');
        } else {
            rest.0 = before;
            return rest.negated(path);
        }
    }
}

/// A host, user, group, netgroup or alias; of a `host` also its network.
fn member<'r>(rest: &mut Rest<'r>, host: bool) -> Check<&'r str> {
    let word = rest.word("=,:()")?;
    let name = word.strip_prefix(['%', '+']).unwrap_or(word);
    let name = name.strip_prefix(['#', ':']).unwrap_or(name);
    let is_plain = |c: char| c.is_alphanumeric() || "_.-".contains(c) || host && "/*?[]".contains(c);
    let is_quoted = name.len() > 2 && name.starts_with('"') && name.ends_with('"');
    let is_reserved = TAGS.contains(&word) || OPTIONS.contains(&word);
    if !is_reserved
        && (is_quoted || !name.is_empty() && !name.starts_with(['/', '-']) && name.chars().all(is_plain))
    {
        Ok(word)
    } else {
        Err("a host or user is no name")
    }
}

/// `ALL`, the name of an alias, or the full path of a program and its arguments.
fn path<'r>(rest: &mut Rest<'r>) -> Check<&'r str> {
    let word = rest.word("=,:()")?;
    let is_alias = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let is_pattern = word.starts_with("^/") && word.find('$') == Some(word.len() - 1);
    let is_plain = |c: char| c.is_alphanumeric() || "_.-/*?[]+@".contains(c);
    let is_path = word.starts_with('/') && word.chars().all(is_plain);
    let stands_alone = is_alias || is_pattern || word == "list" || word.ends_with('/');
    if !is_alias && !is_pattern && !is_path && !matches!(word, "sudoedit" | "list") || TAGS.contains(&word) {
        return Err("a command is neither ALL, a full path nor an alias, or a tag is not known");
    }
    while !stands_alone && !rest.is_empty() && !rest.begins_with(&[',', ':']) {
        if !rest.word(",:")?.starts_with('/') && word == "sudoedit" {
            return Err("a file for sudoedit is no full path");
        }
    }
    Ok(word)
}

/// What is left of a rule, without blanks in front.
struct Rest<'r>(&'r str);

impl<'r> Rest<'r> {
    fn begins_with(&self, any: &[char]) -> bool {
        self.0.starts_with(any)
    }

    /// A comment is the rest of the line.
    fn is_empty(&self) -> bool {
        let is_number = self.0.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        self.0.is_empty() || self.0.starts_with('#') && !is_number
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.skip(self.0.strip_prefix(c)?);
        Some(())
    }

    fn skip(&mut self, rest: &'r str) {
        self.0 = rest.trim_start_matches([' ', '\t']);
    }

    /// A word up to a blank or one of `ends`: those have a backslash before them
    /// in it, or are in double quotes.
    fn word(&mut self, ends: &str) -> Check<&'r str> {
        let (mut quoted, mut escaped) = (false, false);
        let is_end = |(at, c): (usize, char)| {
            let next = self.0.as_bytes().get(1);
            let number = at > 0 || next.is_some_and(u8::is_ascii_digit);
            let ends = c == ' ' || c == '\t' || ends.contains(c) || c == '#' && !number;
            let found = ends && !quoted && !escaped;
            quoted ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            found
        };
        let end = self.0.char_indices().position(is_end);
        let end = end.and_then(|at| self.0.char_indices().nth(at)).map_or(self.0.len(), |(at, _)| at);
        let (word, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        if quoted {
            return Err("a quote has no end");
        }
        if word.is_empty() {
            return Err("a host, user or command is missing");
        }
        self.skip(rest);
        Ok(word)
    }

    /// Something with any number of `!` before it.
    fn negated(&mut self, one: impl Fn(&mut Self) -> Check<&'r str>) -> Check<()> {
        while self.take('!').is_some() {}
        one(self).map(|_| ())
    }

    /// One and more of them behind commas.
    fn list(&mut self, one: &dyn Fn(&mut Self) -> Check<()>) -> Check<()> {
        loop {
            one(self)?;
            if self.take(',').is_none() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_manual_and_of_images_are_taken() {
        for rule in [
            "ALL=(ALL) NOPASSWD:ALL",
            "ALL=(ALL) NOPASSWD: ALL",
            "ALL = (ALL:ALL) ALL",
            "ALL=(:dialer) /usr/bin/cu",
            "ALL=() ALL",
            "ALL=(root, bin : operator, system) NOEXEC: NOPASSWD: /bin/ls, PASSWD: /bin/kill, !/bin/sh",
            "CSNETS = ALL",
            "128.138.204.0/24,web1, !mail = sudoedit /etc/printcap, KILL, /usr/oper/bin/",
            "ALL=(#1000, %#5, %wheel, !#0) /bin/a -x \\, b\\=c \\: ALL",
            "HPPA = (oracle) TIMEOUT=8h CWD=/tmp /bin/x : SPARC = /bin/y",
            "ALL=sha256:AAAA=, sha512:ab /bin/ls",
            "ALL=(\"a user\") ALL",
            "ALL=(ALL) ALL # comment with \" and =",
            "ALL=(ALL) ^/usr/bin/[a-z]+$",
            "ALL=(ALL) /bin/a \"\"",
            "ALL=(ALL) /bin/a b=c (d)",
            "ALL=/usr/bin/systemctl restart app.service, /usr/bin/journalctl -u app*",
        ] {
            assert_eq!(sudo(rule), Ok(()), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_would_break_the_file_is_refused() {
        for rule in [
            "",
            " ",
            "ALL",
            "ALL=",
            "=ALL",
            "ALL=(ALL",
            "ALL=(ALL)",
            "ALL=(ALL) NOPASSWD ALL",
            "ALL=(ALL) NOPASWD: ALL",
            "ALL=(ALL) ALL\\",
            "ALL=(ALL) apt",
            "ALL=(ALL) ALL,",
            "ALL=(ALL) \"ALL",
            "ALL=(ALL) ALL ALL",
            "ALL=(ALL) ALL\nroot ALL=ALL",
            "ALL=(ALL) ALL\r",
            "ALL=(a:b:c) ALL",
            "# ALL=(ALL) ALL",
            "True",
        ] {
            assert!(sudo(rule).is_err(), "{rule}");
        }
    }

    #[test]
    fn a_rule_of_doas_names_its_user_outside_a_comment() {
        assert_eq!(doas("permit nopass bob as root cmd /bin/x", "bob"), Ok(()));
        for rule in
            ["permit root # bob", "permit bob\\", "bob", "permit \"bob", "permit bob cmd \"x", "", "deny x\n"]
        {
            assert!(doas(rule, "bob").is_err(), "{rule}");
        }
    }
}
