//! The pictures of the README are drawn from what the program prints today.

use std::process::Command;

use super::keep;

#[test]
fn the_pictures_show_what_is_printed() {
    let out = tempfile::TempDir::new().unwrap();
    let drawn = Command::new("python3")
        .args(["-B", "docs/pictures/make.py", env!("CARGO_BIN_EXE_polcheck")])
        .arg(out.path())
        .output()
        .unwrap();
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let readme = std::fs::read_to_string("README.md").unwrap();
    for (name, mark) in [("check.svg", "readers-view"), ("comment.svg", "github-actions")] {
        let picture = std::fs::read_to_string(out.path().join(name)).unwrap();
        assert!(picture.contains(mark), "{picture}");
        // What is well-formed is shown; browsers refuse the rest.
        let mut reader = quick_xml::Reader::from_str(&picture);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        let path = format!("docs/pictures/{name}");
        keep(&path, &picture);
        assert!(readme.contains(&path), "the README does not show {path}");
    }
}
