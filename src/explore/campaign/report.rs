//! What a campaign reports: of a share of its runs or of all of them. Reports of all shares together are that of one run.

use super::{Campaign, Settings, Tally};
use crate::{explore::Subject, scenario::Expected};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What came of a campaign, or of a share of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The version of its shape: 1.
    pub v: u32,
    /// Which campaign it is about.
    pub campaign: Identity,
    /// How many runs were asked for; nothing when it was a time.
    pub wanted: Option<u64>,
    /// Which share it is; nothing when it is the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// What came of its runs.
    pub tally: Tally,
    /// The failures that were found: of each property the smallest, smallest first.
    pub failures: Vec<Found>,
}

/// Which campaign it is: equal for all that can be put together.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// What the scenario is called.
    pub name: String,
    /// Its algorithm.
    pub algorithm: String,
    /// The properties that are judged, and what is expected of each.
    pub properties: Vec<(String, Expected)>,
    /// What ought to happen in some run, by the scenario's names for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sometimes: Vec<String>,
    /// The kinds of message that the algorithm has.
    pub kinds: Vec<String>,
    /// Where all draws come from; a string because it has 64 bits.
    pub seed: String,
    /// BLAKE3 of the scenario with every default filled in.
    pub digest: String,
    /// What is done with it.
    #[serde(flatten)]
    pub settings: Settings,
}

/// Some of the shares of a campaign's runs: run k belongs to share k modulo their number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Share {
    /// Which ones, counted from 0.
    pub of: Vec<u64>,
    /// How many there are.
    pub count: u64,
}

/// A failure that was found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Found {
    /// The property that is violated.
    pub property: String,
    /// What happens, in one sentence.
    pub because: String,
    /// The number of the run in which it was found.
    pub run: u64,
    /// How many steps that run had.
    pub steps: u64,
    /// How many steps are left of it.
    pub size: u64,
    /// The run that shows the same with other names, and was reported instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<u64>,
    /// What happens before what, names apart, in hexadecimal.
    pub fingerprint: String,
    /// The scenario that shows it.
    pub scenario: Value,
}

/// A campaign in one word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// Nothing was found but what was expected.
    AsExpected,
    /// Nothing was found, but some property was not decided in any run, or something that ought to happen did not happen
    /// in the runs that there were.
    Undecided,
    /// Something was found that was not expected, or something expected was not found or did not happen.
    Unexpected,
}

/// Why reports cannot be put together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Mismatch {
    /// They are about different things.
    #[error("these are reports of different campaigns: they differ in {0}")]
    Campaign(&'static str),
    /// A share is there twice.
    #[error("share {share} of {count} is there twice")]
    Twice {
        /// Which one.
        share: u64,
        /// Of how many.
        count: u64,
    },
}

impl Identity {
    /// Of a campaign for the scenario of `subject`.
    pub fn of(campaign: &Campaign, subject: &Subject<'_>) -> Self {
        let plan = subject.plan;
        let expected = |name: &String| plan.expect.verdicts.get(name).copied();
        let properties =
            plan.checks.iter().map(|name| (name.clone(), expected(name).unwrap_or(Expected::NotViolated)));
        let facts = subject.catalogue.facts(&plan.algorithm);
        let kinds = facts.map_or_else(Vec::new, |facts| facts.message_kinds());
        Self {
            name: plan.name.clone(),
            algorithm: plan.algorithm.clone(),
            properties: properties.collect(),
            sometimes: plan.sometimes.iter().map(|claim| claim.name.clone()).collect(),
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            seed: plan.seed.to_string(),
            digest: blake3::hash(plan.resolved.to_string().as_bytes()).to_hex().to_string(),
            settings: campaign.settings.clone(),
        }
    }
}

impl Share {
    /// All there is.
    pub fn whole() -> Self {
        Self { of: vec![0], count: 1 }
    }

    /// Whether all shares are there.
    pub fn is_whole(&self) -> bool {
        self.of.len() as u64 == self.count
    }
}

impl Report {
    /// Of the runs of a share.
    pub fn new(
        campaign: Identity,
        share: Share,
        wanted: Option<u64>,
        tally: Tally,
        failures: Vec<Found>,
    ) -> Self {
        let share = Some(share).filter(|share| !share.is_whole());
        let mut report = Self { v: 1, campaign, wanted, share, tally, failures };
        report.sort();
        report
    }

    /// Puts the report of other shares of the same campaign to this one.
    ///
    /// # Errors
    /// When it is not one.
    pub fn merge(&mut self, other: &Self) -> Result<(), Mismatch> {
        let (mine, its) = (&self.campaign, &other.campaign);
        for (differs, what) in [
            (self.v != other.v, "their version"),
            (mine.digest != its.digest, "their scenario"),
            (mine.seed != its.seed, "their seed"),
            (mine != its, "their settings"),
            (self.wanted != other.wanted, "how many runs were asked for"),
        ] {
            if differs {
                return Err(Mismatch::Campaign(what));
            }
        }
        let whole = Share::whole();
        let (mine, its) = (self.share.as_ref().unwrap_or(&whole), other.share.as_ref().unwrap_or(&whole));
        if mine.count != its.count {
            return Err(Mismatch::Campaign("how many shares there are"));
        }
        if let Some(share) = mine.of.iter().find(|share| its.of.contains(share)) {
            return Err(Mismatch::Twice { share: *share, count: mine.count });
        }
        let mut of = [mine.of.as_slice(), its.of.as_slice()].concat();
        of.sort_unstable();
        let share = Share { of, count: mine.count };
        self.share = Some(share).filter(|share| !share.is_whole());
        self.tally.merge(&other.tally);
        self.failures.extend_from_slice(&other.failures);
        self.sort();
        Ok(())
    }

