//! The way out of what the validator refuses, in words for people who do not know its types.
//!
//! | file | what it does |
//! |---|---|
//! | `names` | names that the schema does not declare: what was meant, and who has it |
//! | `scope` | a scope that no action fits |
//! | `types` | values of the wrong type: how the right one is written |

mod names;
mod scope;
mod types;

pub(super) use scope::fitting;

use crate::finding::Finding;
use crate::repo::Schema;

/// Says of `finding`, one of the validator's under `schema`, what to write; what nothing better is known of stays as
/// Cedar has it.
pub(super) fn improve(finding: &mut Finding, schema: &Schema) {
    // Of a policy in JSON, or behind a link, the place is not the expression.
    let elsewhere = finding.location.path().ends_with(".json");
    let text = if elsewhere { String::new() } else { finding.location.text().to_owned() };
    match finding.rule {
        "unsafe-attribute-access" => {
            if let Some(help) = names::attribute(&finding.message, &finding.names, &schema.cedar) {
                finding.help = Some(help);
            }
        }
        "unrecognized-entity-type" => finding.help = names::entity_type(&finding.message, &schema.cedar),
        "unrecognized-action" => finding.help = names::action(&finding.message, &schema.cedar),
        "incompatible-types" => {
            if let Some((message, help)) = types::incompatible(&finding.message, &text) {
                finding.message = message;
                finding.help = Some(help);
            }
        }
        "unexpected-type" => {
            let around = around(finding);
            if let Some((message, help)) = types::unexpected(&finding.message, &text, &around) {
                finding.message = message;
                finding.help = help.or_else(|| finding.help.take());
            }
        }
        _ => {}
    }
}

/// What stands on the lines of `finding` before and after its place.
fn around(finding: &Finding) -> [String; 2] {
    let (text, span) = (finding.location.file.text(), finding.location.span);
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default().trim_end();
    let after = after.lines().next().unwrap_or_default().trim_start();
    [before.to_owned(), after.to_owned()]
}
