//! What a scenario's author is told: every file in `tests/faulty`, and the message it gets, in `snapshots/faulty`.

use libtest_mimic::{Arguments, Failed, Trial};
use miette::{GraphicalReportHandler, GraphicalTheme};
use std::{fs, path::Path};
use synod::scenario::{Override, load};

mod common;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for entry in fs::read_dir("tests/faulty").expect("the folder of faulty files") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        trials.push(Trial::test(name.clone(), move || told(&path, &name)));
    }
    trials.push(Trial::test("every_snapshot_has_its_file", every_snapshot_has_its_file));
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    libtest_mimic::run(&arguments, trials).exit();
}

/// What is told about one file is what its snapshot says. A file's first line may be `#! --set KEY=VALUE`.
fn told(path: &Path, name: &str) -> Result<(), Failed> {
    let content = fs::read(path)?;
    let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let overrides: Vec<Override> = String::from_utf8_lossy(first)
        .strip_prefix("#! --set ")
        .map(|set| set.trim().parse())
        .transpose()?
        .into_iter()
        .collect();
    let shown = path.to_string_lossy().replace('\\', "/");
    let Err(mistakes) = load(&shown, &content, &overrides, None, &common::catalogue()) else {
        return Err("this file is not faulty".into());
    };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let handler = handler.with_width(110).with_links(false);
    let mut rendered = String::new();
    for mistake in mistakes.iter() {
        handler.render_report(&mut rendered, mistake)?;
        rendered.push('\n');
    }
    let rendered: Vec<&str> = rendered.lines().map(str::trim_end).collect();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/faulty"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!(name, format!("{}\n\n{mistakes}", rendered.join("\n").trim_matches('\n')))
    });
    Ok(())
}

/// A snapshot without its file would look like a test and be none.
fn every_snapshot_has_its_file() -> Result<(), Failed> {
    for entry in fs::read_dir("snapshots/faulty")? {
        let name = entry?.path().file_stem().expect("a file has a name").to_string_lossy().into_owned();
        if !Path::new("tests/faulty").join(format!("{name}.yaml")).exists() {
            return Err(format!("the snapshot {name} has no file in tests/faulty").into());
        }
    }
    Ok(())
}
