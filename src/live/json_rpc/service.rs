//! What can be called: methods become requests of the problem, its outputs become answers.

use super::{FAILED, INVALID_PARAMS, METHOD_NOT_FOUND, RAISED, calls::Outcome};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What clients can call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// The methods of remote objects: `NAME.METHOD`, such as `roots.sqrt`. The objects that the scenario binds can be
    /// called without their name, too: `square_root`, `increment`, `echo`. These are their names, by method.
    Objects(BTreeMap<&'static str, String>),
    /// Requests whose outputs say which of them they answer.
    Requests(Requests),
}

/// Requests as methods.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requests {
    methods: Vec<Method>,
    numbering: Numbering,
}

/// How a process numbers what it is asked for, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::live) enum Numbering {
    /// All requests of all its lives.
    All,
    /// The requests with this word, in each life anew.
    Life(&'static str),
}

/// A request as a method.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Method {
    word: &'static str,
    /// The names of its parameters; of a single one that has none it is empty.
    parameters: Vec<String>,
}

/// What a client wants of the process.
#[derive(Debug)]
pub(super) struct Wish {
    /// The object's name; empty where there are none.
    pub(super) name: String,
    pub(super) request: Value,
    /// Whether the argument was a number, so that the result is one.
    number: bool,
}

type Refused = (i64, String);

impl Service {
    /// What the nodes of a problem do for clients, if they do anything. `examples` are the problem's requests in YAML,
    /// `requests` those of the scenario.
    pub fn of<'a>(
        problem: &str,
        examples: impl IntoIterator<Item = &'a str>,
        requests: &[Value],
    ) -> Option<Self> {
        let (words, numbering): (&[&'static str], _) = match problem {
            "rpc" => return Some(Self::Objects(bound(requests))),
            "naming" => (&["resolve", "register", "unregister"], Numbering::All),
            "lookup" => (&["lookup"], Numbering::Life("lookup")),
            _ => return None,
        };
        let examples: Vec<Value> =
            examples.into_iter().filter_map(|example| serde_yaml::from_str(example).ok()).collect();
        let method = |word: &&'static str| {
            let argument = examples.iter().find_map(|example| example.get(word))?;
            let parameters = argument.as_object().map(|map| map.keys().cloned().collect());
            Some(Method { word, parameters: parameters.unwrap_or_default() })
        };
        Some(Self::Requests(Requests { methods: words.iter().filter_map(method).collect(), numbering }))
    }

    /// How the process numbers the requests that its answers speak of.
    pub(in crate::live) fn numbering(&self) -> Numbering {
        match self {
            Self::Objects(_) => Numbering::All,
            Self::Requests(requests) => requests.numbering,
        }
    }

    /// What a call means.
    pub(super) fn understand(&self, method: &str, params: Value) -> Result<Wish, Refused> {
        match self {
            Self::Objects(names) => call(names, method, params),
            Self::Requests(requests) => requests.understand(method, params),
        }
    }

    /// The kind of an output that answers a request, what it says, and the number of the request.
    pub(super) fn answered<'a>(&self, output: &'a Value) -> Option<(&'a str, &'a Value, u64)> {
        let (kind, said) = output.as_object()?.iter().next()?;
        let number = match self {
            Self::Objects(_) => said.get("call").filter(|_| kind == "answered" || kind == "failed"),
            Self::Requests(_) => said.get("id"),
        };
        Some((kind, said, number?.as_u64()?))
    }
}

/// The names of the objects that requests bind, by what can be called of them.
fn bound(requests: &[Value]) -> BTreeMap<&'static str, String> {
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
    names
}

/// A call of a remote object.
fn call(names: &BTreeMap<&'static str, String>, method: &str, params: Value) -> Result<Wish, Refused> {
    let (name, method) = match method.rsplit_once('.') {
        Some((name, method)) => (Some(name.to_owned()), method),
        None => (None, method),
    };
    let method = match method {
        "sqrt" | "square_root" | "square-root" => "sqrt",
        "increment" => "increment",
        "echo" => "echo",
        other => {
            let sentence = format!("there is no method `{other}`: there are square_root, increment and echo");
            return Err((METHOD_NOT_FOUND, sentence));
        }
    };
    let Some(name) = name.or_else(|| names.get(method).cloned()) else {
        let sentence = format!("the scenario binds no object with this method: call NAME.{method}");
        return Err((METHOD_NOT_FOUND, sentence));
    };
    let argument = match params {
        Value::Null => Value::Null,
        Value::Object(map) if map.is_empty() => Value::Null,
        Value::Array(list) if list.is_empty() => Value::Null,
        params => {
            single(params).ok_or_else(|| (INVALID_PARAMS, "a method has one argument at most".into()))?
        }
    };
    let (text, number) = match argument {
        Value::Null => (String::new(), false),
        Value::String(text) => (text, false),
        Value::Number(number) => (number.to_string(), true),
        _ => return Err((INVALID_PARAMS, "the argument is a number or a text".into())),
    };
    let request = json!({"call": {"name": name, "method": method, "argument": text}});
    Ok(Wish { name, request, number: number || method == "increment" })
}

