//! CRC-32 as gzip (RFC 1952 §8) and GPT (UEFI specification, §5.3.2) have it.

/// CRC-32, four bytes at a time. The tables are made when needed:
/// 4 KiB that the program file need not carry.
pub(crate) struct Checksum([[u32; 256]; 4]);

impl Checksum {
    /// Ready to be asked.
    pub(crate) fn new() -> Self {
        let mut tables = [[0; 256]; 4];
        for byte in 0..256 {
            let mut crc = byte;
            for table in &mut tables {
                for _ in 0..8 {
                    crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
                }
                table[byte as usize] = crc;
            }
        }
        Self(tables)
    }

    /// The checksum of `data`.
    pub(crate) fn of(&self, data: &[u8]) -> u32 {
        let Self([last, third, second, first]) = self;
        let mut crc = !0_u32;
        let (words, tail) = data.as_chunks::<4>();
        for word in words {
            let [a, b, c, d] = (crc ^ u32::from_le_bytes(*word)).to_le_bytes().map(usize::from);
            crc = first[a] ^ second[b] ^ third[c] ^ last[d];
        }
        for &byte in tail {
            let [low, ..] = crc.to_le_bytes();
            crc = crc >> 8 ^ last[usize::from(low ^ byte)];
        }
        !crc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_the_standards_check_value() {
        assert_eq!(Checksum::new().of(b"123456789"), 0xcbf4_3926);
        assert_eq!(Checksum::new().of(b""), 0);
    }
}
