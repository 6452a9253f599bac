//! How bad it is what a rule finds: the one owner of the scores of code scanning.

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
