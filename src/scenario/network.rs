//! Who has a link to whom, and how links behave.

use super::{
    Reader,
    findings::at,
    path::Path,
    raw::{self, DistributionName, Scenario, Settings, Shapes},
    shorthand::{List, Short},
};
use crate::{
    process::ProcessId,
    world::{Distribution, LinkPatch, LinkPattern, LinkSettings, Probability, Shape},
};
use std::collections::BTreeSet;

impl Reader<'_> {
    /// The topology, unless something is wrong with it.
    pub(super) fn topology(&mut self, raw: Option<&Short<Shapes>>) -> Option<Shape> {
        let path = at("topology");
        let shape = match raw {
            None => Some(Shape::Complete),
            Some(Short::Name(name)) => Some(named(name)),
            Some(Short::Map(shapes)) => self.drawn(shapes, &path),
        };
        let (shape, nodes) = (shape?, self.names.as_ref()?.len() as u64);
        match fits(&shape, nodes) {
            Ok(()) => Some(shape),
            Err((keys, wrong, hint)) => {
                let path = keys.iter().fold(path, |path, key| path.key(*key));
                self.findings.value(path, wrong).hint(hint);
                None
            }
        }
    }

    /// The topology of a map with one key.
    fn drawn(&mut self, shapes: &Shapes, path: &Path) -> Option<Shape> {
        let Shapes { tree, random_regular, erdos_renyi, small_world, scale_free, edges } = shapes;
        let written = [
            ("tree", tree.is_some()),
            ("random-regular", random_regular.is_some()),
            ("erdos-renyi", erdos_renyi.is_some()),
            ("small-world", small_world.is_some()),
            ("scale-free", scale_free.is_some()),
            ("edges", edges.is_some()),
        ];
        let written: Vec<&str> =
            written.iter().filter(|(_, written)| *written).map(|(name, _)| *name).collect();
        match written.as_slice() {
            [] => {
                let finding = self.findings.missing(path.clone(), "the topology is missing here")?;
                finding.hint("write {edges: [[a, b]]}, say");
                return None;
            }
            [_] => {}
            [first, second, ..] => {
                let message = format!("a scenario has one topology, and here are `{first}` and `{second}`");
                self.findings.value(path.clone(), message).hint("keep one");
                return None;
            }
        }
        let path = path.key(written[0]);
        let known = self.findings.list.len();
        let shape = if let Some(tree) = tree {
            Shape::Tree { children: tree.children.unwrap_or(2) }
        } else if let Some(regular) = random_regular {
            Shape::RandomRegular { degree: self.need(regular.degree, &path, "degree", "degree: 4")? }
        } else if let Some(random) = erdos_renyi {
            Shape::ErdosRenyi { probability: self.need(random.p, &path, "p", "p: 0.1")?.0 }
        } else if let Some(world) = small_world {
            let neighbours = self.need(world.neighbours, &path, "neighbours", "neighbours: 4");
            let rewire = self.need(world.rewire, &path, "rewire", "rewire: 10%");
            Shape::SmallWorld { neighbours: neighbours?, rewire: rewire?.0 }
        } else if let Some(free) = scale_free {
            Shape::ScaleFree { links: self.need(free.links, &path, "links", "links: 2")? }
        } else {
            Shape::Edges(self.edges(edges.as_ref()?, &path))
        };
        (self.findings.list.len() == known).then_some(shape)
    }

    /// A value that must be there.
    fn need<T>(&mut self, value: Option<T>, path: &Path, key: &str, example: &str) -> Option<T> {
        if value.is_none() {
            let finding = self.findings.missing(path.key(key), format!("the key `{key}` is missing here"))?;
            finding.hint(format!("write {{{example}}}, say"));
        }
        value
    }

    fn edges(&mut self, edges: &List<List<String>>, path: &Path) -> Vec<(ProcessId, ProcessId)> {
        let mut links = Vec::new();
        let mut seen = BTreeSet::new();
        for (place, edge) in edges.0.iter().enumerate() {
            let here = path.index(place);
            let Some(edge) = edge else {
                self.findings.missing(here, "a link is missing here");
                continue;
            };
            let ends: Vec<_> = edge
                .0
                .iter()
                .enumerate()
                .map(|(end, name)| name.as_ref().and_then(|name| self.node(name, here.index(end))))
                .collect();
            match ends.as_slice() {
                [Some(a), Some(b)] if a == b => {
                    self.findings.value(here, "a node has no link to itself").hint("name two nodes");
                }
                [Some(a), Some(b)] if !seen.insert((a.min(b).0, a.max(b).0)) => {
                    let finding = self.findings.value(here, "this link stands here twice");
                    finding.hint("remove one; links go both ways");
                }
                [Some(a), Some(b)] => links.push((*a, *b)),
                [_, _] => {}
                others => {
                    let message = format!("a link joins two nodes, and here are {}", others.len());
                    self.findings.value(here, message).hint("write [a, b]");
                }
            }
        }
        links
    }

    /// How links behave: all of them, and those that differ.
    pub(super) fn network(&mut self, raw: &Scenario) -> (LinkSettings, Vec<(LinkPattern, LinkPatch)>) {
        let mut network = LinkSettings::default();
        let base = raw.network.as_ref().map(raw::Network::settings);
        if let Some(settings) = base {
            let patch = patch(&settings);
            patch.apply(&mut network);
            self.check_limit(&patch, None, &at("network"));
        }
        let mut links = Vec::new();
        for (place, link) in raw.links.iter().flat_map(|links| links.0.iter().enumerate()) {
            let path = at("links").index(place);
            match link {
                Some(link) => {
                    let changed = self.link(link, &path, network.rate);
                    links.extend(changed);
                }
                None => drop(self.findings.missing(path, "this entry is empty")),
            }
        }
        self.rate = links.iter().find_map(|(_, patch): &(_, LinkPatch)| patch.rate).or(network.rate);
        (network, links)
    }

    /// Links that differ, and how.
    pub(super) fn link(
        &mut self,
        raw: &raw::Link,
        path: &Path,
        rate: Option<u64>,
    ) -> Option<(LinkPattern, LinkPatch)> {
        let patch = patch(&raw.settings());
        self.check_limit(&patch, rate, path);
        if patch == LinkPatch::default() && !self.findings.blamed_inside(path) {
            let finding = self.findings.value(path.clone(), "this changes nothing about the links it names");
            finding.hint("add `delay: 200ms` or `loss: 30%`, say");
        }
        let all = Some("`network` is for all links; name some with `between: [a, b]` or `from` and `to`");
        let pattern =
            self.pattern(raw.from.as_deref(), raw.to.as_deref(), raw.between.as_ref(), path, all)?;
        Some((pattern, patch))
    }

    fn check_limit(&mut self, patch: &LinkPatch, rate: Option<u64>, path: &Path) {
        if patch.limit.is_some() && patch.rate.or(rate).is_none() && !self.findings.excused(&path.key("rate"))
        {
            let finding = self.findings.value(path.key("limit"), "`limit` needs a `rate`");
            finding
                .help("messages only wait for a link that carries a limited amount: add `rate: 10mbit`, say");
        }
    }

    /// Which links are meant. When none are named it is a mistake, unless `unnamed` is absent.
    pub(super) fn pattern(
        &mut self,
        from: Option<&str>,
        to: Option<&str>,
        between: Option<&List<String>>,
        path: &Path,
        unnamed: Option<&str>,
    ) -> Option<LinkPattern> {
        if let Some(between) = between {
            if from.or(to).is_some() {
                let end = if from.is_some() { "from" } else { "to" };
                let finding =
                    self.findings.key(path.key(end), format!("`between` and `{end}` exclude each other"));
                finding.hint("remove one").help("`between` is both ways, `from` and `to` one way");
            }
            let path = path.key("between");
            let nodes = self.group(&between.0, &path);
            if between.0.len() < 2 && !self.findings.blamed(&path) {
                self.findings.value(path, "`between` needs two nodes at least").hint("write [a, b]");
            }
            return Some(LinkPattern::Between(nodes));
        }
        if from.is_none() && to.is_none() {
            if let (Some(help), false) = (unnamed, self.findings.blamed_inside(path)) {
                self.findings.value(path.clone(), "this names no link").help(help);
            }
            return unnamed.is_none().then_some(LinkPattern::Directed { from: None, to: None });
        }
        let sender = from.and_then(|name| self.node(name, path.key("from")));
        let receiver = to.and_then(|name| self.node(name, path.key("to")));
        if sender.is_some() && sender == receiver {
            self.findings.value(path.key("to"), "a node has no link to itself").hint("name another node");
        }
        Some(LinkPattern::Directed { from: sender, to: receiver })
    }
}

