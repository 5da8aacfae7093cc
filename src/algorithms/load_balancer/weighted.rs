//! Smooth weighted round robin: every server gets its weight of every W jobs, W being the sum, and well mixed.
//!
//! The nginx web server's upstream module (2012), after the weighted round robin of Katevenis, Sidiropoulos,
//! Courcoubetis (1991). Each server saves up its weight with every job, and who has saved most pays W for it. What is
//! saved sums up to zero between jobs, and everybody's stays between -W and W. A change of servers begins anew.

/// What every server has saved.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SmoothWeighted {
    weights: Vec<u32>,
    saved: Vec<i64>,
}

impl SmoothWeighted {
    /// Servers of these weights; those of weight 0 get a weight of 1.
    pub fn of(weights: impl IntoIterator<Item = u32>) -> Self {
        let weights: Vec<u32> = weights.into_iter().map(|weight| weight.max(1)).collect();
        Self { saved: vec![0; weights.len()], weights }
    }

    /// The weights.
    pub fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// What every server has saved.
    pub fn saved(&self) -> &[i64] {
        &self.saved
    }

    /// The place of the server that is picked; of equal ones the first. Of no servers it is 0.
    pub fn pick(&mut self) -> usize {
        let whole: i64 = self.weights.iter().map(|weight| i64::from(*weight)).sum();
        for (saved, weight) in self.saved.iter_mut().zip(&self.weights) {
            *saved += i64::from(*weight);
        }
        let most = self.saved.iter().max().copied();
        let place = self.saved.iter().position(|saved| Some(*saved) == most).unwrap_or_default();
        if let Some(saved) = self.saved.get_mut(place) {
            *saved -= whole;
        }
        place
    }
}
