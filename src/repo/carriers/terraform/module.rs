//! The files of a folder, which are one module: its locals, and what its variables are where it is called, or else
//! their defaults.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::json::in_own_syntax;
use crate::data::Fault;
use crate::repo::carriers::spec::Neighbours;
use crate::repo::paths::dir;
use crate::text::{SourceFile, Span};

/// How many steps and bytes values may take, so that locals do not multiply.
const BUDGET: usize = 20_000_000;
/// Calls of one module beyond this are not told apart.
const MOST_CALLS: usize = 20;
/// So many modules are looked into for the calls of one.
const MOST_MODULES: usize = 100;
/// Calls of calls are followed so far.
const DEEPEST_CALLS: usize = 4;
/// Files of a module beyond this are not looked into.
const MOST_FILES: usize = 2_000;

pub(super) struct Module<'n> {
    files: Vec<(Arc<SourceFile>, Result<Body, Fault>)>,
    pub(super) folder: String,
    /// Where another module calls it, if one does.
    pub(super) call: Option<Call<'n>>,
    pub(super) around: &'n dyn Neighbours,
    left: Cell<usize>,
    /// The files that were read since [`Self::taken`] was asked.
    read: RefCell<Vec<String>>,
    names: HashMap<String, (usize, Place)>,
    /// Which stores references lead to, as far as that was asked: by how they are written, folder and name.
    pub(super) stores: RefCell<HashMap<String, Option<(String, String)>>>,
}

/// A call of a module.
pub(super) struct Call<'n> {
    /// What it is called by.
    pub(super) name: String,
    /// The module in which it stands.
    pub(super) module: Box<Module<'n>>,
    /// The file and the block in that.
    at: (usize, usize),
    /// Whether there are others.
    pub(super) is_one_of_several: bool,
}

impl Call<'_> {
    /// Where it stands, and what is given there.
    pub(super) fn block(&self) -> Option<(&Arc<SourceFile>, &Block)> {
        let (file, body) = self.module.files.get(self.at.0)?;
        Some((file, body.as_ref().ok()?.blocks().nth(self.at.1)?))
    }
}

/// Where in a file a value is declared: by the positions of block and attribute in it.
#[derive(Debug, Clone)]
struct Place {
    block: Option<usize>,
    key: String,
}

impl<'n> Module<'n> {
    /// The module in `folder`, as often as it is called from other folders; once where it is not.
    pub(super) fn all(folder: &str, around: &'n dyn Neighbours) -> Vec<Self> {
        Self::all_within(folder, around, DEEPEST_CALLS, &Cell::new(MOST_MODULES))
    }

