//! What does a valid scenario become, and what is its reader told?

mod load {
    mod liquidity;
    mod regimes;
    mod text;
}

use std::io::Write as _;
use std::path::{Path, PathBuf};

use shortfall::book::LegKind;
use shortfall::market::{Correlation, ReplayWindows};
use shortfall::scenario::{Opening, Overrides, Scenario, load};

const VALID: &str = include_str!("valid/scenario.toml");
const VALID_BOOK: &str = include_str!("valid/book.csv");

fn written_to(folder: &Path, scenario: &str, book: &[u8]) -> PathBuf {
    let path = folder.join("scenario.toml");
    std::fs::write(&path, scenario).expect("a folder that can be written");
    std::fs::write(folder.join("book.csv"), book).expect("a folder that can be written");
    path
}

fn loaded(scenario: &str, book: &[u8]) -> Scenario {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written_to(folder.path(), scenario, book);
    load(&path, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("a folder that can be written");
    encoder.finish().expect("memory")
}

#[test]
fn a_scenario_becomes_what_it_says() {
    let scenario = loaded(VALID, VALID_BOOK.as_bytes());
    assert_eq!(scenario.name, "everything");
    assert_eq!((scenario.run.n_paths, scenario.run.n_steps, scenario.run.seed), (1_000, 48, 42));
    assert_eq!(scenario.run.step_years, 1.0 / 8760.0);
    assert_eq!(scenario.run.opening, Opening::Settle);
    assert_eq!(scenario.market.correlation, Correlation::Dense(vec![1.0, 0.85, 0.85, 1.0]));
    assert_eq!(scenario.market.shocks[0].at_years, 12.0 / 8760.0);
    let jumps = scenario.market.common_jumps.unwrap();
    assert_eq!((jumps.sizes[0].mean, jumps.sizes[1].mean), (-0.25, 0.0));
    let venues: Vec<&str> = scenario.venues.iter().map(|venue| venue.name.as_str()).collect();
    assert_eq!(venues, ["aave-v3", "dydx"]);
    assert_eq!(scenario.venues[0].terms[0].liquidation_threshold, 0.83);
    assert_eq!(scenario.venues[1].terms[0].tiers.len(), 2);
    assert_eq!(scenario.venues[1].terms[1].tiers.len(), 1);
    let names: Vec<&str> = scenario.book.positions.iter().map(|p| &*p.name).collect();
    assert_eq!(names, ["alice", "bob"]);
    let perp = scenario.book.legs_of(&scenario.book.positions[1])[1];
    assert_eq!((perp.kind, perp.amount, perp.entry_usd), (LegKind::Perp, -1.5, -1.5 * 2900.0));
    assert_eq!(scenario.notes, [""; 0]);
}

#[test]
fn venues_keep_the_order_of_the_file() {
    let scenario = VALID.replace("dydx", "a-dex");
    let scenario = loaded(&scenario, VALID_BOOK.replace("dydx", "a-dex").as_bytes());
    assert_eq!(scenario.venues[0].name, "aave-v3");
    assert_eq!(scenario.venues[1].name, "a-dex");
}

#[test]
fn a_book_reads_the_same_gzipped_with_bom_crlf_blanks_and_other_columns() {
    let plain = loaded(VALID, VALID_BOOK.as_bytes()).book;
    assert_eq!(loaded(VALID, &gzipped(VALID_BOOK.as_bytes())).book, plain);
    let windows = format!("\u{feff}{}", VALID_BOOK.replace('\n', "\r\n").replace(',', " , "));
    assert_eq!(loaded(VALID, windows.as_bytes()).book, plain);
    let reordered: String = VALID_BOOK
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [position, venue, kind, asset, amount, entry] = fields[..] else {
                panic!("six fields")
            };
            format!("{amount},{asset},note,{kind},{venue},{position},{entry}\n")
        })
        .collect();
    let scenario = loaded(VALID, reordered.as_bytes());
    assert_eq!(scenario.book, plain);
    assert!(scenario.notes[0].ends_with("ignored columns: note"), "{:?}", scenario.notes);
}

