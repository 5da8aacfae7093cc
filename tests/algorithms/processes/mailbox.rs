//! The file as a mailbox, its mutants, and the museum's number 85.

use super::{crash, lines, restart};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::file_mailbox::{Config, FileMailbox, Mode},
    problems::mailbox::{Bytes, Mailbox, Output, Request},
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The end of the file is the end.
    EndIsEnd,
    /// What has no end yet passes for a line.
    TornLine,
    /// The file is emptied for each line, and nobody notices.
    Truncates,
    /// The beginning of a line is forgotten with the next poll.
    DropsPartial,
    /// Letters are counted, not bytes.
    CountsLetters,
    /// Everything is read again each time.
    FromTheStart,
}

/// A file, a writer that writes two bytes at a time, and a reader.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    file: Vec<u8>,
    offset: usize,
    partial: Vec<u8>,
    ended: bool,
    line: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Append(Vec<u8>, bool),
    Read(u64),
    Data(Vec<u8>),
}

impl Process for Mutant {
    type Problem = Mailbox;
    type Config = Bug;
    type Message = Message;
    /// The rest of a line.
    type Timer = Vec<u8>;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("mailbox-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, file: Vec::new(), offset: 0, partial: Vec::new(), ended: false, line: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Write(text) => {
                self.line += 1;
                self.write(ctx, format!("{text}\n").into_bytes(), self.bug == Bug::Truncates);
            }
            Request::Poll if self.ended => {}
            Request::Poll => ctx.send(ProcessId(0), Message::Read(self.offset as u64)),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Append(bytes, truncate) => {
                if truncate {
                    self.file.clear();
                    ctx.produce(Output::Truncated);
                }
                let at = self.file.len() as u64;
                self.file.extend(&bytes);
                ctx.produce(Output::Stored { at, bytes: Bytes(bytes) });
            }
            Message::Read(offset) => {
                let from_here = self.file.get(offset as usize..).unwrap_or_default().to_vec();
                ctx.send(from, Message::Data(from_here));
            }
            Message::Data(bytes) => self.on_data(ctx, &bytes),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, rest: Vec<u8>) {
        self.write(ctx, rest, false);
    }
}

impl Mutant {
    fn write(&mut self, ctx: &mut Context<'_, Self>, mut bytes: Vec<u8>, truncate: bool) {
        let rest = bytes.split_off(bytes.len().min(2));
        ctx.send(ProcessId(0), Message::Append(bytes, truncate));
        if rest.is_empty() {
            return ctx.produce(Output::Written { line: self.line });
        }
        ctx.set_timer(rest, Duration::from_millis(25));
    }

    fn on_data(&mut self, ctx: &mut Context<'_, Self>, bytes: &[u8]) {
        if self.bug == Bug::DropsPartial {
            self.partial.clear();
        }
        self.ended = self.bug == Bug::EndIsEnd;
        if self.bug != Bug::FromTheStart {
            let letters = String::from_utf8_lossy(bytes).chars().count();
            self.offset += if self.bug == Bug::CountsLetters { letters } else { bytes.len() };
        }
        self.partial.extend(bytes);
        while let Some(length) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=length).collect();
            ctx.produce(Output::Line(Bytes(line[..length].to_vec())));
        }
        if self.bug == Bug::TornLine && !self.partial.is_empty() {
            ctx.produce(Output::Line(Bytes(std::mem::take(&mut self.partial))));
        }
    }
}

const PROMISES: &[&str] = &["whole-lines", "intact", "delivery", "written"];
const WRITTEN: &[(u64, u32, &str)] = &[(0, 1, "one"), (200, 1, "zwölf")];
const POLLS: &[(u64, u32)] = &[(10, 2), (60, 2), (110, 2), (250, 2), (400, 2), (500, 2)];

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let trial = lines(3, WRITTEN, POLLS);
    trial.survives::<Mutant>(&Bug::None, PROMISES);
    for write_max in [0, 1, 2, 5] {
        for read_max in [0, 1, 3] {
            let config =
                Config { write_max, read_max, pause: Duration::from_millis(20), ..Config::default() };
            trial.survives::<FileMailbox>(&config, PROMISES);
        }
    }
}

