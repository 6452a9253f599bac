//! Ten kinds of change as a reviewer reads them: docs/diff/ has each in the terminal and as a comment on a pull
//! request.

use crate::common::{Run, run};
use crate::documents::{keep, keep_seen, repository};

const SCHEMA: &str = r#"
entity Team;
entity User in [Team] { department: String, isOperator: Bool, isOnCall: Bool, clearance: Long };
entity Service in [Team];
entity Ward;
entity Record { ward: Ward, owner: User, sealed: Bool, department: String };
type Session = { mfa: Bool, network: String, minutes: Long };
action read, annotate, export appliesTo { principal: [User, Service], resource: Record, context: Session };
action discharge, prescribe appliesTo { principal: User, resource: Record, context: Session };
"#;

const POLICIES: &str = r#"// People see what they wrote themselves.
@id("owners-read")
permit (principal, action == Action::"read", resource)
when { principal == resource.owner };

@id("doctors-prescribe")
permit (principal in Team::"doctors", action == Action::"prescribe", resource)
when { principal.clearance >= 3 };

@id("nightly-export")
permit (principal in Team::"batch", action == Action::"export", resource)
when { context.minutes < 30 };

@id("sealed-stays-sealed")
forbid (principal, action, resource)
when { resource.sealed };
"#;

/// The page of a change: what `polcheck diff HEAD` prints, and what it comments.
fn reads(name: &str, about: &str, old: (&str, &str), new: (&str, &str)) {
    reads_with(
        name,
        about,
        &[("clinic.cedarschema", old.0), ("policies/clinic.cedar", old.1)],
        &[("clinic.cedarschema", new.0), ("policies/clinic.cedar", new.1)],
    );
}

fn reads_with(name: &str, about: &str, old: &[(&str, &str)], new: &[(&str, &str)]) {
    let dir = repository(old, new);
    let Run { stdout, code, .. } = run(dir.path(), &["diff", "HEAD"]);
    let comment = run(dir.path(), &["diff", "HEAD", "--report", "markdown"]).stdout;
    let page = format!(
        "# {about}\n\n```console\n$ polcheck diff HEAD\n{stdout}```\n\nExit code {code}. As a comment on a pull request:\n\n\
         {comment}"
    );
    keep(&format!("docs/diff/{name}.md"), &page);
    keep_seen(name, &stdout, &comment);
}

/// The policies with one of their texts replaced.
fn with(from: &str, to: &str) -> String {
    assert!(POLICIES.contains(from), "{from}");
    POLICIES.replace(from, to)
}

#[test]
fn two_conditions_are_added() {
    let new = with(
        "when { principal.clearance >= 3 };",
        "when { principal.clearance >= 3 && context.mfa && principal.isOnCall };",
    );
    reads("conditions-added", "Two conditions are added", (SCHEMA, POLICIES), (SCHEMA, &new));
}

#[test]
fn a_boundary_moves() {
    let new = with("context.minutes < 30", "context.minutes <= 30");
    reads("boundary-moved", "A boundary moves by one", (SCHEMA, POLICIES), (SCHEMA, &new));
}

#[test]
fn an_attribute_is_swapped_in_four_policies() {
    let four = |attribute: &str| -> String {
        let of = |action: &str| {
            format!(
                "@id(\"operators-{action}\")\npermit (principal is User, action == Action::\"{action}\", resource)\nwhen {{ \
                 principal.{attribute} && principal.department == resource.department }};\n\n"
            )
        };
        ["read", "annotate", "export", "discharge"].map(of).concat()
    };
    reads(
        "attribute-swapped",
        "An attribute is swapped in four policies",
        (SCHEMA, &four("isOperator")),
        (SCHEMA, &four("isOnCall")),
    );
}

#[test]
fn a_forbid_is_added() {
    let new = format!(
        "{POLICIES}\n@id(\"no-mfa-no-export\")\n@reason(\"records leave the clinic only after a second factor\")\nforbid \
         (principal, action == Action::\"export\", resource)\nunless {{ context.mfa }};\n"
    );
    reads("forbid-added", "A forbid is added over what others permit", (SCHEMA, POLICIES), (SCHEMA, &new));
}

#[test]
fn a_permit_goes_that_another_covers_in_part() {
    let old = format!(
        "{POLICIES}\n@id(\"readers\")\npermit (principal in Team::\"readers\", action in [Action::\"read\", Action::\"annotate\"], \
         resource);\n\n@id(\"colleagues-read\")\npermit (principal is User, action == Action::\"read\", resource)\nwhen {{ \
         principal.department == resource.department }};\n"
    );
    let readers = "@id(\"readers\")\npermit (principal in Team::\"readers\", action in [Action::\"read\", Action::\"annotate\"], \
                   resource);\n\n";
    let new = old.replace(readers, "");
    assert_ne!(old, new);
    reads("permit-removed", "A permit goes, and others still allow some of it", (SCHEMA, &old), (SCHEMA, &new));
}