#[test]
fn repeated_legs_are_added_zero_rows_dropped_and_legs_ordered() {
    let book = "position,venue,kind,asset,amount\n\
        alice,aave-v3,debt,USDC,1000\n\
        bob,aave-v3,debt,USDC,5\n\
        alice,aave-v3,collateral,ETH,2\n\
        bob,aave-v3,collateral,ETH,0\n\
        alice,aave-v3,debt,USDC,500\n";
    let scenario = loaded(VALID, book.as_bytes());
    let alice = scenario.book.legs_of(&scenario.book.positions[0]);
    let legs: Vec<_> = alice.iter().map(|leg| (leg.kind, leg.asset.0, leg.amount)).collect();
    assert_eq!(legs, [(LegKind::Collateral, 0, 2.0), (LegKind::Debt, 1, 1500.0)]);
    assert_eq!(scenario.book.positions[1].leg_start, 2);
    assert!(scenario.notes[0].ends_with("dropped 1 rows of amount 0"), "{:?}", scenario.notes);
    assert!(scenario.notes[1].contains("added 1 repeated legs"), "{:?}", scenario.notes);
}

#[test]
fn a_threshold_that_a_liquidation_cannot_honour_is_noted() {
    let risky = VALID.replace("liquidation_bonus = 0.05", "liquidation_bonus = 0.25");
    let notes = loaded(&risky, VALID_BOOK.as_bytes()).notes;
    assert!(notes[0].starts_with("a liquidation at aave-v3 that seizes ETH"), "{notes:?}");
}

#[test]
fn a_matrix_that_is_not_semidefinite_is_repaired_on_request_and_noted() {
    let third = "[[assets]]\nname = \"BTC\"\nprice_usd = 60000\nvolatility = 0.6\n\n[market.corr";
    let scenario = VALID.replacen("[market.corr", third, 1).replace(
        "pairs = [[\"ETH\", \"USDC\", 0.85]]",
        "pairs = [[\"ETH\", \"USDC\", 0.9], [\"ETH\", \"BTC\", -0.6], [\"BTC\", \"USDC\", 0.9]]",
    );
    let scenario = loaded(&scenario, VALID_BOOK.as_bytes());
    // Source: Higham 2002; alternating projections.
    let Correlation::Dense(matrix) = &scenario.market.correlation else { panic!("a matrix") };
    assert!((matrix[1] - 0.580_837_216_571_192_5).abs() < 1e-10);
    assert!(scenario.notes[0].contains("0.747280 away"), "{:?}", scenario.notes);
}

#[test]
fn loadings_are_read_by_asset_and_unnamed_ones_take_the_default() {
    let (before, rest) = VALID.split_once("[market.correlation]").unwrap();
    let (_, after) = rest.split_once("[market.common_jumps]").unwrap();
    let factors = "[market.factors]\nnames = [\"market\", \"staking\"]\n\
        loadings = { ETH = [0.6, 0.8] }\n";
    let loadings = |factors: &str| {
        let scenario = format!("{before}{factors}\n[market.common_jumps]{after}");
        match loaded(&scenario, VALID_BOOK.as_bytes()).market.correlation {
            Correlation::Factors(factors) => (factors.n_factors, factors.loadings),
            Correlation::Dense(matrix) => panic!("{matrix:?}"),
        }
    };
    assert_eq!(loadings(factors), (2, vec![0.6, 0.8, 0.0, 0.0]));
    let default = format!("{factors}default = [0.1, -0.2]\n");
    assert_eq!(loadings(&default), (2, vec![0.6, 0.8, 0.1, -0.2]));
}

