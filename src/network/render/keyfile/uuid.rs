//! The UUID of a profile: version 5 (RFC 9562 §5.5) of the link's name, so
//! that every boot and every cloud-init gives one link the same.

use alloc::string::String;

/// The namespace cloud-init uses: a3924cb8-09e0-43e9-890b-77972a800108.
const NAMESPACE: [u8; 16] =
    [0xa3, 0x92, 0x4c, 0xb8, 0x09, 0xe0, 0x43, 0xe9, 0x89, 0x0b, 0x77, 0x97, 0x2a, 0x80, 0x01, 0x08];

/// The UUID of the link called `name`.
#[inline(never)]
pub(super) fn of_link(name: &str) -> String {
    let mut block = [0; 64];
    let mut length = 0;
    // A name has at most 15 bytes, so that one block always holds it; a long id is cut to one.
    for (byte, place) in NAMESPACE.iter().chain(name.as_bytes()).take(55).zip(&mut block) {
        *place = *byte;
        length += 1;
    }
    block[length] = 0x80;
    let bits = u64::try_from(length * 8).unwrap_or_default();
    block[56..].copy_from_slice(&bits.to_be_bytes());
    let [a, b, c, d, _] = sha1_block(&block);
    let b = b & 0xffff_0fff | 0x5000;
    let c = c & 0x3fff_ffff | 0x8000_0000;
    let mut text = String::new();
    for word in [a, b, c, d] {
        for shift in (0..32).step_by(4).rev() {
            if matches!(text.len(), 8 | 13 | 18 | 23) {
                text.push('-');
            }
            text.push(char::from_digit(word >> shift & 15, 16).unwrap_or('0'));
        }
    }
    text
}

#[allow(clippy::many_single_char_names, reason = "the standard's letters")]
/// SHA-1 (FIPS 180-4 §6.1) of a message that with its padding is one block.
fn sha1_block(block: &[u8; 64]) -> [u32; 5] {
    let mut schedule = [0_u32; 80];
    for (word, bytes) in schedule.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    for at in 16..80 {
        let mixed = schedule[at - 3] ^ schedule[at - 8] ^ schedule[at - 14] ^ schedule[at - 16];
        schedule[at] = mixed.rotate_left(1);
    }
    let start: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let [mut a, mut b, mut c, mut d, mut e] = start;
    for (round, word) in schedule.iter().enumerate() {
        let (mix, constant) = match round / 20 {
            0 => (b & c | !b & d, 0x5a82_7999),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next =
            a.rotate_left(5).wrapping_add(mix).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    let end = [a, b, c, d, e];
    core::array::from_fn(|at| start[at].wrapping_add(end[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_as_cloud_inits() {
        let uuid = of_link;
        assert_eq!(uuid("eth0"), "1dd9a779-d327-56e1-8454-c65e2556c12c");
        assert_eq!(uuid("ens3"), "fbc49833-4cdb-548b-a293-c38b39836fdb");
    }
}
