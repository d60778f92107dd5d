//! Which groups can match nothing.

/// Whether the alternatives of a group can match nothing.
#[derive(Clone, Copy)]
pub(super) struct Branch {
    /// Whether one before the current one can.
    others: bool,
    /// Whether the current one can, its last item left out.
    before: bool,
    /// Whether the last item can.
    pub(super) last: bool,
}

impl Default for Branch {
    fn default() -> Self {
        Self {
            others: false,
            before: true,
            last: true,
        }
    }
}

impl Branch {
    /// Adds an item that can match nothing, or cannot.
    pub(super) const fn item(&mut self, can_be_empty: bool) {
        self.before = self.before && self.last;
        self.last = can_be_empty;
    }

    pub(super) const fn can_be_empty(&self) -> bool {
        self.others || self.before && self.last
    }

    pub(super) fn alternative(&mut self) {
        *self = Self {
            others: self.can_be_empty(),
            ..Self::default()
        };
    }
}
