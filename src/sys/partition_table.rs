//! Partition tables: what has to be written so that one partition takes the
//! room behind it. MBR, and GPT (UEFI specification, §5.3).

use crate::checksum::Checksum;
use crate::limits::{PARTITIONS, SECTOR};
use alloc::vec::Vec;

/// Why a partition can't be grown.
pub(super) type Why = &'static str;

/// What makes a partition larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Growth {
    /// Where the partition begins, in bytes.
    pub(super) start: u64,
    /// Its new size, in bytes.
    pub(super) size: u64,
    /// What is written where, in this order: cut off anywhere, one of the tables
    /// of a GPT is whole.
    pub(super) writes: Vec<(u64, Vec<u8>)>,
}

/// A disk.
pub(super) struct Disk<'a> {
    /// Its size, in bytes.
    pub(super) size: u64,
    /// Bytes of a logical sector.
    pub(super) sector: u64,
    /// Fills the bytes from those at a position; false where that can't be.
    pub(super) read: &'a mut dyn FnMut(u64, &mut [u8]) -> bool,
}

impl Disk<'_> {
    fn sectors(&self) -> u64 {
        self.size / self.sector
    }

    fn bytes(&mut self, at: u64, count: usize) -> Result<Vec<u8>, Why> {
        let mut bytes = alloc::vec![0; count];
        if (self.read)(at, &mut bytes) { Ok(bytes) } else { Err("its partition table can't be read") }
    }
}

/// Lets partition `number` end where the next one begins, or the disk ends.
/// `None`: it does already.
pub(super) fn grow(disk: &mut Disk<'_>, number: u32) -> Result<Option<Growth>, Why> {
    if disk.sector < 512 || disk.sector > SECTOR || disk.sectors() < 3 {
        return Err("it is too small for a partition table");
    }
    let sector = usize::try_from(disk.sector).unwrap_or(512);
    let boot = disk.bytes(0, sector)?;
    if boot.get(510..512) != Some(&[0x55, 0xaa]) {
        return Err("it has no partition table that is known here");
    }
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let index = index.ok_or("partitions are counted from 1")?;
    if (0..4).any(|entry| boot.get(KIND + 16 * entry) == Some(&PROTECTIVE)) {
        grow_gpt(disk, boot, index)
    } else {
        grow_mbr(disk, boot, index)
    }
}

/// Of the first entry of an MBR: its kind, its first sector, its sectors.
const KIND: usize = 446 + 4;
const FIRST: usize = 446 + 8;
const SECTORS: usize = 446 + 12;

/// The kind of the entry that keeps others from the disk of a GPT.
const PROTECTIVE: u8 = 0xee;

/// Kinds that hold other partitions.
const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];

fn grow_mbr(disk: &mut Disk<'_>, mut boot: Vec<u8>, index: usize) -> Result<Option<Growth>, Why> {
    if index > 3 {
        return Err("a partition within another one is not grown without tools");
    }
    let extent = |entry: usize| -> Option<(u64, u64)> {
        let first = u64::from(u32_at(&boot, FIRST + 16 * entry)?);
        Some((first, first + u64::from(u32_at(&boot, SECTORS + 16 * entry)?)))
    };
    let kind = boot.get(KIND + 16 * index).copied().unwrap_or(0);
    let (first, end) = extent(index).filter(|(first, end)| kind != 0 && end > first).ok_or(MISSING)?;
    if EXTENDED.contains(&kind) {
        return Err("a partition that holds others is not grown without tools");
    }
    let is_used = |entry: &usize| boot.get(KIND + 16 * entry) != Some(&0) && *entry != index;
    let others = (0..4).filter(is_used).filter_map(extent);
    // the table has 32 bits for a size
    let most = disk.sectors().min(first + u64::from(u32::MAX));
    let limit = others.map(|(first, _)| first).filter(|first| *first >= end).fold(most, u64::min);
    if limit <= end {
        return Ok(None);
    }
    let sectors = u32::try_from(limit - first).unwrap_or(u32::MAX);
    // cylinders, heads and sectors that no longer say anything
    put(&mut boot, FIRST + 16 * index - 3, &[0xfe, 0xff, 0xff]);
    put(&mut boot, SECTORS + 16 * index, &sectors.to_le_bytes());
    let (start, size) = (first * disk.sector, u64::from(sectors) * disk.sector);
    Ok(Some(Growth { start, size, writes: Vec::from([(0, boot)]) }))
}

