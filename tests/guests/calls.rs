//! Remote objects for any client: JSON-RPC 2.0 over a plain socket.

use crate::node::{Folder, Guest, Node};
use serde_json::{Value, json};

const SCENARIO: &str = "version: 1\nname: roots\nalgorithm: rpc\nnodes: [registry, server, ada]\n\
    events: [{at: 0ms, node: server, request: {bind: {name: roots, object: square-root}}}]\n\
    live: {json-rpc: 0}\n";

fn call(client: &mut Guest, request: &Value) -> Value {
    client.say(&request.to_string());
    serde_json::from_str(&client.read_until("\n")).expect("an answer in JSON")
}

fn square_root(client: &mut Guest, params: Value) -> Value {
    call(client, &json!({"jsonrpc": "2.0", "method": "square_root", "params": params, "id": 1}))
}

#[test]
fn any_client_calls_the_square_root() {
    let folder = Folder::new("calls");
    let scenario = folder.write("roots.yaml", SCENARIO);
    let free =
        || std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let places = [free(), free(), free()].map(|place| place.to_string());
    let names = ["registry", "server", "ada"];
    let peers: Vec<String> =
        names.iter().zip(&places).map(|(name, place)| format!("{name}={place}")).collect();
    let start = |me: usize| {
        let mut arguments = vec!["--listen", places[me].as_str()];
        for (_, peer) in peers.iter().enumerate().filter(|(number, _)| *number != me) {
            arguments.extend(["--peer", peer]);
        }
        let mut node = Node::start(&scenario, names[me], &arguments);
        node.address();
        node
    };
    let (registry, mut server, mut ada) = (start(0), start(1), start(2));
    server.await_report("output", |output| output["answered"]["answer"] == "bound");
    let line = ada.await_shown("json-rpc: tcp ");
    let address = line.rsplit(' ').next().and_then(|address| address.parse().ok()).expect("an address");
    let mut client = Guest::connect(address);
    // Its object is looked up first; what is typed in between does not confuse anybody.
    assert_eq!(square_root(&mut client, json!([144]))["result"], json!(12));
    ada.tell("/request {lookup: {name: roots}}");
    assert_eq!(
        square_root(&mut client, json!([5])),
        json!({"jsonrpc": "2.0", "result": 2.236067977, "id": 1})
    );
    assert_eq!(square_root(&mut client, json!({"of": "2"}))["result"], json!("1.414213562"));
    assert_eq!(square_root(&mut client, json!([-1]))["error"], json!({"code": 1, "message": "negative"}));
    let named = json!({"jsonrpc": "2.0", "method": "roots.sqrt", "params": [9], "id": "x"});
    assert_eq!(call(&mut client, &named), json!({"jsonrpc": "2.0", "result": 3, "id": "x"}));
    let unknown = json!({"jsonrpc": "2.0", "method": "cubes.sqrt", "params": [9], "id": 2});
    assert_eq!(call(&mut client, &unknown)["error"]["message"], "`cubes`: not-bound");
    let unknown = json!({"jsonrpc": "2.0", "method": "cube_root", "params": [9], "id": 2});
    assert_eq!(call(&mut client, &unknown)["error"]["code"], -32601);
    let batch = json!([
        {"jsonrpc": "2.0", "method": "square_root", "params": [16], "id": 1},
        {"jsonrpc": "2.0", "method": "square_root", "params": [25]},
        {"jsonrpc": "2.0", "method": "square_root", "params": [36], "id": 3},
    ]);
    let answers = call(&mut client, &batch);
    assert_eq!(
        (&answers[0]["result"], &answers[1]["result"], answers.as_array().map(Vec::len)),
        (&json!(4), &json!(6), Some(2))
    );
    client.say("no JSON at all");
    assert!(client.read_all().contains("-32700"));
    for node in [registry, server, ada] {
        node.quit();
    }
}
