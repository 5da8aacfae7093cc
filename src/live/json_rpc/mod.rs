//! JSON-RPC 2.0 over TCP: any client in any language calls the remote objects that the nodes of an RPC scenario export.
//!
//! One JSON value after the other, in either direction, each answer on a line of its own. A method is `NAME.METHOD`, such as
//! `roots.sqrt`; the objects that the scenario binds can be called without their name, too: `square_root`, `increment`,
//! `echo`. A batch is answered by a batch, a notification by nothing.

use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};

/// The longest request, in bytes.
const REQUEST_MAX: usize = 64 << 10;
/// How many calls may wait to be taken.
const CALLS: usize = 1024;

const PARSE_ERROR: i64 = -32_700;
const INVALID_REQUEST: i64 = -32_600;
const METHOD_NOT_FOUND: i64 = -32_601;
const INVALID_PARAMS: i64 = -32_602;
/// Nobody knows whether it was executed, or it could not be.
const FAILED: i64 = -32_000;
/// The method raised an exception.
const RAISED: i64 = 1;

/// What comes of a call: its result, or code and message of an error.
pub(super) type Outcome = Result<Value, (i64, String)>;

/// A call of a client.
#[derive(Debug)]
pub(super) struct Call {
    method: String,
    params: Value,
    answer: oneshot::Sender<Outcome>,
}