/// Number 85 of the catalogue's museum: one or two writes are enough.
#[test]
fn museum_85_the_end_is_not_the_end() {
    let one = lines(3, &[(50, 1, "a")], &[(0, 2), (120, 2)]);
    one.kills::<Mutant>(&Bug::EndIsEnd, "delivery", (1 + 2, 1 + 2));
    one.survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn museum_85_half_a_line_is_no_line() {
    let one = lines(3, &[(0, 1, "ab")], &[(5, 2)]);
    one.kills::<Mutant>(&Bug::TornLine, "whole-lines", (2 + 2, 1 + 2));
    lines(3, &[(0, 1, "abc")], &[(5, 2)]).kills::<Mutant>(&Bug::TornLine, "intact", (2 + 2, 1 + 2));
}

#[test]
fn museum_85_an_emptied_file_is_another_one() {
    let two = lines(3, &[(0, 1, "a"), (100, 1, "b")], &[(50, 2), (150, 2)]);
    two.kills::<Mutant>(&Bug::Truncates, "delivery", (2 + 4, 2 + 4));
    let config = Config { mode: Mode::Truncate, ..Config::default() };
    two.survives::<FileMailbox>(&config, PROMISES);
}

#[test]
fn every_other_bug_breaks_its_promise() {
    let one = lines(3, &[(0, 1, "ab")], &[(5, 2), (70, 2)]);
    one.kills::<Mutant>(&Bug::DropsPartial, "whole-lines", (2 + 4, 2 + 4));
    let two = lines(3, &[(0, 1, "a")], &[(50, 2), (100, 2)]);
    two.kills::<Mutant>(&Bug::FromTheStart, "whole-lines", (1 + 4, 1 + 4));
    let umlaut = lines(3, &[(0, 1, "ü")], &[(70, 2), (150, 2)]);
    umlaut.kills::<Mutant>(&Bug::CountsLetters, "whole-lines", (2 + 4, 2 + 4));
}

#[test]
fn lines_that_are_torn_mix() {
    let two = lines(4, &[(0, 1, "ada"), (0, 2, "cyd")], &[(500, 3)]);
    let torn = Config { write_max: 2, ..Config::default() };
    two.kills::<FileMailbox>(&torn, "intact", (10, 10));
    two.survives::<FileMailbox>(&torn, &["whole-lines", "delivery", "written"]);
    two.survives::<FileMailbox>(&Config::default(), PROMISES);
    let crashing = lines(4, &[(0, 1, "ada"), (200, 2, "cyd")], &[(500, 3)]).with(60, crash(1));
    let slow = Config { pause: Duration::from_millis(100), ..torn };
    crashing.kills::<FileMailbox>(&slow, "intact", (8, 8));
    crashing.survives::<FileMailbox>(&slow, &["whole-lines", "delivery", "written"]);
}

#[test]
fn writers_that_do_not_append_cover_each_other() {
    let two = lines(4, &[(0, 1, "a longer line"), (100, 2, "cy")], &[(500, 3)]);
    let config = Config { mode: Mode::Overwrite, ..Config::default() };
    two.kills::<FileMailbox>(&config, "intact", (6, 6));
    lines(2, &[(0, 1, "a"), (1, 1, "b")], &[(100, 0)]).survives::<FileMailbox>(&config, PROMISES);
}

#[test]
fn a_file_outlives_its_holder_and_a_reader_begins_anew() {
    let trial = lines(3, WRITTEN, POLLS).with(155, crash(0)).with(165, restart(0));
    trial.survives::<FileMailbox>(&Config::default(), PROMISES);
    let trial = lines(3, WRITTEN, &[POLLS, &[(500, 1)]].concat()).with(300, crash(2)).with(310, restart(2));
    trial.survives::<FileMailbox>(&Config::default(), PROMISES);
}
