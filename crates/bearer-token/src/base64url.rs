//! Base64url without padding, in its one canonical spelling.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes `text` into `buffer`; `None` for padding, white space, a foreign alphabet, stray last
/// bits or more bytes than the buffer holds.
pub(crate) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
    let length = URL_SAFE_NO_PAD.decode_slice(text, buffer).ok()?;
    buffer.get_mut(..length)
}

/// [`decode_into`] for text of any length.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes to exactly `N` bytes.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut array = [0; N];
    let length = decode_into(text, &mut array)?.len();
    (length == N).then_some(array)
}

/// The one spelling of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(decode("AQ"), Some(vec![1]));
        for spelling in ["AR", "AQ==", "A", "AQ\n", " AQ", "+/+/", "A=Q"] {
            assert_eq!(decode(spelling), None, "{spelling:?}");
        }
    }

    #[test]
    fn a_buffer_may_be_filled_to_its_last_byte() {
        for length in 1..1_026 {
            let bytes = vec![0x5a; length];
            let mut room = vec![0; length];
            let text = encode(&bytes);
            assert_eq!(decode_into(&text, &mut room).as_deref(), Some(&*bytes));
            assert_eq!(decode_into(&text, &mut room[1..]), None);
        }
    }
}