    fn all_within(folder: &str, around: &'n dyn Neighbours, depth: usize, left: &Cell<usize>) -> Vec<Self> {
        let alone = Self::of(folder, around);
        if depth == 0 || !alone.has_variables() {
            return vec![alone];
        }
        let mut calls: Vec<Call<'n>> = Vec::new();
        for caller in callers(folder, around) {
            let Some(rest) = left.get().checked_sub(1) else { break };
            left.set(rest);
            if Self::of(&caller, around).calls_of(folder).is_empty() {
                continue;
            }
            for module in Self::all_within(&caller, around, depth - 1, left) {
                for (at, name) in module.calls_of(folder) {
                    if calls.len() < MOST_CALLS {
                        let module = Box::new(Self { call: module.call_again(), ..Self::of(&caller, around) });
                        calls.push(Call { name, module, at, is_one_of_several: false });
                    }
                }
            }
        }
        let several = calls.len() > 1;
        if calls.is_empty() {
            return vec![alone];
        }
        let called = |call: Call<'n>| {
            let call = Call { is_one_of_several: several, ..call };
            Self { call: Some(call), ..Self::of(folder, around) }
        };
        calls.into_iter().map(called).collect()
    }

    /// The module in `folder`, however it is called.
    pub(super) fn of(folder: &str, around: &'n dyn Neighbours) -> Self {
        let ours = |path: &&String| dir(path) == folder && is_module_file(path);
        let others = around.paths().iter().filter(ours).take(MOST_FILES).filter_map(|path| around.text(path));
        let files = others.map(|file| match own_syntax(&file) {
            Ok(file) => {
                let body = parse(&file);
                (file, body)
            }
            Err(fault) => (file, Err(fault)),
        });
        let mut module = Self {
            files: files.collect(),
            folder: folder.to_owned(),
            call: None,
            around,
            left: Cell::new(BUDGET),
            read: RefCell::default(),
            names: HashMap::new(),
            stores: RefCell::default(),
        };
        module.names = module.declared();
        module
    }

    fn call_again(&self) -> Option<Call<'n>> {
        let call = self.call.as_ref()?;
        let module = Self { call: call.module.call_again(), ..Self::of(&call.module.folder, self.around) };
        Some(Call { name: call.name.clone(), module: Box::new(module), ..*call })
    }

    /// Whether anything in it hangs on how it is called.
    fn has_variables(&self) -> bool {
        self.files.iter().any(|(file, _)| file.text().contains("var."))
    }

    /// Where this module calls the one in `folder`: file and block, and the name of the call.
    fn calls_of(&self, folder: &str) -> Vec<((usize, usize), String)> {
        let mut found = Vec::new();
        for (at, (_, body)) in self.files.iter().enumerate() {
            let Ok(body) = body else { continue };
            for (number, block) in body.blocks().enumerate() {
                if let Some(name) = called(block).filter(|_| self.source(block).as_deref() == Some(folder)) {
                    found.push(((at, number), name.to_owned()));
                }
            }
        }
        found
    }

    /// The folder of the repository that `block` of this module, a call, leads to.
    fn source(&self, block: &Block) -> Option<String> {
        let source = block.body.get_attribute("source")?.value.as_str()?;
        source.starts_with('.').then(|| join(&self.folder, source))?
    }

    /// The folder that the call `name` of this module leads to.
    pub(super) fn called(&self, name: &str) -> Option<String> {
        let bodies = self.files.iter().filter_map(|(_, body)| body.as_ref().ok());
        let mut blocks = bodies.flat_map(|body| body.blocks());
        self.source(blocks.find(|block| called(block) == Some(name))?)
    }

    /// What the output `name` is declared as.
    pub(super) fn output(&self, name: &str) -> Option<(&Arc<SourceFile>, &Expression)> {
        self.files.iter().find_map(|(file, body)| {
            let mut blocks = body.as_ref().ok()?.blocks();
            let output = blocks.find(|block| {
                block.ident.as_str() == "output" && block.labels.first().is_some_and(|label| label.as_str() == name)
            })?;
            Some((file, &output.body.get_attribute("value")?.value))
        })
    }

    /// The folder that paths count from: that of the outermost module.
    pub(super) fn root(&self) -> &str {
        self.call.as_ref().map_or(&self.folder, |call| call.module.root())
    }

    /// What `path.module` says.
    pub(super) fn path(&self) -> String {
        relative(self.root(), &self.folder)
    }

    /// What a store or a resource of it called `name` is told by.
    pub(super) fn qualified(&self, name: &str) -> String {
        match self.call.as_ref().filter(|call| call.is_one_of_several) {
            Some(call) => format!("{}.{name}", call.module.qualified(&call.name)),
            None => name.to_owned(),
        }
    }

    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.read.borrow_mut().push(path.to_owned());
        self.around.text(path)
    }

    /// The files that were read since this was last asked.
    pub(super) fn taken(&self) -> Vec<String> {
        let mut taken = self.read.take();
        taken.extend(self.call.iter().flat_map(|call| call.module.taken()));
        taken
    }

    /// Takes `steps` of what may be spent; nothing where that is more than is left.
    pub(super) fn spend(&self, steps: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(steps)?);
        Some(())
    }

    /// What stands in the file at `path`, one of the module, and the text that it is read from.
    pub(super) fn body(&self, path: &str) -> Option<(&Arc<SourceFile>, &Result<Body, Fault>)> {
        self.files.iter().find(|(known, _)| known.path() == path).map(|(file, body)| (file, body))
    }

    /// What `local.name` or `var.name` is declared as, by its whole name.
    pub(super) fn declaration(&self, name: &str) -> Option<(&Arc<SourceFile>, &Expression)> {
        let (at, place) = self.names.get(name)?;
        let (file, body) = self.files.get(*at)?;
        let body = body.as_ref().ok()?;
        let body = match place.block {
            Some(block) => &body.blocks().nth(block)?.body,
            None => body,
        };
        Some((file, &body.get_attribute(&place.key)?.value))
    }

    fn declared(&self) -> HashMap<String, (usize, Place)> {
        let mut names = HashMap::new();
        // What values are given counts more than defaults, whatever the order of files.
        for assigned in [false, true] {
            for (at, (file, body)) in self.files.iter().enumerate() {
                let Ok(body) = body else { continue };
                if file.name().ends_with(".tfvars") {
                    for attribute in body.attributes().filter(|_| assigned) {
                        let key = attribute.key.as_str().to_owned();
                        names.insert(format!("var.{key}"), (at, Place { block: None, key }));
                    }
                } else if !assigned {
                    let blocks = body.blocks().enumerate();
                    blocks.for_each(|(number, block)| declare(&mut names, at, number, block));
                }
            }
        }
        names
    }
}

