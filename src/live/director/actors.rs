//! The nodes' processes: started, spoken to, stopped and woken.

use super::{Actor, Director, DirectorError, START};
use crate::{live::control::Command, process::ProcessId};
use std::{net::SocketAddr, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Child,
};

impl Director<'_, '_> {
    pub(super) fn spawn(
        &mut self,
        node: ProcessId,
        listen: SocketAddr,
        life: u32,
    ) -> Result<(), DirectorError> {
        let name = self.name(node);
        let failed = |error| DirectorError::Spawn { node: name.clone(), error };
        let mut command = (self.wanted.spawn)(&name, listen);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let (Some(commands), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were piped");
        };
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(report) = serde_json::from_str(&line) else { continue };
                if sender.send((node, life, Some(report))).is_err() {
                    return;
                }
            }
            let _gone = sender.send((node, life, None));
        });
        self.actors.insert(node, Actor { child, commands, life, paused: false, asked: 0, status: None });
        Ok(())
    }

    pub(super) async fn await_ready(&mut self, node: ProcessId) -> Result<(), DirectorError> {
        let late = tokio::time::sleep(START);
        tokio::pin!(late);
        let current = self.actors.get(&node).map(|actor| actor.life);
        while !self.addresses.contains_key(&node) {
            tokio::select! {
                said = self.receiver.recv() => match said {
                    Some((who, life, None)) if who == node && Some(life) == current => return Err(DirectorError::Start(self.name(node))),
                    Some(said) => self.listen(said)?,
                    None => return Err(DirectorError::Start(self.name(node))),
                },
                () = &mut late => return Err(DirectorError::Start(self.name(node))),
            }
        }
        Ok(())
    }

    pub(super) async fn tell(&mut self, node: ProcessId, command: &Command) {
        let Some(actor) = self.actors.get_mut(&node).filter(|actor| !actor.paused) else { return };
        let Ok(mut line) = serde_json::to_vec(command) else { return };
        line.push(b'\n');
        // One that is gone will be noticed when its output ends.
        let _gone = actor.commands.write_all(&line).await;
    }

    pub(super) fn signal(&mut self, node: ProcessId, stop: bool) {
        let Some(actor) = self.actors.get_mut(&node) else { return };
        actor.paused = stop;
        (actor.asked, actor.status) = (0, None);
        send_signal(&actor.child, stop);
    }
}

#[cfg(unix)]
fn send_signal(child: &Child, stop: bool) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = if stop { Signal::STOP } else { Signal::CONT };
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        let _gone = kill_process(id, signal);
    }
}

/// Without signals the node holds itself back: it knows the timeline.
#[cfg(not(unix))]
fn send_signal(_child: &Child, _stop: bool) {}
