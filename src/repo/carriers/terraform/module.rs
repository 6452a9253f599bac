//! The files of a folder, which are one module: its locals, and the defaults of its variables.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use crate::data::Fault;
use crate::repo::carriers::spec::Neighbours;
use crate::repo::paths::dir;
use crate::text::{SourceFile, Span};

/// How many steps and bytes values may take, so that locals do not multiply.
const BUDGET: usize = 20_000_000;
/// Files of a module beyond this are not looked into.
const MOST_FILES: usize = 2_000;

pub(super) struct Module<'n> {
    files: Vec<(Arc<SourceFile>, Result<Body, Fault>)>,
    pub(super) folder: String,
    pub(super) around: &'n dyn Neighbours,
    left: Cell<usize>,
    /// The files that were read since [`Self::taken`] was asked.
    read: RefCell<Vec<String>>,
    names: HashMap<String, (usize, Place)>,
}

/// Where in a file a value is declared: by the positions of block and attribute in it.
#[derive(Debug, Clone)]
struct Place {
    block: Option<usize>,
    key: String,
}

impl<'n> Module<'n> {
    /// The module of `carriers`, which are files of one folder.
    pub(super) fn around(carriers: &[Arc<SourceFile>], around: &'n dyn Neighbours) -> Self {
        let folder = carriers.first().map_or("", |file| dir(file.path())).to_owned();
        let ours = |path: &&String| dir(path) == folder && is_module_file(path);
        let others = around.paths().iter().filter(ours).take(MOST_FILES).filter_map(|path| around.text(path));
        let files = others.map(|file| {
            let body = parse(&file);
            (file, body)
        });
        let mut module = Self {
            files: files.collect(),
            folder,
            around,
            left: Cell::new(BUDGET),
            read: RefCell::default(),
            names: HashMap::new(),
        };
        module.names = module.declared();
        module
    }

    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.read.borrow_mut().push(path.to_owned());
        self.around.text(path)
    }

    /// The files that were read since this was last asked.
    pub(super) fn taken(&self) -> Vec<String> {
        self.read.take()
    }

    /// Takes `steps` of what may be spent; nothing where that is more than is left.
    pub(super) fn spend(&self, steps: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(steps)?);
        Some(())
    }

    /// What stands in `file`, one of the module.
    pub(super) fn body(&self, file: &SourceFile) -> Result<&Body, &Fault> {
        static EMPTY: std::sync::LazyLock<Fault> = std::sync::LazyLock::new(|| Fault::new("it cannot be read"));
        let found = self.files.iter().find(|(known, _)| known.path() == file.path());
        found.map_or(Err(&*EMPTY), |(_, body)| body.as_ref())
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

/// Whether the file at `path` is one that Terraform reads by itself.
fn is_module_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.ends_with(".tf") || path.ends_with(".tofu") || name == "terraform.tfvars" || name.ends_with(".auto.tfvars")
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
