//! Templates: strings, heredocs and files in which `${..}` and `%{..}` stand.

use hcl_edit::template::{Directive, Element, ForDirective, Strip, Template};

use super::evaluate::{Scope, span};
use super::literal::{self, Form};
use super::value::Kind;
use crate::repo::carriers::aws::Known;
use crate::repo::carriers::fill::Filled;
use crate::text::{Mapped, Span};

/// Whether white space beside an element is left out, before it and behind it.
fn strips(element: &Element) -> (bool, bool) {
    let of = |first: Strip, last: Strip| (first.strip_start(), last.strip_end());
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(part) => of(part.strip, part.strip),
        Element::Directive(part) => match &**part {
            Directive::If(part) => of(part.if_expr.strip, part.endif_expr.strip),
            Directive::For(part) => of(part.for_expr.strip, part.endfor_expr.strip),
        },
    }
}

impl Scope<'_> {
    /// What `template` comes to. What is not known in it is a part that is filled in; where a part of it hangs on
    /// what is not known, nobody knows it.
    pub(super) fn template(&self, template: &Template, form: Form) -> Known<Kind> {
        let mut filled = Filled::default();
        self.fill(&mut filled, template, form, (false, false))?;
        Ok(Kind::Text(filled))
    }

    /// Adds what `template` comes to; `around` says whether white space at its ends is left out.
    fn fill(&self, out: &mut Filled, template: &Template, form: Form, around: (bool, bool)) -> Known<()> {
        let elements: Vec<&Element> = template.iter().collect();
        for (at, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(text) => {
                    let form = Form { opens: form.opens && at == 0, ..form };
                    let mapped = literal::mapped(self.file.text(), span(text), text.as_str(), form.quoted, form.opens);
                    let before = at.checked_sub(1).and_then(|at| elements.get(at));
                    let left = before.map_or(around.0, |element| strips(element).1);
                    let right = elements.get(at + 1).map_or(around.1, |element| strips(element).0);
                    push_stripped(out, &mapped, left, right);
                }
                Element::Interpolation(part) => {
                    let outer = span(part);
                    let known = self.value(&part.expr).and_then(|value| value.text(self.module, self.file, outer));
                    match known {
                        Ok(known) => {
                            let too_much = || (outer, "it is too large".to_owned());
                            self.module.spend(known.text.text().len()).ok_or_else(too_much)?;
                            out.push(known.moved(outer));
                        }
                        Err(_) => out.push_hole(&unstripped(self.written(outer)), outer),
                    }
                }
                Element::Directive(part) => self.directive(out, part, form, span(&**part))?,
            }
        }
        Ok(())
    }

    fn directive(&self, out: &mut Filled, part: &Directive, form: Form, at: Span) -> Known<()> {
        let form = Form { opens: false, ..form };
        match part {
            Directive::If(part) => {
                let holds = self.holds(&part.if_expr.cond_expr).map_err(|_| {
                    (at, "a part of it hangs on an `%{ if }`, which is known once it is deployed".to_owned())
                })?;
                let end = part.endif_expr.strip.strip_start();
                match &part.else_expr {
                    _ if holds => {
                        let end = part.else_expr.as_ref().map_or(end, |other| other.strip.strip_start());
                        self.fill(out, &part.if_expr.template, form, (part.if_expr.strip.strip_end(), end))
                    }
                    Some(other) => self.fill(out, &other.template, form, (other.strip.strip_end(), end)),
                    None => Ok(()),
                }
            }
            Directive::For(part) => self.repeated(out, part, form, at),
        }
    }

    fn repeated(&self, out: &mut Filled, part: &ForDirective, form: Form, at: Span) -> Known<()> {
        let unknown = || (at, "what its `%{ for }` goes over is known once it is deployed".to_owned());
        let each = &part.for_expr;
        let over = self.value(&each.collection_expr).map_err(|_| unknown())?;
        let around = (each.strip.strip_end(), part.endfor_expr.strip.strip_start());
        for (key, value) in over.elements().ok_or_else(unknown)? {
            self.module.spend(100).ok_or_else(unknown)?;
            let mut scope = self.bind(each.value_var.as_str(), value.clone());
            if let Some(name) = &each.key_var {
                let key = Kind::Text(Filled::whole(Mapped::whole(&key, value.span)));
                scope = scope.bind(name.as_str(), self.made(value.span, key));
            }
            scope.fill(out, &each.template, form, around)?;
        }
        Ok(())
    }
}

/// `${~ x ~}` as it is written without what it leaves out around it.
fn unstripped(written: &str) -> String {
    let inner = written.strip_prefix("${~").map(|rest| format!("${{{rest}")).unwrap_or_else(|| written.to_owned());
    inner.strip_suffix("~}").map(|rest| format!("{rest}}}")).unwrap_or(inner)
}

/// Adds `text` without the white space at its ends that is left out.
fn push_stripped(out: &mut Filled, text: &Mapped, left: bool, right: bool) {
    let said = text.text();
    let start = if left { said.len() - said.trim_start().len() } else { 0 };
    let end = if right { said.trim_end().len() } else { said.len() };
    out.text.push_part(text, Span::new(start, end.max(start)));
}
