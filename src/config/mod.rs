//! `polcheck.toml`: read with places, checked key by key, every mistake a finding.
//!
//! Imports `text`, `source`, `finding` and `rule`.

mod baseline;
mod custom;
mod guardrails;
mod json_schema;
mod load;
mod model;
mod name;
mod reader;
mod rules;

pub use baseline::{BASELINE_NAME, Baseline, BaselineEntry, baseline_text};
pub use custom::{AnnotationForm, CustomRule};
pub use guardrails::{Asked, GRANTED, GuardrailConfig, Guardrails, Unit};
pub use json_schema::json_schema;
pub use load::{ACCEPTED_NAME, FILE_NAME, accepted_entry, load, load_accepted};
pub use model::{Acceptance, Config, Gate, Override, Pattern, StoreConfig};
pub use name::Name;
pub use rules::{CONFIGURATION, RULES, UNUSED_CONFIGURATION};
