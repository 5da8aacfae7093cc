//! Who has a link to whom: the named shapes, and random graphs drawn from the seed.

use super::{
    Shape,
    draws::{Purpose, below, stream},
    routes::Routes,
};
use crate::process::{Neighbours, ProcessId};
use petgraph::{Directed, csr::Csr, unionfind::UnionFind};
use rand::Rng;
use std::collections::BTreeSet;

/// The links of one run, and how many messages each has carried.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    nodes: u32,
    /// Absent when everybody has a link to everybody.
    lists: Option<Lists>,
    /// Only where messages are routed.
    routes: Option<Routes>,
}

/// Adjacency lists in one table: for each node its neighbours, then as many counters of messages, side by side so
/// that sending touches one place in memory.
#[derive(Clone, Debug)]
struct Lists {
    /// Where each node's part of `table` begins; one more than there are nodes.
    starts: Vec<u32>,
    table: Vec<u32>,
}

impl Lists {
    /// A node's neighbours and where its counters begin.
    #[inline]
    fn of(&self, node: ProcessId) -> (&[u32], u32) {
        let neighbours = Neighbours::in_table(node, &self.starts, &self.table).listed();
        (neighbours, self.starts[node.index()] + neighbours.len() as u32)
    }
}

impl Topology {
    /// The links of `shape` over so many nodes; a random shape is drawn from the seed. `routing` says whether
    /// [`Topology::next_hop`] will be asked.
    pub(crate) fn new(shape: &Shape, nodes: u32, seed: u64, routing: bool) -> Self {
        let graph = match shape {
            Shape::Complete => None,
            _ => Some(graph(nodes, edges(shape, nodes, seed))),
        };
        let lists = graph.as_ref().map(|graph| lists(nodes, graph));
        Self { nodes, lists, routes: graph.filter(|_| routing).map(Routes::new) }
    }

    /// Whether the same shape is another graph under another seed.
    pub(crate) fn is_random(shape: &Shape) -> bool {
        matches!(
            shape,
            Shape::RandomRegular { .. }
                | Shape::ErdosRenyi { .. }
                | Shape::SmallWorld { .. }
                | Shape::ScaleFree { .. }
        )
    }

    /// Whether everybody has a link to everybody.
    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.lists.is_none()
    }

    /// Whom a node has a link to.
    #[inline]
    pub(crate) fn neighbours(&self, me: ProcessId) -> Neighbours<'_> {
        match &self.lists {
            None => Neighbours::everybody(me, self.nodes),
            Some(lists) => Neighbours::in_table(me, &lists.starts, &lists.table),
        }
    }

    /// The number of the directed link, where links are listed; none where there is no link. `near` is a guess at
    /// it: the number of a link used shortly before, for a process that sends to its neighbours one after the other.
    #[inline]
    pub(crate) fn link(&self, from: ProcessId, to: ProcessId, near: u32) -> Option<u32> {
        let (neighbours, first) = self.lists.as_ref()?.of(from);
        let place = near.wrapping_sub(first) as usize;
        // The next neighbour, or the one after it when one is left out; the first one when another process begins.
        for guess in [place.wrapping_add(1), place.wrapping_add(2), 0] {
            if neighbours.get(guess) == Some(&to.0) {
                return Some(first + guess as u32);
            }
        }
        neighbours.binary_search(&to.0).ok().map(|place| first + place as u32)
    }

    /// Counts a message on the link with this number, where links are listed; gives how many there were before.
    #[inline]
    pub(crate) fn count(&mut self, link: u32) -> u32 {
        let Some(lists) = &mut self.lists else { return 0 };
        let counter = &mut lists.table[link as usize];
        *counter += 1;
        *counter - 1
    }

    /// Forgets what the links have carried.
    pub(crate) fn reset(&mut self) {
        let Some(lists) = &mut self.lists else { return };
        for bounds in lists.starts.windows(2) {
            let middle = bounds[0] + (bounds[1] - bounds[0]) / 2;
            lists.table[middle as usize..bounds[1] as usize].fill(0);
        }
    }

    /// Where a message from `origin` to `to` goes next that has come to `at`: see [`Routes::next_hop`].
    pub(crate) fn next_hop(&mut self, origin: ProcessId, at: ProcessId, to: ProcessId) -> Option<ProcessId> {
        self.routes.as_mut()?.next_hop(origin, at, to)
    }
}

fn graph(nodes: u32, edges: Vec<(u32, u32)>) -> Csr<(), (), Directed, u32> {
    let mut directed: Vec<(u32, u32)> = edges.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).collect();
    directed.retain(|(a, b)| a != b);
    directed.sort_unstable();
    directed.dedup();
    let mut graph =
        Csr::from_sorted_edges(&directed).unwrap_or_else(|_| unreachable!("the edges were sorted"));
    while graph.node_count() < nodes as usize {
        graph.add_node(());
    }
    graph
}

