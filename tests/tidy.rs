//! The house rules, enforced: who imports whom, what the core may not touch, how long a file may be.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each module with the modules it may import; everybody may import itself.
const IMPORTS: &[(&str, &[&str])] = &[
    ("process", &[]),
    ("problems", &["process"]),
    ("algorithms", &["process", "problems"]),
    ("trace", &["process"]),
    ("world", &["process"]),
    ("simulate", &["process", "trace", "world"]),
    ("explore", &["process", "trace", "world", "simulate", "scenario", "check"]),
    ("live", &["process", "trace", "world", "scenario"]),
    ("scenario", &["process", "world"]),
    ("check", &["process", "problems", "trace"]),
    ("report", &["process", "trace", "check"]),
    (
        "registry",
        &[
            "process",
            "problems",
            "algorithms",
            "trace",
            "world",
            "simulate",
            "explore",
            "live",
            "scenario",
            "check",
        ],
    ),
    ("cli", &["process", "scenario", "explore", "live", "registry", "report", "trace"]),
    ("lib", &[]),
    ("main", &["cli", "registry"]),
];

/// What only `live` and `cli` may touch: the outside world.
const OUTSIDE: &[&str] = &[
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "SystemTime::now",
    "std::thread",
    "thread::spawn",
    "std::net",
    "std::fs",
    "fs::read",
    "fs::write",
    "File::open",
    "File::create",
    "std::env",
    "env::var",
];

const FILE_LINES: usize = 500;
const ALGORITHM_LINES: usize = 400;

struct Source {
    path: PathBuf,
    module: String,
    text: String,
    /// The text without its tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sources can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inner = path.strip_prefix(&root).expect("it is below the root");
                let first = inner.iter().next().expect("a path has a part").to_string_lossy();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).expect("a source is text");
                let code = without_comments(text.split("#[cfg(test)]").next().expect("split gives a part"));
                sources.push(Source { path: inner.to_owned(), module, text, code });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > 20, "the sources are there");
    sources
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| match line.trim_start() {
        comment if comment.starts_with("//") => String::new(),
        _ => line.to_owned(),
    };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The modules that a file names after `crate::`.
fn imports(code: &str) -> BTreeSet<String> {
    let word =
        |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut found = BTreeSet::new();
    for (place, _) in code.match_indices("crate::") {
        if code[..place].ends_with('$') {
            continue;
        }
        let rest = &code[place + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let mut depth = 1;
        let mut fresh = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                c if depth == 1 && fresh && c.is_alphabetic() => {
                    found.insert(word(&group[at..]));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    // Macros and types that the crate's root itself exports are nobody's module.
    let modules: BTreeSet<&str> = IMPORTS.iter().map(|(module, _)| *module).collect();
    found.into_iter().filter(|name| modules.contains(name.as_str())).collect()
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut problems = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = IMPORTS.iter().find(|(module, _)| *module == source.module) else {
            problems.push(format!("{}: its module is not in the table", source.path.display()));
            continue;
        };
        for import in imports(&source.code) {
            if import != source.module && !allowed.contains(&import.as_str()) {
                problems.push(format!("{}: may not import `{import}`", source.path.display()));
            }
        }
    }
    report(&problems);
}

#[test]
fn an_algorithm_never_imports_another() {
    let mut problems = Vec::new();
    for source in sources().into_iter().filter(|source| source.module == "algorithms") {
        let named =
            source.code.match_indices("algorithms::").map(|(place, name)| &source.code[place + name.len()..]);
        let beside =
            source.code.match_indices("super::").map(|(place, name)| &source.code[place + name.len()..]);
        for rest in named.chain(beside) {
            if !rest.starts_with("parts") && source.path.components().count() == 2 {
                let line = rest.lines().next().unwrap_or_default();
                problems.push(format!("{}: imports another algorithm: {line}", source.path.display()));
            }
        }
    }
    report(&problems);
}

#[test]
fn only_live_and_cli_touch_the_outside_world() {
    let mut problems = Vec::new();
    for source in sources() {
        if matches!(source.module.as_str(), "live" | "cli" | "main") {
            continue;
        }
        for (number, line) in source.code.lines().enumerate() {
            for word in OUTSIDE.iter().filter(|word| line.contains(*word)) {
                problems.push(format!("{}:{}: {word}", source.path.display(), number + 1));
            }
        }
    }
    report(&problems);
}

#[test]
fn nothing_depends_on_a_random_iteration_order_and_no_state_holds_a_float() {
    let mut problems = Vec::new();
    for source in sources() {
        for (number, line) in source.code.lines().enumerate() {
            let place = format!("{}:{}", source.path.display(), number + 1);
            if line.contains("HashMap") || line.contains("HashSet") {
                problems.push(format!("{place}: use BTreeMap, BTreeSet or IndexMap"));
            }
            let stateful = matches!(source.module.as_str(), "algorithms" | "problems");
            if stateful && (line.contains("f64") || line.contains("f32")) {
                problems.push(format!("{place}: no floats in state"));
            }
            let shared = ["Rc<", "RefCell<", "Box<dyn", "static mut"];
            if source.module == "algorithms" && shared.iter().any(|word| line.contains(word)) {
                problems.push(format!("{place}: no shared or hidden state in a process"));
            }
        }
    }
    report(&problems);
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let mut problems = Vec::new();
    for source in sources() {
        let (path, lines) = (source.path.display(), source.text.lines().count());
        if !source.text.starts_with("//! ") {
            problems.push(format!("{path}: its first line must say what it is for (//!)"));
        }
        let limit = if source.module == "algorithms" { ALGORITHM_LINES } else { FILE_LINES };
        if lines > limit {
            problems.push(format!("{path}: {lines} lines; the limit is {limit}: find the seam"));
        }
        for (number, line) in source.text.lines().enumerate() {
            let words = ["#[allow", "#![allow", "TODO", "FIXME", "todo!(", "unimplemented!("];
            for word in words.iter().filter(|word| line.contains(*word)) {
                problems.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    report(&problems);
}

#[test]
fn the_top_level_holds_what_it_should() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "LICENSE",
        "src",
        "scenarios",
        "tests",
        "snapshots",
        "benches",
        "examples",
        "target",
        // What `synod fuzz` and `synod explore` write; not kept.
        "failures",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut problems = Vec::new();
    for entry in fs::read_dir(root).expect("the root can be listed") {
        let name = entry.expect("an entry can be read").file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !allowed.contains(&name.as_str()) {
            problems.push(format!("{name} does not belong at the top level"));
        }
    }
    report(&problems);
}
