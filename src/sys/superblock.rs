//! Labels and UUIDs read from superblocks, as blkid(8) would name them.
//!
//! Offsets are those of ECMA-119 (ISO 9660), Microsoft's FAT specification
//! and the kernel's own headers for ext, XFS and btrfs.

use alloc::string::String;
use alloc::vec::Vec;

/// What a superblock tells of a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// The kernel's name of the file system.
    pub kind: &'static str,
    /// The volume's label; empty when it has none.
    pub label: String,
    /// The volume's UUID as blkid writes it; empty when it has none.
    pub uuid: String,
}

/// Bytes at an offset of a device; an error or a short device reads as `None`.
pub type ReadAt<'a> = dyn FnMut(u64, &mut [u8]) -> Option<()> + 'a;

/// Where a file system keeps what is asked of it, in bytes of the device.
struct Layout {
    kind: &'static str,
    /// Where its magic number is, and the number.
    magic: (u64, &'static [u8]),
    /// Where its label is, and its length, at most 256.
    label: (u64, usize),
    /// Where its UUID is.
    uuid: Option<u64>,
}

static LAYOUTS: [Layout; 4] = [
    // ext4 reads ext2 and ext3 too, and is the one kernels have built in.
    Layout { kind: "ext4", magic: (0x438, &[0x53, 0xef]), label: (0x478, 16), uuid: Some(0x468) },
    Layout { kind: "xfs", magic: (0, b"XFSB"), label: (108, 12), uuid: Some(32) },
    Layout { kind: "btrfs", magic: (0x1_0040, b"_BHRfS_M"), label: (0x1_012b, 256), uuid: Some(0x1_0020) },
    // The primary volume descriptor is in the first of the set, sector 16.
    Layout { kind: "iso9660", magic: (32768, b"\x01CD001"), label: (32808, 32), uuid: None },
];

/// Recognises the file system on a device.
#[inline(never)]
pub fn recognise(read: &mut ReadAt<'_>) -> Option<Superblock> {
    LAYOUTS.iter().find_map(|layout| laid_out(layout, read)).or_else(|| vfat(read))
}

#[inline(never)]
fn laid_out(layout: &Layout, read: &mut ReadAt<'_>) -> Option<Superblock> {
    let mut buffer = [0; 256];
    let mut bytes = |at: u64, length: usize| {
        let bytes = buffer.get_mut(..length)?;
        read(at, bytes)?;
        Some(Vec::from(bytes))
    };
    if bytes(layout.magic.0, layout.magic.1.len())? != layout.magic.1 {
        return None;
    }
    let label = text(&bytes(layout.label.0, layout.label.1)?);
    let uuid = match layout.uuid {
        Some(at) => uuid(&bytes(at, 16)?),
        None => String::new(),
    };
    Some(Superblock { kind: layout.kind, label, uuid })
}

#[inline(never)]
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from(String::from_utf8_lossy(&bytes[..end]).trim_ascii_end())
}

fn uuid(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        push_hexadecimal(&mut out, *byte);
    }
    out
}

fn push_hexadecimal(out: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.extend(char::from_digit(digit.into(), 16));
    }
}

/// The parts of a FAT boot sector that lead to its label.
struct Fat {
    root: u64,
    entries: u32,
    label: [u8; 11],
    serial: [u8; 4],
}

#[inline(never)]
fn vfat(read: &mut ReadAt<'_>) -> Option<Superblock> {
    let mut sector = [0; 512];
    read(0, &mut sector)?;
    let fat = boot_sector(&sector)?;
    // The label in the root directory is the one tools change; the boot
    // sector's is a copy from when the volume was made.
    let label = root_label(&fat, read).unwrap_or_else(|| match text(&fat.label) {
        none if none == "NO NAME" => String::new(),
        label => label,
    });
    let [a, b, c, d] = fat.serial;
    let mut uuid = String::new();
    for byte in [d, c, b, a] {
        push_hexadecimal(&mut uuid, byte);
    }
    uuid.make_ascii_uppercase();
    uuid.insert(4, '-');
    Some(Superblock { kind: "vfat", label, uuid })
}

