//! Strict readers of the formats: what of a text is a line, a key, a field or a
//! word to the program that reads it.

use crate::shape::Records;

impl Records<'_> {
    /// The keys of a document, and how many items its lists have.
    pub(crate) fn tree(&mut self, value: &glowplug::syntax::value::Value<'_>, path: &str) {
        for (key, value) in value.entries() {
            let key = key.scalar().unwrap_or_default().into_owned();
            self.push(&format!("key below {path}"), &key);
            let below = if self.is_value(&key) { "VALUE" } else { &*key };
            self.tree(value, &format!("{path}/{below}"));
        }
        for item in value.items().unwrap_or_default() {
            self.found.push(format!("item of {path}"));
            self.tree(item, path);
        }
    }

    /// Each line that is not empty; those that begin with one of `comments`
    /// count alone.
    pub(crate) fn lines(&mut self, text: &str, comments: &str, each: impl Fn(&mut Self, &str)) {
        for line in text.split(['\n', '\r']) {
            match line.trim_start_matches([' ', '\t']).chars().next() {
                None => {}
                Some(first) if comments.contains(first) => self.push("comment", ""),
                Some(_) => each(self, line),
            }
        }
    }

    /// sudoers(5): a line that ends with a backslash goes on.
    pub(crate) fn sudoers(&mut self, text: &str) {
        for line in text.replace("\\\n", " ").split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
            let user = line.split_whitespace().next().unwrap();
            if user.starts_with(['#', '@']) {
                continue;
            }
            let is_name = user.chars().all(|c| c.is_alphanumeric() || "_.-$".contains(c)) && user != "ALL";
            self.push(if is_name { "rule of" } else { "rule of more than" }, "a user");
            let rule = line.trim_start().strip_prefix(user).unwrap();
            let mut quoted = false;
            let mut escaped = false;
            let mut is_open = true;
            for c in rule.chars() {
                quoted ^= c == '"' && !escaped;
                is_open &= c != '#';
                if !is_open {
                    break;
                }
                escaped = c == '\\' && !escaped;
            }
            if quoted || escaped || !rule.contains('=') {
                self.push("broken rule", "");
            }
        }
    }

    /// apt.conf(5): `NAME "VALUE";` each.
    pub(crate) fn apt(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| !line.is_empty() && !line.starts_with("//")) {
            let fields: Vec<&str> = line.split('"').collect();
            match &*fields {
                [name, value, ";"] if !value.contains(|c: char| c.is_control() || c == '\\') => {
                    self.push("apt", name);
                }
                _ => self.push("apt", "no setting"),
            }
        }
    }

    /// Words of a shell on each line, quotes followed.
    pub(crate) fn shell(&mut self, text: &str) {
        let (mut words, mut quote, mut inside, mut any) = (0, None, false, false);
        // Patterns are not expanded in `NAME=VALUE`.
        let mut assigns = false;
        for c in text.replace("'\\''", "").chars() {
            any = true;
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (Some('"'), '$' | '`' | '\\') => self.push("shell", "expands"),
                (Some(_), _) => {}
                (None, '\'' | '"') => {
                    words += usize::from(!inside);
                    (quote, inside) = (Some(c), true);
                }
                (None, '\n') => {
                    self.count("shell", "", words);
                    (words, inside, assigns) = (0, false, false);
                }
                (None, ' ' | '\t') => (inside, assigns) = (false, false),
                (None, '*' | '?') if assigns => {}
                (None, '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '~') => {
                    self.push("shell", "operator");
                }
                (None, '\\') => self.push("shell", "escape"),
                (None, c) => {
                    words += usize::from(!inside);
                    assigns |= inside && c == '=';
                    inside = true;
                }
            }
        }
        if any && quote.is_some() {
            self.push("shell", "open quote");
        }
    }

    /// sshd(8), AUTHORIZED_KEYS: a text of several lines is several keys.
    pub(crate) fn keys(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| line.starts_with("no-port")) {
            let (mut quoted, mut escaped, mut options) = (false, false, 1);
            for c in line.chars() {
                quoted ^= c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                options += usize::from(c == ',' && !quoted);
                if c == ' ' && !quoted {
                    break;
                }
            }
            if quoted || options != 4 {
                self.push("odd options in", "authorized_keys");
            }
        }
        // Those of C1 are bytes of a comment's UTF-8 to sshd.
        if text.contains(|c: char| c.is_ascii_control() && c != '\n' && c != '\t') {
            self.push("control character in", "authorized_keys");
        }
    }

    pub(crate) fn ini(&mut self, text: &str) {
        let mut section = String::new();
        for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
            if line.starts_with(['#', ';']) {
                self.push("comment", "");
            } else if line.starts_with('[') {
                let name = line.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
                let is_one = name.is_some_and(|name| !name.contains(['[', ']']));
                let is_value = self.is_value(name.unwrap_or(line));
                section = if is_value { "VALUE".into() } else { line.into() };
                self.found.push(format!("{} {section}", if is_one { "section" } else { "odd section" }));
            } else if !line.starts_with([' ', '\t']) {
                let key = line.split(['=', ':']).next().unwrap().trim();
                self.push(&format!("key of {section}"), if line.contains('=') { key } else { "none" });
            }
        }
    }
}
