//! Depth, cross impact, feedback, oracles and liquidators.

use std::fmt::Write as _;
use std::fs;

use shortfall::book::liquidators::{Execution, Liquidators, Order};
use shortfall::book::venue::Rule;
use shortfall::market::Liquidity;
use shortfall::market::depth::{
    ConstantProduct, Depth, DepthBand, DepthForm, Feedback, PowerLaw, Quote, Quotes,
};
use shortfall::market::oracle::{Feed, Stale};
use shortfall::scenario::{Broken, Limit, Overrides, Scenario, load};
use shortfall::units::{AssetId, VenueId};

use crate::{VALID, VALID_BOOK, gzipped, loaded, written_to};

const LIQUID: &str = include_str!("../valid/liquidity.toml");
const QUOTES: &str = include_str!("../valid/quotes.csv");

const HOUR: f64 = 1.0 / 8760.0;

/// The scenario of everything, with other quotes.
fn liquid(quotes: &[u8]) -> Result<Scenario, shortfall::scenario::Faults> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written_to(folder.path(), LIQUID, VALID_BOOK.as_bytes());
    fs::write(folder.path().join("quotes.csv"), quotes).expect("a folder that can be written");
    load(&path, &Overrides::default())
}

/// The plain scenario with more at its end.
fn with(more: &str) -> Scenario {
    loaded(&format!("{VALID}\n{more}"), VALID_BOOK.as_bytes())
}

fn read() -> Scenario {
    liquid(QUOTES.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A depth of which only the form is written.
fn plain(asset: u32, form: DepthForm) -> Depth {
    Depth {
        asset: AssetId(asset),
        form,
        fee: 0.0,
        permanent: 0.0,
        half_life_years: 0.0,
        by_drawdown: Vec::new(),
    }
}

#[test]
fn depths_become_what_they_say_in_the_order_of_the_assets() {
    let eth = Depth {
        fee: 0.003,
        permanent: 0.3,
        half_life_years: 6.0 * HOUR,
        by_drawdown: vec![DepthBand { fall: 0.1, share: 0.8 }, DepthBand { fall: 0.3, share: 0.4 }],
        ..plain(0, DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 20e6 }))
    };
    let square_root = PowerLaw { is_linear: false, impact: 0.1, at_usd: 10e6 };
    let quotes = [(1e5, 0.0004), (1e6, 0.003), (2e7, 0.11)];
    let quotes = quotes.map(|(usd_sold, slippage)| Quote { usd_sold, slippage }).to_vec();
    let link =
        Depth { half_life_years: f64::INFINITY, ..plain(3, DepthForm::Quotes(Quotes { quotes })) };
    let linear = PowerLaw { is_linear: true, impact: 0.05, at_usd: 2e6 };
    let wbtc = plain(2, DepthForm::PowerLaw(square_root));
    let wsteth = plain(4, DepthForm::PowerLaw(linear));
    assert_eq!(read().market.liquidity.depths, [eth, wbtc, link, wsteth]);
}

#[test]
fn cross_impact_is_the_identity_but_for_the_assets_it_names() {
    let mut expected = [0.0; 25];
    expected.iter_mut().step_by(6).for_each(|diagonal| *diagonal = 1.0);
    // WSTETH, the last, follows ETH, the first, and moves it a little.
    expected[4 * 5] = 0.9;
    expected[4] = 0.1;
    assert_eq!(read().market.liquidity.cross_impact, expected);
}

#[test]
fn cross_impact_without_names_is_that_of_all_assets() {
    let depth = "[market.depth.ETH]\nform = \"linear\"\nimpact = 0.1\nat_usd = 1e6\n";
    let scenario = with(&format!("{depth}[market.impact]\nmatrix = [[1, 0.25], [-0.5, 1]]"));
    assert_eq!(scenario.market.liquidity.cross_impact, [1.0, 0.25, -0.5, 1.0]);
    assert_eq!(scenario.notes, [""; 0]);
}

