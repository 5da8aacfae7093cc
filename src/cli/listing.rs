//! Commands that only tell: list, describe, schema, new, completions, man.

use super::{
    args::{Arguments, Describe, List, New},
    exit::{Exit, Failure},
    files,
    output::{Output, Tone, paint, versioned},
    program,
};
use crate::{
    process::Example,
    registry::{Described, Registry, Stated},
    scenario,
};
use clap::CommandFactory;
use clap_complete::Shell;
use indexmap::IndexMap;
use serde_json::json;
use std::{fs, io::Write, path::Path};

/// Lists the algorithms.
pub(super) fn list(registry: &Registry, wanted: &List, output: &mut Output) -> Result<Exit, Failure> {
    let all = registry.descriptions().filter_map(|description| registry.describe(description.name));
    let mut described: Vec<&Described> = all.collect();
    if let Some(name) = &wanted.problem {
        let problems: Vec<&str> = described.iter().map(|one| one.problem).collect();
        if !problems.contains(&name.as_str()) {
            let hint = scenario::nearest(name, problems).map_or_else(
                || format!("; `{} list --problems` names them all", program()),
                |name| format!("; did you mean `{name}`?"),
            );
            return Err(Failure::Usage(format!("unknown problem `{name}`{hint}")));
        }
        described.retain(|one| one.problem == name);
    }
    if wanted.json {
        output.line(json!({ "v": 1, "algorithms": described }).to_string())?;
        return Ok(Exit::Held);
    }
    if wanted.problems {
        return list_problems(&described, output);
    }
    let width = |of: fn(&Described) -> usize, least: usize| {
        described.iter().map(|one| of(one)).max().unwrap_or(least)
    };
    let name = width(|one| one.description.name.len(), 4).max(4);
    let problem = width(|one| one.problem.len(), 7).max(7);
    output.line(paint(Tone::Strong, &format!("{:name$}  {:problem$}  PROMISES", "NAME", "PROBLEM")))?;
    for one in described {
        let promises = one.description.promises.join(" ");
        output.line(format!("{:name$}  {:problem$}  {promises}", one.description.name, one.problem))?;
    }
    Ok(Exit::Held)
}

/// A line for each problem, with the algorithms that answer it.
fn list_problems(described: &[&Described], output: &mut Output) -> Result<Exit, Failure> {
    let mut problems: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for one in described {
        problems.entry(one.problem).or_default().push(one.description.name);
    }
    let width = problems.keys().map(|name| name.len()).max().unwrap_or(0).max(7);
    output.line(paint(Tone::Strong, &format!("{:width$}  ALGORITHMS", "PROBLEM")))?;
    for (problem, names) in problems {
        let line = wrapped(&format!("{problem:width$}  {}", names.join(" ")), 0, width + 2);
        output.bytes(line.as_bytes())?;
    }
    Ok(Exit::Held)
}

/// Describes one algorithm.
pub(super) fn describe(registry: &Registry, wanted: &Describe, output: &mut Output) -> Result<Exit, Failure> {
    let Some(described) = registry.describe(&wanted.name) else {
        let names = || registry.descriptions().map(|description| description.name);
        let part = |name: &&str| !wanted.name.is_empty() && name.contains(&wanted.name);
        let nearest = scenario::nearest(&wanted.name, names()).or_else(|| names().find(part));
        let hint = nearest.map_or_else(
            || format!("; `{} list` names them all", program()),
            |name| format!("; did you mean `{name}`?"),
        );
        return Err(Failure::Usage(format!("unknown algorithm `{}`{hint}", wanted.name)));
    };
    if wanted.json {
        output.line(versioned(described)?)?;
        return Ok(Exit::Held);
    }
    output.bytes(page(described)?.as_bytes())?;
    Ok(Exit::Held)
}

/// How wide a description is printed.
const WIDTH: usize = 100;