const MISSING: Why = "it has no such partition";
const DAMAGED: Why = "its partition table is damaged";

/// Fields of the header of a GPT.
const HEADER_SIZE: usize = 12;
const HEADER_CHECKSUM: usize = 16;
const OWN: usize = 24;
const OTHER: usize = 32;
const LAST_USABLE: usize = 48;
const ENTRIES: usize = 72;
const COUNT: usize = 80;
const ENTRY_SIZE: usize = 84;
const ENTRIES_CHECKSUM: usize = 88;

/// Fields of an entry of a GPT.
const ENTRY_FIRST: usize = 32;
const ENTRY_LAST: usize = 40;

fn grow_gpt(disk: &mut Disk<'_>, mut boot: Vec<u8>, index: usize) -> Result<Option<Growth>, Why> {
    let sector = usize::try_from(disk.sector).unwrap_or(512);
    let mut header = disk.bytes(disk.sector, sector)?;
    let (entries_at, entry_size) = check_header(&header)?;
    let count = u32_at(&header, COUNT).unwrap_or(0) as usize;
    let mut entries = disk.bytes(entries_at * disk.sector, count * entry_size)?;
    if u32_at(&header, ENTRIES_CHECKSUM) != Some(checksum(&entries)) {
        return Err(DAMAGED);
    }
    let place = index.checked_mul(entry_size).filter(|_| index < count).ok_or(MISSING)?;
    let extent = |entry: &[u8]| -> Option<(u64, u64)> {
        let is_used = entry.get(..16)?.iter().any(|byte| *byte != 0);
        Some((u64_at(entry, ENTRY_FIRST)?, u64_at(entry, ENTRY_LAST)?)).filter(|_| is_used)
    };
    let (first, last) = entries.get(place..).and_then(extent).filter(|(a, b)| a <= b).ok_or(MISSING)?;
    let held = (entries.len() as u64).div_ceil(disk.sector);
    // the second table moves to the end of the disk, its entries before its header
    let other = disk.sectors() - 1;
    let last_usable = other.checked_sub(held + 1).ok_or(DAMAGED)?;
    let nexts = entries.chunks(entry_size).filter_map(extent).map(|(first, _)| first);
    let limit = nexts.filter(|first| *first > last).fold(last_usable, |limit, first| limit.min(first - 1));
    if limit <= last {
        return Ok(None);
    }
    put(&mut entries, place + ENTRY_LAST, &limit.to_le_bytes());
    put(&mut header, LAST_USABLE, &last_usable.to_le_bytes());
    put(&mut header, ENTRIES_CHECKSUM, &checksum(&entries).to_le_bytes());
    put(&mut header, OTHER, &other.to_le_bytes());
    let mut second = header.clone();
    put(&mut second, OWN, &other.to_le_bytes());
    put(&mut second, OTHER, &1_u64.to_le_bytes());
    put(&mut second, ENTRIES, &(other - held).to_le_bytes());
    for header in [&mut header, &mut second] {
        let sum = header_checksum(header).ok_or(DAMAGED)?;
        put(header, HEADER_CHECKSUM, &sum.to_le_bytes());
    }
    if let Some(entry) = (0..4).find(|entry| boot.get(KIND + 16 * entry) == Some(&PROTECTIVE)) {
        let whole = u32::try_from(disk.sectors() - 1).unwrap_or(u32::MAX);
        put(&mut boot, SECTORS + 16 * entry, &whole.to_le_bytes());
    }
    let writes = Vec::from([
        ((other - held) * disk.sector, entries.clone()),
        (other * disk.sector, second),
        (entries_at * disk.sector, entries),
        (disk.sector, header),
        (0, boot),
    ]);
    let (start, size) = (first * disk.sector, (limit - first + 1) * disk.sector);
    Ok(Some(Growth { start, size, writes }))
}

