//! What a process keeps for a while: what came of questions, and who serves which zone.
//!
//! Everything is kept until so long after the *question*, by this process's own clock: what is answered cannot be older
//! than the question, however long the answer was under way.

use super::{Finding, Question, Referral};
use crate::process::LocalTime;
use std::{collections::BTreeMap, time::Duration};

/// What a process has kept.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Cache {
    /// By zone and path in it.
    findings: BTreeMap<(String, String), (Finding, LocalTime)>,
    /// By path from the root.
    referrals: BTreeMap<String, (Referral, LocalTime)>,
}

impl Cache {
    /// Keeps what came of a question that was asked then.
    pub(super) fn keep(&mut self, question: &Question, finding: &Finding, asked: LocalTime) {
        if !finding.left.is_zero() {
            let key = (question.zone.clone(), question.path.clone());
            self.findings.insert(key, (finding.clone(), asked.after(finding.left)));
        }
    }

    /// What came of such a question before, unless it is too old.
    pub(super) fn finding(&mut self, zone: &str, path: &str, now: LocalTime) -> Option<Finding> {
        let key = (zone.to_owned(), path.to_owned());
        let (finding, expires) = self.findings.get(&key)?;
        let left = u64::try_from(expires.since(now)).unwrap_or(0);
        if left == 0 {
            self.findings.remove(&key);
            return None;
        }
        Some(Finding { cached: true, left: Duration::from_nanos(left), ..finding.clone() })
    }

    /// Forgets what is known of a name.
    pub(super) fn forget(&mut self, zone: &str, path: &str) {
        self.findings.remove(&(zone.to_owned(), path.to_owned()));
    }

    /// Keeps who serves the zone at this path.
    pub(super) fn keep_referral(&mut self, path: &str, referral: &Referral, expires: LocalTime) {
        self.referrals.insert(path.to_owned(), (referral.clone(), expires));
    }

    /// The zone furthest down the path that is known, and the rest of the path.
    pub(super) fn nearest(&self, path: &str, now: LocalTime) -> Option<(Referral, String)> {
        let cuts = path.rmatch_indices('/').map(|(place, _)| place);
        let known = |place: usize| {
            let (referral, expires) = self.referrals.get(&path[..place])?;
            (*expires > now).then(|| (referral.clone(), path[place + 1..].to_owned()))
        };
        cuts.into_iter().find_map(known)
    }
}
