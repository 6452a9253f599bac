//! How bad it is what a rule finds: the one owner of the scores of code scanning.
//!
//! # Why
//!
//! Code scanning has one score for a rule and shows it instead of a result's level. So the score is by the worst level
//! that the rule has in the run: a rule that was turned down to a note must not be a high alert. Changes of permissions
//! have none, so that their level is what counts: whether they are wanted is for gates to say.

use super::Rule;
use crate::finding::Level;

impl Rule {
    /// The score of findings of this rule that have `level`, on the scale of CVSS as code scanning takes it
    /// (`security-severity`: from 7.0 on high, from 4.0 on medium, below that low); none for a rule that is not about
    /// security.
    #[must_use]
    pub fn security_severity(&self, level: Level) -> Option<&'static str> {
        self.opens.then_some(match level {
            Level::Error => "8.0",
            Level::Warning => "5.5",
            Level::Note => "3.0",
        })
    }
}
