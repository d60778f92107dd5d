//! Zip archives made byte by byte, so that they can say what no honest writer writes.

/// One entry as the directory tells it; `local` is how its own header tells it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: Vec<u8>,
    pub(crate) size: u32,
    pub(crate) mode: u32,
    /// On which volume it says that it is.
    pub(crate) disk: u16,
    /// Fields behind the name in the directory, and those before the content.
    pub(crate) extra: Vec<u8>,
    pub(crate) local_extra: Vec<u8>,
    /// Points at another entry's local header instead of one of its own.
    pub(crate) shares: Option<usize>,
}

impl Entry {
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            flags: 0,
            method: 0,
            crc: crc32(content),
            packed: content.to_vec(),
            size: u32::try_from(content.len()).unwrap(),
            mode: 0o100_644,
            disk: 0,
            extra: Vec::new(),
            local_extra: Vec::new(),
            shares: None,
        }
    }
}

pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut offsets: Vec<usize> = Vec::new();
    for entry in entries {
        if let Some(other) = entry.shares {
            offsets.push(offsets[other]);
            continue;
        }
        offsets.push(bytes.len());
        let name = entry.local_name.as_ref().unwrap_or(&entry.name);
        bytes.extend(b"PK\x03\x04");
        push16(&mut bytes, &[20, entry.flags, entry.method, 0, 0x21]);
        push32(&mut bytes, &[entry.crc, len(&entry.packed), entry.size]);
        push16(&mut bytes, &[len16(name), len16(&entry.local_extra)]);
        bytes.extend(name);
        bytes.extend(&entry.local_extra);
        bytes.extend(&entry.packed);
    }
    let directory = bytes.len();
    for (entry, offset) in entries.iter().zip(&offsets) {
        bytes.extend(b"PK\x01\x02");
        push16(
            &mut bytes,
            &[0x0314, 20, entry.flags, entry.method, 0, 0x21],
        );
        push32(&mut bytes, &[entry.crc, len(&entry.packed), entry.size]);
        push16(
            &mut bytes,
            &[len16(&entry.name), len16(&entry.extra), 0, entry.disk, 0],
        );
        push32(
            &mut bytes,
            &[entry.mode << 16, u32::try_from(*offset).unwrap()],
        );
        bytes.extend(&entry.name);
        bytes.extend(&entry.extra);
    }
    let length = bytes.len() - directory;
    bytes.extend(b"PK\x05\x06");
    let count = u16::try_from(entries.len()).unwrap();
    push16(&mut bytes, &[0, 0, count, count]);
    push32(
        &mut bytes,
        &[
            u32::try_from(length).unwrap(),
            u32::try_from(directory).unwrap(),
        ],
    );
    push16(&mut bytes, &[0]);
    bytes
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

fn len16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap()
}

fn push16(bytes: &mut Vec<u8>, values: &[u16]) {
    for value in values {
        bytes.extend(value.to_le_bytes());
    }
}

fn push32(bytes: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        bytes.extend(value.to_le_bytes());
    }
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}
