//! Real files: what is appended to one goes in, what comes out stands in another, each line once.

use crate::node::{Folder, Node, PATIENCE, member, places, replays};
use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

fn append(path: &Path, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("a file of the test");
}

fn await_content(path: &Path, expected: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let content = fs::read_to_string(path).unwrap_or_default();
        if content == expected {
            return;
        }
        assert!(Instant::now() < until, "{content:?} instead of {expected:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn kill(node: &mut Node) {
    node.child.kill().expect("it runs");
    node.child.wait().expect("it ends");
}

#[test]
fn a_producer_reads_a_file_and_a_consumer_writes_one_and_no_line_is_lost_or_doubled() {
    let folder = Folder::new("queue");
    let (orders, done) = (folder.0.join("orders.txt"), folder.0.join("done.txt"));
    let scenario = folder.write(
        "queue.yaml",
        &format!(
            "version: 1\nname: queue\nalgorithm: {{name: message-queue, config: {{capacity: 2}}}}\n\
             nodes: [broker, cook, guest]\nlive:\n  files:\n    cook: {{tail: {orders:?}}}\n    guest: {{append: {done:?}}}\n"
        ),
    );
    // The last line is still being written.
    append(&orders, "soup\nst");
    let (names, places) = (["broker", "cook", "guest"], places::<3>());
    let start = |me| member(&scenario, &names, &places, me);
    let (broker, mut cook, mut guest) = (start(0), start(1), start(2));
    guest.tell("/request consume");
    await_content(&done, "soup\n");
    guest.tell("/request consume");
    append(&orders, "ew\nbread\n");
    await_content(&done, "soup\nstew\n");
    cook.await_report("output", |output| output["accepted"]["item"] == 3);
    kill(&mut cook);
    append(&orders, "cake\n");
    let mut cook = start(1);
    cook.await_report("output", |output| output["accepted"]["item"] == 4);
    guest.tell("/request consume");
    guest.tell("/request consume");
    await_content(&done, "soup\nstew\nbread\ncake\n");
    // As if it had been killed before all that had come out was in the file.
    kill(&mut guest);
    fs::write(&done, "soup\nstew\nbre").expect("the file is changed");
    let mut guest = start(2);
    await_content(&done, "soup\nstew\nbread\ncake\n");
    append(&orders, "salad\n");
    cook.await_report("output", |output| output["accepted"]["item"] == 5);
    guest.tell("/request consume");
    await_content(&done, "soup\nstew\nbread\ncake\nsalad\n");
    for node in [broker, cook, guest] {
        node.quit();
    }
    names.iter().for_each(|name| replays(&folder, name));
}

#[test]
fn a_mailbox_is_a_real_file_that_tail_follows() {
    let folder = Folder::new("mailbox");
    let (data, lines) = (folder.0.join("data.txt"), folder.0.join("lines.txt"));
    append(&data, "");
    let scenario = folder.write(
        "mailbox.yaml",
        &format!(
            "version: 1\nname: mailbox\nalgorithm: file-mailbox\nnodes: [file, ada, bo]\n\
             live: {{files: {{file: {{append: {data:?}}}, ada: {{tail: {lines:?}}}}}}}\n"
        ),
    );
    let mut tail = Command::new("tail")
        .args(["-n", "+1", "-f"])
        .arg(&data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a tail");
    let (sender, followed) = mpsc::channel();
    let output = BufReader::new(tail.stdout.take().expect("it was piped"));
    thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let (names, places) = (["file", "ada", "bo"], places::<3>());
    let start = |me| member(&scenario, &names, &places, me);
    let (file, mut ada, mut bo) = (start(0), start(1), start(2));
    ada.tell("one");
    assert_eq!(followed.recv_timeout(PATIENCE).as_deref(), Ok("one"));
    append(&lines, "tw");
    append(&lines, "o\n");
    assert_eq!(followed.recv_timeout(PATIENCE).as_deref(), Ok("two"));
    kill(&mut ada);
    append(&lines, "three\n");
    let ada = start(1);
    assert_eq!(followed.recv_timeout(PATIENCE).as_deref(), Ok("three"));
    bo.tell("/request poll");
    for line in ["one", "two", "three"] {
        bo.await_report("output", |output| output["line"] == line);
    }
    tail.kill().and_then(|()| tail.wait().map(drop)).expect("it runs");
    assert_eq!(fs::read_to_string(&data).expect("the file"), "one\ntwo\nthree\n");
    for node in [file, ada, bo] {
        node.quit();
    }
    names.iter().for_each(|name| replays(&folder, name));
}

#[test]
fn a_whole_scenario_takes_what_stands_in_a_file() {
    let folder = Folder::new("whole");
    let (orders, done) = (folder.0.join("orders.txt"), folder.0.join("done.txt"));
    append(&orders, "soup\nstew\nbread\n");
    let ran = Command::new(env!("CARGO_BIN_EXE_synod"))
        .args(["live", "scenarios/processes/producers_and_consumers.yaml", "--all", "--set", "expect={}"])
        .args(["--set", &format!("live.files={{cook: {{tail: {orders:?}}}, guest: {{append: {done:?}}}}}")])
        .args([
            "--set",
            "events=[{at: 0ms, node: guest, request: consume, every: 50ms, times: 4}]",
            "--trace",
        ])
        .arg(folder.0.join("live.jsonl"))
        .output()
        .expect("the program starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert_eq!(fs::read_to_string(&done).expect("it was made"), "soup\nstew\nbread\n");
    let replay =
        Command::new(env!("CARGO_BIN_EXE_synod")).arg("replay").arg(folder.0.join("live.jsonl")).status();
    assert!(replay.expect("the program starts").success());
}