/// The only one of some parameters, whatever it is called.
fn single(params: Value) -> Option<Value> {
    match params {
        Value::Array(list) => <[Value; 1]>::try_from(list).ok().map(|[only]| only),
        Value::Object(map) if map.len() == 1 => map.into_iter().next().map(|(_, only)| only),
        _ => None,
    }
}

/// What came of a call of a remote object, as its client hears it.
pub(super) fn executed(said: &Value, wish: &Wish) -> Outcome {
    let answer = &said["answer"];
    if let Some(returned) = answer.get("returned").and_then(Value::as_str) {
        let number = wish.number.then(|| serde_json::from_str::<serde_json::Number>(returned).ok()).flatten();
        return Ok(number.map_or_else(|| returned.into(), Value::Number));
    }
    if let Some(raised) = answer.get("raised") {
        return Err((RAISED, raised.as_str().map_or_else(|| raised.to_string(), str::to_owned)));
    }
    if let Some(why) = said.get("why").and_then(Value::as_str) {
        return Err((FAILED, why.to_owned()));
    }
    Err((FAILED, format!("`{}`: {}", wish.name, answer.as_str().unwrap_or("no such object"))))
}

impl Requests {
    fn understand(&self, method: &str, params: Value) -> Result<Wish, Refused> {
        let named = |word: &str| self.methods.iter().find(|known| known.word == word);
        // Whoever looks a name up may call it so.
        let known = named(method).or_else(|| named("resolve").filter(|_| method == "lookup"));
        let Some(known) = known else {
            let words: Vec<&str> = self.methods.iter().map(|method| method.word).collect();
            let sentence = format!("there is no method `{method}`: there is {}", words.join(", "));
            return Err((METHOD_NOT_FOUND, sentence));
        };
        let argument = known.argument(params).ok_or_else(|| (INVALID_PARAMS, known.usage(method)))?;
        let request = Value::Object(Map::from_iter([(known.word.to_owned(), argument)]));
        Ok(Wish { name: String::new(), request, number: false })
    }
}

impl Method {
    fn argument(&self, params: Value) -> Option<Value> {
        if self.parameters.is_empty() {
            return single(params);
        }
        match params {
            Value::Array(list) if list.len() == self.parameters.len() => {
                Some(Value::Object(self.parameters.iter().cloned().zip(list).collect()))
            }
            // Whether these are the right ones, the process says.
            Value::Object(map) => Some(Value::Object(map)),
            _ => None,
        }
    }

    fn usage(&self, method: &str) -> String {
        match self.parameters.len() {
            0 => format!("`{method}` has one parameter"),
            number => format!("`{method}` has {number} parameters: {}", self.parameters.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming() -> Service {
        let examples =
            ["{register: {name: printer, address: 192.168.1.2}}", "{resolve: printer}", "{unregister: x}"];
        Service::of("naming", examples, &[]).expect("names are served")
    }

    #[test]
    fn a_problems_requests_are_methods() {
        let request =
            |method: &str, params: Value| naming().understand(method, params).map(|wish| wish.request);
        let resolve = json!({"resolve": "printer"});
        for (method, params) in [
            ("resolve", json!(["printer"])),
            ("resolve", json!({"name": "printer"})),
            ("lookup", json!(["printer"])),
        ] {
            assert_eq!(request(method, params), Ok(resolve.clone()));
        }
        let register = json!({"register": {"name": "printer", "address": "10.0.0.1"}});
        assert_eq!(request("register", json!(["printer", "10.0.0.1"])), Ok(register.clone()));
        assert_eq!(request("register", json!({"name": "printer", "address": "10.0.0.1"})), Ok(register));
        for (method, params, code) in [
            ("resolve", Value::Null, INVALID_PARAMS),
            ("resolve", json!(["a", "b"]), INVALID_PARAMS),
            ("register", json!(["a"]), INVALID_PARAMS),
            ("erase", json!(["a"]), METHOD_NOT_FOUND),
        ] {
            assert_eq!(request(method, params).expect_err("it is refused").0, code, "{method}");
        }
        assert_eq!(Service::of("election", ["start"], &[]), None);
    }

    #[test]
    fn an_answer_names_its_request() {
        let output = json!({"resolved": {"id": 3, "name": "printer", "address": "10.0.0.1", "hops": 1}});
        assert_eq!(naming().answered(&output), Some(("resolved", &output["resolved"], 3)));
        assert_eq!(naming().answered(&json!({"serves": {"name": "a", "address": "b"}})), None);
        let objects = Service::of("rpc", [], &[]).expect("objects are served");
        let output = json!({"answered": {"call": 4, "answer": "bound"}});
        assert_eq!(objects.answered(&output), Some(("answered", &output["answered"], 4)));
        assert_eq!(objects.answered(&json!({"executed": {"call": 4}})), None);
    }
}
