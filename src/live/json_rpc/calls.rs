//! The calls of clients, from their coming to their answers.

use super::{
    FAILED, INVALID_PARAMS, accept,
    service::{Service, Wish, executed},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io, net::SocketAddr};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

/// How many calls may wait to be taken.
const CALLS: usize = 1024;

/// What comes of a call: its result, or code and message of an error.
pub(super) type Outcome = Result<Value, (i64, String)>;

/// A call of a client.
#[derive(Debug)]
pub(in crate::live) struct Call {
    pub(super) method: String,
    pub(super) params: Value,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// A call that was understood.
#[derive(Debug)]
struct Open {
    wish: Wish,
    /// How often its object was looked up.
    lookups: u32,
    answer: oneshot::Sender<Outcome>,
}

/// What a request of the process is for.
#[derive(Debug)]
enum Purpose {
    Lookup(Open),
    Call(Open),
}

/// The calls that wait for the process, by the number that it gives to the request.
#[derive(Debug)]
pub(in crate::live) struct Calls {
    address: SocketAddr,
    service: Service,
    waiting: BTreeMap<u64, Purpose>,
    /// What is to be asked of the process next.
    next: Vec<Purpose>,
}

impl Calls {
    /// Listens for clients of a service. Calls go to the receiver that is given back.
    pub(in crate::live) async fn open(
        listen: SocketAddr,
        service: Service,
    ) -> io::Result<(Self, mpsc::Receiver<Call>)> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (sender, receiver) = mpsc::channel(CALLS);
        tokio::spawn(accept(listener, sender));
        Ok((Self { address, service, waiting: BTreeMap::new(), next: Vec::new() }, receiver))
    }

    /// Where it listens.
    pub(in crate::live) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is called.
    pub(in crate::live) fn service(&self) -> &Service {
        &self.service
    }

    /// A client calls.
    pub(in crate::live) fn on_call(&mut self, call: Call) {
        let Call { method, params, answer } = call;
        match self.service.understand(&method, params) {
            Ok(wish) => self.next.push(Purpose::Call(Open { wish, lookups: 0, answer })),
            // The client may have gone.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    /// What the process is to be asked next.
    pub(in crate::live) fn request(&self) -> Option<Value> {
        self.next.last().map(|purpose| match purpose {
            Purpose::Lookup(open) => json!({"lookup": {"name": open.wish.name}}),
            Purpose::Call(open) => open.wish.request.clone(),
        })
    }

    /// The process was asked, and gives this number to the request; or refused it with a reason.
    pub(in crate::live) fn on_asked(&mut self, asked: Result<u64, String>) {
        let Some(purpose) = self.next.pop() else { return };
        match (asked, purpose) {
            (Ok(number), purpose) => drop(self.waiting.insert(number, purpose)),
            (Err(why), Purpose::Lookup(open) | Purpose::Call(open)) => {
                drop(open.answer.send(Err((INVALID_PARAMS, why))));
            }
        }
    }

    /// The process told its application something: maybe what somebody waits for.
    pub(in crate::live) fn on_output(&mut self, output: &Value) {
        let Some((kind, said, number)) = self.service.answered(output) else { return };
        let Some(purpose) = self.waiting.remove(&number) else { return };
        if let Service::Requests(_) = &self.service {
            let (Purpose::Lookup(open) | Purpose::Call(open)) = purpose;
            return drop(open.answer.send(answered(kind, said)));
        }
        let found = said["answer"].get("found").is_some();
        let stale = matches!(said["why"].as_str(), Some("no-reference" | "stale-reference"));
        match purpose {
            Purpose::Lookup(open) if found => self.next.push(Purpose::Call(open)),
            // Whose object is not known here is looked up, once.
            Purpose::Call(open) if stale && open.lookups == 0 => {
                self.next.push(Purpose::Lookup(Open { lookups: 1, ..open }));
            }
            Purpose::Lookup(open) | Purpose::Call(open) => {
                let outcome = executed(said, &open.wish);
                drop(open.answer.send(outcome));
            }
        }
    }
}

/// What came of a request, as its client hears it: all that was said but its number.
fn answered(kind: &str, said: &Value) -> Outcome {
    let about = ["name", "key"].iter().find_map(|field| said.get(field));
    let about = about.map_or_else(String::new, |about| match about.as_str() {
        Some(name) => format!("`{name}`: "),
        None => format!("{about}: "),
    });
    match kind {
        "not-found" => Err((super::RAISED, format!("{about}{kind}"))),
        "timed-out" | "failed" => Err((FAILED, format!("{about}{kind}"))),
        _ => {
            let mut said = said.clone();
            said.as_object_mut().map(|said| said.shift_remove("id"));
            Ok(said)
        }
    }
}
