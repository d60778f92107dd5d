//! Counting what a store did to codes that many raced for.

use std::collections::BTreeSet;

use offhook_activation_code::GrantId;

/// What racing workers were answered, code by code, and what of it was still there afterwards.
///
/// Codes and workers are numbered from 0, and each worker is a device of its own. A code counts as
/// *redeemed* when its winner was given a grant at the end, as *double* when two grants were ever
/// given for it or two workers were given one, and as *lost* when a grant was given and nobody has
/// it at the end.
///
/// # Examples
///
/// ```
/// use offhook_activation_code::{GrantId, SystemEntropy};
/// use offhook_store_contract::Tally;
///
/// let grant = GrantId::draw(&mut SystemEntropy::new())?;
/// let mut tally = Tally::new(1);
/// tally.note(0, 7, Some(grant));
/// tally.note(0, 8, None);
/// assert_eq!(tally.winner(0), Some(7));
/// tally.check(0, Some(grant));
/// assert!(tally.is_sound());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tally(Vec<Code>);

#[derive(Clone, Debug, Default)]
struct Code {
    /// Who was ever given which grant.
    grants: BTreeSet<(usize, GrantId)>,
    /// What the winner was given when everything was over.
    found: Option<GrantId>,
}

impl Tally {
    /// A tally of `codes` codes.
    #[must_use]
    pub fn new(codes: usize) -> Self {
        Self(vec![Code::default(); codes])
    }

    /// Notes that `worker` was given a grant for the code `number`, or none.
    pub fn note(&mut self, number: usize, worker: usize, grant: Option<GrantId>) {
        if let (Some(code), Some(grant)) = (self.0.get_mut(number), grant) {
            code.grants.insert((worker, grant));
        }
    }

    /// The worker that was given a grant for the code `number`; one of them, should there be
    /// several.
    #[must_use]
    pub fn winner(&self, number: usize) -> Option<usize> {
        let (worker, _) = self.0.get(number)?.grants.first()?;
        Some(*worker)
    }

    /// Notes what the winner of the code `number` was given when everything was over.
    pub fn check(&mut self, number: usize, grant: Option<GrantId>) {
        let winner = self.winner(number);
        if let Some(code) = self.0.get_mut(number) {
            code.found = grant;
            code.grants.extend(winner.zip(grant));
        }
    }

    /// How many codes there are.
    #[must_use]
    pub fn codes(&self) -> usize {
        self.0.len()
    }

    /// How many codes have a grant at the end.
    #[must_use]
    pub fn redeemed(&self) -> usize {
        self.count(|code| code.found.is_some())
    }

    /// For how many codes two grants were given, or one to two workers.
    #[must_use]
    pub fn double(&self) -> usize {
        self.count(|code| code.grants.len() > 1)
    }

    /// For how many codes a grant was given that nobody has at the end.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.count(|code| !code.grants.is_empty() && code.found.is_none())
    }

    /// Whether every code was redeemed, none twice, and none was lost.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.double() == 0 && self.lost() == 0 && self.redeemed() == self.codes()
    }

    fn count(&self, of: fn(&Code) -> bool) -> usize {
        self.0.iter().filter(|code| of(code)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[expect(clippy::unnecessary_wraps, reason = "as it is noted")]
    fn grant(number: u128) -> Option<GrantId> {
        Some(GrantId::from_uuid(Uuid::from_u128(number)))
    }

    #[test]
    fn a_code_with_one_grant_that_is_found_again_is_sound() {
        let mut tally = Tally::new(1);
        tally.note(0, 7, grant(1));
        tally.note(0, 7, grant(1));
        tally.check(0, grant(1));
        assert!(tally.is_sound());
    }

    #[test]
    fn a_second_grant_is_counted_whenever_it_shows() {
        let mut tally = Tally::new(2);
        tally.note(0, 1, grant(1));
        tally.note(0, 2, grant(2));
        tally.check(0, grant(2));
        tally.note(1, 1, grant(3));
        tally.check(1, grant(4));
        assert_eq!((tally.double(), tally.lost()), (2, 0));
        assert!(!tally.is_sound());
    }

    #[test]
    fn one_grant_for_two_devices_is_one_too_many() {
        let mut tally = Tally::new(1);
        tally.note(0, 1, grant(1));
        tally.note(0, 2, grant(1));
        tally.check(0, grant(1));
        assert_eq!((tally.redeemed(), tally.double(), tally.lost()), (1, 1, 0));
        assert!(!tally.is_sound());
    }

    #[test]
    fn a_grant_that_is_gone_is_lost_and_a_code_without_any_is_left_over() {
        let mut tally = Tally::new(2);
        tally.note(0, 1, grant(1));
        tally.check(0, None);
        assert_eq!((tally.redeemed(), tally.double(), tally.lost()), (0, 0, 1));
        assert!(!tally.is_sound());
        tally.check(0, grant(1));
        assert!(!tally.is_sound(), "the second code was not redeemed");
    }
}
