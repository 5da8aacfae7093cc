//! What people say in words: how it becomes a request, and what of a process's outputs they hear.

use serde_json::{Map, Value, json};

/// How a text becomes a request of the problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Voice {
    /// `{WORD: text}`.
    Word(String),
    /// `{WORD: {to: ..., body: text}}`.
    Letter(String),
    /// Texts mean nothing to this problem.
    None,
}

/// The requests that say something to others.
const SAYING: [&str; 3] = ["broadcast", "say", "write"];

/// A text that the process delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard<'a> {
    /// Who said it.
    pub from: &'a str,
    /// Its place, where there is one order of all.
    pub number: Option<u64>,
    /// What.
    pub body: &'a str,
}

impl Voice {
    /// The voice of a problem with these requests, in YAML: one that says a text to others if there is one, otherwise the
    /// first that has a text at all.
    pub fn of<'a>(examples: impl IntoIterator<Item = &'a str>) -> Self {
        let mut first = Self::None;
        for example in examples {
            let Ok(Value::Object(request)) = serde_yaml::from_str(example) else { continue };
            match request.into_iter().next() {
                Some((word, Value::String(_))) if SAYING.contains(&&*word) => return Self::Word(word),
                Some((word, Value::Object(letter))) if is_letter(&letter) => return Self::Letter(word),
                Some((word, Value::String(_))) if first == Self::None => first = Self::Word(word),
                Some(_) | None => {}
            }
        }
        first
    }

    /// The request that says this to everybody; `others` are the names of the other nodes.
    pub fn say(&self, text: &str, others: &[String]) -> Option<Value> {
        match self {
            Self::Word(word) => Some(one(word, text.into())),
            Self::Letter(word) => Some(one(word, json!({"to": others, "body": text}))),
            Self::None => None,
        }
    }

    /// The request that says this to one node; problems without letters have none.
    pub fn send(&self, to: &str, text: &str) -> Option<Value> {
        match self {
            Self::Letter(word) => Some(one(word, json!({"to": to, "body": text}))),
            Self::Word(_) | Self::None => None,
        }
    }
}

fn is_letter(letter: &Map<String, Value>) -> bool {
    letter.len() == 2 && letter.contains_key("to") && letter.contains_key("body")
}

fn one(word: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(word.to_owned(), value)]))
}

/// The text in an output, if it delivers one. What came too late or is only written down is not delivered.
pub fn heard(output: &Value) -> Option<Heard<'_>> {
    let (kind, said) = output.as_object()?.iter().next()?;
    if kind == "late" || kind == "logged" {
        return None;
    }
    Some(Heard {
        from: said.get("from")?.as_str()?,
        number: said.get("number").and_then(Value::as_u64),
        body: said.get("body")?.as_str()?,
    })
}

/// What guests of a room hear of an output that says who came in or went out: the words that they know for that.
pub(super) fn notice(output: &Value) -> Option<String> {
    let name = |kind: &str| output.get(kind).and_then(Value::as_str);
    let joined = name("joined").map(|name| format!("{name} has connected to the chat room"));
    joined.or_else(|| name("left").map(|name| format!("{name} has left the chat room!")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problems_own_request_says_what_is_typed() {
        let broadcast = Voice::of([r#"{broadcast: "hello, everybody"}"#]);
        assert_eq!(broadcast.say("hi", &[]), Some(json!({"broadcast": "hi"})));
        assert_eq!(broadcast.send("bob", "hi"), None);
        let chat = Voice::of(["{connect: alice}", "{say: hello}"]);
        assert_eq!(chat, Voice::Word("say".into()));
        let letters = Voice::of(["{send: {object: printer, body: hello}}", "{send: {to: bob, body: hello}}"]);
        assert_eq!(letters.send("bob", "hi"), Some(json!({"send": {"to": "bob", "body": "hi"}})));
        let others = ["bob".to_owned(), "carol".to_owned()];
        assert_eq!(letters.say("hi", &others), Some(json!({"send": {"to": ["bob", "carol"], "body": "hi"}})));
        assert_eq!(Voice::of(["start", "{enter: 20ms}"]), Voice::Word("enter".into()));
        assert_eq!(Voice::of(["start", "{job: {size: 30ms}}"]), Voice::None);
    }

    #[test]
    fn what_is_delivered_is_heard() {
        let output = json!({"deliver": {"number": 3, "from": "bob", "id": 1, "body": "hi"}});
        assert_eq!(heard(&output), Some(Heard { from: "bob", number: Some(3), body: "hi" }));
        for silent in [
            json!({"late": {"from": "bob", "id": 1, "body": "hi"}}),
            json!({"acknowledged": 3}),
            json!("granted"),
        ] {
            assert_eq!(heard(&silent), None, "{silent}");
        }
    }

    #[test]
    fn who_comes_and_goes_is_told_in_the_words_of_the_room() {
        let joined = notice(&json!({"joined": "bea"}));
        assert_eq!(joined.as_deref(), Some("bea has connected to the chat room"));
        assert_eq!(notice(&json!({"left": "bea"})).as_deref(), Some("bea has left the chat room!"));
        assert_eq!(notice(&json!({"joined": {"position": 7, "settles": "1s"}})), None);
        assert_eq!(notice(&json!("left")), None);
    }
}
