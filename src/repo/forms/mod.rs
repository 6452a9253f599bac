//! Forms of decision tables, as far as finding and reading them goes. How rows are opened stands in `tables`, which
//! matches on [`TableForm`], so that the compiler asks for both.
//!
//! | file | what it does |
//! |---|---|
//! | `spec` | what a form says of itself |
//! | `known` | which form a file has, by name, folder and content |
//! | the others | a form each |

mod known;
mod spec;

/// Declares the modules of forms and lists them, so that a form is named once. Forms that one file could be in are
/// asked in this order, in which help lists them too.
macro_rules! table_forms {
    ($($(#[$doc:meta])* $form:ident $module:ident)*) => {
        $(mod $module;)*

        /// How a decision table is written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum TableForm {
            $($(#[$doc])* $form,)*
        }

        impl TableForm {
            /// Every form.
            const ALL: &[Self] = &[$(Self::$form),*];

            /// What the form says of itself.
            pub(super) fn spec(self) -> &'static FormSpec {
                match self {
                    $(Self::$form => &$module::FORM,)*
                }
            }
        }
    };
}

table_forms! {
    /// Our own, in YAML.
    Yaml yaml
    /// Our own, in CSV.
    Csv csv
    /// Requests to Amazon Verified Permissions, and what it answered.
    Service service
    /// The array of `cedar run-tests`.
    RunTests run_tests
    /// One request, expected to be allowed or denied as its folder says.
    Request request
    /// Cedar's integration-test JSON, which brings its own store.
    Integration integration
}

pub(super) use spec::{Bound, FormSpec, StorePaths};
