//! Whether requests are served in the order in which they were made, as far as messages tell.

use super::{MutualExclusion, Output, Request};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::{BTreeMap, VecDeque};

/// Lamport's second condition: requests are served in the order in which they were made, as far as there is one. It
/// is found from the messages of the history, never taken from the algorithm's own clocks. Those of a reliable channel,
/// which acknowledges and repeats, are among them, though the process above hears nothing of them: over such a channel
/// an algorithm is fair only if everybody hears of others from one process.
///
/// A request that has waited at its own process for an earlier one is made when the step that ended that one is over:
/// what is sent in that step may be a farewell from before.
pub(super) fn happened_before_fairness(history: &History<'_, MutualExclusion>) -> Verdict {
    let mut requests = Requests::of(history.nodes as usize);
    let mut examined = 0;
    for step in &history.steps {
        let mine = step.node.index();
        match step.what {
            What::Output(Output::Exit) => requests.close(mine),
            What::Send { message, to } => requests.known.send(step.node, to, message),
            What::Output(Output::Enter) => {
                requests.make_due(mine);
                if let Err((events, other)) = requests.serve(mine, &mut examined) {
                    let because =
                        format!("{} enters before {other}, whose request it could know of", step.node);
                    return Verdict::violated([&events[..], &[step.event]].concat(), because);
                }
            }
            // Everything else begins a new step.
            What::Request(request) => {
                requests.make_due(mine);
                if *request != Request::Exit {
                    requests.ask(mine, step.event);
                }
            }
            What::Receive { message, from } => {
                requests.make_due(mine);
                requests.known.receive(from, step.node, message);
            }
            What::Crash => requests.forget(mine),
            What::Boot | What::Timer | What::Pause | What::Resume => requests.make_due(mine),
        }
    }
    Verdict::of(examined)
}

/// The requests of each process, as far as a history has been told.
struct Requests {
    known: Knowledge,
    /// Those that are open, the one that is made first.
    open: Vec<VecDeque<u64>>,
    /// Whether the first of them is to be made when the step is over.
    due: Vec<bool>,
    /// Those that were made.
    made: Vec<Vec<Made>>,
    /// How many of them have entered, or are over.
    served: Vec<usize>,
}

impl Requests {
    fn of(nodes: usize) -> Self {
        Self {
            known: Knowledge::of(nodes),
            open: vec![VecDeque::new(); nodes],
            due: vec![false; nodes],
            made: vec![Vec::new(); nodes],
            served: vec![0; nodes],
        }
    }

    fn ask(&mut self, mine: usize, event: u64) {
        self.open[mine].push_back(event);
        self.due[mine] |= self.open[mine].len() == 1;
        self.make_due(mine);
    }

    fn make_due(&mut self, mine: usize) {
        let Some(event) = self.open[mine].front().filter(|_| self.due[mine]) else { return };
        self.due[mine] = false;
        self.made[mine].push(Made { event: *event, after: self.known.request(mine) });
    }

    /// A process leaves.
    fn close(&mut self, mine: usize) {
        self.open[mine].pop_front();
        self.due[mine] = !self.open[mine].is_empty();
    }

    /// A process crashes.
    fn forget(&mut self, mine: usize) {
        self.open[mine].clear();
        self.due[mine] = false;
        self.served[mine] = self.made[mine].len();
    }

    /// A process enters: gives whose request should have been served first, and the events of the two requests.
    fn serve(&mut self, mine: usize, examined: &mut u64) -> Result<(), ([u64; 2], ProcessId)> {
        let Some(Made { event, after }) = self.made[mine].get(self.served[mine]) else { return Ok(()) };
        for (other, known) in after.iter().enumerate().filter(|(other, _)| *other != mine) {
            if self.served[other] < *known as usize {
                let first = self.made[other][self.served[other]].event;
                return Err(([first, *event], ProcessId(other as u32)));
            }
            *examined += u64::from(*known > 0);
        }
        self.served[mine] += 1;
        Ok(())
    }
}

/// A request that was made.
#[derive(Clone)]
struct Made {
    event: u64,
    /// How many requests of each process happened before it.
    after: Vec<u32>,
}

/// How many requests of each process every process can know of: a vector clock that counts requests.
struct Knowledge {
    now: Vec<Vec<u32>>,
    /// Which of `kept` is the same as `now`, if any.
    current: Vec<Option<usize>>,
    kept: Vec<Vec<u32>>,
    links: BTreeMap<(ProcessId, ProcessId), Link>,
}

/// What was sent from one process to another.
#[derive(Default)]
struct Link {
    /// Each message, which of `kept` its sender knew then, and whether it has come.
    sent: Vec<(u64, usize, bool)>,
    /// How many from the first on have come without a gap.
    heard: usize,
}

impl Knowledge {
    fn of(nodes: usize) -> Self {
        let (kept, links) = (Vec::new(), BTreeMap::new());
        Self { now: vec![vec![0; nodes]; nodes], current: vec![None; nodes], kept, links }
    }

    /// A process makes a request: gives what it knows of, this one included.
    fn request(&mut self, mine: usize) -> Vec<u32> {
        self.now[mine][mine] += 1;
        self.current[mine] = None;
        self.now[mine].clone()
    }

    fn send(&mut self, from: ProcessId, to: ProcessId, message: u64) {
        let sender = from.index();
        let current = *self.current[sender].get_or_insert_with(|| {
            self.kept.push(self.now[sender].clone());
            self.kept.len() - 1
        });
        self.links.entry((from, to)).or_default().sent.push((message, current, false));
    }

    /// A message is heard when it has come, and everything that was sent before it on the same way: a channel under
    /// the process may hold it back till then. So what is found is never too much, and with FIFO links it is all.
    fn receive(&mut self, from: ProcessId, to: ProcessId, message: u64) {
        let Some(link) = self.links.get_mut(&(from, to)) else { return };
        let Ok(place) = link.sent.binary_search_by_key(&message, |(sent, ..)| *sent) else { return };
        link.sent[place].2 = true;
        let fresh = link.sent[link.heard..].iter().take_while(|(.., came)| *came).count();
        if fresh == 0 {
            return;
        }
        link.heard += fresh;
        let (_, last, _) = link.sent[link.heard - 1];
        let mine = to.index();
        for (now, known) in self.now[mine].iter_mut().zip(&self.kept[last]) {
            if *now < *known {
                *now = *known;
                self.current[mine] = None;
            }
        }
    }
}
