//! Which store a data file belongs to. Where it could be several, the file is left out and `-v` says so.

use crate::repo::paths::{dir, within};

/// Which of the stores in `folders` a data file belongs to: the innermost around it; else those below the nearest
/// folder above it that has any. More than one is a doubt.
pub(super) fn homes(folders: &[&str], path: &str) -> Vec<usize> {
    let fitting = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        folders.iter().enumerate().filter(|(_, folder)| fits(folder)).map(|(at, _)| at).collect()
    };
    let around = folders.iter().filter(|folder| within(path, folder)).map(|folder| folder.len()).max();
    if let Some(innermost) = around {
        return fitting(&|folder| within(path, folder) && folder.len() == innermost);
    }
    let mut above = dir(path);
    loop {
        let below = fitting(&|folder| within(folder, above));
        if !below.is_empty() || above.is_empty() {
            return below;
        }
        above = dir(above);
    }
}
