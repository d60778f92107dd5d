//! Whether a public point lies on its curve: a key that does not is malformed, and only `ring`'s
//! refusal of each signature would tell.
//!
//! Only public values come here, so nothing is done in constant time.

/// Whether `x` and `y`, big end first, are a point of P-256 (FIPS 186-4, appendix D.1.2.3).
pub(crate) fn is_on_p256(x: &[u8], y: &[u8]) -> bool {
    Field::new(P256_PRIME).solves_weierstrass(x, y, P256_B)
}

/// Whether `x` and `y`, big end first, are a point of P-384 (FIPS 186-4, appendix D.1.2.4).
pub(crate) fn is_on_p384(x: &[u8], y: &[u8]) -> bool {
    Field::new(P384_PRIME).solves_weierstrass(x, y, P384_B)
}

/// Whether the 32 bytes are the encoding of a point of Ed25519 (RFC 8032 section 5.1.3).
pub(crate) fn is_on_ed25519(point: &[u8]) -> bool {
    let mut bytes = point.to_vec();
    bytes.reverse();
    // The sign of x: either has its point, but for the two with x = 0, which are of small order.
    if let Some(first) = bytes.first_mut() {
        *first &= 0x7f;
    }
    let field = Field::new(ED25519_PRIME);
    let Some(y) = field.read(&bytes) else {
        return false;
    };
    // x² = (y² − 1) / (d·y² + 1) with d = −121665 / 121666. That is a square where the product of
    // both is one, and multiplying by the square of 121666 changes nothing in that.
    let square = field.multiply(&y, &y);
    let above = field.subtract(&square, &field.one);
    let d = [field.small(121_665), field.small(121_666)];
    let [numerator, denominator] = &d;
    let below = field.subtract(denominator, &field.multiply(numerator, &square));
    let product = field.multiply(&above, &field.multiply(&below, denominator));
    field.is_square(&product)
}

/// The integers modulo an odd prime of `N` words, little end first; its elements are Montgomery's
/// residues: a number times 2^(64·`N`).
struct Field<const N: usize> {
    prime: [u64; N],
    /// −1 / `prime`, modulo 2^64.
    inverse: u64,
    one: [u64; N],
}

