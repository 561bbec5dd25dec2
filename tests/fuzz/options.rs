//! The command line.

use std::time::Duration;

/// What is to be run.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    /// Inputs of each target.
    pub(crate) rounds: Option<u64>,
    /// For each target, once shared.
    pub(crate) seconds: Option<Duration>,
    /// Parts of names; every target if there are none.
    names: Vec<String>,
}

impl Options {
    /// Reads the options this knows. Other options are the test harness's
    /// (`--nocapture`) and change nothing here; a word is a filter as it is for
    /// other tests.
    pub(crate) fn from_arguments(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} takes a value"));
            let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
            match argument.as_str() {
                "--seed" => options.seed = number(value()?)?,
                "--rounds" => options.rounds = Some(number(value()?)?),
                "--seconds" => options.seconds = Some(Duration::from_secs(number(value()?)?)),
                "--target" => options.names.push(value()?),
                "--test-threads" | "--skip" | "--color" | "--format" => drop(value()?),
                _ if argument.starts_with('-') => {}
                _ => options.names.push(argument),
            }
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, target: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| target.contains(name.as_str()))
    }

    /// Gives each of `count` targets its part of the time.
    pub(crate) fn share_among(&mut self, count: usize) {
        let count = u32::try_from(count.max(1)).unwrap();
        self.seconds = self.seconds.map(|seconds| seconds / count);
    }
}
