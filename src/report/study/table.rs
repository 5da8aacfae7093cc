//! A study on paper: tables for people, bars beside a formula, CSV for plots.

use super::{Came, Estimate, Point, Study, estimate::shown};
use crate::process::{Formula, Unit};
use crate::report::{csv::quoted, plain, table::table};
use indexmap::IndexMap;
use std::{collections::BTreeSet, fmt, io};

/// How long the longest bar of a chart is.
const BAR: f64 = 40.0;

impl fmt::Display for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.points[..] {
            [point] => one(point, f)?,
            _ => {
                side_by_side(self, f)?;
                chart(self, f)?;
            }
        }
        if self.points.iter().any(|point| point.samples.len() > 1) {
            writeln!(f, "\n± is half of the mean's 95 % confidence interval, by Student's t")?;
        }
        Ok(())
    }
}

/// One point: a line for each number.
fn one(point: &Point, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let runs = point.samples.len();
    let s = if runs == 1 { "" } else { "s" };
    let counted = |came, word: &str| match point.came(came) {
        0 => String::new(),
        number => format!(", {number} {word}"),
    };
    write!(f, "{}: {}, {} nodes, {runs} run{s}", plain(&point.scenario), point.algorithm, point.nodes)?;
    write!(f, "{}", counted(Came::Passed, "passed"))?;
    writeln!(f, "{}{}", counted(Came::Failed, "failed"), counted(Came::Undecided, "undecided"))?;
    let rows = point.estimates().into_iter().map(|(name, estimate)| {
        let Estimate { unit, mean, deviation, half, min, max, .. } = estimate;
        let number = |value| shown(unit, value);
        let half = half.map_or_else(|| "-".into(), number);
        vec![plain(&name), number(mean), half, number(deviation), number(min), number(max)]
    });
    table(&["in a run", "mean", "±", "deviation", "min", "max"], rows.collect(), f)?;
    if let Some(sentence) = comparison(point) {
        writeln!(f, "\n{sentence}")?;
    }
    Ok(())
}

/// What the formula says and whether the runs agree.
fn comparison(point: &Point) -> Option<String> {
    let (so, compared) = point.as_published();
    let published = published(point)?;
    let name = point.operation.name;
    Some(match compared {
        0 => format!("published: {published} messages for each {name}; no run has one to compare"),
        _ if so == compared => {
            format!("published: {published} messages for each {name}; so it is in every run")
        }
        _ => format!(
            "published: {published} messages for each {name}; it differs in {} of {compared} runs",
            compared - so
        ),
    })
}

/// `2(N-1) = 8`, or `0 to 2(N-1) = 0 to 8`.
fn published(point: &Point) -> Option<String> {
    let (formula, (least, most)) = (point.formula?, point.published()?);
    let (least, most) = (shown(Unit::Count, least), shown(Unit::Count, most));
    let text = if formula.is_exact() {
        formula.most.to_owned()
    } else {
        format!("{} to {}", formula.least, formula.most)
    };
    let value = if least == most { most } else { format!("{least} to {most}") };
    Some(if text == value { text } else { format!("{text} = {value}") })
}

/// Several points: a line for each.
fn side_by_side(study: &Study, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let several = study.points.iter().any(|point| point.scenario != study.points[0].scenario);
    let (plural, each) = match study.points.first() {
        Some(point) if study.points.iter().all(|other| other.operation == point.operation) => {
            (point.operation.plural, format!("for each {}", point.operation.name))
        }
        _ => ("operations", "for each".to_owned()),
    };
    let estimates: Vec<IndexMap<String, Estimate>> = study.points.iter().map(Point::estimates).collect();
    let mut measures: Vec<&str> = Vec::new();
    for name in estimates.iter().flat_map(IndexMap::keys).filter(|name| name.starts_with("mean ")) {
        if !measures.contains(&name.as_str()) {
            measures.push(name);
        }
    }
    let mut head: Vec<&str> = if several { vec!["scenario"] } else { Vec::new() };
    head.extend(study.keys.iter().map(String::as_str));
    head.extend(["runs", "passed", plural, "messages", &each, "published", "check"]);
    head.extend(&measures);
    let rows = study.points.iter().zip(&estimates).map(|(point, estimates)| {
        let cell = |name: &str| estimates.get(name).map_or_else(|| "-".into(), Estimate::shown);
        let mut row = if several { vec![plain(&point.scenario)] } else { Vec::new() };
        row.extend(point.settings.iter().map(|value| plain(value)));
        row.extend([point.samples.len().to_string(), point.came(Came::Passed).to_string()]);
        row.extend([cell(point.operation.plural), cell("messages")]);
        row.push(cell(&format!("messages for each {}", point.operation.name)));
        row.push(published(point).unwrap_or_else(|| "-".into()));
        row.push(check(point));
        row.extend(measures.iter().map(|name| cell(name)));
        row
    });
    table(&head, rows.collect(), f)
}

