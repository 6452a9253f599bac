//! `--coverage`: what rows exercise, as a whole or of what changed since a revision.

use clap::Args;

use super::args::RunArgs;
use super::exit::Failure;
use super::loading::{Loaded, Place};
use crate::config::Config;
use crate::diff;
use crate::outcome::Coverage;
use crate::source::GitRevision;
use crate::tables::Gauge;

/// What is said where a floor does not hold because not all rows ran.
pub(super) const FLOOR_OF_A_PART: &str = "the floor of coverage, for it is about all rows";

/// Arguments about coverage.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct CoverageArgs {
    /// Say which policies and conditions no row exercises
    #[arg(long)]
    pub(super) coverage: bool,
    /// Fail when less is covered, in percent of policies and conditions; implies --coverage
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["filter", "shard", "fail_fast", "list"], value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) coverage_floor: Option<u32>,
    /// Coverage of only what changed since a revision; implies --coverage
    #[arg(long, value_name = "REV")]
    pub(super) against: Option<String>,
}

impl CoverageArgs {
    /// Whether anything asks for coverage.
    pub(super) fn asked(&self, config: &Config) -> bool {
        self.coverage || self.floor(config).is_some() || self.against.is_some()
    }

    fn floor(&self, config: &Config) -> Option<u32> {
        self.coverage_floor.or(config.floor())
    }

    /// What `gauge` counted of the rows of `loaded`, as far as these arguments ask for it. When only a `part` of the rows ran, no
    /// floor holds.
    pub(super) fn measured(
        &self,
        run: &RunArgs,
        loaded: &Loaded,
        gauge: &Gauge<'_>,
        part: bool,
    ) -> Result<Coverage, Failure> {
        let mut coverage = gauge.coverage();
        coverage.floor = self.floor(&loaded.config).filter(|_| !part);
        if let Some(revision) = &self.against {
            if run.explicit.any() {
                return Err(Failure("`--against` compares revisions; files named one by one have none".to_owned()));
            }
            let place = Place::of(run)?;
            let old = GitRevision::open(place.repository()?, revision)?;
            let settings = place.settings_of_base(run, &old);
            let old = place.load_whole(run, &old, settings)?;
            coverage.keep(&diff::touched(&old.repo, &loaded.repo));
            coverage.since = Some(revision.clone());
        }
        Ok(coverage)
    }
}