/// A call that was understood.
#[derive(Debug)]
struct Open {
    name: String,
    request: Value,
    /// Whether the argument was a number, so that the result is one.
    number: bool,
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
pub(super) struct Calls {
    address: SocketAddr,
    /// Which object has a method, where the scenario binds one.
    names: BTreeMap<&'static str, String>,
    waiting: BTreeMap<u64, Purpose>,
    /// What is to be asked of the process next.
    next: Vec<Purpose>,
}

impl Calls {
    /// Listens for clients; `requests` are the scenario's, whose objects can be called without their names. Calls go to the
    /// receiver that is given back.
    pub(super) async fn open(
        listen: SocketAddr,
        requests: &[Value],
    ) -> io::Result<(Self, mpsc::Receiver<Call>)> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (sender, receiver) = mpsc::channel(CALLS);
        tokio::spawn(accept(listener, sender));
        let mut names = BTreeMap::new();
        for bound in requests.iter().filter_map(|request| request.get("bind").or(request.get("rebind"))) {
            let method = match bound.get("object").and_then(Value::as_str) {
                Some("square-root") => "sqrt",
                Some("counter") => "increment",
                Some("echo") => "echo",
                Some(_) | None => continue,
            };
            let Some(name) = bound.get("name").and_then(Value::as_str) else { continue };
            names.entry(method).or_insert_with(|| name.to_owned());
        }
        Ok((Self { address, names, waiting: BTreeMap::new(), next: Vec::new() }, receiver))
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client calls.
    pub(super) fn on_call(&mut self, call: Call) {
        let Call { method, params, answer } = call;
        match self.understand(&method, params) {
            Ok((name, request, number)) => {
                self.next.push(Purpose::Call(Open { name, request, number, lookups: 0, answer }));
            }
            // The client may have gone.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    fn understand(&self, method: &str, params: Value) -> Result<(String, Value, bool), (i64, String)> {
        let (name, method) = match method.rsplit_once('.') {
            Some((name, method)) => (Some(name.to_owned()), method),
            None => (None, method),
        };
        let method = match method {
            "sqrt" | "square_root" | "square-root" => "sqrt",
            "increment" => "increment",
            "echo" => "echo",
            other => {
                let sentence =
                    format!("there is no method `{other}`: there are square_root, increment and echo");
                return Err((METHOD_NOT_FOUND, sentence));
            }
        };
        let Some(name) = name.or_else(|| self.names.get(method).cloned()) else {
            let sentence = format!("the scenario binds no object with this method: call NAME.{method}");
            return Err((METHOD_NOT_FOUND, sentence));
        };
        let argument = match params {
            Value::Null => Value::Null,
            Value::Array(list) if list.len() <= 1 => list.into_iter().next().unwrap_or_default(),
            Value::Object(map) if map.len() == 1 => {
                map.into_iter().next().map(|(_, value)| value).unwrap_or_default()
            }
            Value::Object(map) if map.is_empty() => Value::Null,
            _ => return Err((INVALID_PARAMS, "a method has one argument at most".into())),
        };
        let (text, number) = match argument {
            Value::Null => (String::new(), false),
            Value::String(text) => (text, false),
            Value::Number(number) => (number.to_string(), true),
            _ => return Err((INVALID_PARAMS, "the argument is a number or a text".into())),
        };
        let request = json!({"call": {"name": name, "method": method, "argument": text}});
        Ok((name, request, number || method == "increment"))
    }

    /// What the process is to be asked next.
    pub(super) fn request(&self) -> Option<Value> {
        self.next.last().map(|purpose| match purpose {
            Purpose::Lookup(open) => json!({"lookup": {"name": open.name}}),
            Purpose::Call(open) => open.request.clone(),
        })
    }

    /// The process was asked, and gives this number to the request; or refused it with a reason.
    pub(super) fn on_asked(&mut self, asked: Result<u64, String>) {
        let Some(purpose) = self.next.pop() else { return };
        match (asked, purpose) {
            (Ok(number), purpose) => drop(self.waiting.insert(number, purpose)),
            (Err(why), Purpose::Lookup(open) | Purpose::Call(open)) => {
                drop(open.answer.send(Err((INVALID_PARAMS, why))));
            }
        }
    }

    /// The process told its application something: maybe what somebody waits for.
    pub(super) fn on_output(&mut self, output: &Value) {
        let answered = output.get("answered");
        let Some(said) = answered.or_else(|| output.get("failed")) else { return };
        let number = said.get("call").and_then(Value::as_u64);
        let Some(purpose) = number.and_then(|number| self.waiting.remove(&number)) else { return };
        let found = said["answer"].get("found").is_some();
        let stale = matches!(said["why"].as_str(), Some("no-reference" | "stale-reference"));
        match purpose {
            Purpose::Lookup(open) if found => self.next.push(Purpose::Call(open)),
            // Whose object is not known here is looked up, once.
            Purpose::Call(open) if stale && open.lookups == 0 => {
                self.next.push(Purpose::Lookup(Open { lookups: 1, ..open }));
            }
            Purpose::Lookup(open) | Purpose::Call(open) => {
                let outcome = outcome(said, &open);
                drop(open.answer.send(outcome));
            }
        }
    }
}

/// What came of a call, as its client hears it.
fn outcome(said: &Value, open: &Open) -> Outcome {
    let answer = &said["answer"];
    if let Some(returned) = answer.get("returned").and_then(Value::as_str) {
        let number = open.number.then(|| serde_json::from_str::<serde_json::Number>(returned).ok()).flatten();
        return Ok(number.map_or_else(|| returned.into(), Value::Number));
    }
    if let Some(raised) = answer.get("raised") {
        return Err((RAISED, raised.as_str().map_or_else(|| raised.to_string(), str::to_owned)));
    }
    if let Some(why) = said.get("why").and_then(Value::as_str) {
        return Err((FAILED, why.to_owned()));
    }
    Err((FAILED, format!("`{}`: {}", open.name, answer.as_str().unwrap_or("no such object"))))
}

async fn accept(listener: TcpListener, calls: mpsc::Sender<Call>) {
    while !calls.is_closed() {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, calls.clone()))),
            // Too many open files, as a rule: some will be closed.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

/// One client, until it goes or says something that is no JSON.
async fn serve(mut stream: TcpStream, calls: mpsc::Sender<Call>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let (values, read, broken) = split(&buffer);
        buffer.drain(..read);
        let broken = broken || buffer.len() > REQUEST_MAX;
        for value in values {
            if let Some(answer) = answer(value, &calls).await {
                stream.write_all(format!("{answer}\n").as_bytes()).await?;
            }
        }
        if broken {
            let error = refusal(&Value::Null, PARSE_ERROR, "this is no JSON, or more than 64 KiB");
            stream.write_all(format!("{error}\n").as_bytes()).await?;
            return stream.shutdown().await;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// The whole values at the beginning of some bytes, how long they are, and whether what follows can become no value.
fn split(bytes: &[u8]) -> (Vec<Value>, usize, bool) {
    let mut values = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let mut read = 0;
    loop {
        match reader.next() {
            // A number at the end may go on; and neither a number nor a word is a request.
            Some(Ok(value)) => {
                values.push(value);
                read = reader.byte_offset();
            }
            Some(Err(error)) => return (values, read, !error.is_eof()),
            None => return (values, bytes.len(), false),
        }
    }
}

/// The answer to a request or to a batch; nothing when none is wanted.
async fn answer(value: Value, calls: &mpsc::Sender<Call>) -> Option<Value> {
    let Value::Array(batch) = value else { return answer_one(value, calls).await };
    if batch.is_empty() {
        return Some(refusal(&Value::Null, INVALID_REQUEST, "a batch has a request at least"));
    }
    let mut answers = Vec::new();
    for value in batch {
        answers.extend(answer_one(value, calls).await);
    }
    (!answers.is_empty()).then_some(Value::Array(answers))
}

async fn answer_one(value: Value, calls: &mpsc::Sender<Call>) -> Option<Value> {
    let (id, method, params) = match understand(value) {
        Ok(understood) => understood,
        Err(refused) => return Some(refused),
    };
    let (answer, outcome) = oneshot::channel();
    let taken = calls.send(Call { method, params, answer }).await;
    let outcome = match taken {
        Ok(()) => outcome.await.unwrap_or_else(|_| Err((FAILED, "this node is going".into()))),
        Err(_) => Err((FAILED, "this node is going".into())),
    };
    let id = id?;
    Some(match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "result": result, "id": id}),
        Err((code, message)) => refusal(&id, code, &message),
    })
}

