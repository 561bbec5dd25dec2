//! What the command line's words are. The build script reads this too, and so
//! it names nothing of the program.

/// A command, or one of its own commands.
#[derive(Debug)]
pub(crate) struct Verb {
    /// The word.
    pub(crate) name: &'static str,
    /// What it does, in half a line.
    pub(crate) summary: &'static str,
    /// What it does, in lines of up to 80 characters; empty where the summary
    /// is enough.
    pub(crate) about: &'static str,
    /// Its options beside `--help`.
    pub(crate) options: &'static [Opt],
    /// What follows the options.
    pub(crate) operands: &'static [Operand],
    /// Its own commands; one of them is needed where there are any.
    pub(crate) verbs: &'static [Verb],
    /// Exit status, examples: what stands at the end, each part under a heading
    /// of its own.
    pub(crate) notes: &'static [(&'static str, &'static str)],
}

impl Verb {
    /// A command without a name, for what follows `..` in a table.
    pub(crate) const EMPTY: Self =
        Self { name: "", summary: "", about: "", options: &[], operands: &[], verbs: &[], notes: &[] };

    /// Every command with the words before it, this one first.
    #[allow(dead_code)] // the build script's
    pub(crate) fn walk<'v>(&'v self, path: &[&'v str], visit: &mut dyn FnMut(&[&'v str], &'v Self)) {
        visit(path, self);
        for verb in self.verbs {
            verb.walk(&[path, &[verb.name]].concat(), visit);
        }
    }

    /// What follows its name on a command line.
    pub(crate) fn usage(&self) -> String {
        let mut words = Vec::new();
        let required: Vec<&Opt> = self.options.iter().filter(|option| option.required).collect();
        if let [option] = *required {
            words.push(format!("--{} {}", option.long, option.value.map_or("", Value::name)));
        }
        if required.len() > 1 {
            words.push("OPTION...".into());
        } else if self.options.len() > required.len() {
            words.push("[OPTION...]".into());
        }
        if !self.verbs.is_empty() {
            words.push("COMMAND".into());
        }
        for operand in self.operands {
            let dots = if operand.many { "..." } else { "" };
            let word = format!("{}{dots}", operand.value.name());
            words.push(if operand.optional { format!("[{word}]") } else { word });
        }
        words.join(" ")
    }
}

/// An option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opt {
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) value: Option<Value>,
    /// Whether the command means nothing without it.
    pub(crate) required: bool,
    /// Whether it may be given several times.
    pub(crate) many: bool,
    /// What it does, in lines of up to 50 characters.
    pub(crate) help: &'static str,
}

impl Opt {
    const fn new(long: &'static str, short: char, value: Option<Value>, help: &'static str) -> Self {
        let short = if short == ' ' { None } else { Some(short) };
        Self { long, short, value, required: false, many: false, help }
    }

    /// An option without a value; `short` is a blank where it has no short form.
    pub(crate) const fn flag(long: &'static str, short: char, help: &'static str) -> Self {
        Self::new(long, short, None, help)
    }

    /// An option with a value.
    pub(crate) const fn value(long: &'static str, short: char, value: Value, help: &'static str) -> Self {
        Self::new(long, short, Some(value), help)
    }

    /// The option as one that must be given.
    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The option as one that may be given several times.
    pub(crate) const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    /// `-f, --format FORMAT`, with dots where it may come again.
    pub(crate) fn usage(&self) -> String {
        let dots = if self.many { "..." } else { "" };
        let short = self.short.map_or("    ".into(), |short| format!("-{short}, "));
        let value = self.value.map_or(String::new(), |value| format!(" {}", value.name()));
        format!("{short}--{}{value}{dots}", self.long)
    }
}

/// A value that a person gives, by its name in upper case.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Any text.
    Text(&'static str),
    /// The path of a file.
    File(&'static str),
    /// The path of a directory.
    Directory(&'static str),
    /// One of these words.
    OneOf(&'static str, &'static [&'static str]),
}

impl Value {
    pub(crate) const fn name(self) -> &'static str {
        let (Self::Text(name) | Self::File(name) | Self::Directory(name) | Self::OneOf(name, _)) = self;
        name
    }
}

/// A word that is no option.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    pub(crate) optional: bool,
    /// Everything from here on, options too.
    pub(crate) many: bool,
}

impl Operand {
    pub(crate) const fn one(value: Value) -> Self {
        Self { value, optional: false, many: false }
    }

    pub(crate) const fn optional(value: Value) -> Self {
        Self { value, optional: true, many: false }
    }

    pub(crate) const fn many(value: Value) -> Self {
        Self { value, optional: true, many: true }
    }
}
