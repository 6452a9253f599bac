//! A real editor: Neovim, without a screen. It opens a file, gets a diagnostic, applies the fix and saves.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::common::write;

#[test]
fn neovim_gets_a_diagnostic_and_applies_the_fix() {
    let Some(nvim) = std::env::var_os("POLCHECK_NVIM") else {
        println!("skipped: POLCHECK_NVIM is not set, so no real editor is run");
        return;
    };
    let dir = TempDir::new().unwrap();
    let schema = "entity User { level: Long };\naction go appliesTo { principal: User, resource: User };\n";
    let kept = "permit (principal, action == Action::\"go\", resource) when { principal.level > 1 };\n";
    let gone = "// \u{1F600}\npermit (principal, action == Action::\"go\", resource) when { principal.level > 2 };\n";
    write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", &format!("{kept}{gone}"))]);
    // The page's own configuration, that for this version.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/editors.md")).unwrap();
    let snippets: Vec<&str> = page.split("```lua\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [new, old] = snippets.as_slice() else { panic!("{snippets:?}") };
    let about = Command::new(&nvim).arg("--version").output().unwrap();
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    let minor: u32 = about.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("NVIM v0.x.y");
    write(dir.path(), &[("config/nvim/init.lua", if minor >= 11 { new } else { old })]);
    let program = Path::new(env!("CARGO_BIN_EXE_polcheck"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_path_buf()).chain(std::env::split_paths(&path)),
    );
    let run = Command::new(nvim)
        .args(["--headless", "-i", "NONE", "-n", "p.cedar"])
        .args(["-c", &format!("luafile {}", root.join("tests/tools/editor.lua").display())])
        .current_dir(dir.path())
        .env("PATH", path.unwrap())
        .env("XDG_CONFIG_HOME", dir.path().join("config"))
        .env("HOME", dir.path())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && said.contains("shadowed-permit"), "{said}");
    let saved = std::fs::read_to_string(dir.path().join("p.cedar")).unwrap();
    assert_eq!(saved, kept, "{said}");
}