/// The id, if an answer is wanted, the method and its parameters.
fn understand(value: Value) -> Result<(Option<Value>, String, Value), Value> {
    let invalid = |id: &Value, why: &str| Err(refusal(id, INVALID_REQUEST, why));
    let Value::Object(mut request) = value else {
        return invalid(&Value::Null, "a request is an object");
    };
    let id = request.remove("id");
    let shown = match &id {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        Some(Value::Null) | None => Value::Null,
        Some(_) => return invalid(&Value::Null, "an id is a text or a number"),
    };
    let take = |request: &mut Map<String, Value>, key: &str| request.remove(key).unwrap_or_default();
    if take(&mut request, "jsonrpc") != "2.0" {
        return invalid(&shown, "`jsonrpc` is \"2.0\"");
    }
    let Value::String(method) = take(&mut request, "method") else {
        return invalid(&shown, "`method` is a text");
    };
    Ok((id, method, take(&mut request, "params")))
}

fn refusal(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": id})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_split_wherever_they_end() {
        let bytes = br#"{"a":1}[2] {"b":"#;
        assert_eq!(split(bytes), (vec![json!({"a": 1}), json!([2])], 10, false));
        assert_eq!(split(b"  "), (vec![], 2, false));
        let (values, _, broken) = split(b"{\"a\":1}\nhello");
        assert_eq!((values, broken), (vec![json!({"a": 1})], true));
    }

    #[test]
    fn requests_are_read_as_the_specification_has_it() {
        let good = json!({"jsonrpc": "2.0", "method": "square_root", "params": [2], "id": 7});
        assert_eq!(understand(good), Ok((Some(json!(7)), "square_root".into(), json!([2]))));
        let notification = json!({"jsonrpc": "2.0", "method": "increment"});
        assert_eq!(understand(notification), Ok((None, "increment".into(), Value::Null)));
        for (bad, id) in [
            (json!(1), Value::Null),
            (json!({"method": "echo", "id": 1}), json!(1)),
            (json!({"jsonrpc": "2.0", "method": 1, "id": "x"}), json!("x")),
            (json!({"jsonrpc": "2.0", "method": "echo", "id": []}), Value::Null),
        ] {
            let refused = understand(bad).expect_err("it is no request");
            assert_eq!((&refused["error"]["code"], &refused["id"]), (&json!(INVALID_REQUEST), &id));
        }
    }
}
