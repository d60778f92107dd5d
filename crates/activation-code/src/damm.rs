//! The check digit of Damm.

/// The check digit over the decimal digits of `value`, first digit first; leading zeros change
/// nothing. Over a number whose last digit is its check digit it is zero.
///
/// # Source
///
/// H. M. Damm, Total anti-symmetrische Quasigruppen (2004): finds every single wrong digit and
/// every swap of neighbours.
pub(crate) fn check_digit(value: u64) -> u64 {
    let mut interim = 0;
    let mut scale = 10_u64.pow(15);
    while scale > 0 {
        let digit = usize::try_from(value / scale % 10).unwrap_or_default();
        let row = TABLE.get(interim).and_then(|row| row.get(digit));
        interim = row.copied().unwrap_or_default().into();
        scale /= 10;
    }
    interim as u64
}

#[rustfmt::skip]
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_has_its_check_digit() {
        assert_eq!(check_digit(572), 4);
        assert_eq!(check_digit(5_724), 0);
    }

    /// What makes the table one of Damm's: a latin square with zeros on the diagonal that is weakly
    /// totally anti-symmetric.
    #[test]
    fn the_table_finds_single_errors_and_swaps() {
        for c in 0..10 {
            assert_eq!(TABLE[c][c], 0);
            let next: std::collections::BTreeSet<_> = TABLE[c].into_iter().collect();
            assert_eq!(next.len(), 10);
            for x in 0..10 {
                for y in 0..10 {
                    let after = |x: usize, y: usize| TABLE[usize::from(TABLE[c][x])][y];
                    assert!(x == y || after(x, y) != after(y, x));
                }
            }
        }
    }
}
