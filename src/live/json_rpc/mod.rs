//! JSON-RPC 2.0 over TCP: any client in any language calls what the nodes of a scenario can do for it.
//!
//! One JSON value after the other, in either direction, each answer on a line of its own. A batch is answered by a batch, a
//! notification by nothing. What can be called is a [`Service`]: the remote objects of an RPC scenario, or the requests of a
//! problem whose outputs say which request they answer, such as `resolve` where names are served.

mod calls;
mod service;

pub(super) use calls::{Call, Calls};
pub(super) use service::Numbering;
pub use service::Service;

use serde_json::{Map, Value, json};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};

/// The longest request, in bytes.
const REQUEST_MAX: usize = 64 << 10;

const PARSE_ERROR: i64 = -32_700;
const INVALID_REQUEST: i64 = -32_600;
const METHOD_NOT_FOUND: i64 = -32_601;
const INVALID_PARAMS: i64 = -32_602;
/// Nobody knows whether it was executed, or it could not be.
const FAILED: i64 = -32_000;
/// It was executed, and the answer is no: the method raised an exception, the name belongs to no address.
const RAISED: i64 = 1;

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