impl<const N: usize> Field<N> {
    fn new(prime: [u64; N]) -> Self {
        let lowest = prime.first().copied().unwrap_or_default();
        // Newton's way: each step doubles the bits that are right.
        let inverse = (0..6).fold(1_u64, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(inverse)))
        });
        let mut field = Self {
            prime,
            inverse: inverse.wrapping_neg(),
            one: [0; N],
        };
        let mut one = [0; N];
        if let Some(word) = one.first_mut() {
            *word = 1;
        }
        field.one = field.residue(one);
        field
    }

    /// y² = x³ − 3x + b.
    fn solves_weierstrass(&self, x: &[u8], y: &[u8], b: [u64; N]) -> bool {
        let (Some(x), Some(y)) = (self.read(x), self.read(y)) else {
            return false;
        };
        let square = self.multiply(&x, &x);
        let sum = self.subtract(&square, &self.small(3));
        let right = self.add(&self.multiply(&sum, &x), &self.residue(b));
        self.multiply(&y, &y) == right
    }

    /// An element, big end first; `None` where it is not below the prime or has another length.
    fn read(&self, bytes: &[u8]) -> Option<[u64; N]> {
        let mut number = [0; N];
        if bytes.len() != 8 * N {
            return None;
        }
        for (word, bytes) in number.iter_mut().zip(bytes.rchunks_exact(8)) {
            *word = u64::from_be_bytes(bytes.try_into().ok()?);
        }
        let is_below = number.iter().rev().lt(self.prime.iter().rev());
        is_below.then(|| self.residue(number))
    }

    fn small(&self, number: u64) -> [u64; N] {
        let mut words = [0; N];
        if let Some(word) = words.first_mut() {
            *word = number;
        }
        self.residue(words)
    }

    /// Times 2^(64·`N`), by doubling.
    fn residue(&self, number: [u64; N]) -> [u64; N] {
        (0..64 * N).fold(number, |number, _| self.add(&number, &number))
    }

    fn add(&self, one: &[u64; N], other: &[u64; N]) -> [u64; N] {
        let mut sum = *one;
        let mut carry = false;
        for (word, addend) in sum.iter_mut().zip(other) {
            let (partial, first) = word.overflowing_add(*addend);
            let (whole, second) = partial.overflowing_add(u64::from(carry));
            (*word, carry) = (whole, first || second);
        }
        self.reduce(sum, carry)
    }

    fn subtract(&self, one: &[u64; N], other: &[u64; N]) -> [u64; N] {
        let mut negative = self.prime;
        take(&mut negative, other);
        self.add(one, &negative)
    }

    /// The product over 2^(64·`N`), word by word (Montgomery's multiplication).
    fn multiply(&self, one: &[u64; N], other: &[u64; N]) -> [u64; N] {
        let mut sum = [0; N];
        let mut top = 0;
        for factor in other {
            let carry = add_multiple(&mut sum, one, *factor);
            let (high, first) = carry.overflowing_add(top);
            let lowest = sum.first().copied().unwrap_or_default();
            // The multiple that makes the lowest word zero, which is then shifted out.
            let carry = add_multiple(&mut sum, &self.prime, lowest.wrapping_mul(self.inverse));
            sum.rotate_left(1);
            let (high, second) = high.overflowing_add(carry);
            if let Some(last) = sum.last_mut() {
                *last = high;
            }
            top = u64::from(first) + u64::from(second);
        }
        self.reduce(sum, top > 0)
    }

    /// Euler's criterion: the power of half the prime is 0 or 1.
    fn is_square(&self, number: &[u64; N]) -> bool {
        let mut power = self.one;
        let bits = (1..64 * N).rev().map(|bit| {
            let word = self.prime.get(bit / 64).copied().unwrap_or_default();
            word >> (bit % 64) & 1 == 1
        });
        for is_set in bits {
            power = self.multiply(&power, &power);
            if is_set {
                power = self.multiply(&power, number);
            }
        }
        power == self.one || power == [0; N]
    }

    /// Below the prime, of what is below twice the prime.
    fn reduce(&self, mut number: [u64; N], has_overflowed: bool) -> [u64; N] {
        if has_overflowed || !number.iter().rev().lt(self.prime.iter().rev()) {
            take(&mut number, &self.prime);
        }
        number
    }
}

/// Subtracts, modulo 2^(64·`N`).
fn take<const N: usize>(from: &mut [u64; N], what: &[u64; N]) {
    let mut borrow = false;
    for (word, subtrahend) in from.iter_mut().zip(what) {
        let (partial, first) = word.overflowing_sub(*subtrahend);
        let (whole, second) = partial.overflowing_sub(u64::from(borrow));
        (*word, borrow) = (whole, first || second);
    }
}

/// Adds a multiple to a sum; gives what does not fit into it.
fn add_multiple<const N: usize>(sum: &mut [u64; N], of: &[u64; N], factor: u64) -> u64 {
    let mut carry = 0;
    for (word, multiplicand) in sum.iter_mut().zip(of) {
        let product = u128::from(*multiplicand) * u128::from(factor);
        let whole = product + u128::from(*word) + u128::from(carry);
        (*word, carry) = halves(whole);
    }
    carry
}

/// The low word and the high one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "either half is a word, and cutting them apart is the purpose"
)]
const fn halves(wide: u128) -> (u64, u64) {
    (wide as u64, (wide >> 64) as u64)
}

