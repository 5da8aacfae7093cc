//! What goes between the process and what is no node: guests, clients, files.

use super::{BACKLOG, Node, NodeError};
use crate::{
    live::{control::Report, lines::Entry},
    process::Time,
    trace::EventKind,
};
use serde_json::Value;

impl Node {
    /// What the process told its application is told to guests, clients, files and whoever listens to reports.
    pub(super) fn tell_outside(&mut self) -> Result<(), NodeError> {
        for output in self.core.take_outputs() {
            let output = serde_json::from_slice(&output).unwrap_or_default();
            self.visitors.hear(&output);
            if let Some(calls) = &mut self.calls {
                calls.on_output(&output);
            }
            self.files.write(&output).map_err(|(path, error)| NodeError::File { path, error })?;
            self.report(Report::Output(output));
        }
        Ok(())
    }

    /// The journal says how its files were before anything else happens.
    pub(super) fn note_files(&mut self) {
        let now = if self.summary.lives == 1 { Time::ZERO } else { self.clock.now() };
        for note in self.files.take_notes() {
            self.note(now, &note);
        }
        for remark in self.files.take_remarks() {
            self.report(Report::Refused(remark));
        }
    }

    /// Lines that others appended to a file become requests.
    pub(super) fn follow(&mut self) {
        if !self.core.runs() || self.transport.backlog() >= BACKLOG {
            return;
        }
        let Some(tail) = &mut self.files.tail else { return };
        let (lines, remark) = tail.read();
        let path = tail.path().display().to_string();
        remark.into_iter().for_each(|remark| self.report(Report::Refused(remark)));
        for line in lines {
            let now = self.clock.now();
            self.advance(now);
            if !self.core.runs() {
                return;
            }
            self.core.arrive_at(now);
            let note = self.files.tail.as_mut().map(|tail| {
                tail.pass(&line);
                tail.note(&line)
            });
            let asked = match &line.text {
                Ok(text) => {
                    self.voice.say(text, &self.others()).ok_or_else(|| "no request says a text".into())
                }
                Err(why) => Err((*why).to_owned()),
            };
            let asked = asked.and_then(|request| {
                // Nothing comes between the note and the request: together they say that the line went in.
                note.into_iter().for_each(|note| self.note(self.core.now, &note));
                self.core.request(request.to_string().as_bytes()).map_err(|error| error.to_string())
            });
            if let Err(why) = asked {
                self.report(Report::Refused(format!("{path}: refused: {why}")));
            }
        }
    }

    /// Writes something into the journal that is nobody's event: a replay passes it over.
    pub(super) fn note(&mut self, now: Time, note: &Value) {
        let body = note.to_string();
        let entry = Entry { node: None, body: Some(body.as_bytes()), ..Entry::at(self.me, EventKind::Note) };
        self.core.lines.aside(now, entry);
    }
}
