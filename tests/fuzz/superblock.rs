//! A device of any bytes is a file system or none; labels are no longer than
//! the formats allow.

use glowplug::sys::superblock::recognise;

use crate::Target;

/// A device of `length` bytes with `pieces` at their offsets.
fn device(length: usize, pieces: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; length];
    for &(at, piece) in pieces {
        bytes[at..at + piece.len()].copy_from_slice(piece);
    }
    bytes
}

pub(crate) fn target() -> Target {
    let corpus = vec![
        device(0x500, &[(0x438, &[0x53, 0xef]), (0x478, b"root"), (0x468, &[7; 16])]),
        device(0x200, &[(0, b"XFSB"), (108, b"data"), (32, &[1; 16])]),
        device(0x9000, &[(32768, b"\x01CD001"), (32808, b"config-2                        ")]),
        device(
            0x400,
            &[
                (0, b"\xeb\x3c\x90mkfs.fat"),
                (11, &[0, 2, 4, 1, 0, 2, 0, 2]),
                (54, b"FAT16   "),
                (43, b"CONFIG-2   "),
                (510, &[0x55, 0xaa]),
            ],
        ),
        device(
            0x400,
            &[
                (0, b"\xeb\x58\x90"),
                (11, &[0, 2, 8, 32, 0, 2]),
                (82, b"FAT32   "),
                (71, b"CIDATA     "),
                (510, &[0x55, 0xaa]),
            ],
        ),
        Vec::new(),
    ];
    let pieces = &[
        b"XFSB" as &[u8],
        b"CD001",
        b"\x53\xef",
        b"FAT32   ",
        b"FAT12   ",
        b"NO NAME    ",
        b"\0",
        b"\xff\xff",
        b"\x55\xaa",
        b" ",
    ];
    Target { name: "superblock", corpus, pieces, check, rounds: 25_000 }
}

fn check(device: &[u8]) -> bool {
    let mut asked = 0;
    let found = recognise(&mut |at, buffer| {
        asked += buffer.len();
        let rest = usize::try_from(at).ok().and_then(|at| device.get(at..));
        let part = rest.and_then(|rest| rest.get(..buffer.len()));
        part.map(|part| buffer.copy_from_slice(part)).is_some()
    });
    assert!(asked < 8192, "{asked} bytes were asked for");
    let Some(found) = found else { return false };
    // A byte that is no character becomes one of three.
    assert!(found.label.len() <= 3 * 256 && found.uuid.len() <= 36, "{found:?}");
    true
}
