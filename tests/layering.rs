//! Lower rooms never import higher ones: the order of `src/ARCHITECTURE.md`, kept by reading what the sources name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// From the lowest room to the highest.
const ROOMS: &str = "error files units fixed tensor ops kernels config model dataset stats train dram engine board accelerator plan ip power machine record account \
                     simulate accuracy golden evaluate sweep search report rtl cli";

/// Types that are shared against the order, each to be moved when its room is next rebuilt. Nothing may join this list by accident, and
/// what leaves the code has to leave the list.
const KNOWN: &[&str] = &[
    "accelerator -> plan",
    "board -> power",
    "ip -> record",
    "model -> dataset",
    "ops -> model",
    "plan -> machine",
    "power -> machine",
    "power -> record",
];

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Names after `crate::`, those of a braced list included.
fn named(code: &str) -> impl Iterator<Item = &str> {
    code.split("crate::").skip(1).flat_map(|rest| {
        let word = |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let list = rest.strip_prefix('{').and_then(|r| r.split_once("};")).map(|(inside, _)| inside);
        let parts: Vec<&str> = match list {
            Some(inside) => inside.split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        parts.into_iter().map(|p| &p[..word(p)]).collect::<Vec<_>>()
    })
}

#[test]
fn lower_rooms_import_no_higher_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: Vec<&str> = ROOMS.split_whitespace().collect();
    let rank = |room: &str| rooms.iter().position(|r| *r == room);
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut found = BTreeSet::new();
    for path in &files {
        let inside = path.strip_prefix(&root).unwrap().to_string_lossy().replace(".rs", "");
        let room = inside.split(['/', '\\']).next().unwrap().to_string();
        let Some(mine) = rank(&room) else {
            assert!(["lib", "main"].contains(&room.as_str()), "room `{room}` has no place in the order");
            continue;
        };
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for other in named(code).filter(|o| rank(o).is_some_and(|r| r > mine)) {
            found.insert(format!("{room} -> {other}"));
        }
    }
    let known: BTreeSet<String> = KNOWN.iter().map(|k| k.to_string()).collect();
    assert_eq!(found, known);
}
