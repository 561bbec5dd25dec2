//! Labels and UUIDs read from superblocks, as blkid(8) would name them.
//!
//! Offsets are those of ECMA-119 (ISO 9660), Microsoft's FAT specification
//! and the kernel's own headers for ext, XFS, btrfs and swap.

use alloc::boxed::Box;
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

/// Fills a buffer from an offset of a device; false for an error or a short
/// device.
pub type ReadAt<'a> = dyn FnMut(u64, &mut [u8]) -> bool + 'a;

/// Where a file system keeps what is asked of it, in bytes of the device.
struct Layout {
    kind: &'static str,
    /// Where its magic number is, and the number.
    magic: (u64, &'static [u8]),
    /// Where its label is, and its length.
    label: (u64, usize),
    /// Where its UUID is.
    uuid: Option<u64>,
}

static LAYOUTS: [Layout; 5] = [
    // ext4 reads ext2 and ext3 too, and is the one kernels have built in.
    Layout { kind: "ext4", magic: (0x438, &[0x53, 0xef]), label: (0x478, 16), uuid: Some(0x468) },
    Layout { kind: "xfs", magic: (0, b"XFSB"), label: (108, 12), uuid: Some(32) },
    Layout { kind: "btrfs", magic: (0x1_0040, b"_BHRfS_M"), label: (0x1_012b, 256), uuid: Some(0x1_0020) },
    // mkswap(8) on pages of 4 KiB.
    Layout { kind: "swap", magic: (4086, b"SWAPSPACE2"), label: (1052, 16), uuid: Some(1036) },
    // The primary volume descriptor is in the first of the set, sector 16.
    Layout { kind: "iso9660", magic: (32768, b"\x01CD001"), label: (32808, 32), uuid: None },
];

/// Recognises the file system on a device.
#[inline(never)]
pub fn recognise(read: &mut ReadAt<'_>) -> Option<Box<Superblock>> {
    LAYOUTS.iter().find_map(|layout| laid_out(layout, read)).or_else(|| vfat(read))
}

/// `length` bytes from `at` on; none where the device is too short.
#[inline(never)]
fn bytes(read: &mut ReadAt<'_>, at: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = alloc::vec![0; length];
    read(at, &mut bytes).then_some(bytes)
}

#[inline(never)]
fn laid_out(layout: &Layout, read: &mut ReadAt<'_>) -> Option<Box<Superblock>> {
    if bytes(read, layout.magic.0, layout.magic.1.len())? != layout.magic.1 {
        return None;
    }
    let label = text(&bytes(read, layout.label.0, layout.label.1)?);
    let uuid = match layout.uuid {
        Some(at) => hexadecimal(&bytes(read, at, 16)?, &[4, 6, 8, 10], b"0123456789abcdef"),
        None => String::new(),
    };
    Some(Box::new(Superblock { kind: layout.kind, label, uuid }))
}

#[inline(never)]
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text.trim_ascii_end()).into_owned()
}

/// The bytes with a `-` in front of those that `dashes` counts.
#[inline(never)]
fn hexadecimal(bytes: &[u8], dashes: &[usize], digits: &[u8; 16]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if dashes.contains(&at) {
            text.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(digits[usize::from(half)]));
        }
    }
    text
}

/// The parts of a FAT boot sector that lead to its label.
struct Fat<'a> {
    root: u64,
    entries: u32,
    label: &'a [u8],
    serial: [u8; 4],
}

#[inline(never)]
fn vfat(read: &mut ReadAt<'_>) -> Option<Box<Superblock>> {
    let mut sector = [0; 512];
    if !read(0, &mut sector) {
        return None;
    }
    let fat = boot_sector(&sector)?;
    // The label in the root directory is the one tools change; the boot
    // sector's is a copy from when the volume was made.
    let label = root_label(&fat, read).unwrap_or_else(|| text(fat.label));
    let label = if label == "NO NAME" { String::new() } else { label };
    let [a, b, c, d] = fat.serial;
    let uuid = hexadecimal(&[d, c, b, a], &[2], b"0123456789ABCDEF");
    Some(Box::new(Superblock { kind: "vfat", label, uuid }))
}

#[inline(never)]
fn boot_sector(sector: &[u8; 512]) -> Option<Fat<'_>> {
    let short = |at: usize| u32::from(u16::from_le_bytes([sector[at], sector[at + 1]]));
    let long = |at: usize| short(at) | short(at + 2) << 16;
    let (sector_size, reserved, fats, mut entries) = (short(11), short(14), u32::from(sector[16]), short(17));
    let cluster = u32::from(sector[13]);
    // FAT32 has a larger parameter block in front of serial, label and kind.
    let (mut size, large) = (short(22), short(22) == 0);
    let (extended, kind): (&[u8], &[u8]) =
        if large { (&sector[64..90], b"FAT32") } else { (&sector[36..62], b"FAT") };
    let [_, _, _, a, b, c, d, rest @ ..] = extended else { return None };
    let (label, rest) = rest.split_at_checked(11)?;
    let sound = sector[510..] == [0x55, 0xaa]
        && sector_size.is_power_of_two()
        && (512..=4096).contains(&sector_size)
        && cluster.is_power_of_two()
        && (1..=2).contains(&fats)
        && reserved > 0
        && rest.starts_with(kind);
    if !sound {
        return None;
    }
    let mut first = 0;
    if large {
        size = long(36);
        first = u64::from(long(44).checked_sub(2)?) * u64::from(cluster);
        entries = cluster * sector_size / 32;
    }
    let root = (u64::from(reserved) + u64::from(fats) * u64::from(size) + first) * u64::from(sector_size);
    Some(Fat { root, entries, label, serial: [*a, *b, *c, *d] })
}

#[inline(never)]
fn root_label(fat: &Fat<'_>, read: &mut ReadAt<'_>) -> Option<String> {
    /// Marks a volume label; long names set further bits beside it.
    const VOLUME: u8 = 0x08;
    let mut entry = [0; 32];
    for index in 0..u64::from(fat.entries.min(512)) {
        if !read(fat.root + index * 32, &mut entry) {
            return None;
        }
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

    fn on(image: &[u8]) -> Option<Box<Superblock>> {
        recognise(&mut |at, out| {
            let at = usize::try_from(at).unwrap();
            let found = image.get(at..at + out.len());
            found.is_some_and(|bytes| {
                out.copy_from_slice(bytes);
                true
            })
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
