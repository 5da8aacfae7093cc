//! The messages of a picture: from which row to which each is under way, and down which lane.

use super::rows::Row;
use crate::process::ProcessId;
use crate::report::Messages;
use crate::trace::EventKind;
use std::collections::{BTreeMap, BTreeSet};

/// A message, or a copy of it, between two rows.
#[derive(Clone, Debug)]
pub(in crate::report) struct Flight {
    /// The message, by number and kind.
    pub(in crate::report) message: u64,
    pub(in crate::report) kind: String,
    /// The events where it begins and ends.
    pub(in crate::report) event: u64,
    pub(in crate::report) end_event: Option<u64>,
    pub(in crate::report) from: ProcessId,
    pub(in crate::report) to: ProcessId,
    /// The row where it is sent or copied.
    pub(in crate::report) begins: usize,
    /// The row where it arrives or is lost; none when the picture ends before.
    pub(in crate::report) ends: Option<usize>,
    pub(in crate::report) lost: bool,
    /// The flight of which this is a copy, while that is under way.
    pub(in crate::report) copied_from: Option<usize>,
    /// Whether it is a copy.
    pub(in crate::report) copy_of: bool,
    /// Counted from its receiver outwards; none where there is no room.
    pub(in crate::report) lane: Option<usize>,
}

impl Flight {
    /// Whether its lane is to the left of its receiver. What a node sends to itself is on its right.
    pub(in crate::report) fn is_left(&self) -> bool {
        self.from < self.to
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Flights {
    pub(in crate::report) all: Vec<Flight>,
    /// Those that begin in each row.
    pub(in crate::report) beginning: BTreeMap<usize, Vec<usize>>,
    /// Those that end in each row.
    pub(in crate::report) ending: BTreeMap<usize, usize>,
}

impl Flights {
    pub(in crate::report) fn of(rows: &[Row<'_>], messages: &Messages<'_>) -> Self {
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
                        let copy_of = event.kind == EventKind::Duplicate;
                        let copied_from = under_way.first().filter(|_| copy_of).map(|(_, flight)| *flight);
                        let flight = Flight {
                            message,
                            kind: messages.kind(event).unwrap_or("message").to_owned(),
                            event: event.index,
                            end_event: None,
                            from,
                            to,
                            begins: place,
                            ends: None,
                            lost: false,
                            copied_from,
                            copy_of,
                            lane: None,
                        };
                        under_way.push((event.index, flights.begin(flight)));
                    }
                    EventKind::Receive | EventKind::Drop if !under_way.is_empty() => {
                        let caused = |(began, _): &(u64, usize)| Some(*began) == event.cause;
                        let which = under_way.iter().position(caused).unwrap_or(0);
                        let (_, flight) = under_way.remove(which);
                        flights.all[flight].ends = Some(place);
                        flights.all[flight].end_event = Some(event.index);
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
    pub(in crate::report) fn assign(
        &mut self,
        shown: &[ProcessId],
        most: usize,
    ) -> BTreeMap<(ProcessId, bool), usize> {
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

    /// Goes on to the next row: `active` is what is under way there, neither beginning nor ending. Rows are asked for in order.
    pub(in crate::report) fn advance(&self, active: &mut BTreeSet<usize>, row: usize) {
        let begun = row.checked_sub(1).and_then(|last| self.beginning.get(&last)).into_iter().flatten();
        active.extend(begun.filter(|flight| self.all[**flight].lane.is_some()));
        if let Some(ended) = self.ending.get(&row) {
            active.remove(ended);
        }
    }
}
