//! Which store a reference leads to, through locals, arguments of modules and their outputs.

use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::template::Element;

use super::evaluate::{Scope, span};
use super::module::Module;

/// References are followed so far.
const DEEPEST: usize = 16;

/// The folder of the module that declares the store which `expression` leads to, and what it is called there; none
/// where it is not declared in the repository.
pub(super) fn declared(scope: &Scope<'_>, expression: &Expression) -> Option<(String, String)> {
    let written = scope.written(span(expression)).to_owned();
    if let Some(known) = scope.module.stores.borrow().get(&written) {
        return known.clone();
    }
    let found = follow(scope, expression, DEEPEST);
    scope.module.stores.borrow_mut().insert(written, found.clone());
    found
}

fn follow(scope: &Scope<'_>, expression: &Expression, left: usize) -> Option<(String, String)> {
    let left = left.checked_sub(1)?;
    let expression = match expression {
        Expression::Parenthesis(inner) => inner.inner(),
        Expression::StringTemplate(template) => match template.as_single_element()? {
            Element::Interpolation(part) => &part.expr,
            _ => return None,
        },
        other => other,
    };
    let Expression::Traversal(traversal) = expression else { return None };
    let Expression::Variable(root) = &traversal.expr else { return None };
    let mut steps = traversal.operators.iter().map(|step| match step.value() {
        TraversalOperator::GetAttr(name) => Some(name.as_str()),
        _ => None,
    });
    let name = steps.next()??;
    match root.as_str() {
        "aws_verifiedpermissions_policy_store" | "awscc_verifiedpermissions_policy_store" => {
            Some((scope.module.folder.clone(), scope.module.qualified(name)))
        }
        "var" | "local" => {
            let (scope, expression) = scope.declaration(root.as_str(), name)?;
            follow(&scope, expression, left)
        }
        "module" => {
            let folder = scope.module.called(name)?;
            let modules = Module::all(&folder, scope.module.around);
            let of = |module: &&Module<'_>| module.call.as_ref().is_none_or(|call| call.name == name);
            let module = modules.iter().find(of)?;
            let (file, value) = module.output(steps.next()??)?;
            follow(&Scope::new(module, file), value, left)
        }
        _ => None,
    }
}
