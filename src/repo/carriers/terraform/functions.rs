//! The functions that policies are put together with. What others come to is not known.

use hcl_edit::expr::{Expression, FuncCall};

use super::evaluate::Scope;
use super::literal::UNQUOTED;
use super::module::join;
use super::value::{Entry, Kind, Value};
use crate::repo::carriers::aws::Known;
use crate::repo::carriers::fill::Filled;
use crate::text::{Mapped, Span};

impl Scope<'_> {
    pub(super) fn call(&self, call: &FuncCall, span: Span) -> Known<Value> {
        let name = call.name.name.as_str();
        let unknown = || (span, format!("what `{name}` gives is not known"));
        if call.name.is_namespaced() || call.args.expand_final() {
            return Err(unknown());
        }
        let args: Vec<&Expression> = call.args.iter().collect();
        match (name, args.as_slice()) {
            ("file", [path]) => self.file(path, span),
            ("templatefile", [path, vars]) => self.template_file(path, vars, span),
            ("jsonencode", [value]) => self.json_encode(value, span),
            ("jsondecode" | "toset" | "tolist" | "tomap" | "tostring" | "nonsensitive" | "sensitive", [value]) => {
                self.value(value)
            }
            ("trimspace" | "chomp", [value]) => self.trimmed(value, span),
            ("fileset", [folder, pattern]) => self.file_set(folder, pattern, span),
            ("replace", [text, from, to]) => self.replaced(text, from, to, span),
            ("join", [between, parts]) => self.join(between, parts, span),
            ("length", [value]) => {
                let many = self.value(value)?.elements().ok_or_else(unknown)?.len();
                Ok(self.made(span, Kind::Bare(many.to_string())))
            }
            ("concat", [_, ..]) => {
                let mut all = Vec::new();
                for arg in &args {
                    let Kind::List(items) = self.value(arg)?.kind else { return Err(unknown()) };
                    all.extend(items);
                }
                Ok(self.made(span, Kind::List(all)))
            }
            ("merge", [_, ..]) => {
                let mut all: Vec<Entry> = Vec::new();
                for arg in &args {
                    let Kind::Object(entries) = self.value(arg)?.kind else { return Err(unknown()) };
                    all.retain(|known| entries.iter().all(|entry| entry.key != known.key));
                    all.extend(entries);
                }
                Ok(self.made(span, Kind::Object(all)))
            }
            _ => {
                let texts: Option<Vec<String>> =
                    args.iter().map(|arg| Some(self.value(arg).ok()?.plain()?.to_owned())).collect();
                let texts = texts.ok_or_else(unknown)?;
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                let text = plain(name, &texts).ok_or_else(unknown)?;
                Ok(self.made(span, Kind::Text(Filled::whole(Mapped::whole(&text, span)))))
            }
        }
    }

    /// The path, from the root of the repository, that `path` names: relative to the module.
    fn path(&self, path: &Expression, span: Span) -> Known<String> {
        let value = self.value(path)?;
        let written =
            value.plain().ok_or_else(|| (span, "which file it is in is known once it is deployed".to_owned()))?;
        join(self.module.root(), written).ok_or_else(|| (span, format!("`{written}` lies outside of the repository")))
    }

    fn file(&self, path: &Expression, span: Span) -> Known<Value> {
        let path = self.path(path, span)?;
        if self.module.text(&path).is_none() {
            return Err((span, format!("there is no `{path}` to be read")));
        }
        Ok(self.made(span, Kind::File(path)))
    }

    fn template_file(&self, path: &Expression, vars: &Expression, span: Span) -> Known<Value> {
        let path = self.path(path, span)?;
        let file = self.module.text(&path);
        let file = file.ok_or_else(|| (span, format!("there is no `{path}` to be read")))?;
        let text = file.parse_text();
        let template = hcl_edit::parser::parse_template(&text)
            .map_err(|_| (span, format!("`{path}` is no template that can be read")))?;
        let bound = self.bindings(vars);
        let scope = Scope { module: self.module, file: &file, bound, only_bound: true, depth: self.depth };
        let kind = scope.template(&template, UNQUOTED).map_err(|(_, why)| (span, why))?;
        Ok(Value { span: Span::new(0, text.len()), file: file.clone(), kind })
    }

    /// What is given to a template by name. What is not known is a part that is filled in.
    fn bindings(&self, vars: &Expression) -> Vec<(String, Value)> {
        let Expression::Object(object) = vars else {
            let Ok(Value { kind: Kind::Object(entries), .. }) = self.value(vars) else { return Vec::new() };
            return entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        };
        let bound = object.iter().filter_map(|(key, value)| {
            let (key, _) = self.key(key).ok()?;
            Some((key, self.value(value.expr()).ok()?))
        });
        bound.collect()
    }

    fn json_encode(&self, value: &Expression, span: Span) -> Known<Value> {
        let value = self.value(value)?;
        // `jsonencode(jsondecode(file(..)))` checks that the file is JSON.
        if let Kind::File(_) = value.kind {
            return Ok(value);
        }
        let json = value.json(self.module, self.file, span)?;
        Ok(self.made(span, Kind::Text(json)))
    }

    fn trimmed(&self, value: &Expression, span: Span) -> Known<Value> {
        let value = self.value(value)?;
        let Kind::Text(text) = &value.kind else {
            return if let Kind::File(_) = value.kind { Ok(value) } else { Err((span, "it is no text".to_owned())) };
        };
        let kind = Kind::Text(text.trimmed());
        Ok(Value { kind, ..value })
    }

    fn file_set(&self, folder: &Expression, pattern: &Expression, span: Span) -> Known<Value> {
        let folder = self.path(folder, span)?;
        let unknown = || (span, "which files there are is known once it is deployed".to_owned());
        let pattern = self.value(pattern)?;
        let pattern = pattern.plain().ok_or_else(unknown)?;
        let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build().map_err(|_| unknown())?;
        let matcher = glob.compile_matcher();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let below = self.module.around.paths().iter().filter_map(|path| path.strip_prefix(&prefix));
        let files = below.filter(|path| matcher.is_match(path));
        let text = |path: &str| self.made(span, Kind::Text(Filled::whole(Mapped::whole(path, span))));
        Ok(self.made(span, Kind::List(files.map(text).collect())))
    }

    /// The text with `to` in place of every `from`; what `to` is may be a part that is filled in.
    fn replaced(&self, text: &Expression, from: &Expression, to: &Expression, span: Span) -> Known<Value> {
        let unknown = || (span, "what `replace` gives is not known".to_owned());
        let (text, from) = (self.value(text)?, self.value(from)?);
        // A pattern between slashes is a regular expression, and nothing is everywhere.
        let from = from.plain().filter(|from| !from.is_empty() && !from.starts_with('/')).ok_or_else(unknown)?;
        let (file, filled) = match text.kind {
            Kind::Text(filled) => (text.file, filled),
            Kind::File(path) => {
                let file = self.module.text(&path).ok_or_else(unknown)?;
                let mut whole = Mapped::default();
                whole.push_same(&file.parse_text(), 0);
                (file, Filled::whole(whole))
            }
            _ => return Err(unknown()),
        };
        let written = format!("${{{}}}", self.written(super::evaluate::span(to)));
        let to = self.value(to).and_then(|value| value.text(self.module, self.file, span)).ok();
        let steps = filled.text.text().len().saturating_mul(1 + to.as_ref().map_or(0, |to| to.text.text().len()));
        self.module.spend(steps).ok_or_else(|| (span, "it is too large".to_owned()))?;
        let replaced = filled.replaced(from, |made, outer| match &to {
            Some(to) => made.push(to.moved(outer)),
            None => made.push_hole(&written, outer),
        });
        let kind = Kind::Text(replaced.ok_or_else(unknown)?);
        Ok(Value { kind, file, ..text })
    }

    fn join(&self, between: &Expression, parts: &Expression, span: Span) -> Known<Value> {
        let between = self.value(between)?.text(self.module, self.file, span)?;
        let parts = self.value(parts)?;
        let parts = parts.elements().ok_or_else(|| (span, "what is joined is not known".to_owned()))?;
        let mut joined = Filled::default();
        for (at, (_, part)) in parts.iter().enumerate() {
            if at > 0 {
                joined.push(between.clone());
            }
            let part = part.text(self.module, self.file, span)?;
            self.module.spend(part.text.text().len() + 1).ok_or_else(|| (span, "it is too large".to_owned()))?;
            joined.push(part);
        }
        Ok(self.made(span, Kind::Text(joined)))
    }
}

/// Functions from texts to a text.
fn plain(name: &str, args: &[&str]) -> Option<String> {
    Some(match (name, args) {
        ("trimsuffix", [text, end]) => text.strip_suffix(end).unwrap_or(text).to_owned(),
        ("trimprefix", [text, start]) => text.strip_prefix(start).unwrap_or(text).to_owned(),
        ("basename", [path]) => path.rsplit('/').next().unwrap_or(path).to_owned(),
        ("dirname", [path]) => path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(),
        ("lower", [text]) => text.to_lowercase(),
        ("upper", [text]) => text.to_uppercase(),
        ("abspath" | "pathexpand", [path]) if !path.starts_with(['/', '~']) => (*path).to_owned(),
        ("format", [form, args @ ..]) => format(form, args)?,
        _ => return None,
    })
}

/// `form` with each `%s` filled in, where it has no other marks.
fn format(form: &str, args: &[&str]) -> Option<String> {
    let parts: Vec<&str> = form.split("%s").collect();
    if parts.len() != args.len() + 1 || parts.iter().any(|part| part.contains('%')) {
        return None;
    }
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        out.push_str(part);
        out.push_str(args.get(at).copied().unwrap_or_default());
    }
    Some(out)
}