fn lists(nodes: u32, graph: &Csr<(), (), Directed, u32>) -> Lists {
    let mut table: Vec<u32> = Vec::with_capacity(2 * graph.edge_count() + CACHE_LINE / size_of::<u32>());
    // With eight neighbours a node's part is as long as a cache line: it shall be one and not the halves of two.
    let padding = table.as_ptr().align_offset(CACHE_LINE).min(CACHE_LINE / size_of::<u32>());
    table.resize(padding, 0);
    let mut starts = vec![padding as u32];
    for node in 0..nodes {
        let neighbours = graph.neighbors_slice(node);
        table.extend_from_slice(neighbours);
        table.resize(table.len() + neighbours.len(), 0);
        starts.push(table.len() as u32);
    }
    Lists { starts, table }
}

const CACHE_LINE: usize = 64;

/// The undirected edges of a shape, possibly one of them twice.
fn edges(shape: &Shape, nodes: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut draw = Drawn { generator: stream(seed, Purpose::Topology) };
    match shape {
        Shape::Complete => Vec::new(),
        Shape::Ring => (0..nodes).map(|node| (node, (node + 1) % nodes)).collect(),
        Shape::Line => (1..nodes).map(|node| (node - 1, node)).collect(),
        Shape::Star => (1..nodes).map(|node| (0, node)).collect(),
        Shape::Tree { children } => (1..nodes).map(|node| ((node - 1) / children.max(&1), node)).collect(),
        Shape::Grid => {
            let columns = f64::from(nodes).sqrt().ceil() as u32;
            let right = (0..nodes).filter(|node| (node + 1) % columns != 0).map(|node| (node, node + 1));
            let down = (0..nodes).map(|node| (node, node + columns));
            right.chain(down).filter(|(_, to)| *to < nodes).collect()
        }
        Shape::Torus => {
            let columns = torus_columns(nodes);
            let right = |node| (node / columns) * columns + (node % columns + 1) % columns;
            (0..nodes).flat_map(|node| [(node, right(node)), (node, (node + columns) % nodes)]).collect()
        }
        Shape::Hypercube => {
            let places = nodes.checked_ilog2().unwrap_or(0);
            (0..nodes).flat_map(|node| (0..places).map(move |place| (node, node ^ 1 << place))).collect()
        }
        Shape::RandomRegular { degree } => connected(nodes, || draw.regular(nodes, *degree)),
        Shape::ErdosRenyi { probability } => draw.pairs(nodes, probability.fraction()),
        Shape::SmallWorld { neighbours, rewire } => {
            connected(nodes, || draw.small_world(nodes, *neighbours, |bits| rewire.happens(bits)))
        }
        Shape::ScaleFree { links } => draw.scale_free(nodes, *links),
        Shape::Edges(edges) => edges.iter().map(|(a, b)| (a.0, b.0)).collect(),
    }
}

/// The columns of the torus nearest to a square that so many nodes fill without a rest.
pub(crate) fn torus_columns(nodes: u32) -> u32 {
    (1..=nodes)
        .take_while(|rows| rows * rows <= nodes)
        .filter(|rows| nodes.is_multiple_of(*rows))
        .last()
        .map_or(1, |rows| nodes / rows)
}

/// Draws again, at most fifty times, while the graph falls into pieces.
fn connected(nodes: u32, mut draw: impl FnMut() -> Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let mut edges = draw();
    for _ in 1..50 {
        let mut pieces = UnionFind::<u32>::new(nodes as usize);
        let joined = edges.iter().filter(|(a, b)| pieces.union(*a, *b)).count();
        if joined + 1 >= nodes as usize {
            break;
        }
        edges = draw();
    }
    edges
}

/// Random graphs.
struct Drawn {
    generator: rand_chacha::ChaCha8Rng,
}

impl Drawn {
    fn bits(&mut self) -> u32 {
        self.generator.next_u32()
    }

    fn below(&mut self, bound: u32) -> u32 {
        below(self.generator.next_u64(), u64::from(bound)) as u32
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }

