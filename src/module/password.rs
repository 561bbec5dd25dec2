//! Passwords: their hashes as crypt(5) has them, and random ones.

use super::Host;
use crate::error::{Error, Result};
use alloc::string::{String, ToString};
use sha_crypt::{PasswordHasher, ShaCrypt};

/// Characters of a random password: none that looks like another.
const LETTERS: &[u8; 55] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// Characters of a random password, as many as cloud-init takes.
const LENGTH: usize = 20;

/// The SHA-512 hash of a password, salted: `$6$…`.
pub(super) fn hash(host: &dyn Host, password: &str) -> Result<String> {
    // Twelve bytes are the sixteen characters crypt(5) takes.
    let salt = host.random(12)?;
    match ShaCrypt::SHA512.hash_password_with_salt(password.as_bytes(), &salt) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => Err(Error::new("hash", "a password", error.to_string())),
    }
}

/// A password of twenty letters and digits.
pub(super) fn random(host: &dyn Host) -> Result<String> {
    let mut password = String::new();
    while password.len() < LENGTH {
        for byte in host.random(LENGTH)? {
            // Every letter is as likely: what is past the last whole round is thrown again.
            let round = LETTERS.len() * 4;
            if usize::from(byte) < round && password.len() < LENGTH {
                password.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            }
        }
    }
    Ok(password)
}

/// The day of a date `2030-12-31` since 1970; days count as they are, and what
/// is neither is `None`.
pub(super) fn days_of(date: &str) -> Option<u32> {
    let mut fields = date.trim_ascii().split('-');
    let year: u32 = fields.next()?.parse().ok()?;
    let Some(month) = fields.next() else { return Some(year) };
    let (month, day): (u32, u32) = (month.parse().ok()?, fields.next()?.parse().ok()?);
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March, so that a leap day is the last of one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days() {
        for (date, days) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(11_016)),
            ("2030-12-31", Some(22_279)),
            ("20000", Some(20_000)),
            ("2030-13-01", None),
            ("soon", None),
            ("2030-01", None),
        ] {
            assert_eq!(days_of(date), days, "{date}");
        }
    }
}