#[test]
fn a_replay_reads_its_table() {
    let folder = tempfile::tempdir().unwrap();
    let prices: String = (0..60).map(|row| format!("{},{}\n", 3600 * row, 3000 + row)).collect();
    std::fs::write(folder.path().join("prices.csv"), format!("t,ETH\n{prices}")).unwrap();
    let scenario = VALID.replace("volatility = 0.7", "volatility = 0").replace("jumps = {", "#");
    let scenario = scenario + "\n[market.replay]\nprices = \"prices.csv\"\nwindows = \"each\"\n";
    let scenario = scenario
        .replace("paths = 1_000", "paths = 12")
        .replace("{ ETH = { mean", "{ USDC = { mean");
    let path = written_to(folder.path(), &scenario, VALID_BOOK.as_bytes());
    let scenario = load(&path, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let replay = scenario.market.replay.unwrap();
    assert_eq!((replay.n_rows, replay.prices[59]), (60, 3059.0));
    assert_eq!(replay.windows, ReplayWindows::Each { stride: 1 });
}

#[test]
fn an_entry_price_far_from_the_price_is_noted_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "book = \"book.csv\"\n[[assets]]\nname = \"ETH\"\nprice_usd = 3000\n\
        volatility = 0.5\n[venues.perpetual]\n";
    let book = "position,venue,kind,asset,amount,entry_price\n\
        a,perpetual,collateral,ETH,1,\na,perpetual,perp,ETH,1,3\nb,perpetual,perp,ETH,1,299\n";
    let path = written_to(folder.path(), scenario, book.as_bytes());
    let scenario = load(&path, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let [note] = &scenario.notes[..] else { panic!("{:?}", scenario.notes) };
    assert!(note.contains("book.csv:3 entry_price = 3 is more than 100 times off"), "{note}");
    assert!(note.contains("the first of 1"), "{note}");
}

#[test]
fn an_asset_without_history_is_named_with_what_moves_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("prices.csv"), "t,BTC\n0,5\n3600,6\n").unwrap();
    let book = b"position,venue,kind,asset,amount\na,v,collateral,ETH,2\na,v,debt,USDC,3000\n";
    let noted = |eth: &str, more: &str| {
        let scenario = format!(
            "book = \"book.csv\"\n[run]\nsteps = 1\npaths = 1\n[[assets]]\nname = \"BTC\"\n\
             price_usd = 5\nvolatility = 0\n[[assets]]\nname = \"ETH\"\nprice_usd = 3000\n\
             liquidation_threshold = 0.8\n{eth}\n[[assets]]\nname = \"USDC\"\nprice_usd = 1\n\
             volatility = 0\nis_stable = true\n[market.replay]\nprices = \"prices.csv\"\n{more}\n\
             [venues.v]\nrule = \"aave-v3\"\n"
        );
        let path = written_to(folder.path(), &scenario, book);
        let loaded = load(&path, &Overrides::default());
        let notes = loaded.unwrap_or_else(|faults| panic!("{faults}")).notes;
        let [note] = &notes[..] else { panic!("{notes:?}") };
        note.clone()
    };
    let depth = "[market.depth.ETH]\nform = \"linear\"\nimpact = 0.1\nat_usd = 1e6";
    for (eth, more, what) in [
        ("volatility = 0", "", "nothing moves it"),
        ("volatility = 0", depth, "only sales move it"),
        ("volatility = 0.5\ndrift = 0.1", "", "it moves by its volatility of 0.5, drift of 0.1"),
        ("volatility = 0.5", depth, "it moves by its volatility of 0.5, and by sales"),
    ] {
        let note = noted(eth, more);
        assert!(note.contains("ETH has no column in") && note.ends_with(what), "{note}");
    }
}

#[test]
fn the_command_line_sets_prices_paths_steps_seed_and_book() {
    let folder = tempfile::tempdir().unwrap();
    let path = written_to(folder.path(), VALID, b"not a book");
    let book = folder.path().join("other.csv");
    std::fs::write(&book, VALID_BOOK).unwrap();
    let assets = folder.path().join("assets.csv");
    std::fs::write(
        &assets,
        "liquidation_threshold,asset,is_stable,price_usd\n\
         0.7,USDC,false,0.99\n0.5,ETH,false,2000\n",
    )
    .unwrap();
    let overrides = Overrides {
        gates: vec!["mean > 5".to_owned()],
        until: Some("es99 rel 1%".to_owned()),
        allow_outside: false,
        book: Some(book),
        assets: Some(assets),
        paths: Some(5),
        steps: Some(24),
        seed: Some(7),
    };
    let scenario = load(&path, &overrides).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((scenario.run.n_paths, scenario.run.n_steps, scenario.run.seed), (5, 24, 7));
    assert_eq!(scenario.gates.len(), 1);
    assert_eq!(scenario.run.until.map(|until| until.written), Some("es99 rel 1%".to_owned()));
    assert_eq!(scenario.market.assets[0].price_usd, 2000.0);
    assert!(!scenario.market.assets[1].is_stable);
    // The venue's own term for ETH stands over the table; USDC has none.
    assert_eq!(scenario.venues[0].terms[0].liquidation_threshold, 0.83);
    assert_eq!(scenario.venues[0].terms[1].liquidation_threshold, 0.7);
}

#[test]
fn an_assets_table_with_faults_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = written_to(folder.path(), VALID, VALID_BOOK.as_bytes());
    let assets = folder.path().join("assets.csv");
    let rows = "DAI,1,0.7,true\nETH,0,0.8,false\nUSDC,1,1.5,maybe\n";
    let table = format!("asset,price_usd,liquidation_threshold,is_stable\n{rows}");
    std::fs::write(&assets, table).unwrap();
    let overrides = Overrides { assets: Some(assets), ..Overrides::default() };
    let told = load(&path, &overrides).unwrap_err().to_string();
    for part in ["csv:2 asset = \"DAI\"", "csv:3 price_usd = 0", "csv:4 liquidation_threshold"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}