fn boot_sector(sector: &[u8; 512]) -> Option<Fat> {
    let short = |at: usize| u32::from(u16::from_le_bytes([sector[at], sector[at + 1]]));
    let long = |at: usize| u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]]);
    let bytes = |at: usize| [sector[at], sector[at + 1], sector[at + 2], sector[at + 3]];
    let label = |at: usize| core::array::from_fn(|index| sector[at + index]);
    let (sector_size, reserved, fats, entries) = (short(11), short(14), u32::from(sector[16]), short(17));
    let cluster = u32::from(sector[13]);
    let sound = sector[510..] == [0x55, 0xaa]
        && sector_size.is_power_of_two()
        && (512..=4096).contains(&sector_size)
        && cluster.is_power_of_two()
        && (1..=2).contains(&fats)
        && reserved > 0;
    if !sound {
        return None;
    }
    if short(22) != 0 && sector[54..57] == *b"FAT" {
        let root = u64::from(reserved + fats * short(22)) * u64::from(sector_size);
        return Some(Fat { root, entries, label: label(43), serial: bytes(39) });
    }
    if short(22) == 0 && sector[82..87] == *b"FAT32" {
        let data = u64::from(reserved) + u64::from(fats) * u64::from(long(36));
        let first = u64::from(long(44).checked_sub(2)?) * u64::from(cluster);
        let entries = cluster * sector_size / 32;
        return Some(Fat {
            root: (data + first) * u64::from(sector_size),
            entries,
            label: label(71),
            serial: bytes(67),
        });
    }
    None
}

fn root_label(fat: &Fat, read: &mut ReadAt<'_>) -> Option<String> {
    /// Marks a volume label; long names set further bits beside it.
    const VOLUME: u8 = 0x08;
    let mut entry = [0; 32];
    for index in 0..u64::from(fat.entries.min(512)) {
        read(fat.root + index * 32, &mut entry)?;
        match entry[0] {
            0 => return None,
            0xe5 => {}
            _ if entry[11] & 0x3f == VOLUME => return Some(text(&entry[..11])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(image: &[u8]) -> Option<Superblock> {
        recognise(&mut |at, out| {
            let at = usize::try_from(at).ok()?;
            out.copy_from_slice(image.get(at..at + out.len())?);
            Some(())
        })
    }

    #[test]
    fn iso_label_is_read_from_the_primary_descriptor() {
        let mut image = vec![0; 40 << 10];
        image[32768..32774].copy_from_slice(b"\x01CD001");
        image[32808..32840].copy_from_slice(b"config-2                        ");
        let found = on(&image).unwrap();
        assert_eq!((found.kind, found.label.as_str()), ("iso9660", "config-2"));
    }

    fn fat16() -> Vec<u8> {
        let mut image = vec![0; 64 << 10];
        image[11..13].copy_from_slice(&512u16.to_le_bytes());
        image[13] = 4;
        image[14..16].copy_from_slice(&1u16.to_le_bytes());
        image[16] = 2;
        image[17..19].copy_from_slice(&512u16.to_le_bytes());
        image[22..24].copy_from_slice(&8u16.to_le_bytes());
        image[39..43].copy_from_slice(&[0x34, 0x12, 0xcd, 0xab]);
        image[43..54].copy_from_slice(b"OLD        ");
        image[54..62].copy_from_slice(b"FAT16   ");
        image[510..512].copy_from_slice(&[0x55, 0xaa]);
        image
    }

    #[test]
    fn fat_label_of_the_root_directory_wins() {
        let mut image = fat16();
        assert_eq!(on(&image).unwrap().label, "OLD");
        let root = (1 + 16) * 512;
        image[root] = 0xe5;
        image[root + 11] = 8;
        image[root + 32..root + 43].copy_from_slice(b"CONFIG-2   ");
        image[root + 32 + 11] = 8;
        let found = on(&image).unwrap();
        assert_eq!(
            (found.kind, found.label.as_str(), found.uuid.as_str()),
            ("vfat", "CONFIG-2", "ABCD-1234")
        );
    }

    #[test]
    fn ext4_names_label_and_uuid() {
        let mut image = vec![0; 4096];
        image[1024 + 0x38..1024 + 0x3a].copy_from_slice(&[0x53, 0xef]);
        image[1024 + 0x68..1024 + 0x78]
            .copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        image[1024 + 0x78..1024 + 0x7c].copy_from_slice(b"root");
        let found = on(&image).unwrap();
        assert_eq!(found.label, "root");
        assert_eq!(found.uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }

    #[test]
    fn noise_and_short_devices_are_nothing() {
        assert_eq!(on(&[]), None);
        let mut state = 1u64;
        let noise: Vec<u8> = core::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[1]
        })
        .take(80 << 10)
        .collect();
        assert_eq!(on(&noise), None);
        for length in 0..600 {
            on(&fat16()[..length]);
        }
    }
}