/// A topology that is said with its name alone; the reader of names lets no others through.
fn named(name: &str) -> Shape {
    match name {
        "ring" => Shape::Ring,
        "line" => Shape::Line,
        "star" => Shape::Star,
        "tree" => Shape::Tree { children: 2 },
        "grid" => Shape::Grid,
        "torus" => Shape::Torus,
        "hypercube" => Shape::Hypercube,
        _ => Shape::Complete,
    }
}

/// Where a topology does not fit, why, and what to do.
type Unfit = (&'static [&'static str], String, String);

/// Whether `nodes` nodes can be linked so.
fn fits(shape: &Shape, nodes: u64) -> Result<(), Unfit> {
    let refuse = |keys: &'static [&'static str], wrong: String, hint: String| Err((keys, wrong, hint));
    let most = nodes.saturating_sub(1);
    match *shape {
        Shape::Hypercube if !nodes.is_power_of_two() => {
            let above = nodes.next_power_of_two();
            let wrong = format!("a hypercube needs a power of two, and there are {nodes} nodes");
            refuse(&[], wrong, format!("take {} or {above} nodes", above / 2))
        }
        Shape::Torus if !is_torus(nodes) => {
            let below = (4..nodes).rev().find(|nodes| is_torus(*nodes));
            let above = (nodes..).find(|nodes| is_torus(*nodes)).unwrap_or(4);
            let below = below.map(|below| format!("{below} or ")).unwrap_or_default();
            let wrong = format!("{nodes} nodes do not fill the rows and columns of a torus");
            refuse(&[], wrong, format!("take {below}{above} nodes"))
        }
        Shape::Tree { children: 0 } => {
            refuse(&["tree", "children"], "a tree has children".into(), "write 2, say".into())
        }
        Shape::RandomRegular { degree } if degree == 0 || u64::from(degree) >= nodes => {
            let wrong = format!("a node cannot have {degree} neighbours among {nodes} nodes");
            refuse(&["random-regular", "degree"], wrong, format!("write a number from 1 to {most}"))
        }
        Shape::RandomRegular { degree } if nodes * u64::from(degree) % 2 == 1 => {
            let wrong = format!(
                "{nodes} nodes of degree {degree} would need half a link: one of the two must be even"
            );
            let even = if u64::from(degree) < most { degree + 1 } else { degree - 1 };
            refuse(&["random-regular", "degree"], wrong, format!("write {even}, or take {} nodes", nodes + 1))
        }
        Shape::SmallWorld { neighbours, .. } if neighbours % 2 == 1 || neighbours == 0 => {
            let wrong = "a small world has an even number of near neighbours, half on each side".into();
            let even = if neighbours == 0 { 2 } else { neighbours.saturating_add(1) };
            refuse(&["small-world", "neighbours"], wrong, format!("write {even}, say"))
        }
        Shape::SmallWorld { neighbours, .. } if u64::from(neighbours) >= nodes => {
            let wrong = format!("a node cannot have {neighbours} neighbours among {nodes} nodes");
            refuse(&["small-world", "neighbours"], wrong, format!("write less than {nodes}"))
        }
        Shape::ScaleFree { links } if links == 0 || u64::from(links) >= nodes => {
            let wrong = format!("a new node cannot bring {links} links to {nodes} nodes");
            refuse(&["scale-free", "links"], wrong, format!("write a number from 1 to {most}"))
        }
        _ => Ok(()),
    }
}

