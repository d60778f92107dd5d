//! RSA keys from a chip whose primes were not random enough.

/// Whether a modulus bears the mark of the weak generator.
///
/// Its primes were `k * M + 65537^a mod M`, with `M` the product of the first primes: so the
/// modulus is a power of 65537 modulo each of them. Of other moduli about one in 2^27 is.
///
/// # Source
///
/// Nemec, Sys, Svenda, Klinec and Matyas, "The Return of Coppersmith's Attack" (2017), section 4.
pub(crate) fn is_weak(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let remainder = modulus
            .iter()
            .fold(0, |rest, &byte| ((rest << 8) | u32::from(byte)) % prime);
        let mut power = 1;
        loop {
            if power == remainder {
                return true;
            }
            power = power * 65_537 % prime;
            if power == 1 {
                return false;
            }
        }
    })
}

/// The odd primes of the product that is the smallest, that of keys of 512 to 960 bits.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_the_generator_are_weak_and_other_numbers_are_not() {
        let mut power: u128 = 1;
        for _ in 0..7 {
            power *= 65_537;
            assert!(is_weak(&power.to_be_bytes()), "{power}");
            for other in [power + 2, power * 3, power - 2] {
                assert!(!is_weak(&other.to_be_bytes()), "{other}");
            }
        }
    }
}
