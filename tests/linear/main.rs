//! Inputs made to cost more than their length, at one size and at four times
//! that: what is allocated grows with the input and no faster, and every one
//! of them comes to an end. Quadratic work that allocates nothing shows as a
//! test that does not end.
//!
//! No time is asserted; this prints what each byte took:
//!
//! ```text
//! LINEAR_SIZE=1000000 cargo test --profile fuzz --test linear -- --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by a panic

use std::env;
use std::fmt::Write as _;

use glowplug::limits;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::mime;
use glowplug::syntax::value::Value;
use glowplug::syntax::yaml::{self, emit};
use glowplug::user_data;
use rustix::time::{ClockId, clock_gettime};

mod heap;
mod inputs;

/// Bytes of the smaller input, unless LINEAR_SIZE says otherwise.
const SIZE: usize = 16 << 10;

/// What may be allocated for four times the input, as a multiple: four, and
/// somewhat more for buffers that double.
const GROWTH: usize = 6;

/// Most bytes in use at once, for each byte of input. A node takes two bytes
/// at least, and a hundred as an entry of the tree.
const PEAK: usize = 160;

/// What does not depend on the input.
const CONSTANT: usize = 1 << 20;

/// The largest tree that aliases make of a short text: lists that double as
/// they grow.
const FOLLOWED: usize = 2 * limits::YAML_NODES * size_of::<Value<'_>>();

/// Nanoseconds this thread has worked, whoever else does.
fn cpu_nanoseconds() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

/// The input's name, and the text of about so many bytes.
type Input = (&'static str, fn(usize) -> String);

fn check(kind: &str, inputs: &[Input], read: fn(&[u8])) {
    let size = env::var("LINEAR_SIZE").map_or(SIZE, |text| text.parse().expect("a number of bytes"));
    let mut wrong = String::new();
    for (name, make) in inputs {
        let small = make(size).into_bytes();
        let large = make(4 * size).into_bytes();
        assert!(
            large.len() <= 5 * size + 8192 && small.len() * 3 < large.len(),
            "{name}: {} bytes",
            large.len()
        );
        let before = heap::measured(|| read(&small));
        let start = cpu_nanoseconds();
        let after = heap::measured(|| read(&large));
        let pace = (cpu_nanoseconds() - start) / large.len() as u64;
        println!("{kind:9} {name:32} {pace:>6} ns/byte, peak {:>8} KiB", after.peak >> 10);
        let constant = CONSTANT + if name.starts_with("aliases") { FOLLOWED } else { 0 };
        if after.bytes > GROWTH * before.bytes + constant {
            writeln!(wrong, "{kind} {name}: {} bytes allocated, then {}", before.bytes, after.bytes).unwrap();
        }
        if after.peak > PEAK * large.len() + constant {
            writeln!(wrong, "{kind} {name}: {} bytes in use for {}", after.peak, large.len()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// One test, since allocations are counted for the whole process.
#[test]
fn work_grows_with_the_input_alone() {
    check("yaml", inputs::YAML, |text| {
        let text = std::str::from_utf8(text).unwrap();
        if let Ok(document) = yaml::parse(text) {
            drop(document.to_value());
        }
    });
    check("yaml dump", inputs::YAML_DUMP, |text| {
        let value = yaml::load(std::str::from_utf8(text).unwrap()).unwrap();
        drop(emit::dump(&value));
    });
    check("json", inputs::JSON, |text| {
        if let Ok(value) = json::parse(text) {
            json::write(&value, Style::File, &mut String::new());
        }
    });
    check("mime", inputs::MIME, |message| {
        for leaf in mime::walk(message).map_while(Result::ok) {
            drop((leaf.content(), leaf.filename()));
        }
    });
    check("user-data", inputs::USER_DATA, |data| {
        let assembled = user_data::assemble("user_data", data);
        let merged = user_data::merge("user_data", &assembled.parts, Some(user_data::patch));
        drop(user_data::cloud_config_text(&merged));
    });
}
