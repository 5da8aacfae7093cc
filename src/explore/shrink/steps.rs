//! Fewer steps, and earlier ones.

use super::{Shrinker, Stage};
use crate::explore::Failure;
use crate::scenario::{Schedule, ScheduleStep};

impl Shrinker<'_> {
    /// Leaves out steps until none can be left out, and times where they do not matter.
    pub(super) fn shrink_schedule(&mut self, smallest: &mut Failure) {
        let Some(mut stage) = self.stage(&smallest.scenario) else { return };
        let mut schedule = smallest.schedule.clone();
        self.leave_out_times(&mut stage, &mut schedule);
        self.leave_out_steps(&mut stage, &mut schedule);
        self.leave_out_choices(&mut stage, &mut schedule);
        if let Some((schedule, because)) = self.cut(&mut stage, schedule) {
            smallest.schedule = schedule;
            smallest.because = because;
        }
    }

    fn leave_out_times(&mut self, stage: &mut Stage, schedule: &mut Schedule) {
        let untimed = |steps: &[ScheduleStep]| -> Vec<ScheduleStep> {
            steps.iter().map(|step| ScheduleStep { at: None, ..step.clone() }).collect()
        };
        let all = Schedule { steps: untimed(&schedule.steps), then: schedule.then };
        if let Some(found) = self.follow(stage, &all) {
            *schedule = found;
            return;
        }
        for place in 0..schedule.steps.len() {
            if schedule.steps.get(place).is_some_and(|step| step.at.is_some()) {
                let mut candidate = schedule.clone();
                candidate.steps[place].at = None;
                if let Some(found) = self.follow(stage, &candidate) {
                    *schedule = found;
                }
            }
        }
    }

    /// Chunks of ever smaller size are left out; then single steps, until none can be.
    fn leave_out_steps(&mut self, stage: &mut Stage, schedule: &mut Schedule) {
        let mut size = schedule.steps.len() / 2;
        while size >= 1 {
            let mut shrunk = false;
            let mut end = schedule.steps.len();
            while end > 0 && self.left > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = schedule.clone();
                candidate.steps.drain(start..end.min(candidate.steps.len()));
                match self.follow(stage, &candidate) {
                    Some(found) if found.steps.len() < schedule.steps.len() => {
                        *schedule = found;
                        shrunk = true;
                    }
                    _ => {}
                }
                end = start.min(schedule.steps.len());
            }
            if !shrunk {
                size /= 2;
            }
            if self.left == 0 {
                break;
            }
        }
    }

    fn leave_out_choices(&mut self, stage: &mut Stage, schedule: &mut Schedule) {
        for place in 0..schedule.steps.len() {
            if schedule.steps.get(place).is_some_and(|step| !step.runs.is_empty()) {
                let mut candidate = schedule.clone();
                candidate.steps[place].runs.clear();
                match self.follow(stage, &candidate) {
                    Some(found) if found.steps.len() <= schedule.steps.len() => *schedule = found,
                    _ => {}
                }
            }
            while schedule.steps.get(place).is_some_and(|step| !step.choose.is_empty()) {
                let mut candidate = schedule.clone();
                candidate.steps[place].choose.pop();
                match self.follow(stage, &candidate) {
                    Some(found) if found.steps.len() <= schedule.steps.len() => *schedule = found,
                    _ => break,
                }
            }
        }
    }
}
