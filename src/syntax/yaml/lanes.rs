//! Sixteen bytes at a time: SSE2 where every machine has it, plain arithmetic
//! elsewhere.

/// Bytes in one [`Lanes`].
pub(super) const WIDTH: u32 = 16;

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub(super) use portable::Lanes;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub(super) use sse2::Lanes;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2 {
    use safe_arch::{
        bitandnot_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_lt_mask_i8_m128i, m128i, min_u8_m128i,
        move_mask_i8_m128i, set_splat_i8_m128i,
    };

    /// Sixteen bytes, or which of sixteen bytes something holds for.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Lanes(m128i);

    impl Lanes {
        #[inline]
        pub(in super::super) fn load(bytes: [u8; 16]) -> Self {
            Self(m128i::from(bytes))
        }

        /// Which bytes are `byte`.
        #[inline]
        pub(in super::super) fn equal(self, byte: u8) -> Self {
            Self(cmp_eq_mask_i8_m128i(self.0, set_splat_i8_m128i(byte.cast_signed())))
        }

        /// Which bytes are below the space.
        #[inline]
        pub(in super::super) fn control(self) -> Self {
            Self(cmp_eq_mask_i8_m128i(self.0, min_u8_m128i(self.0, set_splat_i8_m128i(0x1f))))
        }

        /// Which bytes are below the space, or of no ASCII character.
        #[inline]
        pub(in super::super) fn special(self) -> Self {
            Self(cmp_lt_mask_i8_m128i(self.0, set_splat_i8_m128i(0x20)))
        }

        /// Where either holds.
        #[inline]
        pub(in super::super) fn or(self, other: Self) -> Self {
            Self(bitor_m128i(self.0, other.0))
        }

        /// Where this holds and `other` does not.
        #[inline]
        pub(in super::super) fn without(self, other: Self) -> Self {
            Self(bitandnot_m128i(other.0, self.0))
        }

        /// The first byte it holds for; 16 if for none.
        #[inline]
        pub(in super::super) fn first(self) -> u32 {
            (move_mask_i8_m128i(self.0) | 0x1_0000).trailing_zeros()
        }

        /// How many bytes, from the first one on, it holds for.
        #[inline]
        pub(in super::super) fn leading(self) -> u32 {
            move_mask_i8_m128i(self.0).trailing_ones()
        }
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod portable {
    /// As the one for SSE2.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Lanes(u128);

    const ONES: u128 = u128::MAX / 0xff;
    const LOW: u128 = ONES * 0x7f;
    const HIGH: u128 = ONES * 0x80;

    impl Lanes {
        pub(in super::super) fn load(bytes: [u8; 16]) -> Self {
            Self(u128::from_le_bytes(bytes))
        }

        pub(in super::super) fn equal(self, byte: u8) -> Self {
            Self(zeros(self.0 ^ (ONES * u128::from(byte))))
        }

        pub(in super::super) fn control(self) -> Self {
            Self(zeros(self.0 & (ONES * 0xe0)))
        }

        pub(in super::super) fn special(self) -> Self {
            Self(zeros(self.0 & (ONES * 0xe0)) | self.0 & HIGH)
        }

        pub(in super::super) fn or(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }

        pub(in super::super) fn without(self, other: Self) -> Self {
            Self(self.0 & !other.0)
        }

        pub(in super::super) fn first(self) -> u32 {
            self.0.trailing_zeros() / 8
        }

        pub(in super::super) fn leading(self) -> u32 {
            (!self.0 & HIGH).trailing_zeros() / 8
        }
    }

    /// The high bit of each byte that is zero; no byte carries into the next.
    fn zeros(word: u128) -> u128 {
        !(((word & LOW) + LOW) | word) & HIGH
    }
}

#[cfg(test)]
mod tests {
    use super::{Lanes, portable};

    #[test]
    fn both_ways_find_what_a_loop_finds() {
        let mut state = 7_u64;
        for round in 0..20_000_u32 {
            let mut bytes = [0_u8; 16];
            for byte in &mut bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // mostly letters, so that all places come first now and then
                let [any, letter, rare, ..] = state.to_be_bytes();
                *byte = if rare < 16 { any } else { b'a' + letter % 26 };
            }
            let needle = if round % 3 == 0 { bytes[round as usize % 16] } else { state.to_be_bytes()[3] };
            let first = |holds: &dyn Fn(u8) -> bool| bytes.iter().position(|&byte| holds(byte)).unwrap_or(16);
            let expected = [
                first(&|byte| byte == needle),
                first(&|byte| byte < 0x20),
                first(&|byte| !(0x20..0x80).contains(&byte)),
                first(&|byte| byte == needle || byte < 0x20),
                first(&|byte| byte < 0x20 && byte != needle),
                first(&|byte| byte < 0x80),
            ];
            let (one, other) = (Lanes::load(bytes), portable::Lanes::load(bytes));
            let found = [
                one.equal(needle).first(),
                one.control().first(),
                one.special().first(),
                one.equal(needle).or(one.control()).first(),
                one.control().without(one.equal(needle)).first(),
                one.special().without(one.control()).leading(),
            ];
            assert_eq!(found.map(|at| at as usize), expected, "{bytes:?} {needle}");
            let found = [
                other.equal(needle).first(),
                other.control().first(),
                other.special().first(),
                other.equal(needle).or(other.control()).first(),
                other.control().without(other.equal(needle)).first(),
                other.special().without(other.control()).leading(),
            ];
            assert_eq!(found.map(|at| at as usize), expected, "{bytes:?} {needle}");
        }
    }
}