/// What there is to say about an algorithm, as text.
fn page(described: &Described) -> Result<String, Failure> {
    let description = &described.description;
    let plain = |texts: &[&'static str]| texts.iter().map(|text| ("", *text)).collect::<Vec<_>>();
    let promised = |property: &&Stated| description.promises.contains(&property.name);
    let promises =
        described.properties.iter().filter(promised).map(|property| (property.name, property.about));
    let mut page = wrapped(&format!("{}: {}", description.name, description.summary), 0, 0);
    page.push_str(&format!("\nProblem: {}\n", described.problem));
    page.push_str(&section("Requests", &requests(described.requests)));
    page.push_str(&section("Assumes", &plain(description.assumes)));
    page.push_str(&section("Promises", &promises.collect::<Vec<_>>()));
    page.push_str(&section("Messages", description.messages));
    page.push_str(&section("Cost", &[("", description.cost)]));
    if !described.measures.is_empty() {
        page.push_str(&section("Measured", &described.measures));
    }
    page.push_str(&section("Broken by", &plain(description.breaks)));
    if described.config.as_object().is_some_and(|config| !config.is_empty()) {
        let config =
            serde_yaml::to_string(&described.config).map_err(|error| Failure::Internal(error.to_string()))?;
        let lines: Vec<_> = config.lines().map(|line| ("", line)).collect();
        page.push_str(&section("Configuration, with defaults", &lines));
    }
    page.push_str(&section("Source", &[("", description.source)]));
    Ok(page)
}

/// What can be asked: each kind of request once, by its first example.
fn requests(examples: &'static [Example]) -> Vec<(&'static str, &'static str)> {
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for example in examples {
        if lines.iter().all(|(_, about)| *about != example.about) {
            lines.push((example.request, example.about));
        }
    }
    lines
}

/// A title and what stands below it: names in a column of their own, texts beside them.
fn section(title: &str, lines: &[(&str, &str)]) -> String {
    let column = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let indent = if column == 0 { 2 } else { column + 4 };
    let mut text = format!("\n{title}:\n");
    for (name, says) in lines {
        let head = if column == 0 { String::new() } else { format!("  {name:column$}  ") };
        text.push_str(&wrapped(&format!("{head}{says}"), if column == 0 { 2 } else { 0 }, indent));
    }
    text
}

/// A text in lines, the first and the others indented by so much; its own spaces are kept.
fn wrapped(text: &str, first: usize, others: usize) -> String {
    let mut lines = String::new();
    let mut line = " ".repeat(first);
    for word in text.split_inclusive(' ') {
        if line.chars().count() + word.trim_end().chars().count() > WIDTH {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line = " ".repeat(others);
        }
        line.push_str(word);
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

/// Prints the JSON Schema of scenarios.
pub(super) fn schema(output: &mut Output) -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(&scenario::schema())
        .map_err(|error| Failure::Internal(error.to_string()))?;
    output.line(text)?;
    Ok(Exit::Held)
}

/// Writes a scenario to start from.
pub(super) fn new(registry: &Registry, wanted: &New, output: &mut Output) -> Result<Exit, Failure> {
    let Some(described) = registry.describe(&wanted.algorithm) else {
        let describe = Describe { name: wanted.algorithm.clone(), json: false };
        return self::describe(registry, &describe, output);
    };
    let text = starter(described);
    if wanted.file.as_os_str() == files::STDIN {
        output.bytes(text.as_bytes())?;
        return Ok(Exit::Held);
    }
    let place = wanted.file.display().to_string();
    let created = fs::OpenOptions::new().write(true).create_new(true).open(&wanted.file);
    let mut file = match created {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Failure::Usage(format!("{place} exists already; choose another name")));
        }
        created => created.map_err(Failure::io(place.clone()))?,
    };
    file.write_all(text.as_bytes()).map_err(Failure::io(place.clone()))?;
    output.line(format!("{place} is written; run it with: {} run {place}", program()))?;
    Ok(Exit::Held)
}

/// A scenario in which three members ask the algorithm for what it is there for.
fn starter(described: &Described) -> String {
    let lines = described.requests.iter().enumerate().map(|(place, Example { node, request, .. })| {
        let at = if place == 0 { "0s".to_owned() } else { format!("{}ms", 50 * place) };
        format!("  - {{at: {at}, node: {node}, request: {request}}}\n")
    });
    include_str!("starter.yaml")
        .replace("ALGORITHM", described.description.name)
        .replace("  # REQUESTS\n", &lines.collect::<String>())
}

/// Prints shell completions.
pub(super) fn completions(shell: Shell, output: &mut Output) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), program(), &mut text);
    output.bytes(&text)?;
    Ok(Exit::Held)
}

/// Prints the manual page, or writes one for every command.
pub(super) fn man(folder: Option<&Path>, output: &mut Output) -> Result<Exit, Failure> {
    let command = Arguments::command();
    match folder {
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command).render(&mut text).map_err(Failure::io("the manual page"))?;
            output.bytes(&text)?;
        }
        Some(folder) => {
            let place = folder.display().to_string();
            fs::create_dir_all(folder).map_err(Failure::io(place.clone()))?;
            clap_mangen::generate_to(command, folder).map_err(Failure::io(place.clone()))?;
            output.line(format!("manual pages written to {place}"))?;
        }
    }
    Ok(Exit::Held)
}