/// The first sector of the entries, and the bytes of each, of a header that is whole.
fn check_header(header: &[u8]) -> Result<(u64, usize), Why> {
    let is_whole = header.starts_with(b"EFI PART")
        && u64_at(header, OWN) == Some(1)
        && u32_at(header, HEADER_CHECKSUM) == header_checksum(header);
    let number = |at| u32_at(header, at).unwrap_or(0);
    let (count, size) = (number(COUNT), number(ENTRY_SIZE));
    let is_usual = (1..=PARTITIONS).contains(&count) && (128..=512).contains(&size) && size % 8 == 0;
    // 1 TiB into the disk nobody has one
    let entries = u64_at(header, ENTRIES).filter(|at| (2..1 << 31).contains(at));
    match entries.filter(|_| is_whole && is_usual) {
        Some(entries) => Ok((entries, size as usize)),
        None => Err(DAMAGED),
    }
}

/// Of a header, with its own field taken for 0; `None` where its size is none.
fn header_checksum(header: &[u8]) -> Option<u32> {
    let size = u32_at(header, HEADER_SIZE)? as usize;
    let mut header = header.get(..size).filter(|_| size >= 92)?.to_vec();
    put(&mut header, HEADER_CHECKSUM, &[0; 4]);
    Some(checksum(&header))
}

