//! Files of `write_files`: paths, modes in every spelling, owners, contents.

use crate::python::Python;
use crate::random::Random;
use crate::{Folder, ask, map, oracle, plan, text};
use glowplug::action::{Action, Existing, Owner};
use glowplug::instance::Metadata;
use glowplug::syntax::value::Value;

/// Made up lists.
const GENERATED: usize = 400;

/// Path, mode, content (a byte a character), whether at the end.
type File = (String, u32, String, bool);

/// `user:group`; the group is empty where the user's own is meant.
type Owners = Vec<(String, String)>;

/// A path as it is resolved where nothing is a link.
fn plain(path: &str) -> String {
    let mut names = Vec::new();
    for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
        if name == ".." {
            names.pop();
        } else {
            names.push(name);
        }
    }
    format!("/{}", names.join("/"))
}

fn ours(actions: &[Action]) -> (Vec<File>, Owners) {
    let (mut files, mut owners) = (Vec::new(), Vec::new());
    for action in actions {
        match action {
            Action::WriteFile(file) => {
                let content = file.content.iter().map(|byte| char::from(*byte)).collect();
                files.push((plain(&file.path), file.mode, content, file.existing == Existing::Append));
                let owner = match &file.owner {
                    Owner::Root => "root:root".into(),
                    Owner::Ids { uid, .. } => uid.to_string(),
                    other => other.text(),
                };
                let (user, group) = owner.split_once(':').unwrap_or((&owner, ""));
                owners.push((format!("{}:{user}", plain(&file.path)), group.to_owned()));
            }
            // newer cloud-inits give the directories they make to the file's owner
            Action::MakeDirectory { mode, owner, .. } => {
                assert!(*mode == 0o755 && *owner != Owner::Root);
            }
            other => panic!("{other}"),
        }
    }
    (files, owners)
}

fn theirs(answer: &Value<'_>) -> (Vec<File>, Owners) {
    let string = |value: &Value<'_>| value.as_str().unwrap_or_default().to_owned();
    let file = |entry: &Value<'_>| {
        let [path, mode, content, at_end] = entry.items().unwrap() else { panic!("four fields") };
        (
            string(path),
            u32::try_from(mode.as_int().unwrap()).unwrap(),
            string(content),
            at_end.as_bool().unwrap(),
        )
    };
    let owner = |entry: &Value<'_>| {
        let [path, user, group] = entry.items().unwrap() else { panic!("three fields") };
        (format!("{}:{}", string(path), string(user)), string(group))
    };
    // of root alone it leaves the group, which is root's
    let owner = |entry: &Value<'_>| match owner(entry) {
        (user, group) if group.is_empty() && user.ends_with(":root") => (user, "root".into()),
        other => other,
    };
    let items = |name: &str| answer.get(name).unwrap().items().unwrap();
    (items("written").iter().map(file).collect(), items("owners").iter().map(owner).collect())
}

fn compare(oracle: &mut Python, config: &str, wrong: &mut Vec<String>) {
    let root = Folder::new(&[]);
    root.put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:70:70::/:/bin/sh\n", 0o644);
    root.put("/etc/group", "root:x:0:\napp:x:70:\nweb:x:71:\n", 0o644);
    let plan = plan("write_files", config, Metadata::default(), &root);
    let question = map(vec![
        ("module", text("write_files")),
        ("config", text(config)),
        ("root", text(root.0.to_str().unwrap())),
    ]);
    let answer = ask(oracle, &question);
    let error = answer.get_set("error");
    let (ours, theirs) = (ours(&plan.actions), theirs(&answer));
    if error.is_some() && !plan.problems.is_empty() {
        // There the rest of the list is lost; what came before is the same.
        let same = ours.0.iter().zip(&theirs.0).all(|(ours, theirs)| ours == theirs);
        if same && ours.0.len() >= theirs.0.len() {
            return;
        }
    }
    if ours != theirs || error.is_some() {
        wrong.push(format!("{config}ours:   {ours:?} {:?}\ntheirs: {theirs:?} {error:?}", plan.problems));
    }
}

/// Modes as people write them. Not among them: `true`, a fraction and `0_644`,
/// which Python takes for numbers; here they are told, and 0644 counts.
const MODES: &[&str] = &[
    "0644",
    "'0644'",
    "644",
    "'644'",
    "0o644",
    "'0o644'",
    "'0O600'",
    "420",
    "'420'",
    "0",
    "'0'",
    "7777",
    "'7777'",
    "04755",
    "'4755'",
    "0o4755",
    "'100644'",
    "0100644",
    "33188",
    "' 755 '",
    "'+755'",
    "'rwx'",
    "'u=rw'",
    "''",
    "'0x1ff'",
    "0x1ff",
    "'8'",
    "'0888'",
    "null",
    "'0b11'",
    "[1]",
    "{a: b}",
    "'６４４'",
    "'99999999999'",
];

#[test]
fn permissions_in_every_spelling_as_cloud_init() {
    let mut oracle = oracle();
    let mut wrong = Vec::new();
    for mode in MODES {
        let config = format!("write_files: [{{path: /a, content: x, permissions: {mode}}}]\n");
        compare(&mut oracle, &config, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn made_up_files_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(13);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let mut entries = Vec::new();
        for _ in 0..=random.below(3) {
            let path =
                random.pick(&["/a", "/b/c d", "/b//e/../f", "/g/", "/./h", "/ü", "/x/y/z", "relative"]);
            let mut entry = format!("{{path: '{path}'");
            let mut add = |text: String| {
                entry.push_str(", ");
                entry.push_str(&text);
            };
            add(random
                .pick(&[
                    "content: plain",
                    "content: \"two\\nlines\\n\"",
                    "content: 'ärger'",
                    "content: ''",
                    "content: aGVsbG8=, encoding: b64",
                    "content: aGVsbG8, encoding: base64",
                    "content: 'aGVs bG8=', encoding: B64",
                    "content: H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==, encoding: gz+b64",
                    "content: H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==, encoding: gzip+base64",
                    "content: !!binary H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==, encoding: gzip",
                    "content: !!binary gICA",
                    "content: odd, encoding: rot13",
                    "content: text, encoding: text/plain",
                ])
                .into());
            if random.once_in(2) {
                add(format!("permissions: {}", random.pick(MODES)));
            }
            if random.once_in(2) {
                add(format!(
                    "owner: {}",
                    random.pick(&[
                        "root",
                        "'root:root'",
                        "'app:web'",
                        "app",
                        "' app : web '",
                        "'1000:1000'",
                        "'app:'"
                    ])
                ));
            }
            if random.once_in(4) {
                add(format!("append: {}", random.pick(&["true", "false", "'true'", "'yes'", "0"])));
            }
            entries.push(entry + "}");
        }
        compare(&mut oracle, &format!("write_files: [{}]\n", entries.join(", ")), &mut wrong);
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, the first:\n{}",
        wrong.len(),
        wrong.iter().take(4).cloned().collect::<Vec<_>>().join("\n")
    );
}
