//! A file's text to a scenario: what was written, checked against what may be.

use std::path::Path;
use std::sync::Arc;

use super::around::Around;
use super::bounds::MOST_ASSET_STEPS;
use super::error::{Broken, Faults};
use super::file::Head;
use super::limit::Limit;
use super::overrides::Overrides;
use super::plausible::{self, Places};
use super::reach::{Reach, Source};
use super::written::{Node, Written};
use super::{RunSpec, Scenario, assets, gate, keys, positions, replay, run, venues};
use super::{coverage, liquidators, liquidity, moves, regimes};
use crate::escape;
use crate::market::{Liquidity, Market};

pub use super::load::load;

/// Checks a scenario's text, and the tables it names as far as they are within reach.
pub(super) fn read(
    path: &Path,
    toml: &str,
    reach: &Reach,
    overrides: &Overrides,
    faults: &mut Faults,
) -> Option<Scenario> {
    let written = written(path, toml, faults)?;
    let root = written.root();
    let mut notes = Vec::new();
    let head: Option<Head> = root.read(faults);
    let mut run = run::read(&root.get("run"), overrides, faults);
    let mut assets = assets::read(&root.get("assets"), faults);
    if let (Some(path), Some(assets)) = (&overrides.assets, &mut assets) {
        assets::override_from(&Source::of_command_line(path), assets, &mut notes, faults);
    }
    let assets = assets?;
    check_size(&root, run.as_ref(), assets.len(), faults);
    let venues = venues::read(&root.get("venues"), &assets, faults);
    let market_node = root.get("market");
    let market = run.as_ref().and_then(|run| {
        let mut market = moves::read(&market_node, &assets, run, &mut notes, faults)?;
        let (assets_node, common_jumps_node) =
            (&root.get("assets"), &market_node.get("common_jumps"));
        let around = replay::Around { assets_node, common_jumps_node, reach, market: &market, run };
        let read = replay::read(&market_node.get("replay"), &around, &mut notes, faults)?;
        regimes::spare_history(&mut market.regimes, read.replay.as_ref());
        let table = read.table;
        Some((Market { replay: read.replay, ..market }, table))
    });
    let liquidity = run.as_ref().and_then(|run| {
        let around = Around { assets: &assets, reach, run };
        let venues = venues.as_deref().unwrap_or_default();
        let own = venues::read_feeds(&root.get("venues"), venues, &around, &mut notes, faults);
        let liquidity = liquidity::read(&market_node, &around, &mut notes, faults)?;
        Some(Liquidity { own_feeds: own, ..liquidity })
    });
    let liquidators = liquidators::read(&root.get("liquidators"), faults);
    let book_source = book_source(&root, head.as_ref(), reach, overrides, faults);
    let gates = run.as_mut().zip(venues.as_ref()).map(|(run, venues)| {
        let known = gate::parameters(&run.levels, venues);
        let gates = gate::read(&root.get("gate"), &overrides.gates, &known, faults);
        let until = overrides.until.as_ref();
        run.until = until.and_then(|until| gate::read_precision(until, &known, faults));
        gates
    });
    let (venues, book_source) = (venues?, book_source?);
    let book = positions::read(&book_source, &assets, &venues, &mut notes, faults);
    let (head, run, (market, table), book) = (head?, run?, market?, book?);
    let (liquidity, liquidators, gates) = (liquidity?, liquidators?, gates?);
    let (assets_node, venues_node) = (&root.get("assets"), &root.get("venues"));
    coverage::check(assets_node, &table, (&market, &liquidity, &book), &mut notes, faults);
    let assets_table = overrides.assets.as_deref();
    let places =
        Places { assets: assets_node, assets_table, venues: venues_node, book: &book_source.name };
    plausible::tell(&places, &assets, &venues, &book, &mut notes);
    let name = name_of(&root, head.name, path, faults)?;
    Some(Scenario {
        name,
        liquidators: liquidators.or_else(|| liquidators::default_in(&liquidity)),
        market: Market { liquidity, ..market },
        venues,
        book,
        run,
        gates,
        notes,
        inputs: std::mem::take(&mut faults.inputs),
        written: keys::keys(&root, overrides),
    })
}

fn written<'t>(path: &Path, toml: &'t str, faults: &mut Faults) -> Option<Written<'t>> {
    let file: Arc<str> = path.display().to_string().into();
    Written::parse(&file, toml).map_err(|fault| faults.push(*fault)).ok()
}

/// The name that is written, or else that of the file.
fn name_of(
    root: &Node<'_>,
    written: Option<String>,
    path: &Path,
    faults: &mut Faults,
) -> Option<String> {
    let Some(name) = written else {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        return Some(escape::name(&stem));
    };
    let fault = assets::name_fault(&name).filter(|it| !matches!(it, Broken::NotAName { .. }));
    faults.extend(fault.map(|broken| root.get("name").fault(broken)));
    Some(name)
}

/// The book that the command line names, or else the file.
fn book_source(
    root: &Node<'_>,
    head: Option<&Head>,
    reach: &Reach,
    overrides: &Overrides,
    faults: &mut Faults,
) -> Option<Source> {
    if let Some(path) = &overrides.book {
        return Some(Source::of_command_line(path));
    }
    let book = &head?.book;
    if book.is_none() {
        let remedy = "write the book's path, book = \"book.csv\", or give --book";
        faults.push(root.get("book").fault(Broken::MissingKey { remedy }));
    }
    reach.find(&root.get("book"), book.as_ref()?, faults)
}

/// The prices of a path are kept while it is walked, so that their number has a bound.
fn check_size(root: &Node<'_>, run: Option<&RunSpec>, n_assets: usize, faults: &mut Faults) {
    let Some(run) = run else { return };
    let n = n_assets as u64 * u64::from(run.n_steps);
    if n > MOST_ASSET_STEPS {
        let (what, most) = ("prices a path (assets x steps)", MOST_ASSET_STEPS);
        let remedy = "lower run.steps, or leave out assets that move with others";
        let broken = Broken::Limit(Limit::TooManyTogether { n, what, most, remedy });
        faults.push(root.get("run").get("steps").fault(broken));
    }
}
