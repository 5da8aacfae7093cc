//! Commands that only tell: list, describe, schema, new, completions, man.

use super::{
    args::{Arguments, Describe, List, New},
    exit::{Exit, Failure},
    files,
    output::{Output, Tone, paint},
};
use crate::{
    registry::{Described, Registry},
    scenario,
};
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::{Value, json};
use std::{fs, io::Write, path::Path};

/// Lists the algorithms.
pub(super) fn list(registry: &Registry, wanted: &List, output: &mut Output) -> Result<Exit, Failure> {
    let described: Vec<&Described> =
        registry.descriptions().filter_map(|description| registry.describe(description.name)).collect();
    if wanted.json {
        let all = described.iter().map(|one| json!(one)).collect::<Vec<Value>>();
        output.line(Value::from(all).to_string())?;
        return Ok(Exit::Held);
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

/// Describes one algorithm.
pub(super) fn describe(registry: &Registry, wanted: &Describe, output: &mut Output) -> Result<Exit, Failure> {
    let Some(described) = registry.describe(&wanted.name) else {
        let names = registry.descriptions().map(|description| description.name);
        let nearest = scenario::nearest(&wanted.name, names);
        let hint = nearest
            .map_or_else(|| "; `synod list` lists them".into(), |name| format!("; did you mean `{name}`?"));
        return Err(Failure::Usage(format!("unknown algorithm `{}`{hint}", wanted.name)));
    };
    if wanted.json {
        output.line(json!(described).to_string())?;
        return Ok(Exit::Held);
    }
    let description = &described.description;
    output.line(format!("{}: {}", paint(Tone::Strong, description.name), description.summary))?;
    output.line(format!("\nProblem: {}", described.problem))?;
    section("Assumes", description.assumes.iter().map(|text| (*text).to_owned()), output)?;
    let promises = described.properties.iter().filter(|(name, _, _)| description.promises.contains(name));
    section("Promises", promises.map(|(name, about, _)| format!("{name}: {about}")), output)?;
    section("Messages", description.messages.iter().map(|(kind, says)| format!("{kind}: {says}")), output)?;
    output.line(format!("\nCost: {}", description.cost))?;
    section("Broken by", description.breaks.iter().map(|text| (*text).to_owned()), output)?;
    if described.config.as_object().is_some_and(|config| !config.is_empty()) {
        let config =
            serde_yaml::to_string(&described.config).map_err(|error| Failure::Internal(error.to_string()))?;
        section("Configuration, with defaults", config.lines().map(str::to_owned), output)?;
    }
    output.line(format!("\nSource: {}", description.source))?;
    Ok(Exit::Held)
}

fn section(title: &str, lines: impl Iterator<Item = String>, output: &mut Output) -> Result<(), Failure> {
    output.line(format!("\n{title}:"))?;
    lines.into_iter().try_for_each(|line| output.line(format!("  {line}")))
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
    if registry.describe(&wanted.algorithm).is_none() {
        let describe = Describe { name: wanted.algorithm.clone(), json: false };
        return self::describe(registry, &describe, output);
    }
    let text = include_str!("starter.yaml").replace("ALGORITHM", &wanted.algorithm);
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
    output.line(format!("{place} written; run it with: synod run {place}"))?;
    Ok(Exit::Held)
}

/// Prints shell completions.
pub(super) fn completions(shell: Shell, output: &mut Output) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "synod", &mut text);
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
