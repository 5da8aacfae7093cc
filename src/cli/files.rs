//! Which files a command is about.

use super::exit::Failure;
use crate::scenario;
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Standard input, where a file is meant.
pub(super) const STDIN: &str = "-";

/// The scenario files that these paths mean: a folder means every `.yaml` and `.yml` file below it, in order.
pub(super) fn scenarios(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN || !path.is_dir() {
            files.push(path.clone());
        } else {
            collect(path, &mut files)?;
        }
    }
    if files.is_empty() {
        let listed: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::Nothing(format!("there is no scenario (*.yaml) in {}", listed.join(", "))));
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let place = || folder.display().to_string();
    let entries = fs::read_dir(folder).map_err(Failure::io(place()))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::io(place()))?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// The bytes of a file, or of standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let place = name(path);
    if path.as_os_str() == STDIN {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(Failure::io(place))?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::Io { error: missing(path), place },
        io::ErrorKind::IsADirectory => Failure::Usage(format!("{place} is a folder; a file is needed here")),
        _ => Failure::io(place)(error),
    })
}

/// There is no such file; one with a similar name beside it may have been meant.
fn missing(path: &Path) -> io::Error {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| {
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    names.sort();
    let hint = match scenario::nearest(&wanted, names.iter().map(String::as_str)) {
        Some(name) => format!("; did you mean `{}`?", path.with_file_name(name).display()),
        None => String::new(),
    };
    io::Error::new(io::ErrorKind::NotFound, format!("there is no such file{hint}"))
}

/// What a file is called in messages.
pub(super) fn name(path: &Path) -> String {
    if path.as_os_str() == STDIN { "standard input".into() } else { path.display().to_string() }
}
