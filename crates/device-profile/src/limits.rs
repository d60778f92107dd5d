//! How much of a stranger's bytes is worth reading.

/// Bounds for everything that is read or written here; the defaults are safe for a server.
///
/// The numbers are ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest archive, in bytes: 16 MiB.
    pub archive_bytes: u64,
    /// The most entries of an archive: 256.
    pub entries: usize,
    /// The longest entry, unpacked, in bytes: 4 MiB.
    pub entry_bytes: u64,
    /// All entries together, unpacked, in bytes: 32 MiB.
    pub total_bytes: u64,
    /// How many times its packed length an entry may unpack to, once it is over 64 KiB: 200.
    pub ratio: u64,
    /// The most tags of a tag set in an archive, those of its regions counted: 4,096.
    pub tags: usize,
    /// The most regions of a tag set in an archive: 256.
    pub regions: usize,
    /// The most countries of a tag set in an archive, those of all its regions together: 1,024.
    pub countries: usize,
    /// The most device types of a device family: 256.
    pub device_types: usize,
    /// The most tag sets of a device family: 256.
    pub tag_sets: usize,
    /// The longest text in a manifest, names of members among them, in characters: 1,024. Rules of
    /// the types and sets allow less.
    pub text_characters: usize,
    /// The most members and elements in a manifest, all together: 262,144.
    pub manifest_values: usize,
    /// The most broken rules that an import tells one by one: 1,000.
    pub violations: usize,
    /// The longest document, in bytes: 1 MiB.
    pub document_bytes: usize,
    /// Elements within one another, the root counted: 32.
    pub depth: usize,
    /// The most elements of a document: 20,000.
    pub elements: usize,
    /// The longest path of a value in a document of a room device or of Unified CM, in bytes and
    /// without the numbers of one of several: 1,024.
    pub path_bytes: usize,
    /// The longest profile rule, in bytes: 4,096.
    pub rule_bytes: usize,
    /// The longest text that tags or macros may be put into or come out as, in bytes: 2 MiB.
    pub output_bytes: usize,
    /// The most undefined tags that are told one by one: 256.
    pub undefined_tags: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_bytes: 16 * MIB,
            entries: 256,
            entry_bytes: 4 * MIB,
            total_bytes: 32 * MIB,
            ratio: 200,
            tags: 4_096,
            regions: 256,
            countries: 1_024,
            device_types: 256,
            tag_sets: 256,
            text_characters: 1_024,
            manifest_values: 262_144,
            violations: 1_000,
            document_bytes: 1_048_576,
            depth: 32,
            elements: 20_000,
            path_bytes: 1_024,
            rule_bytes: 4_096,
            output_bytes: 2_097_152,
            undefined_tags: 256,
        }
    }
}

const MIB: u64 = 1_048_576;
