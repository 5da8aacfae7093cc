//! Whether routes are shortest paths, and whether they go round in circles.

use super::{Output, Routing, graph::Told};
use crate::process::{History, ProcessId, Verdict, What};

fn told(history: &History<'_, Routing>) -> Told {
    let mut told = Told::nothing(history.nodes);
    for step in &history.steps {
        told.note(step);
    }
    told
}

fn everybody(told: &Told) -> impl Iterator<Item = ProcessId> + '_ {
    (0..told.up.len() as u32).map(ProcessId).filter(|process| told.takes_part(*process))
}

pub(super) fn shortest_paths(history: &History<'_, Routing>) -> Verdict {
    let told = told(history);
    let mut examined = 0;
    for to in (0..history.nodes).map(ProcessId) {
        let distances = if told.takes_part(to) { told.distances_to(to) } else { vec![None; told.up.len()] };
        for from in everybody(&told).filter(|from| *from != to) {
            let unmet = |events: Vec<u64>, because| Verdict::unmet(history.end, events, because);
            match (told.way(from, to), distances[from.index()]) {
                (None, None) => examined += u64::from(told.routes[from.index()].contains_key(&to)),
                (None, Some(distance)) => {
                    let because =
                        format!("{from} has no route to {to}, though there is a path of cost {distance}");
                    let links = told.links[from.index()].values().map(|(_, event)| *event).max();
                    return unmet(Vec::from_iter(links), because);
                }
                (Some((way, event)), None) => {
                    let because = format!(
                        "{from} believes that {to} can be reached by {}, but there is no path",
                        way.next
                    );
                    return unmet(vec![event], because);
                }
                (Some((way, event)), Some(distance)) => {
                    if u64::from(way.cost) != distance {
                        let cost = way.cost;
                        let because = format!(
                            "{from} believes that the way to {to} costs {cost}, but the shortest path costs {distance}"
                        );
                        return unmet(vec![event], because);
                    }
                    let rest = distances.get(way.next.index()).copied().flatten();
                    let first = told.link(from, way.next);
                    let whole = rest.zip(first).map(|(rest, first)| rest + u64::from(first));
                    if whole != Some(distance) {
                        let because =
                            format!("{from} goes by {} to {to}, which is no shortest path", way.next);
                        return unmet(vec![event], because);
                    }
                    examined += 1;
                }
            }
        }
    }
    Verdict::of(examined)
}

pub(super) fn loop_free(history: &History<'_, Routing>) -> Verdict {
    let told = told(history);
    let mut examined = 0;
    for from in everybody(&told) {
        for (to, (way, _)) in &told.routes[from.index()] {
            if way.is_none() {
                continue;
            }
            if let Some(circle) = told.circle(from, *to) {
                let because = format!("who follows the routes from {from} to {to} goes round in a circle");
                return Verdict::unmet(history.end, circle, because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

pub(super) fn never_loops(history: &History<'_, Routing>) -> Verdict {
    let mut told = Told::nothing(history.nodes);
    let mut examined = 0;
    for step in &history.steps {
        told.note(step);
        let What::Output(Output::Route { to, way: Some(_) }) = step.what else { continue };
        let from = step.node;
        if let Some(circle) = told.circle(from, *to) {
            let because = format!("who now follows the routes from {from} to {to} goes round in a circle");
            return Verdict::violated(circle, because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}
