//! What is too large is refused by its bound, within 5 s of CPU time and 256 MiB.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::{Case, HEADER, VALID, VALID_BOOK, is_whole};

/// A gzip of a header and then the same rows, `n` times over, a member each.
fn packed(header: &str, rows: &str, n: usize) -> Vec<u8> {
    let member = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    let rows = member(rows);
    [member(header), rows.repeat(n)].concat()
}

#[track_caller]
fn assert_told(case: &Case, parts: &[&str]) {
    let told = case.refusal(&[]);
    for part in parts {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
}

/// The parts of a book that are the same everywhere, beside what a test replaces.
fn book_of(rows: &str) -> Case {
    Case::of(VALID, format!("{HEADER}{rows}").as_bytes())
}

#[test]
fn equal_rows_end_at_the_rows_of_a_position() {
    let n = if is_whole() { 100 } else { 2 };
    let rows = "a,aave-v3,debt,USDC,1\n".repeat(1_000_000);
    let case = Case::of(VALID, &packed(HEADER, &rows, n));
    assert_told(&case, &["book.csv:65538 position has more than 65536 rows of one position"]);
}

#[test]
fn rows_at_fault_are_counted_to_a_number() {
    let rows = "a,aave-v3,debt,DOGE,1\n".repeat(1_000_000);
    assert_told(&book_of(&rows), &["asset = \"DOGE\" is not an asset", "9980 more, where reading"]);
    let rows = "a,aave-v3,debt\n".repeat(1_000_000);
    assert_told(&book_of(&rows), &["the row has 3 fields", "9980 more, where reading stopped"]);
}

#[test]
fn a_gzip_is_read_up_to_a_bound_of_what_it_unpacks_to() {
    let zeros = "\0".repeat(1 << 20);
    let case = Case::of(VALID, &packed("", &zeros, 64));
    assert_told(&case, &["book.csv:1 has more than 262144 bytes in a row"]);
    let blank = "\n".repeat(1 << 20);
    let case = Case::of(VALID, &packed(HEADER, &blank, 64));
    assert_told(&case, &["has more than 262144 bytes in a row"]);
    if is_whole() {
        let rows = |row: &str, n| Case::of(VALID, &packed(HEADER, &row.repeat(n), 1000));
        let zero = "a,aave-v3,debt,USDC,0\n";
        assert_told(&rows(zero, 50_000), &["amount has more than 16777216 rows of amount 0"]);
        let wide = format!("a,aave-v3,{}debt,USDC,0\n", " ".repeat(200_000));
        let bound = "has more than 1073741824 bytes when unpacked: unpack it first";
        assert_told(&rows(&wide, 6), &[bound]);
    }
}

#[test]
fn a_plain_file_is_refused_by_its_size() {
    let case = Case::valid();
    File::create(case.path("own/book.csv")).unwrap().set_len(9 << 30).unwrap();
    assert_told(&case, &["book.csv has more than 8589934592 bytes: split it"]);
    File::create(case.path("own/s.toml")).unwrap().set_len(9 << 30).unwrap();
    assert_told(&case, &["s.toml has more than 8388608 bytes: split it"]);
}

#[test]
fn a_row_that_does_not_end_and_very_many_columns_are_refused() {
    let rows = format!("\"{}", "a,aave-v3,debt,USDC,1\n".repeat(1_000_000));
    assert_told(&book_of(&rows), &["book.csv:2 has more than 262144 bytes in a row"]);
    let mut header = HEADER.trim().to_owned();
    (0..300_000).for_each(|idx| _ = write!(header, ",{idx}"));
    let case = Case::of(VALID, format!("{header}\n").as_bytes());
    assert_told(&case, &["book.csv:1 has more than 262144 bytes in a row"]);
    let case = Case::of(VALID, format!("{}{}\n", HEADER.trim(), ",x".repeat(5000)).as_bytes());
    assert_told(&case, &["book.csv:1 has more than 4096 columns"]);
}

#[test]
fn long_names_are_refused_at_the_door() {
    let long = "x".repeat(60_000);
    assert_told(
        &book_of(&format!("{long},aave-v3,debt,USDC,1\n")),
        &["book.csv:2 position = \"xxxxxxx", "is a name of 60000 bytes, not at most 256: shorten"],
    );
    for (from, key) in [("\"ETH\"", "assets[0].name"), ("name = \"everything\"", "name")] {
        let to = from.replace("ETH", &long).replace("everything", &long);
        let case = Case::of(&VALID.replacen(from, &to, 1), VALID_BOOK.as_bytes());
        assert_told(&case, &[key, "is a name of 60000 bytes"]);
    }
    let case = Case::of(&VALID.replace("dydx", &long), VALID_BOOK.as_bytes());
    assert_told(&case, &["is a name of 60000 bytes"]);
}

#[test]
fn lists_of_a_scenario_have_bounds() {
    let names = |n: usize| (0..n).map(|idx| format!("\"A{idx}\",")).collect::<String>();
    let shock = format!("[[market.shocks]]\nassets = [{}]\nchange = -0.1\n", names(200_000));
    let case = |added: &str| Case::of(&format!("{VALID}\n{added}"), VALID_BOOK.as_bytes());
    assert_told(&case(&shock), &["assets has 200000 entries, not at most 1024"]);
    let stale = "[[market.oracle.stale]]\nover = \"6h\"\n".repeat(20_000);
    assert_told(&case(&stale), &["market.oracle.stale has more than 1024 entries"]);
    let gates = "[[gate]]\nfail_on = \"x > 1\"\n".repeat(50_000);
    assert_told(&case(&gates), &["gate has more than 1024 entries"]);
    let factors = format!("[market.factors]\nnames = [{}]\n", names(200_000));
    assert_told(&case(&factors), &["market.factors.names has 200000 entries, not 1 to 64"]);
    let keys: String = (0..20_000).map(|idx| format!("[venues.z.assets.A{idx}]\n")).collect();
    assert_told(&case(&format!("[venues.z]\nrule = \"aave-v3\"\n{keys}")), &["\"A0\" is not an"]);
}

#[test]
fn assets_venues_and_their_products_have_bounds() {
    let assets = |n: usize| -> String {
        let one = |idx| format!("[[assets]]\nname = \"A{idx}\"\nprice_usd = 1\nvolatility = 0\n");
        (0..n).map(one).collect()
    };
    let of = |scenario: &str| Case::of(scenario, VALID_BOOK.as_bytes());
    let head = "book = \"book.csv\"\n";
    assert_told(&of(&format!("{head}{}", assets(1_000_000))), &["has more than 8388608 bytes"]);
    assert_told(&of(&format!("{head}{}", assets(65_536))), &["has more than 1200000 values"]);
    assert_told(&of(&format!("{head}{}", assets(20_000))), &["has 20000 entries, not 1 to 1024"]);
    let venue = |idx| format!("[venues.v{idx}]\nrule = \"aave-v3\"\n");
    let venues: String = (0..20_000).map(venue).collect();
    assert_told(
        &of(&format!("{head}{}{venues}", assets(1024))),
        &["venues 20480000 terms (venues x assets, and their tiers) are more than 1048576"],
    );
    let tier = |idx| format!("{{ floor_usd = {idx}, rate = 0.1 }},");
    let tiers: String = (0..2000).map(tier).collect();
    assert_told(
        &of(&format!(
            "{head}{}[venues.p]\nrule = \"perpetual\"\ntiers = [{tiers}]\n",
            assets(1024)
        )),
        &["are more than 1048576: leave out"],
    );
    let run = "[run]\nsteps = 1_000_000\n[venues.aave]\nrule = \"aave-v3\"\n";
    assert_told(
        &of(&format!("{head}{}{run}", assets(1024))),
        &["run.steps 1024000000 prices a path (assets x steps) are more than 33554432: lower"],
    );
}

#[test]
fn of_a_large_matrix_no_eigenvalue_is_sought() {
    let assets = |n: usize| -> String {
        let one = |idx| format!("[[assets]]\nname = \"A{idx}\"\nprice_usd = 1\nvolatility = 0\n");
        (0..n).map(one).collect()
    };
    let told = "market.correlation.default has an eigenvalue below 0";
    for nearest in ["", "nearest = true\n"] {
        let matrix = format!("[market.correlation]\ndefault = -0.5\n{nearest}");
        let scenario = format!("book = \"book.csv\"\n{}{matrix}[venues.aave-v3]\n", assets(1024));
        assert_told(&Case::of(&scenario, VALID_BOOK.as_bytes()), &[told, "and 1024 assets"]);
    }
}

#[test]
fn toml_that_is_deep_or_of_very_many_parts_is_refused() {
    let of = |added: String| Case::of(&format!("{VALID}\n{added}"), VALID_BOOK.as_bytes());
    assert_told(&of(format!("x = {}", "[".repeat(1_000_000))), &["recursion"]);
    assert_told(&of(format!("{}x = 1", "a.".repeat(100_000))), &["recursion"]);
    assert_told(&of(format!("x = [{}]", "0,".repeat(1_300_000))), &["more than 1200000 values"]);
    let dotted: String = (0..50_000).map(|idx| format!("a{idx}.b.c.d.e.f.g = 1\n")).collect();
    assert_told(&of(dotted), &["more than 1200000 values"]);
    assert_told(&of("\n".repeat(1_300_000)), &["more than 1200000 values"]);
    assert_told(&of(format!("x = [{}]", "0,".repeat(1_190_000))), &["x is not a key"]);
}

#[test]
fn a_replay_has_a_bound_of_its_rows() {
    let n = if is_whole() { 5_000 } else { 10 };
    let replay = "[market.replay]\nprices = \"p.csv\"\n[market.correlation]";
    let scenario = VALID.replacen("[market.correlation]", replay, 1);
    let case = Case::of(&scenario, VALID_BOOK.as_bytes());
    case.put("own/p.csv", &packed("ETH,USDC\n", &"1,1\n".repeat(1000), n));
    let told = case.refusal(&[]);
    let bound = "p.csv has more than 4194304 rows: cut it";
    assert_eq!(told.contains(bound), is_whole(), "{told}");
}
