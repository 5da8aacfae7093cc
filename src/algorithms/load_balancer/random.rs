//! Random servers, and the power of two choices.
//!
//! Azar, Broder, Karlin, Upfal, "Balanced allocations" (1994); Mitzenmacher, "The power of two choices in randomized
//! load balancing" (1996). Of n jobs at n servers, the fullest server has about ln n / ln ln n by single choice, and
//! about ln ln n / ln d by the least loaded of d.

use super::LoadBalancer;
use crate::process::{Context, ProcessId};

/// So many different servers, all alike; all of them when there are no more.
pub(super) fn sample(
    ctx: &mut Context<'_, LoadBalancer>,
    serving: &[ProcessId],
    count: u32,
) -> Vec<ProcessId> {
    let wanted = serving.len().min(count as usize);
    let mut places: Vec<usize> = Vec::with_capacity(wanted);
    for taken in 0..wanted {
        // A place among those that are left, which is counted past those that are taken.
        let mut place = ctx.choose((serving.len() - taken) as u32) as usize;
        for other in &places {
            place += usize::from(*other <= place);
        }
        places.push(place);
        places.sort_unstable();
    }
    places.into_iter().map(|place| serving[place]).collect()
}
