//! Remote objects for any client: JSON-RPC 2.0 over a plain socket.

use crate::node::{Folder, Guest, Node, member, places, replays};
use serde_json::{Value, json};

const SCENARIO: &str = "version: 1\nname: roots\nalgorithm: rpc\nnodes: [registry, server, ada]\n\
    events: [{at: 0ms, node: server, request: {bind: {name: roots, object: square-root}}}]\n\
    live: {json-rpc: 0}\n";

fn call(client: &mut Guest, request: &Value) -> Value {
    client.say(&request.to_string());
    serde_json::from_str(&client.read_until("\n")).expect("an answer in JSON")
}

/// A client of a node.
fn client_of(node: &mut Node) -> Guest {
    let line = node.await_shown("json-rpc: tcp ");
    Guest::connect(line.rsplit(' ').next().and_then(|address| address.parse().ok()).expect("an address"))
}

fn square_root(client: &mut Guest, params: Value) -> Value {
    call(client, &json!({"jsonrpc": "2.0", "method": "square_root", "params": params, "id": 1}))
}

#[test]
fn any_client_calls_the_square_root() {
    let folder = Folder::new("calls");
    let scenario = folder.write("roots.yaml", SCENARIO);
    let (names, places) = (["registry", "server", "ada"], places::<3>());
    let start = |me| member(&scenario, &names, &places, me);
    let (registry, mut server, mut ada) = (start(0), start(1), start(2));
    server.await_report("output", |output| output["answered"]["answer"] == "bound");
    let mut client = client_of(&mut ada);
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

const NAMES: &str = "version: 1\nname: names\nnodes: [table, alice, bob]\nlive: {json-rpc: 0}\n\
    algorithm: {name: hierarchical-naming, config: {zones: {root: {server: table, records: {server1: 192.168.1.1}}}}}\n";

fn ask(client: &mut Guest, method: &str, params: Value) -> Value {
    call(client, &json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}))
}

#[test]
fn any_client_looks_names_up_and_registers_them() {
    let folder = Folder::new("names");
    let scenario = folder.write("names.yaml", NAMES);
    let (names, places) = (["table", "alice", "bob"], places::<3>());
    let start = |me| member(&scenario, &names, &places, me);
    let (table, mut alice, mut bob) = (start(0), start(1), start(2));
    let (mut alices, mut bobs) = (client_of(&mut alice), client_of(&mut bob));
    let found = json!({"name": "server1", "address": "192.168.1.1", "hops": 1});
    assert_eq!(ask(&mut alices, "resolve", json!(["server1"]))["result"], found);
    assert_eq!(ask(&mut alices, "lookup", json!({"name": "server1"}))["result"], found);
    let missing = json!({"code": 1, "message": "`printer`: not-found"});
    assert_eq!(ask(&mut alices, "resolve", json!(["printer"]))["error"], missing);
    // What is typed in between does not confuse anybody.
    alice.tell("/request {resolve: server1}");
    let registered = ask(&mut bobs, "register", json!(["printer", "10.0.0.7"]))["result"].take();
    assert_eq!(registered, json!({"name": "printer", "address": "10.0.0.7"}));
    assert_eq!(ask(&mut alices, "resolve", json!(["printer"]))["result"]["address"], "10.0.0.7");
    // A node that starts again goes on counting.
    alice.quit();
    let mut alice = start(1);
    let mut alices = client_of(&mut alice);
    assert_eq!(ask(&mut alices, "resolve", json!(["printer"]))["result"]["address"], "10.0.0.7");
    assert_eq!(ask(&mut bobs, "unregister", json!(["printer"]))["result"], json!({"name": "printer"}));
    assert_eq!(ask(&mut alices, "resolve", json!(["printer"]))["error"], missing);
    for (method, params, code) in [
        ("register", json!(["printer"]), -32602),
        ("resolve", json!([7]), -32602),
        ("rename", json!(["printer"]), -32601),
    ] {
        assert_eq!(ask(&mut alices, method, params)["error"]["code"], code, "{method}");
    }
    drop(table);
    let nobody = ask(&mut alices, "resolve", json!(["server1"]))["error"].take();
    assert_eq!(nobody, json!({"code": -32000, "message": "`server1`: timed-out"}));
    alice.quit();
    bob.quit();
    replays(&folder, "alice");
    replays(&folder, "bob");
}

#[test]
fn any_client_asks_a_circle_whose_a_key_is() {
    let folder = Folder::new("circle");
    let scenario = folder.write(
        "circle.yaml",
        "version: 1\nname: circle\nnodes: [n1, n2]\nlive: {json-rpc: 0}\n\
         algorithm: {name: chord, config: {bits: 6, placement: even}}\n",
    );
    let (names, places) = (["n1", "n2"], places::<2>());
    let [mut first, second] = [0, 1].map(|me| member(&scenario, &names, &places, me));
    let mut client = client_of(&mut first);
    for _ in 0..2 {
        assert_eq!(ask(&mut client, "lookup", json!([1]))["result"]["owner"], "n2");
    }
    first.quit();
    // Lookups are counted anew in each life.
    let mut first = member(&scenario, &names, &places, 0);
    let mut client = client_of(&mut first);
    assert_eq!(ask(&mut client, "lookup", json!([40]))["result"]["owner"], "n1");
    first.quit();
    second.quit();
    replays(&folder, "n1");
}

#[test]
fn nodes_that_answer_no_calls_say_so() {
    let folder = Folder::new("mute");
    let scenario = folder
        .write("mute.yaml", "version: 1\nname: mute\nalgorithm: bully\nnodes: 3\nlive: {json-rpc: 0}\n");
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_synod"))
        .arg("live")
        .arg(&scenario)
        .args(["--node", "n1"])
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(2) && said.contains("those of rpc, naming and lookup do"), "{said}");
}