/// Whether rows and columns, at least two of each, hold exactly so many.
fn is_torus(nodes: u64) -> bool {
    let roots = 2..=nodes.isqrt();
    nodes >= 4 && roots.into_iter().any(|rows| nodes.is_multiple_of(rows))
}

/// The settings as a change.
pub(super) fn patch(settings: &Settings) -> LinkPatch {
    let chance =
        |chance: Option<super::values::Chance>| -> Option<Probability> { chance.map(|chance| chance.0) };
    LinkPatch {
        delay: settings.delay.map(|delay| delay.0),
        jitter: settings.jitter.map(|jitter| jitter.0),
        distribution: settings.distribution.map(|distribution| match distribution {
            DistributionName::Uniform => Distribution::Uniform,
            DistributionName::Normal => Distribution::Normal,
            DistributionName::Exponential => Distribution::Exponential,
            DistributionName::Pareto => Distribution::Pareto,
            DistributionName::Lognormal => Distribution::Lognormal,
        }),
        loss: chance(settings.loss),
        duplicate: chance(settings.duplicate),
        reorder: chance(settings.reorder),
        corrupt: chance(settings.corrupt),
        rate: settings.rate.map(|rate| rate.0),
        limit: settings.limit,
        fifo: settings.order.map(|order| order == raw::Order::Fifo),
    }
}