    /// Every pair with the same probability: the gaps between linked pairs are drawn, so that the cost follows the
    /// links and not the pairs (Batagelj and Brandes 2005).
    fn pairs(&mut self, nodes: u32, probability: f64) -> Vec<(u32, u32)> {
        let mut edges = Vec::new();
        if probability <= 0.0 {
            return edges;
        }
        let unlinked = libm::log1p(-probability);
        let (mut a, mut b) = (1_u64, -1_i64);
        loop {
            let uniform = (f64::from(self.bits()) + 0.5) / 4_294_967_296.0;
            let gap = if probability >= 1.0 { 0.0 } else { libm::floor(libm::log(uniform) / unlinked) };
            b += 1 + gap.min(4e18) as i64;
            while a < u64::from(nodes) && b >= a as i64 {
                b -= a as i64;
                a += 1;
            }
            if a >= u64::from(nodes) {
                return edges;
            }
            edges.push((b as u32, a as u32));
        }
    }

    /// A random graph in which everybody has `degree` neighbours: ends of links are paired at random, and pairs
    /// that would be loops or double links are broken up with random others (McKay and Wormald 1990). A dense one
    /// is the complement of a sparse one.
    fn regular(&mut self, nodes: u32, degree: u32) -> Vec<(u32, u32)> {
        assert!(
            degree < nodes && (u64::from(nodes) * u64::from(degree)).is_multiple_of(2),
            "no such regular graph"
        );
        if degree > nodes / 2 {
            let absent: BTreeSet<(u32, u32)> = self
                .regular(nodes, nodes - 1 - degree)
                .into_iter()
                .map(|(a, b)| (a.min(b), a.max(b)))
                .collect();
            let all = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
            return all.filter(|pair| !absent.contains(pair)).collect();
        }
        let mut ends: Vec<u32> = (0..nodes).flat_map(|node| (0..degree).map(move |_| node)).collect();
        loop {
            self.shuffle(&mut ends);
            if let Some(pairs) = self.untangle(&ends, nodes, degree) {
                return pairs;
            }
        }
    }

    /// Pairs neighbouring ends; gives up when loops and double links cannot be broken up.
    fn untangle(&mut self, ends: &[u32], nodes: u32, degree: u32) -> Option<Vec<(u32, u32)>> {
        let mut adjacency = Adjacency::new(nodes, degree);
        let mut pairs = Vec::with_capacity(ends.len() / 2);
        let mut tangled = Vec::new();
        for pair in ends.chunks_exact(2) {
            let (a, b) = (pair[0], pair[1]);
            if a != b && !adjacency.linked(a, b) {
                adjacency.add(a, b);
                pairs.push((a, b));
            } else {
                tangled.push((a, b));
            }
        }
        let mut attempts = 0;
        while let Some(&(a, b)) = tangled.last() {
            attempts += 1;
            if attempts > 1_000 + 100 * ends.len() || pairs.is_empty() {
                return None;
            }
            let place = self.below(pairs.len() as u32) as usize;
            let (c, d) = pairs[place];
            if a == c || b == d || adjacency.linked(a, c) || adjacency.linked(b, d) || (a == b && c == d) {
                continue;
            }
            adjacency.remove(c, d);
            adjacency.add(a, c);
            adjacency.add(b, d);
            pairs[place] = (a, c);
            pairs.push((b, d));
            tangled.pop();
        }
        Some(pairs)
    }

    /// A ring in which each knows its nearest, some links rewired (Watts and Strogatz 1998).
    fn small_world(&mut self, nodes: u32, neighbours: u32, rewired: impl Fn(u32) -> bool) -> Vec<(u32, u32)> {
        let mut edges: BTreeSet<(u32, u32)> = BTreeSet::new();
        let ordered = |a: u32, b: u32| (a.min(b), a.max(b));
        for hop in 1..=neighbours / 2 {
            for node in 0..nodes {
                edges.insert(ordered(node, (node + hop) % nodes));
            }
        }
        for hop in 1..=neighbours / 2 {
            for node in 0..nodes {
                let old = ordered(node, (node + hop) % nodes);
                let (bits, other) = (self.bits(), self.below(nodes));
                if rewired(bits) && other != node && !edges.contains(&ordered(node, other)) {
                    edges.remove(&old);
                    edges.insert(ordered(node, other));
                }
            }
        }
        edges.into_iter().collect()
    }

    /// Each new node links to `links` others, drawn in proportion to their degree (Barabasi and Albert 1999). It
    /// starts from a complete graph of `links + 1` nodes.
    fn scale_free(&mut self, nodes: u32, links: u32) -> Vec<(u32, u32)> {
        let seeds = (links + 1).min(nodes);
        let mut edges: Vec<(u32, u32)> =
            (0..seeds).flat_map(|a| (a + 1..seeds).map(move |b| (a, b))).collect();
        let mut ends: Vec<u32> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
        for node in seeds..nodes {
            let mut chosen = BTreeSet::new();
            while (chosen.len() as u32) < links {
                let place = self.below(ends.len() as u32) as usize;
                chosen.insert(ends[place]);
            }
            for other in chosen {
                edges.push((other, node));
                ends.extend([other, node]);
            }
        }
        edges
    }
}

