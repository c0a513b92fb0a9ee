//! The table of `[market.depth.ASSET] quotes`: what a sale of so many dollars loses.

use super::error::{Broken, Faults};
use super::legs::usd;
use super::limit::Limit;
use super::reach::Source;
use super::table::{Row, Table};
use super::written::Bounds;
use crate::market::depth::{Quote, Quotes};

/// The most rows: far more than a curve tells apart.
const MOST_ROWS: usize = 10_000;

const USD_SOLD: Bounds = usd("write the quantity sold in USD at the price before the sale");

/// The quotes by rising size; `None` where one cannot be read or does not fit those before it.
pub(super) fn read(
    source: &Source,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Quotes> {
    const HEADER: &str = "usd_sold,slippage";
    let n_faults = faults.n_faults();
    let mut table = Table::open(source, HEADER, faults)?;
    let names: Vec<&str> = HEADER.split(',').collect();
    let is_read = table.require(&names, faults)?;
    let [usd_sold, slippage] = is_read[..] else {
        unreachable!("as many columns as names");
    };
    notes.extend(table.note_of_ignored(|column| is_read.contains(&column)));
    let (mut quotes, mut lines) = (Vec::new(), Vec::new());
    while let Some(row) = table.next_row(faults) {
        if lines.len() >= MOST_ROWS {
            let (what, most) = ("rows", MOST_ROWS as u64);
            let remedy = "keep the rows between which slippage bends";
            faults.push(table.fault_at(
                None,
                "",
                Broken::Limit(Limit::TooMany { what, most, remedy }),
            ));
            return None;
        }
        if let Some(quote) = read_one(&row, (usd_sold, slippage), quotes.last(), faults) {
            quotes.push(quote);
            lines.push(row.line());
        }
    }
    table.end(faults)?;
    // What a row brings says something only where it and those before it are sound.
    if faults.n_faults() > n_faults {
        return None;
    }
    let quotes = Quotes { quotes };
    if let Some(idx) = quotes.first_without_gain() {
        let Quote { usd_sold, slippage } = quotes.quotes[idx];
        let broken = Broken::WithoutGain { usd_sold, slippage };
        faults.push(table.fault_at(Some(lines[idx]), names[0], broken));
        return None;
    }
    Some(quotes)
}

/// A quote whose numbers are within their bounds; a fault if it does not follow the one before.
fn read_one(
    row: &Row<'_>,
    (usd_column, slippage_column): (usize, usize),
    before: Option<&Quote>,
    faults: &mut Faults,
) -> Option<Quote> {
    let usd_sold = row.number(usd_column, &USD_SOLD, faults);
    let slippage = read_slippage(row, slippage_column, faults);
    let quote = Quote { usd_sold: usd_sold?, slippage: slippage? };
    if let Some(before) = before {
        if quote.usd_sold <= before.usd_sold {
            let broken = Broken::NotRising { value: quote.usd_sold, before: before.usd_sold };
            row.fault(usd_column, broken, faults);
        } else if quote.slippage < before.slippage {
            let (value, before) = (quote.slippage, before.slippage);
            let remedy =
                "a larger sale loses no smaller share; quote the slippage of the whole sale";
            row.fault(slippage_column, Broken::Falling { value, before, remedy }, faults);
        }
    }
    Some(quote)
}

/// A share from 0 to below 1.
fn read_slippage(row: &Row<'_>, column: usize, faults: &mut Faults) -> Option<f64> {
    let value = row.finite(column, faults)?;
    let (bound, remedy) = if value < 0.0 {
        (
            "at least 0",
            "a sale brings at most the price before it; write what it loses, 0.02 for 2 %",
        )
    } else if value >= 1.0 {
        (
            "below 1",
            "a slippage of 100 % brings nothing; write a share, 0.02 for 2 %, and end the table \
             where sales still bring more",
        )
    } else {
        return Some(value);
    };
    row.fault(column, Broken::OutOfBounds { value, bound, remedy }, faults);
    None
}
