//! The GitHub Action, outside of GitHub: action.yml and its scripts, in repositories and against a GitHub made here.

mod definition;
mod install;
mod job;
mod repository;
mod revisions;
mod showing;
mod stub;
