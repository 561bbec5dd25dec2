//! Completions for bash, zsh and fish. Run by the build script.

use super::verb::{Opt, Value, Verb};
use std::fmt::Write as _;

/// The commands with the words before them; the program itself has none.
fn commands(program: &Verb) -> Vec<(String, &Verb)> {
    let mut commands = Vec::new();
    program.walk(&[], &mut |path, verb| commands.push((path.join(" "), verb)));
    commands
}

/// The words that may follow a command: its own commands, else what its first
/// operand may be.
fn words(verb: &Verb) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = verb.verbs.iter().map(|verb| verb.name).collect();
    if let Some(Value::OneOf(_, choices)) = verb.operands.first().map(|operand| operand.value) {
        words.extend(choices);
    }
    words
}

/// How an option is written.
fn spellings(option: &Opt) -> Vec<String> {
    let short = option.short.map(|short| format!("-{short}"));
    short.into_iter().chain([format!("--{}", option.long)]).collect()
}

/// For bash: a function, and its registration for both names of the program.
pub(crate) fn bash(program: &Verb) -> String {
    let (mut paths, mut values, mut plain) = (Vec::new(), String::new(), String::new());
    for (path, verb) in commands(program) {
        if !path.is_empty() {
            paths.push(format!("'{path}'"));
        }
        for option in verb.options {
            if let Some(value) = option.value {
                let patterns: Vec<String> =
                    spellings(option).iter().map(|spelling| format!("'{path}:{spelling}'")).collect();
                let _ = writeln!(values, "        {}) {} ;;", patterns.join("|"), bash_value(value));
            }
        }
        let options: Vec<String> = verb.options.iter().flat_map(spellings).collect();
        let mut offered: Vec<String> = words(verb).into_iter().map(String::from).collect();
        offered.extend(options);
        offered.extend(["-h".into(), "--help".into()]);
        let _ = writeln!(plain, "        '{path}') words='{}' ;;", offered.join(" "));
        if let Some(operand) = verb.operands.first() {
            let _ = writeln!(
                values,
                "        '{path}:'*) [[ $cur == -* ]] || {{ {}; }} ;;",
                bash_value(operand.value)
            );
        }
    }
    format!(
        "# bash completion for glowplug
_glowplug() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path= word i words
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{path:+$path }}${{COMP_WORDS[i]}}
        case $word in
        {}) path=$word ;;
        esac
    done
    case $path:$prev in
{values}    esac
    case $path in
{plain}    esac
    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))
}}
complete -F _glowplug glowplug cloud-init
",
        paths.join("|")
    )
}

fn bash_value(value: Value) -> String {
    match value {
        Value::Text(_) => "return".into(),
        Value::File(_) => "COMPREPLY=($(compgen -f -- \"$cur\")); return".into(),
        Value::Directory(_) => "COMPREPLY=($(compgen -d -- \"$cur\")); return".into(),
        Value::OneOf(_, words) => {
            format!("COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return", words.join(" "))
        }
    }
}

/// One line without what a shell or `_arguments` would read in it.
fn line(text: &str) -> String {
    text.replace('\n', " ").replace(['\'', '`', '[', ']', ':', '"', '$'], "")
}

