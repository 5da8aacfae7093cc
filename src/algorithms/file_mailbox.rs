//! A file as a mailbox: writers append lines, readers ask for what has come since and read whole lines only.
//!
//! `tail -f`, and the append mode of POSIX `open` (IEEE Std 1003.1, O_APPEND: the offset is set to the end before each
//! write, and nothing comes between); mailboxes in Sinha, "Distributed operating systems" (1997), section 3.4.
//!
//! ```text
//! writer  --append("hel")-->  <--appended--  --append("lo\n")-->  <--appended--
//! file                                                        "hello\n"
//! reader                      --read(0)-->   <--data("hel")--     --read(3)-->   <--data("lo\n")--   hello
//! ```

use crate::{
    problems::mailbox::{Bytes, Mailbox, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// One participant: the holder of the file, a writer or a reader; anybody may be all of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FileMailbox {
    config: Config,
    file: File,
    /// The writer's: how many lines it was asked to write, in all lives.
    asked: u64,
    /// The writer's: lines to be written, the first of them in part perhaps.
    lines: VecDeque<Writing>,
    /// The writer's: where it writes next, unless it appends.
    position: u64,
    reader: Reader,
}

/// The file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct File {
    bytes: Bytes,
    generation: u64,
}

/// A line that is being written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Writing {
    number: u64,
    /// What is not written yet.
    rest: Vec<u8>,
}

/// Where a reader is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Reader {
    generation: u64,
    offset: u64,
    /// The beginning of a line that has no end yet.
    partial: Vec<u8>,
    /// Whether it waits for data, and whether it was asked to poll since.
    reading: bool,
    again: bool,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Write this: one call, and nothing comes between its bytes.
    Append {
        /// A part of which of the writer's lines.
        line: u64,
        /// What.
        bytes: Bytes,
        /// Where; at the end when it is left out.
        at: Option<u64>,
        /// Whether the file is to be emptied before.
        truncate: bool,
    },
    /// It is written.
    Appended {
        /// A part of which of the writer's lines.
        line: u64,
    },
    /// What is there from this byte on?
    Read {
        /// The reader's generation of the file.
        generation: u64,
        /// From which byte on.
        offset: u64,
    },
    /// This is.
    Data {
        /// The file's generation.
        generation: u64,
        /// From which byte on.
        offset: u64,
        /// What.
        bytes: Bytes,
        /// Whether that is all there is.
        end: bool,
    },
}

/// The timer: the rest of a line is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The next part of the line.
    Rest,
}

/// How a writer opens the file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every write goes to the end of the file.
    #[default]
    Append,
    /// Every write goes where this writer's last one has ended, whoever else has written there.
    Overwrite,
    /// Every line begins with an empty file, as with the lab sheet's `FileWriter`.
    Truncate,
}

/// Who holds the file, how it is written and how much is read at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Who holds the file; the first node unless said otherwise.
    pub file: Option<ProcessId>,
    /// How writers open it.
    pub mode: Mode,
    /// How many bytes a write call takes, 0 for a whole line: a line is torn into parts otherwise.
    pub write_max: u32,
    /// How long a writer pauses between the parts of a line.
    #[serde(with = "duration")]
    pub pause: Duration,
    /// How many bytes are read at a time, 0 for all there are.
    pub read_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { file: None, mode: Mode::Append, write_max: 0, pause: Duration::ZERO, read_max: 0 }
    }
}

/// What survives a crash: the file, and how many lines were to be written.
pub type Stable = (File, u64);

impl Process for FileMailbox {
    type Problem = Mailbox;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "file-mailbox",
        summary: "Writers append lines to a file, and readers follow its end, a whole line at a time.",
        assumes: &[
            "perfect links: nothing is lost, doubled or made up; order does not matter",
            "a file whose holder stays up; what was written outlives its crash, what is under way to it does not",
            "whole lines that are appended at once, or a single writer that stays up (intact)",
        ],
        promises: &["whole-lines", "intact", "delivery", "written"],
        messages: &[
            ("append", "write this"),
            ("appended", "it is written"),
            ("read", "what is there from this byte on?"),
            ("data", "this is"),
        ],
        cost: "2 messages for each write call, 2 for each poll that reads everything; each byte is read once by each reader",
        breaks: &[
            "two writers whose lines are torn into parts, `write-max`: they mix (intact)",
            "a writer that crashes in the middle of a line: the next line continues it (intact)",
            "two writers that do not append, `overwrite`: one line covers the other (intact, delivery)",
            "`truncate`: what nobody has read yet is gone (expecting more)",
        ],
        source: "IEEE Std 1003.1 (POSIX), open with O_APPEND; tail -f",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (file, asked): Stable) -> Self {
        let (lines, reader) = (VecDeque::new(), Reader::default());
        Self { config: *config, file, asked, lines, position: 0, reader }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Write(line) => self.on_write(ctx, line),
            Request::Poll => self.on_poll(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Append { line, bytes, at, truncate } => {
                if truncate {
                    self.truncate(ctx);
                }
                self.on_append(ctx, &bytes, at);
                ctx.send(from, Message::Appended { line });
            }
            Message::Appended { line } => self.on_appended(ctx, line),
            Message::Read { generation, offset } => self.on_read(ctx, from, generation, offset),
            Message::Data { generation, offset, bytes, end } => {
                self.on_data(ctx, generation, offset, &bytes, end);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Rest => self.append(ctx, false),
        }
    }
}

