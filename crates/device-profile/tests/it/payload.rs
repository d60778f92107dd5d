//! Documents compressed and encrypted on their way.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use offhook_device_profile::payload::{
    Encryption, Entropy, SystemEntropy, compress, decompress, decrypt, is_gzip,
};
use offhook_device_profile::{EntropyError, Limits, PayloadError};
use proptest::prelude::*;

/// Gives the same bytes each time.
struct Fixed([u8; 16]);

impl Entropy for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

struct Failing;

impl Entropy for Failing {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError::new())
    }
}

fn from_base64url(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for char in text.bytes() {
        let value = alphabet.iter().position(|known| *known == char).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn opened(payload: &[u8], key: &[u8]) -> Result<Vec<u8>, PayloadError> {
    decrypt(payload, key, &Limits::default()).map(|(_, content)| content.to_vec())
}

#[test]
fn the_first_example_of_rfc_8188_is_decrypted_and_made() {
    let key = from_base64url("yqdlZ-tYemfogSmv7Ws5PQ");
    let payload =
        from_base64url("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");
    let (key_id, content) = decrypt(&payload, &key, &Limits::default()).unwrap();
    assert_eq!(
        (key_id, content.as_slice()),
        (&b""[..], &b"I am the walrus"[..])
    );
    let salt = payload[..16].try_into().unwrap();
    let made = Encryption::new(&key).encrypt(b"I am the walrus", &mut Fixed(salt));
    assert_eq!(made.unwrap(), payload);
}

#[test]
fn the_second_example_of_rfc_8188_is_decrypted() {
    let key = from_base64url("BO3ZVPxUlnLORbVGMpbT1Q");
    let payload = from_base64url(
        "uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA",
    );
    let (key_id, content) = decrypt(&payload, &key, &Limits::default()).unwrap();
    assert_eq!(
        (key_id, content.as_slice()),
        (&b"a1"[..], &b"I am the walrus"[..])
    );
}

#[test]
fn records_cannot_be_changed_left_out_or_put_in_another_order() {
    let key = [7; 16];
    let encryption = Encryption::new(&key).with_record_size(25).unwrap();
    let payload = encryption.encrypt(&[65; 32], &mut Fixed([1; 16])).unwrap();
    let (head, body) = payload.split_at(21);
    let records: Vec<&[u8]> = body.chunks(25).collect();
    assert_eq!(records.len(), 4);
    let with = |order: &[usize]| {
        let mut bytes = head.to_vec();
        order
            .iter()
            .for_each(|at| bytes.extend_from_slice(records[*at]));
        opened(&bytes, &key)
    };
    assert_eq!(with(&[0, 1, 2, 3]), Ok(vec![65; 32]));
    assert_eq!(with(&[0, 1, 2]), Err(PayloadError::Truncated));
    assert_eq!(with(&[0, 2, 1, 3]), Err(PayloadError::Decrypt));
    assert_eq!(with(&[1, 2, 3]), Err(PayloadError::Decrypt));
    assert_eq!(with(&[0, 1, 2, 3, 3]), Err(PayloadError::Truncated));
    assert_eq!(with(&[]), Err(PayloadError::Truncated));
    for at in 0..payload.len() {
        let mut changed = payload.clone();
        changed[at] ^= 1;
        assert!(opened(&changed, &key).is_err(), "byte {at}");
        assert!(opened(&payload[..at], &key).is_err(), "byte {at}");
    }
    assert_eq!(opened(&payload, &[8; 16]), Err(PayloadError::Decrypt));
}

#[test]
fn limits_of_encryption_are_kept() {
    let encryption = Encryption::new(&[1]);
    assert_eq!(
        encryption.clone().with_record_size(17).unwrap_err(),
        PayloadError::RecordSize
    );
    assert_eq!(
        encryption.clone().with_key_id(&[0; 256]).unwrap_err(),
        PayloadError::KeyId
    );
    let failed = encryption.encrypt(b"", &mut Failing).unwrap_err();
    assert_eq!(failed, PayloadError::Entropy(EntropyError::new()));
    let mut payload = encryption.encrypt(b"x", &mut SystemEntropy::new()).unwrap();
    let mut limits = Limits::default();
    limits.document_bytes = payload.len();
    assert!(decrypt(&payload, &[1], &limits).is_ok());
    limits.document_bytes -= 1;
    assert_eq!(
        decrypt(&payload, &[1], &limits).unwrap_err(),
        PayloadError::TooLarge
    );
    payload[16..20].copy_from_slice(&17_u32.to_be_bytes());
    assert_eq!(opened(&payload, &[1]), Err(PayloadError::RecordSize));
}

#[test]
fn two_payloads_have_two_salts() {
    let encryption = Encryption::new(&[1; 16]);
    let mut entropy = SystemEntropy::new();
    let one = encryption.encrypt(b"x", &mut entropy).unwrap();
    let other = encryption.encrypt(b"x", &mut entropy).unwrap();
    assert_ne!(one[..16], other[..16]);
}

#[test]
fn what_is_compressed_is_unpacked_and_always_the_same() {
    let text = "<flat-profile/>".repeat(1_000);
    let packed = compress(text.as_bytes()).unwrap();
    assert_eq!(packed, compress(text.as_bytes()).unwrap());
    assert!(is_gzip(&packed) && packed.len() < 200);
    assert_eq!(packed[4..8], [0; 4]);
    let unpacked = decompress(&packed, &Limits::default()).unwrap();
    assert_eq!(*unpacked, text.as_bytes());
    let twice = [packed.as_slice(), &packed].concat();
    let unpacked = decompress(&twice, &Limits::default()).unwrap();
    assert_eq!(unpacked.len(), 2 * text.len());
}

#[test]
fn damaged_gzip_and_bombs_are_refused() {
    let limits = Limits::default();
    let packed = compress(b"abc").unwrap();
    for bad in [
        &b""[..],
        b"abc",
        &packed[..packed.len() - 1],
        &[packed.as_slice(), b"x"].concat(),
    ] {
        assert_eq!(decompress(bad, &limits).unwrap_err(), PayloadError::Gzip);
    }
    let mut damaged = packed.clone();
    let at = packed.len() - 8;
    damaged[at] ^= 1;
    assert_eq!(
        decompress(&damaged, &limits).unwrap_err(),
        PayloadError::Gzip
    );
    for (length, error) in [
        (1 << 20, PayloadError::Ratio),
        (1 << 26, PayloadError::TooLarge),
    ] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; length]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert_eq!(decompress(&bomb, &limits).unwrap_err(), error);
    }
    let mut small = limits;
    small.document_bytes = 3;
    assert!(decompress(&packed, &small).is_ok());
    small.document_bytes = 2;
    assert_eq!(
        decompress(&packed, &small).unwrap_err(),
        PayloadError::TooLarge
    );
}

proptest! {
    #[test]
    fn what_is_encrypted_is_decrypted(
        content in prop::collection::vec(any::<u8>(), 0..200),
        key in prop::collection::vec(any::<u8>(), 0..40),
        key_id in prop::collection::vec(any::<u8>(), 0..9),
        size in 18_usize..90,
    ) {
        let encryption = Encryption::new(&key).with_key_id(&key_id).unwrap().with_record_size(size).unwrap();
        let payload = encryption.encrypt(&content, &mut SystemEntropy::new()).unwrap();
        let (found, opened) = decrypt(&payload, &key, &Limits::default()).unwrap();
        prop_assert_eq!(found, &key_id);
        prop_assert_eq!(&*opened, &content);
    }
}
