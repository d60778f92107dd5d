//! Thirty-two bytes as hexadecimal digits.

/// The 64 lower-case digits of `bytes`.
pub(crate) fn encode(bytes: &[u8; 32]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Writes the bytes spelled by `text`, of either case, into `bytes`; `None` if they are not 64
/// digits.
pub(crate) fn decode(text: &str, bytes: &mut [u8; 32]) -> Option<()> {
    if text.len() != 64 {
        return None;
    }
    let value = |digit: &u8| {
        char::from(*digit)
            .to_digit(16)
            .and_then(|v| u8::try_from(v).ok())
    };
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (value(high)? << 4) | value(low)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_round_trip() {
        let bytes = std::array::from_fn(|at| u8::try_from(at * 8 + 3).unwrap());
        let mut back = [0; 32];
        decode(&encode(&bytes), &mut back).unwrap();
        assert_eq!(back, bytes);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "00",
            &"0".repeat(63),
            &"0".repeat(65),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            assert_eq!(decode(text, &mut [0; 32]), None, "{text}");
        }
    }
}