#[test]
fn every_asset_has_a_feed_of_what_is_written_for_all_or_for_itself() {
    let (hourly, always) = (Some(HOUR), Stale { at_years: 0.0, over_years: HOUR });
    let eth = Stale { at_years: 48.0 * HOUR, over_years: 6.0 * HOUR };
    let others = Feed {
        heartbeat_years: hourly,
        deviation: Some(0.005),
        delay_years: 0.0,
        stale: vec![always],
    };
    let eth = Feed {
        heartbeat_years: Some(2.0 * HOUR),
        delay_years: 300.0 / 31_536_000.0,
        stale: vec![eth, always],
        ..others.clone()
    };
    let expected = [eth, others.clone(), others.clone(), others.clone(), others];
    assert_eq!(read().market.liquidity.feeds, expected);
}

/// What is written for a venue holds for all assets there, and for no other venue.
#[test]
fn a_venue_may_have_feeds_of_its_own() {
    let scenario = with(
        "[venues.aave-v3.oracle]\ndelay = \"1h\"\n\
                         [venues.aave-v3.oracle.assets.ETH]\nheartbeat = \"4h\"",
    );
    let late = Feed { delay_years: HOUR, ..Feed::default() };
    let eth = Feed { heartbeat_years: Some(4.0 * HOUR), ..late.clone() };
    let own_feeds = vec![(VenueId(0), vec![eth, late])];
    let expected = Liquidity { own_feeds, ..Liquidity::default() };
    assert_eq!(scenario.market.liquidity, expected);
    assert_eq!(scenario.liquidators, Some(Liquidators::default()));
    assert_eq!(scenario.notes, [""; 0]);
    let idle = with("[venues.aave-v3.oracle]\ndelay = \"0s\"");
    let [note] = &idle.notes[..] else { panic!("{:?}", idle.notes) };
    assert!(note.starts_with("[venues.aave-v3.oracle] does nothing: "), "{note}");
}

#[test]
fn feedback_liquidators_and_funds_become_what_they_say() {
    let scenario = read();
    assert!(scenario.run.compare_feedback);
    assert_eq!(scenario.market.liquidity.feedback, Feedback::SameStep { rounds: 4 });
    let liquidators = Liquidators {
        gas_usd: 20.0,
        margin: 0.0,
        capital_usd: Some(5e6),
        per_step: Some(100),
        order: Order::Largest,
        execution: Execution::InTurn,
        decline: false,
    };
    assert_eq!(scenario.liquidators, Some(liquidators));
    let Rule::Perpetual(dydx) = &scenario.venues[1].rule else { panic!("a perpetual venue") };
    assert_eq!((dydx.insurance_fund_usd, dydx.insurance_fee), (2e6, 0.005));
    let [note] = &scenario.notes[..] else { panic!("{:?}", scenario.notes) };
    let told = "market.oracle.assets.ETH.delay = \"5m\" is taken as 1 step (1h)";
    assert!(note.contains(told), "{note}");
}

#[test]
fn nothing_written_is_a_market_that_takes_any_sale() {
    let scenario = loaded(VALID, VALID_BOOK.as_bytes());
    assert_eq!(scenario.market.liquidity, Liquidity::default());
    assert_eq!(scenario.liquidators, None);
    assert!(!scenario.run.compare_feedback);
}

#[test]
fn what_is_left_out_is_the_default() {
    let depth = "[market.depth.ETH]\nform = \"constant-product\"\nreserve_usd = 1e6\n";
    let scenario = with(depth);
    let form = DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 1e6 });
    let expected = Liquidity { depths: vec![plain(0, form)], ..Liquidity::default() };
    assert_eq!(scenario.market.liquidity, expected);
    assert_eq!(scenario.liquidators, Some(Liquidators::default()));
    let scenario = with(&format!("{depth}[market.feedback]\ntiming = \"same-step\"\n"));
    assert_eq!(scenario.market.liquidity.feedback, Feedback::SameStep { rounds: 8 });
    let scenario = with("[market.oracle]\nheartbeat = \"1h\"");
    let feed = Feed { heartbeat_years: Some(HOUR), ..Feed::default() };
    assert_eq!(scenario.market.liquidity.feeds, vec![feed; 2]);
    assert_eq!(scenario.liquidators, Some(Liquidators::default()));
    assert_eq!(with("[liquidators]").liquidators, Some(Liquidators::default()));
}

