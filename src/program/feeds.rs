//! How each venue reads each asset's price: what is reported to all, and feeds of single venues.

use serde::{Deserialize, Serialize};

use super::layout::NONE;
use crate::market::oracle::Feed;
use crate::rows;
use crate::scenario::Scenario;

rows! {
    /// How an asset's price is reported; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct FeedRow {
        /// The asset.
        pub asset: u32,
        /// Steps after which a report is due; [`NONE`] for never.
        pub heartbeat: u32,
        /// Rise of the log2 price that calls for a report, Q8.24; [`NONE`] for none.
        pub rise: u32,
        /// Fall that does.
        pub fall: u32,
        /// Steps that a report is on its way.
        pub delay: u32,
    }
}

/// The feeds of a scenario.
#[derive(Debug)]
pub(super) struct Feeds {
    /// Asset and feed: one an asset, then those of single venues; empty where all venues read the
    /// market itself.
    list: Vec<(usize, Feed)>,
    /// By venue and asset, as [`super::layout::InstrumentRow::feed`].
    of_venues: Vec<Vec<u32>>,
}

impl Feeds {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let n_assets = scenario.market.assets.len();
        let to_all = &scenario.market.liquidity.feeds;
        let mut list = Vec::new();
        let own = &scenario.market.liquidity.own_feeds;
        if !to_all.is_empty() || !own.is_empty() {
            let feed = |asset: usize| to_all.get(asset).cloned().unwrap_or_default();
            list.extend((0..n_assets).map(|asset| (asset, feed(asset))));
        }
        let mut of_venues = vec![Vec::new(); scenario.venues.len()];
        for (venue, feeds) in own {
            let of_venue = &mut of_venues[venue.idx()];
            for own in feeds.iter().cloned().enumerate() {
                let known = list.iter().position(|it| *it == own);
                let at = known.unwrap_or(list.len());
                if known.is_none() {
                    list.push(own);
                }
                // One of all is that of its asset.
                of_venue.push((at + 1).saturating_sub(n_assets) as u32);
            }
        }
        Self { list, of_venues }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// As [`super::layout::InstrumentRow::feed`].
    pub(super) fn of_venue(&self, venue: usize, asset: usize) -> u32 {
        self.of_venues[venue].get(asset).copied().unwrap_or(0)
    }

    pub(super) fn rows(&self, step_years: f64) -> Vec<FeedRow> {
        self.list.iter().map(|(asset, feed)| row(*asset as u32, feed, step_years)).collect()
    }

    /// Steps that go unreported, feed by feed; a step is one if a stale stretch covers its end.
    pub(super) fn stale(&self, n_steps: u32, step_years: f64) -> Vec<u32> {
        if self.list.iter().all(|(_, feed)| feed.stale.is_empty()) {
            return Vec::new();
        }
        let mut flags = Vec::with_capacity(self.list.len() * n_steps as usize);
        for (_, feed) in &self.list {
            flags.extend((0..n_steps).map(|step| {
                let end = f64::from(step) + 1.0;
                u32::from(feed.stale.iter().any(|stale| {
                    let begin = stale.at_years / step_years + 1e-9;
                    begin < end && end < begin + stale.over_years / step_years
                }))
            }));
        }
        flags
    }
}

fn row(asset: u32, feed: &Feed, step_years: f64) -> FeedRow {
    // A billionth of a step forgives how "12h" / "1h" rounds.
    let steps = |years: f64| years / step_years;
    let moves = |log2: f64| libm::round(log2 * libm::exp2(24.0)) as u32;
    let always = feed.heartbeat_years.is_none() && feed.deviation.is_none();
    let silent = if always { 0 } else { NONE };
    let heartbeat = |years| libm::floor(steps(years) + 1e-9).clamp(1.0, 1e9) as u32;
    FeedRow {
        asset,
        heartbeat: if always { 1 } else { feed.heartbeat_years.map_or(NONE, heartbeat) },
        rise: feed.deviation.map_or(silent, |share| moves(libm::log2(1.0 + share))),
        fall: feed.deviation.map_or(silent, |share| moves(-libm::log2(1.0 - share))),
        delay: libm::ceil(steps(feed.delay_years) - 1e-9).clamp(0.0, 1e9) as u32,
    }
}
