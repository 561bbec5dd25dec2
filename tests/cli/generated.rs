//! Completions and man pages, read by the programs they are made for.

use crate::printed;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A file that is gone after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &str) -> Self {
        let path = std::env::temp_dir().join(format!("glowplug-cli-{}-{name}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What a shell prints, standard error too; it must end well.
fn shell(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!("{program} must be there (tests/run installs it): {error}");
    });
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program}: {text}");
    text
}

#[test]
fn bash_completes_commands_options_and_values() {
    let file = File::new("bash", &printed(&["completions", "bash"]));
    let complete = |words: &str| {
        let count = words.matches(' ').count();
        let script = format!(
            "source {}; COMP_WORDS=({words}); [ {count} -lt ${{#COMP_WORDS[@]}} ] || COMP_WORDS+=(''); COMP_CWORD={count}; _glowplug; echo \"${{COMPREPLY[*]}}\"",
            file.0.display()
        );
        shell("bash", &["--norc", "-euc", &script]).trim_end().to_owned()
    };
    assert_eq!(complete("glowplug stat"), "status");
    assert_eq!(complete("glowplug status --fo"), "--format");
    assert_eq!(complete("glowplug status --format y"), "yaml");
    assert_eq!(complete("glowplug devel net-convert -k "), "eni network_data.json yaml");
    assert_eq!(complete("glowplug devel yaml Cargo.t"), "Cargo.toml");
    assert_eq!(complete("glowplug -d modules --mode "), "init config final");
}

#[test]
fn fish_completes_commands_options_and_values() {
    let file = File::new("fish", &printed(&["completions", "fish"]));
    let complete = |words: &str| {
        let script = format!("source {}; complete -C '{words}'", file.0.display());
        let said = shell("fish", &["--no-config", "-c", &script]);
        said.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(complete("glowplug stat"), "status");
    assert_eq!(complete("glowplug status --fo"), "--format");
    assert_eq!(complete("glowplug modules --mode "), "config final init");
    assert_eq!(complete("glowplug devel net"), "net-convert");
}

#[test]
fn zsh_loads_its_completions() {
    let file = File::new("zsh", &printed(&["completions", "zsh"]));
    shell("zsh", &["-fn", &file.0.display().to_string()]);
    // Every function that is called is there; `_arguments` says what it gets.
    let script = format!(
        "_arguments() {{ print -rl -- $@; state=command }}; _describe() {{ print -rl -- ${{(P)2}} }}; source {}; _glowplug_status",
        file.0.display()
    );
    let said = shell("zsh", &["-fc", &script]);
    assert!(said.contains("--format[tabular (default), json or yaml]:FORMAT:(tabular json yaml)"), "{said}");
    assert!(said.contains("status:say how far this boot has come"), "{said}");
}

#[test]
fn man_pages_are_without_fault() {
    let folder = std::env::temp_dir().join(format!("glowplug-man-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    printed(&["man", "--directory", folder.to_str().unwrap()]);
    let mut pages = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let output =
            Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong: Vec<_> = said.lines().filter(|line| !line.contains("missing date")).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        pages += 1;
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(pages > 10, "{pages} pages");
    let page = File::new("page", &printed(&["man", "status"]));
    let text = shell("mandoc", &["-T", "ascii", &page.0.display().to_string()]);
    assert!(text.contains("say how far this boot has come"), "{text}");
}