#[test]
fn times_that_are_no_whole_steps_are_told_with_what_is_used() {
    for (written, told) in [
        ("[market.oracle]\ndelay = \"61m\"", "delay = \"61m\" is taken as 2 steps (2h)"),
        ("[market.oracle]\nheartbeat = \"150m\"", "= \"150m\" is taken as 2 steps (2h)"),
        ("[market.oracle]\nheartbeat = \"1m\"", "= \"1m\" is taken as 1 step (1h)"),
        (
            "[[market.oracle.stale]]\nat = \"30m\"\nover = \"2h\"",
            "= \"2h\" from \"30m\" on covers the ends of 2 steps (2h): no report is made from 1h \
             to 2h after opening",
        ),
        (
            "[[market.shocks]]\nassets = [\"ETH\"]\nchange = -0.1\nat = \"90m\"",
            "at = \"90m\" is no whole number of steps of 1h: the shock shows at their ends, at 2h",
        ),
        (
            "[[market.shocks]]\nassets = [\"ETH\"]\nchange = -0.1\nat = \"2h\"\nover = \"90m\"",
            "over = \"90m\" is no whole number of steps of 1h: the shock shows at their ends, from \
             3h to 4h",
        ),
        (
            "[market.depth.ETH]\nform = \"linear\"\nimpact = 0.1\nat_usd = 1e6\n\
             half_life = \"30m\"",
            "half_life = \"30m\" is shorter than a step of 1h: 25.00 % of a displacement is left",
        ),
    ] {
        let notes = with(written).notes;
        assert!(notes.len() == 1 && notes[0].contains(told), "{written}: {notes:?}");
    }
    for written in [
        "[market.oracle]\ndelay = \"120m\"\nheartbeat = \"1d\"",
        "[[market.oracle.stale]]\nat = \"1h\"\nover = \"180m\"",
        "[[market.shocks]]\nassets = [\"ETH\"]\nchange = -0.1\nat = \"1h\"\nover = \"0.5d\"",
    ] {
        assert_eq!(with(written).notes, [""; 0], "{written}");
    }
}

#[test]
fn what_does_nothing_is_noted() {
    for (written, noted) in [
        ("[market.impact]\nmatrix = [[1, 0], [0, 1]]", "[market.impact] does nothing"),
        ("[market.feedback]\ntiming = \"same-step\"", "[market.feedback] does nothing"),
        ("[market.oracle]\ndelay = \"0s\"", "[market.oracle] does nothing"),
    ] {
        let notes = with(written).notes;
        assert!(notes.len() == 1 && notes[0].starts_with(noted), "{written}: {notes:?}");
    }
    let note = &with("[market.oracle]\ndelay = \"0s\"").notes[0];
    assert!(note.contains("market.oracle.delay = \"0s\" is no delay"), "{note}");
    let compared = VALID.replace("[run]", "[run]\ncompare_feedback = true");
    let notes = loaded(&compared, VALID_BOOK.as_bytes()).notes;
    assert!(notes[0].starts_with("run.compare_feedback does nothing"), "{notes:?}");
}

#[test]
fn quotes_read_the_same_gzipped_with_bom_crlf_and_other_columns() {
    let expected = read().market.liquidity;
    let read = |quotes: &[u8]| liquid(quotes).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(read(&gzipped(QUOTES.as_bytes())).market.liquidity, expected);
    let windows = format!("\u{feff}{}", QUOTES.replace('\n', "\r\n"));
    assert_eq!(read(windows.as_bytes()).market.liquidity, expected);
    let routed: String = QUOTES
        .lines()
        .enumerate()
        .map(|(idx, line)| format!("{},{line}\n", if idx == 0 { "route" } else { "0x" }))
        .collect();
    let scenario = read(routed.as_bytes());
    assert_eq!(scenario.market.liquidity, expected);
    assert!(scenario.notes[0].ends_with("ignored columns: route"), "{:?}", scenario.notes);
}

#[test]
fn a_table_may_have_ten_thousand_quotes_and_no_more() {
    let mut quotes = String::from("usd_sold,slippage\n");
    for row in 1..=10_000 {
        writeln!(quotes, "{row},0.01").expect("memory");
    }
    assert!(liquid(quotes.as_bytes()).is_ok());
    quotes.push_str("10001,0.01\n10002,0.01\n");
    let faults = liquid(quotes.as_bytes()).expect_err("too many quotes");
    let broken = &faults.listed()[0].broken;
    assert!(matches!(broken, Broken::Limit(Limit::TooMany { most: 10_000, .. })), "{faults}");
}
