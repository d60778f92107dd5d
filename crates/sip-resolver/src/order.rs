//! The order of servers of one priority, and which of too many are kept.

use std::cmp::Ordering;

use crate::{Entropy, EntropyError};

/// Puts `items` into an order drawn by their weights, heavier ones more often first.
///
/// # Source
///
/// RFC 2782, "Weight", <https://www.rfc-editor.org/rfc/rfc2782>: running sums over the rest, those
/// of weight 0 first, and a draw from 0 to the sum. Only the first of weight 0 can be drawn so, and
/// "any order" is allowed: theirs is drawn too, or the same one would always be it.
pub(crate) fn by_weight<T>(
    mut items: Vec<T>,
    weight: impl Fn(&T) -> u16,
    entropy: &mut dyn Entropy,
) -> Result<Vec<T>, EntropyError> {
    items.sort_by_key(|item| weight(item) != 0);
    let zeros = items.partition_point(|item| weight(item) == 0);
    for at in (1..zeros).rev() {
        let other = usize::try_from(up_to(at as u64, entropy)?).unwrap_or(at);
        items.swap(at, other);
    }
    let mut out = Vec::with_capacity(items.len());
    while items.len() > 1 {
        let sum: u64 = items.iter().map(|item| u64::from(weight(item))).sum();
        let drawn = up_to(sum, entropy)?;
        let mut running = 0;
        let chosen = items.iter().position(|item| {
            running += u64::from(weight(item));
            running >= drawn
        });
        out.push(items.remove(chosen.unwrap_or(0)));
    }
    out.append(&mut items);
    Ok(out)
}

/// The first `most` of `items` by `order`, which stay as they stand: what is kept does not depend on how
/// they came, and where they stand does.
pub(crate) fn least<T>(items: Vec<T>, most: usize, order: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() <= most {
        return items;
    }
    let mut numbered: Vec<(usize, T)> = items.into_iter().enumerate().collect();
    numbered.sort_by(|(_, one), (_, other)| order(one, other));
    numbered.truncate(most);
    numbered.sort_by_key(|(at, _)| *at);
    numbered.into_iter().map(|(_, item)| item).collect()
}

/// Those of both in turns, as long as there are both.
pub(crate) fn by_turns<T>(first: Vec<T>, second: Vec<T>) -> Vec<T> {
    let mut out = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return out,
            (one, other) => out.extend(one.into_iter().chain(other)),
        }
    }
}

/// A number from 0 to `most`, each equally likely.
///
/// A draw is thrown away with a chance of less than a half, so that a source which never gives a
/// good one is broken.
fn up_to(most: u64, entropy: &mut dyn Entropy) -> Result<u64, EntropyError> {
    if most == 0 {
        return Ok(0);
    }
    let mask = u64::MAX >> most.leading_zeros();
    for _ in 0..MAX_DRAWS {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes)?;
        let candidate = u64::from_be_bytes(bytes) & mask;
        if candidate <= most {
            return Ok(candidate);
        }
    }
    Err(EntropyError::new())
}

/// How many draws are made before the source counts as broken: a sound one fails that often once in
/// 2^128.
const MAX_DRAWS: usize = 128;