fn declare(names: &mut HashMap<String, (usize, Place)>, at: usize, number: usize, block: &Block) {
    match (block.ident.as_str(), block.labels.first()) {
        ("locals", _) => {
            for attribute in block.body.attributes() {
                let key = attribute.key.as_str().to_owned();
                names.insert(format!("local.{key}"), (at, Place { block: Some(number), key }));
            }
        }
        ("variable", Some(label)) if block.body.has_attribute("default") => {
            let place = Place { block: Some(number), key: "default".to_owned() };
            names.insert(format!("var.{}", label.as_str()), (at, place));
        }
        _ => {}
    }
}

/// What a call of a module is called.
fn called(block: &Block) -> Option<&str> {
    let label = block.labels.first().filter(|_| block.ident.as_str() == "module")?;
    Some(label.as_str())
}

/// The folders of files that may call the module in `folder`.
fn callers(folder: &str, around: &dyn Neighbours) -> Vec<String> {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let may = |path: &&String| {
        dir(path) != folder
            && is_module_file(path)
            && around.text(path).is_some_and(|file| file.text().contains("module") && file.text().contains(name))
    };
    let mut found: Vec<String> =
        around.paths().iter().filter(may).take(MOST_FILES).map(|path| dir(path).to_owned()).collect();
    found.dedup();
    found
}

/// `relative` from `folder`; none where it leads out of the repository.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// How `to` is written from `from`, both folders.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let steps: Vec<String> = up.chain(to.into_iter().skip(common)).collect();
    if steps.is_empty() { ".".to_owned() } else { steps.join("/") }
}

/// Whether the file at `path` is one that Terraform reads by itself.
fn is_module_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|ending| path.ends_with(ending))
        || name == "terraform.tfvars"
        || name.ends_with(".auto.tfvars")
}

/// `file`, one in JSON in Terraform's own syntax.
fn own_syntax(file: &Arc<SourceFile>) -> Result<Arc<SourceFile>, Fault> {
    if file.name().ends_with(".json") {
        return Ok(SourceFile::filled(file, in_own_syntax(file)?));
    }
    Ok(Arc::clone(file))
}

fn parse(file: &SourceFile) -> Result<Body, Fault> {
    let text = file.parse_text();
    hcl_edit::parser::parse_body(&text).map_err(|error| {
        let place = error.location();
        let at = file.offset_of(place.line(), place.column());
        Fault::new(format!("this is not what Terraform reads: {}", one_line(error.message()))).at(Span::at(at))
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