/// 2^256 − 2^224 + 2^192 + 2^96 − 1.
const P256_PRIME: [u64; 4] = [
    0xffff_ffff_ffff_ffff,
    0x0000_0000_ffff_ffff,
    0x0000_0000_0000_0000,
    0xffff_ffff_0000_0001,
];
const P256_B: [u64; 4] = [
    0x3bce_3c3e_27d2_604b,
    0x651d_06b0_cc53_b0f6,
    0xb3eb_bd55_7698_86bc,
    0x5ac6_35d8_aa3a_93e7,
];
/// 2^384 − 2^128 − 2^96 + 2^32 − 1.
const P384_PRIME: [u64; 6] = [
    0x0000_0000_ffff_ffff,
    0xffff_ffff_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
];
const P384_B: [u64; 6] = [
    0x2a85_c8ed_d3ec_2aef,
    0xc656_398d_8a2e_d19d,
    0x0314_088f_5013_875a,
    0x181d_9c6e_fe81_4112,
    0x988e_056b_e3f8_2d19,
    0xb331_2fa7_e23e_e7e4,
];
/// 2^255 − 19.
const ED25519_PRIME: [u64; 4] = [
    0xffff_ffff_ffff_ffed,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
];

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
    };

    use super::*;

    type IsOnCurve = fn(&[u8], &[u8]) -> bool;

    fn fresh_point(algorithm: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        pair.public_key().as_ref()[1..].to_vec()
    }

    #[test]
    fn the_points_of_keys_lie_on_their_curves_and_their_neighbours_do_not() {
        for _ in 0..50 {
            let cases: [(_, IsOnCurve); 2] = [
                (&ECDSA_P256_SHA256_FIXED_SIGNING, is_on_p256),
                (&ECDSA_P384_SHA384_FIXED_SIGNING, is_on_p384),
            ];
            for (algorithm, is_on_curve) in cases {
                let mut point = fresh_point(algorithm);
                let size = point.len() / 2;
                let (x, y) = point.split_at(size);
                assert!(is_on_curve(x, y));
                assert!(!is_on_curve(y, x));
                assert!(!is_on_curve(x, &y[1..]));
                *point.last_mut().unwrap() ^= 1;
                let (x, y) = point.split_at(size);
                assert!(!is_on_curve(x, y));
            }
        }
        for (size, is_on_curve) in [(32, is_on_p256 as IsOnCurve), (48, is_on_p384)] {
            assert!(!is_on_curve(&vec![0; size], &vec![0; size]));
            assert!(!is_on_curve(&vec![0xff; size], &vec![0xff; size]));
        }
    }

    #[test]
    fn a_coordinate_that_is_not_below_the_prime_is_none() {
        // The prime itself would be zero, for which P-256 and P-384 have a point.
        let root = [
            0x66, 0x48, 0x5c, 0x78, 0x0e, 0x2f, 0x83, 0xd7, 0x24, 0x33, 0xbd, 0x5d, 0x84, 0xa0,
            0x6b, 0xb6, 0x54, 0x1c, 0x2a, 0xf3, 0x1d, 0xae, 0x87, 0x17, 0x28, 0xbf, 0x85, 0x6a,
            0x17, 0x4f, 0x93, 0xf4,
        ];
        assert!(is_on_p256(&[0; 32], &root));
        let prime: Vec<u8> = P256_PRIME
            .iter()
            .rev()
            .flat_map(|word| word.to_be_bytes())
            .collect();
        assert!(!is_on_p256(&prime, &root));
    }

    #[test]
    fn points_of_ed25519_are_told_from_what_is_none() {
        for _ in 0..50 {
            let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
            assert!(is_on_ed25519(pair.public_key().as_ref()));
        }
        // The base point has y = 4/5 (RFC 8032 section 5.1).
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert!(is_on_ed25519(&base));
        // About half of all numbers are the y of no point; by RFC 8032's equation these are.
        for y in [2, 7, 8, 13] {
            let mut point = [0; 32];
            point[0] = y;
            assert!(!is_on_ed25519(&point), "{y}");
        }
        for y in [3, 4, 5, 6, 9] {
            let mut point = [0; 32];
            point[0] = y;
            assert!(is_on_ed25519(&point), "{y}");
        }
        // Nothing is read that is not below the prime.
        let mut above = [0xff; 32];
        assert!(!is_on_ed25519(&above));
        above[0] = 0xf0;
        above[31] = 0x7f;
        assert!(!is_on_ed25519(&above));
    }
}
