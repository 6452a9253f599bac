//! The policies that rows name: those that should decide, and those that should fail.

use super::expand::Expander;
use super::model::{Because, Failing};
use crate::data::{Fault, Said};
use crate::repo::Named;
use crate::tables::rows::{Called, Errors, Reasons};
use crate::text::inline;

impl Expander<'_> {
    pub(super) fn reasons(&self, because: Option<&Because>, faults: &mut Vec<Fault>) -> Reasons {
        let Some(Because { policies, exactly }) = because else { return Reasons::Open };
        let names = self.policies(policies, faults);
        if *exactly {
            Reasons::Exactly(names)
        } else {
            Reasons::AtLeast(names.into_iter().map(|called| called.full).collect())
        }
    }

    pub(super) fn errors(&self, errors: Option<&Failing>, faults: &mut Vec<Fault>) -> Errors {
        match errors {
            None => Errors::Open,
            Some(Failing::Count(count)) => Errors::Count(*count),
            Some(Failing::These(names)) => Errors::Exactly(self.policies(names, faults)),
        }
    }

    /// The policies that a row names.
    fn policies(&self, names: &[Said<String>], faults: &mut Vec<Fault>) -> Vec<Called> {
        let mut called = Vec::new();
        for said in names {
            let shown = inline(&said.value);
            match self.shared.store.named(&said.value) {
                Named::One(key) => called.extend(
                    self.shared
                        .store
                        .find(key)
                        .map(|found| Called { said: said.value.clone(), full: found.name.to_owned() }),
                ),
                Named::Nothing(near) => {
                    let mut templates = self.shared.store.policies.iter().filter(|policy| policy.body.is_template());
                    if templates.any(|template| template.is_called(&said.value)) {
                        let fault = Fault::new(format!("`{shown}` is a template, and its links decide"));
                        faults.push(fault.help("name the link").at(said.span));
                        continue;
                    }
                    let fault = Fault::new(format!("no policy is called `{shown}`")).at(said.span);
                    faults.push(match near {
                        Some(near) => fault.help(format!("did you mean `{}`?", inline(&near))),
                        None => fault,
                    });
                }
                Named::Several(all) => {
                    let all: Vec<_> = all.into_iter().map(|name| format!("`{}`", inline(name))).collect();
                    let fault = Fault::new(format!("`{shown}` could be {}", all.join(" or "))).at(said.span);
                    faults.push(fault.help("write the full name"));
                }
            }
        }
        called
    }
}
