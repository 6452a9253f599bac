//! Generated stores.

/// A schema with that many request environments: one principal type, one action and one resource type each.
pub(crate) fn schema(environments: usize) -> String {
    let mut text = String::from(
        "entity Team in [Team];
         entity Folder in [Folder];
         entity User in [Team] { department: String, level: Long, suspended: Bool, manager?: User };
         entity Document in [Folder] { owner: User, classification: String, path: String, readers: Set<User>, size: Long };
         type Call = { hour: Long, mfa: Bool, ip: ipaddr, reason?: String };\n",
    );
    let actions: Vec<String> = (0..environments).map(|number| format!("act{number}")).collect();
    for action in actions {
        text.push_str(&format!(
            "action {action} appliesTo {{ principal: User, resource: Document, context: Call }};\n"
        ));
    }
    text
}

/// That many policies, each with conditions of its own; one in ten is a forbid. With many environments a policy names
/// one action, with few it names some.
pub(crate) fn policies(count: usize, environments: usize) -> Vec<String> {
    (0..count)
        .map(|number| {
            let action = match number % 3 {
                0 => String::from("action"),
                1 => format!("action == Action::\"act{}\"", number % environments),
                _ => format!("action in [Action::\"act{}\", Action::\"act{}\"]", number % environments, (number + 1) % environments),
            };
            let action = if environments > 20 && number % 3 == 0 { format!("action == Action::\"act{}\"", number % environments) } else { action };
            let (effect, principal) = match number % 10 {
                9 => ("forbid", String::from("principal")),
                0..4 => ("permit", format!("principal in Team::\"team{number}\"")),
                _ => ("permit", format!("principal == User::\"user{number}\"")),
            };
            let condition = match number % 7 {
                0 => format!("principal.department == \"department{number}\" && principal.level > {}", number % 13),
                1 => format!("resource in Folder::\"folder{number}\" && context.mfa"),
                2 => format!("resource.owner == principal && resource.path like \"/projects/{number}/*\""),
                3 => format!("resource.readers.contains(principal) && resource.classification != \"secret{number}\""),
                4 => format!("context.hour >= {} && context.hour < {} && resource.size < {}", number % 12, number % 12 + 8, 1000 + number),
                5 => format!("context.ip.isInRange(ip(\"10.{}.0.0/16\")) && context has reason && context.reason == \"reason{number}\"", number % 256),
                _ => format!("principal has manager && principal.manager == resource.owner && resource in Folder::\"folder{}\"", number / 2),
            };
            let condition = match effect {
                "forbid" => format!("principal.suspended && {condition}"),
                _ => condition,
            };
            format!("{effect}({principal}, {action}, resource) when {{ {condition} }};")
        })
        .collect()
}
