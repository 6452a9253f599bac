//! Policy repositories: stores and what they hold, with every place.
//!
//! Imports `text`, `source`, `data`, `config`, `finding` and `rule`. Of its parts only [`cedar`] touches the internals
//! of cedar-policy-core.
//!
//! | part | what it does |
//! |---|---|
//! | `load` | from a source to a repository, as far as a `request` asks |
//! | `carriers` | files of other tools in which Cedar stands, one file each |
//! | `discover` | which file is what, and which store owns it |
//! | `forms` | the forms of decision tables, a file each |
//! | `read` | from files to what they hold, one reader a kind |
//! | `schema` | from files to a schema |
//! | `statements` | where one policy ends and the next begins |
//! | `slips` | what is wrong with a policy, for people who know other languages |
//! | `templating` | what another program fills in before Cedar reads it |
//! | `files` | reads each file once |
//! | `parsed_texts` | what was parsed already, for those who read nearly the same twice |
//! | `error` | why what a table brings along cannot be had |
//! | `model` | what a repository holds, once read |
//! | `opened` | a template as a policy for everybody whom a link could be about |
//! | `focus` | what a run reports on |
//! | `cedar` | Cedar's parser, trees, schemas and entities |
//! | `syntax`, `shape` | our own trees of policies and of what schemas ask for |
//! | `paths` | paths as text |
//! | `rules` | the rules that reading can break |

mod carriers;
pub mod cedar;
mod discover;
mod error;
mod files;
mod focus;
mod forms;
mod lazy_set;
mod load;
mod model;
mod opened;
mod parsed_texts;
mod paths;
mod read;
mod request;
mod rules;
mod schema;
pub mod shape;
mod slips;
mod statements;
pub mod syntax;
mod templating;

pub use discover::{SCHEMA_FOLDERS, is_known, is_schema};
pub use error::{EntityFileError, OwnStoreError};
pub use focus::Focus;
pub use forms::TableForm;
pub use lazy_set::LazySet;
pub use load::load;
pub use model::{
    Broken, Decider, EntityData, EntityFiles, EntityState, GuardrailFiles, Link, Named, Policy, Repo, Schema,
    SchemaSource, SchemaState, Store, Table, Unfilled,
};
pub use opened::opened;
pub use parsed_texts::ParsedTexts;
pub use read::read_entities;
pub use request::{Explicit, Request};
pub use rules::RULES;
pub(crate) use rules::TEST_MISMATCH;
pub use schema::{declared_at, schema_as_json};
pub use statements::statements;
pub use templating::{Filling, Fillings, fillings};
