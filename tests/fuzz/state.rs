//! What this program left itself: a cache is what was put in or no cache at
//! all, and a journal that ends within a line is one without that line.

use glowplug::instance::{File, Instance, InstanceId, NETWORK_DATA, USER_DATA};
use glowplug::state::cache;
use glowplug::state::journal::Journal;

use crate::Target;

pub(crate) fn cache() -> Target {
    let mut full = Instance::new(InstanceId::parse("i-0123").unwrap(), "ConfigDrive");
    let empty = cache::encode(&full);
    full.detail = "[net,ver=2][source=/dev/sr0]".into();
    full.metadata.local_hostname = Some("host".into());
    full.metadata.public_keys = vec!["ssh-ed25519 AAAA x".into(); 3];
    full.raw = vec![
        File { path: USER_DATA.into(), content: b"#cloud-config\na: 1\n".repeat(20) },
        File { path: NETWORK_DATA.into(), content: b"{}".to_vec() },
    ];
    full.files = vec![File { path: "/etc/x".into(), content: vec![0, 255] }];
    full.machine.macs = vec!["fa:16:3e:00:00:01".into()];
    let corpus = vec![empty, cache::encode(&full)];
    Target {
        name: "cache",
        corpus,
        pieces: &[b"\0", b"\x01", b"\xff\xff\xff\xff", b"GLOWPLUG"],
        check: check_cache,
        rounds: 80_000,
    }
}

fn check_cache(frame: &[u8]) -> bool {
    match cache::decode(frame, "cache") {
        Ok(instance) => {
            assert_eq!(cache::encode(&instance), frame, "damage was not seen");
            true
        }
        Err(error) => {
            assert!(error.to_string().starts_with("unable to use the instance cache"), "{error}");
            false
        }
    }
}

pub(crate) fn journal() -> Target {
    let text = "begun write_files 12 7\ndone write_files 12\nleft runcmd 18446744073709551615 it waits\nfinished ssh -\nbegun x 1 0\n";
    let pieces = &[
        b"begun " as &[u8],
        b"done ",
        b"left ",
        b"finished ",
        b"\n",
        b" ",
        b"-",
        b"a 1 2\n",
        b"\r",
        b"\0",
        b"x 1",
        b"\xc3\xa9",
    ];
    Target {
        name: "journal",
        corpus: vec![text.into(), Vec::new()],
        pieces,
        check: check_journal,
        rounds: 50_000,
    }
}

fn check_journal(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let read = |text: &str| {
        let mut journal = Journal::default();
        journal.read(text);
        journal
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut journal = read(&text);
    assert_eq!(format!("{journal:?}"), format!("{:?}", read(&text[..whole])), "a torn line counted");
    // What it writes it reads.
    let line = journal.begun("m", 5, 9);
    let mut again = Journal::default();
    again.read(&line);
    assert_eq!(again.progress("m", 5), journal.progress("m", 5));
    again.read(&journal.done("m", 5));
    assert_eq!(again.progress("m", 5), journal.progress("m", 5));
    whole > 0
}
