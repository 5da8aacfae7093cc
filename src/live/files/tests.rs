//! Files that are torn, emptied, interrupted and shared.

use super::*;
use std::{fs, io::Write};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("synod-files-{name}-{}", std::process::id()));
        let _none = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        fs::write(path.join("journal"), "").expect("a journal");
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn note(&self, events: &[Value]) {
        let lines: Vec<String> = events
            .iter()
            .map(|event| {
                let mut line = json!({"i": 0});
                line.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
                format!("{line}\n")
            })
            .collect();
        let mut journal = OpenOptions::new().append(true).open(self.path("journal")).unwrap();
        journal.write_all(lines.concat().as_bytes()).unwrap();
    }

    fn open(&self, tail: bool) -> Files {
        let path = Some(self.path("file"));
        let paths =
            if tail { Paths { tail: path, append: None } } else { Paths { tail: None, append: path } };
        Files::open(&paths, &self.path("journal")).expect("it opens")
    }

    fn content(&self) -> String {
        fs::read_to_string(self.path("file")).expect("a file")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn texts(tail: &mut Tail) -> Vec<Result<String, &'static str>> {
    let (lines, _) = tail.read();
    lines
        .into_iter()
        .map(|line| {
            tail.pass(&line);
            line.text
        })
        .collect()
}

#[test]
fn a_line_goes_in_when_it_is_complete() {
    let folder = Folder::new("torn");
    let mut tail = folder.open(true).tail.expect("it is followed");
    assert_eq!(texts(&mut tail), []);
    fs::write(folder.path("file"), "one\r\ntw").unwrap();
    assert_eq!(texts(&mut tail), [Ok("one".into())]);
    assert_eq!(texts(&mut tail), []);
    fs::write(folder.path("file"), b"one\r\ntwo\n\xff\nfour\n").unwrap();
    assert_eq!(texts(&mut tail), [Ok("two".into()), Err("a line is no UTF-8"), Ok("four".into())]);
    fs::write(folder.path("file"), "a\n").unwrap();
    assert!(tail.read().1.is_some_and(|remark| remark.contains("emptied")));
    assert_eq!(texts(&mut tail), [Ok("a".into())]);
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let folder = Folder::new("long");
    let mut tail = folder.open(true).tail.expect("it is followed");
    fs::write(folder.path("file"), format!("{}\nshort\n", "x".repeat(3 * LINE_MAX))).unwrap();
    let mut all = Vec::new();
    for _ in 0..5 {
        all.extend(texts(&mut tail));
    }
    assert_eq!(all, [Err("a line is longer than 32 KiB"), Ok("short".into())]);
}

#[test]
fn a_new_life_goes_on_behind_the_last_line_that_became_a_request() {
    let folder = Folder::new("again");
    fs::write(folder.path("file"), "one\ntwo\nthree\n").unwrap();
    let note = |to: u64| json!({"e": "note", "body": {"file": {"tail": folder.path("file"), "to": to}}});
    folder.note(&[note(4), json!({"e": "request"}), json!({"e": "send"}), note(8), json!({"e": "request"})]);
    let mut tail = folder.open(true).tail.expect("it is followed");
    assert_eq!(texts(&mut tail), [Ok("three".into())]);
    // Killed between the two lines: it never went in.
    folder.note(&[note(14), json!({"e": "restart"}), json!({"e": "request"})]);
    let mut tail = folder.open(true).tail.expect("it is followed");
    assert_eq!(texts(&mut tail), [Ok("three".into())]);
}

#[test]
fn what_came_out_stands_in_the_file_once() {
    let folder = Folder::new("out");
    fs::write(folder.path("file"), "somebody's last wor").unwrap();
    let mut files = folder.open(false);
    let notes: Vec<Value> =
        files.take_notes().into_iter().map(|body| json!({"e": "note", "body": body})).collect();
    folder.note(&notes);
    let outputs = [
        json!({"consumed": {"producer": "ann", "item": 1, "body": "bread"}}),
        json!({"line": [255, 10, 65]}),
        json!({"deliver": {"from": "ann", "id": 1, "body": "two\nlines"}}),
    ];
    for output in &outputs {
        folder.note(&[json!({"e": "output", "body": output})]);
    }
    files.write(&outputs[0]).unwrap();
    // Killed in the middle of a line.
    OpenOptions::new().append(true).open(folder.path("file")).unwrap().write_all(&[255, b'\\']).unwrap();
    let again = folder.open(false);
    assert!(again.notes.is_empty() && again.remarks.is_empty());
    let expected = b"somebody's last wor\nbread\n\xff\\nA\ntwo\\nlines\n";
    assert_eq!(fs::read(folder.path("file")).unwrap(), expected);
    folder.open(false);
    assert_eq!(fs::read(folder.path("file")).unwrap(), expected);
}

#[test]
fn a_file_that_a_process_holds_is_the_real_one() {
    let folder = Folder::new("held");
    fs::write(folder.path("file"), "old\n").unwrap();
    let mut files = folder.open(false);
    let stored = |at: u64, bytes: &str| json!({"stored": {"at": at, "bytes": bytes}});
    for (output, content) in [
        (stored(0, "one\n"), "old\none\n"),
        (stored(4, "tw"), "old\none\ntw"),
        (stored(0, "ONE"), "old\nONE\ntw"),
        (json!("truncated"), "old\n"),
        (stored(0, "x\n"), "old\nx\n"),
    ] {
        files.write(&output).unwrap();
        assert_eq!(folder.content(), content);
    }
}
