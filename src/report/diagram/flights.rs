//! The messages of a picture: from which row to which each is under way, and down which lane.

use super::rows::Row;
use crate::process::ProcessId;
use crate::report::Messages;
use crate::trace::EventKind;
use std::collections::BTreeMap;

/// A message, or a copy of it, between two rows.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) from: ProcessId,
    pub(super) to: ProcessId,
    /// The row where it is sent or copied.
    pub(super) begins: usize,
    /// The row where it arrives or is lost; none when the picture ends before.
    pub(super) ends: Option<usize>,
    pub(super) lost: bool,
    /// The flight of which this is a copy.
    pub(super) copy_of: Option<usize>,
    /// Counted from its receiver outwards; none where there is no room.
    pub(super) lane: Option<usize>,
}

impl Flight {
    /// Whether its lane is to the left of its receiver. What a node sends to itself is on its right.
    pub(super) fn is_left(&self) -> bool {
        self.from < self.to
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    pub(super) all: Vec<Flight>,
    /// Those that begin in each row.
    pub(super) beginning: BTreeMap<usize, Vec<usize>>,
    /// Those that end in each row.
    pub(super) ending: BTreeMap<usize, usize>,
}

impl Flights {
    pub(super) fn of(rows: &[Row<'_>], messages: &Messages<'_>) -> Self {
        let mut flights = Self::default();
        // Of every message the flights that have not ended, each with the event where it began.
        let mut open: BTreeMap<u64, Vec<(u64, usize)>> = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            for event in &row.events {
                let Some(message) = event.message else { continue };
                let under_way = open.entry(message).or_default();
                match event.kind {
                    EventKind::Send | EventKind::Duplicate => {
                        let (Some(from), Some(to)) = (messages.sender(event), messages.receiver(event))
                        else {
                            continue;
                        };
                        let copied = (event.kind == EventKind::Duplicate).then(|| under_way.first());
                        let copy_of = copied.flatten().map(|(_, flight)| *flight);
                        let flight =
                            Flight { from, to, begins: place, ends: None, lost: false, copy_of, lane: None };
                        under_way.push((event.index, flights.begin(flight)));
                    }
                    EventKind::Receive | EventKind::Drop if !under_way.is_empty() => {
                        let caused = |(began, _): &(u64, usize)| Some(*began) == event.cause;
                        let which = under_way.iter().position(caused).unwrap_or(0);
                        let (_, flight) = under_way.remove(which);
                        flights.all[flight].ends = Some(place);
                        flights.all[flight].lost = event.kind == EventKind::Drop;
                        flights.ending.insert(place, flight);
                    }
                    _ => {}
                }
            }
        }
        flights
    }

    fn begin(&mut self, flight: Flight) -> usize {
        let place = self.all.len();
        self.beginning.entry(flight.begins).or_default().push(place);
        self.all.push(flight);
        place
    }

    /// Gives every flight between shown nodes the lane nearest to its receiver that is free all the way, of at most
    /// `most` on each side. Gives how many lanes each side of each node needs.
    pub(super) fn assign(&mut self, shown: &[ProcessId], most: usize) -> BTreeMap<(ProcessId, bool), usize> {
        let mut free_from: BTreeMap<(ProcessId, bool), Vec<usize>> = BTreeMap::new();
        for flight in &mut self.all {
            flight.lane = None;
            if !shown.contains(&flight.from) || !shown.contains(&flight.to) {
                continue;
            }
            let lanes = free_from.entry((flight.to, flight.is_left())).or_default();
            let after = flight.ends.map_or(usize::MAX, |end| end + 1);
            match lanes.iter().position(|free| *free <= flight.begins) {
                Some(lane) => {
                    lanes[lane] = after;
                    flight.lane = Some(lane);
                }
                None if lanes.len() < most => {
                    flight.lane = Some(lanes.len());
                    lanes.push(after);
                }
                None => {}
            }
        }
        free_from.into_iter().map(|(side, lanes)| (side, lanes.len())).collect()
    }

    /// Those with a lane that are under way in a row, neither beginning nor ending there.
    pub(super) fn passing(&self, row: usize) -> impl Iterator<Item = &Flight> {
        let passes = move |flight: &&Flight| flight.begins < row && flight.ends.is_none_or(|end| row < end);
        self.all.iter().filter(passes).filter(|flight| flight.lane.is_some())
    }
}