/// For zsh: a function for each command, by `_arguments`.
pub(crate) fn zsh(program: &Verb) -> String {
    let mut text = String::from("#compdef glowplug cloud-init\n");
    for (path, verb) in commands(program) {
        let _ = writeln!(text, "\n{}() {{", zsh_function(&path));
        let mut arguments = vec!["'(- *)'{-h,--help}'[print help]'".to_owned()];
        arguments.extend(verb.options.iter().map(zsh_option));
        for operand in verb.operands {
            let (position, optional) =
                (if operand.many { "*" } else { "" }, if operand.optional { ":" } else { "" });
            arguments
                .push(format!("'{position}:{optional}{}'", zsh_value(operand.value).trim_start_matches(':')));
        }
        if verb.verbs.is_empty() {
            let _ = writeln!(text, "    _arguments -s \\\n        {}\n}}", arguments.join(" \\\n        "));
            continue;
        }
        arguments.push("'1: :->command'".into());
        arguments.push("'*:: :->arguments'".into());
        let rows: Vec<String> = verb
            .verbs
            .iter()
            .map(|inner| format!("        '{}:{}'", inner.name, line(inner.summary)))
            .collect();
        let cases: Vec<String> = verb
            .verbs
            .iter()
            .map(|inner| {
                let path =
                    if path.is_empty() { inner.name.to_owned() } else { format!("{path} {}", inner.name) };
                format!("            {}) {} ;;", inner.name, zsh_function(&path))
            })
            .collect();
        let _ = writeln!(
            text,
            "    local state line\n    local -a commands=(\n{}\n    )\n    _arguments -s -C \\\n        {}\n    case $state in\n        command) _describe command commands ;;\n        arguments)\n            case $line[1] in\n{}\n            esac ;;\n    esac\n}}",
            rows.join("\n"),
            arguments.join(" \\\n        "),
            cases.join("\n")
        );
    }
    text + "\n_glowplug \"$@\"\n"
}

fn zsh_function(path: &str) -> String {
    format!("_glowplug{}{}", if path.is_empty() { "" } else { "_" }, path.replace([' ', '-'], "_"))
}

fn zsh_option(option: &Opt) -> String {
    let star = if option.many { "*" } else { "" };
    let help = line(option.help);
    let value = option.value.map(zsh_value).unwrap_or_default();
    match option.short {
        Some(short) if option.many => format!("'*'{{-{short},--{}}}'[{help}]{value}'", option.long),
        Some(short) => {
            format!("'(-{short} --{long})'{{-{short},--{long}}}'[{help}]{value}'", long = option.long)
        }
        None => format!("'{star}--{}[{help}]{value}'", option.long),
    }
}

fn zsh_value(value: Value) -> String {
    let name = line(value.name());
    match value {
        Value::Text(_) => format!(":{name}: "),
        Value::File(_) => format!(":{name}:_files"),
        Value::Directory(_) => format!(":{name}:_files -/"),
        Value::OneOf(_, words) => format!(":{name}:({})", words.join(" ")),
    }
}

/// For fish: a line for each command and option.
pub(crate) fn fish(program: &Verb) -> String {
    let mut text = String::from("# fish completion for glowplug\n");
    for name in ["glowplug", "cloud-init"] {
        let _ = writeln!(text, "complete -c {name} -f");
        for (path, verb) in commands(program) {
            let condition = fish_condition(&path, verb);
            let start = format!("complete -c {name} -n '{condition}'");
            for inner in verb.verbs {
                let _ = writeln!(text, "{start} -a {} -d '{}'", inner.name, line(inner.summary));
            }
            for option in verb.options {
                let short = option.short.map(|short| format!(" -s {short}")).unwrap_or_default();
                let value = option.value.map(fish_value).unwrap_or_default();
                let _ = writeln!(text, "{start}{short} -l {}{value} -d '{}'", option.long, line(option.help));
            }
            if let Some(operand) = verb.operands.first() {
                let _ = writeln!(
                    text,
                    "{start}{}",
                    fish_value(operand.value).replace(" -x", "").replace(" -r", "")
                );
            }
        }
    }
    text
}

/// Whether the words so far are this command's, and not one of its own.
fn fish_condition(path: &str, verb: &Verb) -> String {
    let inner: Vec<&str> = verb.verbs.iter().map(|verb| verb.name).collect();
    let mut tests: Vec<String> =
        path.split_whitespace().map(|word| format!("__fish_seen_subcommand_from {word}")).collect();
    if !inner.is_empty() {
        tests.push(format!("not __fish_seen_subcommand_from {}", inner.join(" ")));
    }
    tests.join("; and ")
}

fn fish_value(value: Value) -> String {
    match value {
        Value::Text(_) => " -x".into(),
        Value::File(_) => " -r -F".into(),
        Value::Directory(_) => " -x -a '(__fish_complete_directories)'".into(),
        Value::OneOf(_, words) => format!(" -x -a '{}'", words.join(" ")),
    }
}
