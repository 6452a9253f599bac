//! How each form of table is opened into rows: one file a form, and the one list of them. How files of a form are found
//! stands in `repo`, which has the list that [`TableForm`] is.

mod opening;

use crate::repo::TableForm;

/// Declares the modules of forms and lists them, so that a form is named once.
macro_rules! openings {
    ($($form:ident $module:ident)*) => {
        $(mod $module;)*

        /// How a table in `form` is opened.
        pub(super) fn opening(form: TableForm) -> &'static Opening {
            match form {
                $(TableForm::$form => &$module::OPENING,)*
            }
        }
    };
}

openings! {
    Yaml yaml
    Csv csv
    Service service
    RunTests run_tests
    Request request
    Integration integration
}

pub(super) use opening::{Foreign, Native, Opened, Opening, Rows, Specs};