/// Neighbours while a regular graph grows: `degree` places for each node.
struct Adjacency {
    places: Vec<u32>,
    degree: usize,
}

impl Adjacency {
    const FREE: u32 = u32::MAX;

    fn new(nodes: u32, degree: u32) -> Self {
        Self { places: vec![Self::FREE; nodes as usize * degree as usize], degree: degree as usize }
    }

    fn row(&mut self, node: u32) -> &mut [u32] {
        let start = node as usize * self.degree;
        &mut self.places[start..start + self.degree]
    }

    fn linked(&mut self, a: u32, b: u32) -> bool {
        self.row(a).contains(&b)
    }

    fn put(&mut self, node: u32, old: u32, new: u32) {
        let place = self.row(node).iter().position(|held| *held == old);
        let place = place.unwrap_or_else(|| unreachable!("a node has as many places as links"));
        self.row(node)[place] = new;
    }

    fn add(&mut self, a: u32, b: u32) {
        self.put(a, Self::FREE, b);
        self.put(b, Self::FREE, a);
    }

    fn remove(&mut self, a: u32, b: u32) {
        self.put(a, b, Self::FREE);
        self.put(b, a, Self::FREE);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Probability;
    use super::*;

    fn degrees(shape: &Shape, nodes: u32) -> Vec<usize> {
        let topology = Topology::new(shape, nodes, 3, false);
        (0..nodes).map(|node| topology.neighbours(ProcessId(node)).len()).collect()
    }

    #[test]
    fn shapes_have_the_degrees_they_are_known_for() {
        assert_eq!(degrees(&Shape::Ring, 5), [2; 5]);
        assert_eq!(degrees(&Shape::Ring, 2), [1, 1]);
        assert_eq!(degrees(&Shape::Line, 4), [1, 2, 2, 1]);
        assert_eq!(degrees(&Shape::Star, 4), [3, 1, 1, 1]);
        assert_eq!(degrees(&Shape::Tree { children: 2 }, 5), [2, 3, 1, 1, 1]);
        assert_eq!(degrees(&Shape::Grid, 6), [2, 3, 2, 2, 3, 2]);
        assert_eq!(degrees(&Shape::Torus, 12), [4; 12]);
        assert_eq!(degrees(&Shape::Hypercube, 8), [3; 8]);
        assert_eq!(degrees(&Shape::Complete, 4), [3; 4]);
        assert_eq!(degrees(&Shape::Line, 1), [0]);
    }

    #[test]
    fn random_regular_graphs_are_regular_also_when_dense() {
        for (nodes, degree) in [(10, 3), (50, 8), (6, 5), (6, 4), (1000, 8), (9, 2)] {
            assert_eq!(
                degrees(&Shape::RandomRegular { degree }, nodes),
                vec![degree as usize; nodes as usize]
            );
        }
    }

    #[test]
    fn random_graphs_have_the_links_they_promise() {
        let small_world =
            Shape::SmallWorld { neighbours: 4, rewire: Probability::parts_per_billion(200_000_000) };
        assert_eq!(degrees(&small_world, 100).iter().sum::<usize>(), 400);
        assert_eq!(degrees(&Shape::ScaleFree { links: 2 }, 100).iter().sum::<usize>(), 2 * (3 + 97 * 2));
        let half = Shape::ErdosRenyi { probability: Probability::parts_per_billion(500_000_000) };
        let links = degrees(&half, 100).iter().sum::<usize>() / 2;
        assert!((2300..2650).contains(&links), "{links} of 4950 pairs");
    }

    #[test]
    fn messages_are_routed_along_shortest_paths() {
        let mut ring = Topology::new(&Shape::Ring, 6, 0, true);
        let [from, to] = [ProcessId(0), ProcessId(2)];
        assert_eq!(ring.next_hop(from, from, to), Some(ProcessId(1)));
        assert_eq!(ring.next_hop(from, ProcessId(1), to), Some(to));
        assert_eq!(ring.next_hop(from, from, ProcessId(4)), Some(ProcessId(5)));
        // Both ways round are equally long: the first neighbour of the receiver decides, both ways alike.
        assert_eq!(ring.next_hop(from, from, ProcessId(3)), Some(ProcessId(1)));
        let mut apart = Topology::new(&Shape::Edges(vec![(ProcessId(0), ProcessId(1))]), 3, 0, true);
        assert_eq!(apart.next_hop(from, from, to), None);
        assert!(apart.neighbours(ProcessId(2)).is_empty());
    }
}