#[test]
fn a_template_is_edited() {
    let template = |condition: &str| {
        format!(
            "@id(\"on-ward\")\npermit (principal in ?principal, action in [Action::\"read\", Action::\"annotate\"], \
             resource)\nwhen {{ {condition} }};\n"
        )
    };
    let link = |team: &str| {
        format!(
            "{{\"template_id\": \"on-ward\", \"link_id\": \"ward-{team}\", \"args\": {{\"?principal\": {{\"type\": \"Team\", \
             \"id\": \"{team}\"}}}}}}"
        )
    };
    let links = format!("[{},\n{}]", link("surgery"), link("paediatrics"));
    let (old, new) = (template("context.mfa"), template("context.mfa || context.network == \"ward\""));
    reads_with(
        "template-edited",
        "A template is edited, which two links follow",
        &[("clinic.cedarschema", SCHEMA), ("policies/ward.cedar", &old), ("ward.cedartemplatelinks.json", &links)],
        &[("policies/ward.cedar", &new)],
    );
}

#[test]
fn three_policies_become_one() {
    let old = "// Owners may do anything with their records.\npermit (principal, action == Action::\"read\", resource) when { \
               resource.owner == principal };\npermit (principal, action == Action::\"annotate\", resource) when { resource.owner \
               == principal };\npermit (principal, action == Action::\"export\", resource) when { resource.owner == principal && \
               context.mfa };\n";
    let new = "@id(\"owners\")\n@reason(\"owners may do anything with their records\")\npermit (principal, action in \
               [Action::\"read\", Action::\"annotate\", Action::\"export\"], resource)\nwhen { resource.owner == principal && \
               !resource.sealed };\n";
    reads("policies-merged", "Three policies become one", (SCHEMA, old), (SCHEMA, new));
}

#[test]
fn a_string_becomes_an_entity() {
    let old_schema = SCHEMA.replace("ward: Ward,", "ward: String,");
    let old = "@id(\"intensive-care\")\npermit (principal in Team::\"intensive-care\", action == Action::\"read\", \
               resource)\nwhen { resource.ward == \"icu\" };\n";
    let new = old.replace("\"icu\"", "Ward::\"icu\"");
    reads("type-changed", "A string becomes an entity", (&old_schema, old), (SCHEMA, &new));
}

#[test]
fn an_action_joins_a_group() {
    let grouped = |group: &str| {
        SCHEMA.replace("action read,", "action reading;\naction read,").replace(
            "action discharge, prescribe appliesTo { principal: User, resource: Record, context: Session };",
            &format!(
                "action inspect{group} appliesTo {{ principal: User, resource: Record, context: Session }};\naction \
                 discharge, prescribe appliesTo {{ principal: User, resource: Record, context: Session }};"
            ),
        )
    };
    let policies = "@id(\"readers\")\npermit (principal in Team::\"readers\", action in Action::\"reading\", resource);\n\n\
                    @id(\"sealed-stays-sealed\")\nforbid (principal, action, resource)\nwhen { resource.sealed };\n";
    let (old, new) = (grouped(""), grouped(" in [reading]"));
    reads("action-grouped", "An action joins a group", (&old, policies), (&new, policies));
}

#[test]
fn half_of_a_store_is_rewritten() {
    let of = |number: usize, limit: usize, team: &str, extra: &str| {
        let action = ["read", "annotate", "export", "discharge", "prescribe"][number % 5];
        format!(
            "@id(\"rule-{number}\")\npermit (principal in Team::\"{team}\", action == Action::\"{action}\", resource)\nwhen {{ \
             context.minutes < {limit}{extra} }};\n\n"
        )
    };
    let old: String = (0..16).map(|number| of(number, 10 * (number + 1), "staff", "")).collect();
    let new: String = (0..16)
        .map(|number| match number % 4 {
            0 => of(number, 10 * (number + 1) + 5, "staff", ""),
            1 => of(number, 10 * (number + 1), "night-staff", " && context.mfa"),
            _ => of(number, 10 * (number + 1), "staff", ""),
        })
        .collect();
    reads("store-rewritten", "Half of a store is rewritten", (SCHEMA, &old), (SCHEMA, &new));
}
