//! What a condition or a part of it comes to.

/// The value of a condition or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It fails to evaluate, or is no truth value.
    Error,
}

impl Truth {
    /// `True` or `False`.
    #[must_use]
    pub fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }

    /// The other truth value; none for an error.
    #[must_use]
    pub fn other(self) -> Option<Self> {
        match self {
            Self::True => Some(Self::False),
            Self::False => Some(Self::True),
            Self::Error => None,
        }
    }

    /// The value of `!`.
    #[must_use]
    pub fn negated(self) -> Self {
        self.other().unwrap_or(Self::Error)
    }
}