    /// Keeps the failures of the runs that are still among the shortest, and says which of them are the same.
    fn sort(&mut self) {
        let place =
            |property: &String| self.campaign.properties.iter().position(|(name, _)| name == property);
        let mut kept: Vec<(usize, Found)> = Vec::new();
        for failure in self.failures.drain(..) {
            let Some(property) = place(&failure.property) else { continue };
            let shortest = &self.tally.verdicts[property].shortest;
            if shortest.iter().any(|candidate| candidate.run == failure.run) {
                kept.push((property, failure));
            }
        }
        kept.sort_by_key(|(property, found)| (*property, found.size, found.steps, found.run));
        for place in 0..kept.len() {
            let (property, found) = &kept[place];
            let same =
                |other: &&(usize, Found)| other.0 == *property && other.1.fingerprint == found.fingerprint;
            let first = kept[..place].iter().find(same).map(|(_, first)| first.run);
            kept[place].1.same_as = first;
        }
        self.failures = kept.into_iter().map(|(_, found)| found).collect();
    }

    /// The failures that differ from each other.
    pub fn different(&self) -> impl Iterator<Item = &Found> {
        self.failures.iter().filter(|found| found.same_as.is_none())
    }

    /// What is expected of a property.
    pub fn expected(&self, property: &str) -> Expected {
        let properties = &self.campaign.properties;
        let found = properties.iter().find(|(name, _)| name == property);
        found.map_or(Expected::NotViolated, |(_, expected)| *expected)
    }

    /// The campaign in one word.
    pub fn standing(&self) -> Standing {
        let properties = self.campaign.properties.iter().zip(&self.tally.verdicts);
        let standing = |((_, expected), verdicts): (&(String, Expected), &super::Verdicts)| {
            let found = verdicts.violated > 0;
            let undecided =
                verdicts.undecided > 0 && verdicts.undecided + verdicts.vacuous == self.tally.runs;
            match expected {
                Expected::Violated if found => Standing::AsExpected,
                Expected::Violated => Standing::Unexpected,
                _ if found => Standing::Unexpected,
                Expected::Undecided => Standing::AsExpected,
                _ if undecided => Standing::Undecided,
                _ => Standing::AsExpected,
            }
        };
        let lacking = match self.unmet().next() {
            None => Standing::AsExpected,
            // Another share, or more time, may show it.
            Some(_) if !self.is_done() => Standing::Undecided,
            Some(_) => Standing::Unexpected,
        };
        properties.map(standing).max().unwrap_or(Standing::AsExpected).max(lacking)
    }

    /// Whether it is about all runs that were asked for.
    pub fn is_done(&self) -> bool {
        self.share.is_none() && self.wanted == Some(self.tally.runs)
    }

    /// What ought to happen in some run, and in how many it did.
    pub fn sometimes(&self) -> impl Iterator<Item = (&str, u64)> {
        let counts = self.tally.sometimes.iter().copied().chain(std::iter::repeat(0));
        self.campaign.sometimes.iter().map(String::as_str).zip(counts)
    }

    /// What ought to happen in some run, and did not.
    pub fn unmet(&self) -> impl Iterator<Item = &str> {
        self.sometimes().filter(|(_, runs)| *runs == 0).map(|(name, _)| name)
    }

    /// As JSON, with what follows from the rest.
    pub fn value(&self) -> Value {
        let mut value = json!(self);
        let standing = self.standing();
        if let Some(map) = value.as_object_mut() {
            let unsent = self.unsent().collect::<Vec<_>>();
            let mut coverage = json!({
                "runs": self.tally.runs,
                "orders": self.tally.orders.count(),
                "exact": self.tally.orders.is_exact(),
                "never-sent": unsent,
                "vacuous": self.vacuous().collect::<Vec<_>>(),
            });
            if !self.campaign.sometimes.is_empty() {
                coverage["unmet"] = json!(self.unmet().collect::<Vec<_>>());
            }
            map.shift_insert(1, "ok".into(), json!(standing == Standing::AsExpected));
            map.shift_insert(2, "coverage".into(), coverage);
        }
        value
    }

    /// The properties that there was nothing to judge of in any run.
    pub fn vacuous(&self) -> impl Iterator<Item = &str> {
        let properties = self.campaign.properties.iter().zip(&self.tally.verdicts);
        let vacuous = properties.filter(|(_, verdicts)| verdicts.vacuous == self.tally.runs);
        vacuous.map(|((name, _), _)| name.as_str())
    }

    /// The kinds of message that nobody sent in any run.
    pub fn unsent(&self) -> impl Iterator<Item = &str> {
        let sent = &self.tally.messages;
        self.campaign.kinds.iter().map(String::as_str).filter(|kind| !sent.contains_key(*kind))
    }
}
