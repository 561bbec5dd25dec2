//! Locks that other programs hold (fcntl_locking(2)).

use glowplug::sys::lock::{Holder, holder};
use std::fs;

/// The first of some files that somebody else holds a lock of, and who.
pub(crate) fn held(paths: &[&str]) -> Option<String> {
    let (path, holder) = paths.iter().find_map(|path| Some((path, holder(path)?)))?;
    let who = match holder {
        Holder::Process(pid) => {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("{} ({pid})", if name.is_empty() { "a process" } else { name.trim_end() })
        }
        Holder::Other => "another program".to_owned(),
    };
    Some(format!("{who} holds {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    #[test]
    fn a_lock_has_somebody_who_holds_it() {
        let path = std::env::temp_dir().join(format!("glowplug-lock-{}", std::process::id()));
        let path = path.to_str().unwrap();
        assert_eq!(held(&[path, "/none"]), None);
        fs::write(path, "").unwrap();
        let script =
            "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.lockf(f,fcntl.LOCK_EX); print(); input()";
        let mut holder = Command::new("python3")
            .args(["-c", script, path])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        let expected = format!("python3 ({}) holds {path}", holder.id());
        assert_eq!(held(&["/none", path]), Some(expected));
        drop(holder.stdin.take());
        holder.wait().unwrap();
        assert_eq!(held(&[path]), None);
        fs::remove_file(path).unwrap();
    }
}