fn check(point: &Point) -> String {
    match point.as_published() {
        (_, 0) => "-".into(),
        (so, compared) if so == compared => "agrees".into(),
        (so, compared) => format!("differs in {}", compared - so),
    }
}

/// Bars of what each operation costs, with a mark where the formula is.
fn chart(study: &Study, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let label = |point: &Point| {
        let settings = study.keys.iter().zip(&point.settings).map(|(key, value)| format!("{key}={value}"));
        let settings = settings.collect::<Vec<_>>().join(" ");
        if settings.is_empty() { plain(&point.scenario) } else { plain(&settings) }
    };
    let each = |point: &Point| {
        let name = format!("messages for each {}", point.operation.name);
        point.estimates().get(&name).map(|estimate| estimate.mean)
    };
    let bars: Vec<(String, f64, &Point)> =
        study.points.iter().filter_map(|point| Some((label(point), each(point)?, point))).collect();
    let longest = bars.iter().flat_map(|(_, each, point)| {
        [*each, point.published().filter(|_| is_exact(point)).map_or(0.0, |(_, most)| most)]
    });
    let longest = longest.fold(0.0, f64::max);
    if bars.len() < 2 || longest <= 0.0 {
        return Ok(());
    }
    let width = bars.iter().map(|(label, _, _)| label.chars().count()).max().unwrap_or(0);
    let scenario = study.points.iter().map(|point| point.scenario.as_str()).collect::<BTreeSet<_>>();
    writeln!(
        f,
        "\nmessages for each operation{}",
        if bars.iter().any(|(_, _, point)| is_exact(point)) { ", | where the formula is" } else { "" }
    )?;
    for (label, each, point) in &bars {
        let scale = |value: f64| libm::round(value / longest * BAR) as usize;
        let mut bar: Vec<char> = std::iter::repeat_n('█', scale(*each)).collect();
        if let Some((_, most)) = point.published().filter(|_| is_exact(point)) {
            let mark = scale(most);
            bar.resize(bar.len().max(mark + 1), ' ');
            bar[mark] = '|';
        }
        let bar: String = bar.into_iter().collect();
        let who = if scenario.len() > 1 && !study.keys.is_empty() {
            format!("  {}", plain(&point.scenario))
        } else {
            String::new()
        };
        writeln!(f, "{label:width$}  {bar} {}{who}", shown(Unit::Count, *each))?;
    }
    Ok(())
}

fn is_exact(point: &Point) -> bool {
    point.formula.is_some_and(|formula| formula.is_exact())
}

impl Study {
    /// Writes a line for each point, with every number; times are in nanoseconds, settings as they were written.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn csv(&self, out: &mut impl io::Write) -> io::Result<()> {
        let estimates: Vec<IndexMap<String, Estimate>> = self.points.iter().map(Point::estimates).collect();
        let mut names: Vec<&str> = Vec::new();
        for name in estimates.iter().flat_map(IndexMap::keys) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut head: Vec<String> = vec!["scenario".into()];
        head.extend(self.keys.iter().cloned());
        head.extend(["algorithm", "processes", "runs", "passed", "failed", "undecided"].map(str::to_owned));
        for name in &names {
            head.extend(["mean", "half95", "deviation", "min", "max"].map(|part| format!("{name} {part}")));
        }
        let published = ["published", "published least", "published most", "compared", "agreeing"];
        head.extend(published.map(str::to_owned));
        write_row(&head, out)?;
        for (point, estimates) in self.points.iter().zip(&estimates) {
            let mut row = vec![point.scenario.clone()];
            row.extend(point.settings.iter().cloned());
            row.extend([point.algorithm.clone(), point.nodes.to_string(), point.samples.len().to_string()]);
            row.extend(
                [Came::Passed, Came::Failed, Came::Undecided].map(|came| point.came(came).to_string()),
            );
            for name in &names {
                let number = |value: f64| value.to_string();
                let cells = estimates.get(*name).map(|estimate| {
                    let Estimate { mean, deviation, half, min, max, .. } = *estimate;
                    [
                        number(mean),
                        half.map_or_else(String::new, number),
                        number(deviation),
                        number(min),
                        number(max),
                    ]
                });
                row.extend(cells.unwrap_or_default());
            }
            let (so, compared) = point.as_published();
            let (least, most) = point
                .published()
                .map_or_else(Default::default, |(least, most)| (least.to_string(), most.to_string()));
            let text = published_text(point);
            row.extend([text, least, most, compared.to_string(), so.to_string()]);
            write_row(&row, out)?;
        }
        Ok(())
    }
}

fn published_text(point: &Point) -> String {
    let text = |formula: Formula| match formula.is_exact() {
        true => formula.most.to_owned(),
        false => format!("{} to {}", formula.least, formula.most),
    };
    point.formula.map_or_else(String::new, text)
}

fn write_row(cells: &[String], out: &mut impl io::Write) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    writeln!(out, "{}", cells.join(","))
}