fn checksum(bytes: &[u8]) -> u32 {
    Checksum::new().of(bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn grown(bytes: &[u8], sector: u64, number: u32) -> Result<Option<Growth>, Why> {
        let mut read = |at: u64, out: &mut [u8]| {
            let at = usize::try_from(at).unwrap();
            bytes.get(at..at + out.len()).map(|found| out.copy_from_slice(found)).is_some()
        };
        grow(&mut Disk { size: bytes.len() as u64, sector, read: &mut read }, number)
    }

    fn applied(bytes: &mut [u8], growth: &Growth) {
        for (at, written) in &growth.writes {
            put(bytes, usize::try_from(*at).unwrap(), written);
        }
    }

    /// A disk of 8 MiB with the partitions (kind, first sector, sectors).
    fn mbr(entries: &[(u8, u32, u32)]) -> Vec<u8> {
        let mut disk = alloc::vec![0; 8 << 20];
        for (number, (kind, first, sectors)) in entries.iter().enumerate() {
            put(&mut disk, KIND + 16 * number, &[*kind]);
            put(&mut disk, FIRST + 16 * number, &first.to_le_bytes());
            put(&mut disk, SECTORS + 16 * number, &sectors.to_le_bytes());
        }
        put(&mut disk, 510, &[0x55, 0xaa]);
        disk
    }

    #[test]
    fn a_partition_of_an_mbr_ends_where_the_next_begins() {
        let mut disk = mbr(&[(0x83, 4096, 2048), (0x83, 2048, 2048), (0x0f, 10240, 2048)]);
        let growth = grown(&disk, 512, 1).unwrap().unwrap();
        assert_eq!((growth.start, growth.size), (2 * MIB, 3 * MIB));
        applied(&mut disk, &growth);
        assert_eq!(u32_at(&disk, SECTORS), Some(6144));
        assert_eq!(grown(&disk, 512, 1), Ok(None), "it has all there is");
        assert_eq!(grown(&disk, 512, 2), Ok(None));
        assert!(grown(&disk, 512, 3).unwrap_err().contains("holds others"));
        assert_eq!(grown(&disk, 512, 4), Err(MISSING));
        assert!(grown(&disk, 512, 5).unwrap_err().contains("within"));
        let growth = grown(&mbr(&[(0x83, 2048, 2048)]), 512, 1).unwrap().unwrap();
        assert_eq!((growth.start, growth.size), (MIB, 7 * MIB));
    }

    /// A GPT of `sectors` on a larger disk, its second table not at the end: an
    /// image that was written to it.
    fn gpt(sector: usize, partitions: &[(u64, u64)]) -> Vec<u8> {
        let mut disk = alloc::vec![0; 8 << 20];
        put(&mut disk, 510, &[0x55, 0xaa]);
        put(&mut disk, KIND, &[PROTECTIVE]);
        let mut entries = alloc::vec![0; 128 * 128];
        for (number, (first, last)) in partitions.iter().enumerate() {
            put(&mut entries, 128 * number, &[7; 16]);
            put(&mut entries, 128 * number + ENTRY_FIRST, &first.to_le_bytes());
            put(&mut entries, 128 * number + ENTRY_LAST, &last.to_le_bytes());
        }
        let mut header = alloc::vec![0; sector];
        put(&mut header, 0, b"EFI PART\0\0\x01\0\x5c\0\0\0");
        put(&mut header, OWN, &1_u64.to_le_bytes());
        put(&mut header, OTHER, &8191_u64.to_le_bytes());
        put(&mut header, ENTRIES, &2_u64.to_le_bytes());
        put(&mut header, COUNT, &128_u32.to_le_bytes());
        put(&mut header, ENTRY_SIZE, &128_u32.to_le_bytes());
        put(&mut header, ENTRIES_CHECKSUM, &checksum(&entries).to_le_bytes());
        let sum = header_checksum(&header).unwrap();
        put(&mut header, HEADER_CHECKSUM, &sum.to_le_bytes());
        put(&mut disk, sector, &header);
        put(&mut disk, 2 * sector, &entries);
        disk
    }

    #[test]
    fn a_gpt_gets_its_second_table_at_the_end_of_the_disk() {
        for sector in [512, 4096] {
            let mut disk = gpt(sector, &[(512, 1023), (300, 511)]);
            let sectors = (disk.len() / sector) as u64;
            let held = (128 * 128 / sector) as u64;
            let growth = grown(&disk, sector as u64, 1).unwrap().unwrap();
            assert_eq!(growth.start, 512 * sector as u64);
            assert_eq!(growth.size / sector as u64, sectors - held - 1 - 512);
            applied(&mut disk, &growth);
            assert_eq!(grown(&disk, sector as u64, 1), Ok(None));
            assert_eq!(grown(&disk, sector as u64, 2), Ok(None));
            let second = &disk[disk.len() - sector..];
            assert_eq!(u64_at(second, ENTRIES), Some(sectors - 1 - held));
            assert_eq!(u32_at(second, HEADER_CHECKSUM), header_checksum(second));
            let copy = &disk[disk.len() - sector - 128 * 128..disk.len() - sector];
            assert_eq!(copy, &disk[2 * sector..2 * sector + 128 * 128]);
            assert_eq!(u64::from(u32_at(&disk, SECTORS).unwrap()), sectors - 1);
        }
    }

    #[test]
    fn what_is_damaged_is_left_alone() {
        let disk = gpt(512, &[(2048, 4095)]);
        assert_eq!(grown(&disk, 512, 0), Err("partitions are counted from 1"));
        assert_eq!(grown(&disk, 512, 2), Err(MISSING));
        assert_eq!(grown(&disk, 512, u32::MAX), Err(MISSING));
        for at in [512, 512 + OWN, 512 + COUNT, 512 + ENTRY_SIZE, 512 + ENTRIES, 1024, 1024 + ENTRY_LAST] {
            let mut disk = disk.clone();
            disk[at] ^= 0xff;
            assert_eq!(grown(&disk, 512, 1), Err(DAMAGED), "{at}");
        }
        assert!(grown(&alloc::vec![0; 8 << 20], 512, 1).unwrap_err().contains("no partition table"));
        assert!(grown(&[], 512, 1).is_err() && grown(&disk[..1536], 512, 1).is_err());
    }
}