impl FileMailbox {
    fn holder(&self) -> ProcessId {
        self.config.file.unwrap_or(ProcessId(0))
    }

    /// The writer: one line after the other.
    fn on_write(&mut self, ctx: &mut Context<'_, Self>, line: String) {
        self.asked += 1;
        ctx.save((self.file.clone(), self.asked));
        let mut rest = line.into_bytes();
        rest.push(b'\n');
        self.lines.push_back(Writing { number: self.asked, rest });
        if self.lines.len() == 1 {
            self.append(ctx, true);
        }
    }

    /// The writer: a write call, with the whole line or a part of it.
    fn append(&mut self, ctx: &mut Context<'_, Self>, first: bool) {
        let truncate = first && self.config.mode == Mode::Truncate;
        let at = (self.config.mode == Mode::Overwrite).then_some(self.position);
        let holder = self.holder();
        let Some(line) = self.lines.front_mut() else { return };
        let most = if self.config.write_max == 0 { line.rest.len() } else { self.config.write_max as usize };
        let part: Vec<u8> = line.rest.drain(..most.min(line.rest.len())).collect();
        self.position += part.len() as u64;
        ctx.send(holder, Message::Append { line: line.number, bytes: Bytes(part), at, truncate });
    }

    /// The writer: the call returns.
    fn on_appended(&mut self, ctx: &mut Context<'_, Self>, number: u64) {
        let Some(line) = self.lines.front().filter(|line| line.number == number) else { return };
        if !line.rest.is_empty() {
            return ctx.set_timer(Timer::Rest, self.config.pause);
        }
        ctx.produce(Output::Written { line: line.number });
        self.lines.pop_front();
        self.append(ctx, true);
    }

    /// The file is opened for writing, not for appending.
    fn truncate(&mut self, ctx: &mut Context<'_, Self>) {
        self.file = File { bytes: Bytes::default(), generation: self.file.generation + 1 };
        ctx.produce(Output::Truncated);
    }

    /// The file: the bytes of one call are written at once, and safely.
    fn on_append(&mut self, ctx: &mut Context<'_, Self>, bytes: &Bytes, at: Option<u64>) {
        let file = &mut self.file.bytes.0;
        let at = at.and_then(|at| usize::try_from(at).ok()).unwrap_or(file.len()).min(file.len());
        let end = at + bytes.0.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[at..end].copy_from_slice(&bytes.0);
        ctx.save((self.file.clone(), self.asked));
        ctx.produce(Output::Stored { at: at as u64, bytes: bytes.clone() });
    }

    /// The reader: asks for what has come.
    fn on_poll(&mut self, ctx: &mut Context<'_, Self>) {
        if self.reader.reading {
            self.reader.again = true;
            return;
        }
        self.reader.reading = true;
        let Reader { generation, offset, .. } = self.reader;
        ctx.send(self.holder(), Message::Read { generation, offset });
    }

    /// The file: gives what is there, from the beginning to a reader of an older generation.
    fn on_read(&mut self, ctx: &mut Context<'_, Self>, reader: ProcessId, generation: u64, offset: u64) {
        if ctx.me() != self.holder() {
            return;
        }
        let file = &self.file.bytes.0;
        let known = generation == self.file.generation && offset <= file.len() as u64;
        let from = if known { offset as usize } else { 0 };
        let most = if self.config.read_max == 0 { file.len() } else { self.config.read_max as usize };
        let to = from.saturating_add(most).min(file.len());
        let (bytes, end) = (Bytes(file[from..to].to_vec()), to == file.len());
        let data = Message::Data { generation: self.file.generation, offset: from as u64, bytes, end };
        ctx.send(reader, data);
    }

    /// The reader: reads every line that has an end now, keeps the rest, and goes on where it has stopped.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        generation: u64,
        offset: u64,
        bytes: &Bytes,
        end: bool,
    ) {
        let reader = &mut self.reader;
        if !reader.reading || generation < reader.generation {
            return;
        }
        if generation != reader.generation {
            *reader = Reader { generation, reading: true, again: reader.again, ..Reader::default() };
            ctx.produce(Output::Rotated { generation });
        }
        if offset != reader.offset {
            return;
        }
        reader.offset += bytes.0.len() as u64;
        reader.partial.extend(&bytes.0);
        while let Some(length) = reader.partial.iter().position(|byte| *byte == b'\n') {
            let mut line: Vec<u8> = reader.partial.drain(..=length).collect();
            line.pop();
            ctx.produce(Output::Line(Bytes(line)));
        }
        reader.reading = false;
        if !end || std::mem::take(&mut reader.again) {
            self.on_poll(ctx);
        }
    }
}
