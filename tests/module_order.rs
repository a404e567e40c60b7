//! Who may use whom among the modules of the crate: reads `use crate::` and `crate::` paths in
//! `src` against their order. A module uses only those listed for it.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module and what it may use, beside itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("membership", &["error"]),
    ("source", &["error"]),
    ("simd", &["error"]),
    ("threads", &["error"]),
    ("cache", &[]),
    ("memory", &["error"]),
    ("resample", &["error", "threads"]),
    ("summary", &["error", "simd", "membership"]),
    ("density", &["error", "simd"]),
    ("transform", &["error", "simd", "threads", "cache"]),
    ("compensation", &["error", "simd", "threads"]),
    ("fcs", &["error", "simd", "source", "threads", "memory"]),
    ("gate", &["error", "simd", "threads", "cache", "transform"]),
    (
        "maturation",
        &[
            "error",
            "simd",
            "threads",
            "membership",
            "resample",
            "summary",
            "density",
        ],
    ),
    (
        "plan",
        &[
            "error",
            "memory",
            "simd",
            "threads",
            "summary",
            "membership",
            "source",
            "fcs",
            "transform",
            "compensation",
            "gate",
        ],
    ),
    (
        "bindings",
        &[
            "error",
            "memory",
            "threads",
            "summary",
            "density",
            "membership",
            "source",
            "fcs",
            "transform",
            "compensation",
            "gate",
            "maturation",
            "resample",
            "plan",
        ],
    ),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("an entry of src").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names behind `crate::` in a source text.
fn used(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("crate::").map(move |(at, prefix)| {
        let rest = &text[at + prefix.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_lowercase() && c != '_')
            .unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let inside = path.strip_prefix(&src).expect("found below src");
        let module = inside
            .iter()
            .next()
            .and_then(|part| part.to_str())
            .unwrap_or_default();
        let module = module.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let allowed = MAY_USE.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!("{} is in no module of the list", inside.display()));
            continue;
        };
        let text = fs::read_to_string(&path).expect("source is UTF-8");
        for name in used(&text).filter(|name| *name != module && !allowed.contains(name)) {
            wrong.push(format!("{} uses crate::{name}", inside.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_bindings_know_python() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    for path in files
        .iter()
        .filter(|path| !path.starts_with(src.join("bindings")))
    {
        let text = fs::read_to_string(path).expect("source is UTF-8");
        for name in ["use pyo3", "pyo3::", "use numpy", "numpy::"] {
            assert!(!text.contains(name), "{} has {name}", path.display());
        }
    }
}
