//! What the firmware says of the machine (DMTF DSP0134).

use super::tree;
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// Type of the structure with the maker's own strings.
const OEM_STRINGS: u8 = 11;

/// The serial number of the machine, which only root may read, and its OEM
/// strings; what is not there is left out.
#[inline(never)]
pub fn texts() -> Vec<String> {
    let mut texts = Vec::from_iter(tree::attribute("/sys/class/dmi/id/product_serial"));
    let table = tree::bytes("/sys/firmware/dmi/tables/DMI", limits::SMBIOS).unwrap_or_default();
    texts.append(&mut oem_strings(&table));
    texts
}

/// The OEM strings in a table of structures. What is cut short is left out.
#[inline(never)]
pub fn oem_strings(table: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = table;
    // Each has a header of type, length and handle, what its length says, and
    // texts that end with a NUL each and with one more.
    while let [kind, length, ..] = *rest {
        let Some((_, texts)) = rest.split_at_checked(usize::from(length).max(4)) else { break };
        let Some(end) = texts.windows(2).position(|pair| pair == [0, 0]) else { break };
        if kind == OEM_STRINGS {
            for text in texts.get(..end).unwrap_or_default().split(|byte| *byte == 0) {
                found.push(String::from_utf8_lossy(text).into_owned());
            }
        }
        rest = texts.get(end + 2..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_every_structure_of_the_type() {
        let mut table = b"\x01\x06\x01\x00ab".to_vec();
        table.extend(b"\x0b\0\0");
        table.extend(b"\x0b\x05\x02\x00\x02ds=nocloud;i=1\0other\0\0");
        table.extend(b"\x02\x04\x03\x00\0\0");
        table.extend(b"\x0b\x05\x04\x00\x01last\0\0");
        table.extend(b"\x7f\x04\x05\x00\0\0");
        assert_eq!(oem_strings(&table), ["ds=nocloud;i=1", "other", "last"]);
        for length in 0..table.len() {
            oem_strings(&table[..length]);
        }
        assert!(oem_strings(&[11, 0, 0, 0]).is_empty() && oem_strings(&[]).is_empty());
    }
}
