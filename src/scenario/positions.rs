//! The book: rows of a table, one a leg, to positions, in one pass and a sort.

use std::collections::HashMap;

use super::assets::{name_fault, unknown};
use super::bounds::{MOST_POSITIONS, MOST_ROWS_OF_POSITION, MOST_ZERO_ROWS};
use super::category_fault::CategoryFault;
use super::error::{Broken, Faults};
use super::far_entries::FarEntries;
use super::legs::{self, Entry, MOST_USD, Merged};
use super::limit::Limit;
use super::reach::Source;
use super::table::{Row, Table};
use crate::book::venue::Venue;
use crate::book::{Book, Leg, LegKind, Position};
use crate::market::Asset;
use crate::units::{AssetId, VenueId};

const HEADER: &str = "position,venue,kind,asset,amount";
const ENTRY_PRICE: &str = "entry_price";
const EMODE: &str = "emode";

/// Columns of the table.
struct Columns {
    position: usize,
    venue: usize,
    kind: usize,
    asset: usize,
    amount: usize,
    entry_price: Option<usize>,
    emode: Option<usize>,
}

/// The book while it is read.
struct Ledger<'a> {
    assets: &'a [Asset],
    venues: &'a [Venue],
    asset_ids: HashMap<&'a [u8], u32>,
    venue_ids: HashMap<&'a [u8], u32>,
    columns: Columns,
    /// Positions by name, a map for each venue: looked up without an allocation.
    by_name: Vec<HashMap<Box<str>, u32>>,
    /// Venue of each position; the names stay in the maps until the end.
    venue_of: Vec<VenueId>,
    /// The category of each position, where a row has named one.
    category_of: Vec<Option<u16>>,
    /// Rows of each position.
    n_rows_of: Vec<u32>,
    entries: Vec<Entry>,
    n_zero: u64,
    far: FarEntries,
    /// Whether a bound of the book is reached, beyond which no row is read.
    is_full: bool,
}

/// Reads the book; `None` if it has a fault.
pub(super) fn read(
    source: &Source,
    assets: &[Asset],
    venues: &[Venue],
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Book> {
    let mut table = Table::open(source, HEADER, faults)?;
    let (columns, mut is_read) = columns_of(&table, faults)?;
    is_read.extend(columns.entry_price.into_iter().chain(columns.emode));
    notes.extend(table.note_of_ignored(|column| is_read.contains(&column)));
    let mut ledger = Ledger::new(assets, venues, columns);
    let n_before = faults.n_faults();
    while !ledger.is_full
        && let Some(row) = table.next_row(faults)
    {
        ledger.enter(&row, faults);
    }
    table.end(faults)?;
    if faults.n_faults() > n_before {
        return None;
    }
    if ledger.n_zero > 0 {
        notes.push(format!("{}: dropped {} rows of amount 0", table.name(), ledger.n_zero));
    }
    notes.extend(ledger.far.told(table.name(), assets));
    let is_owed = |entry: &Entry| entry.leg.kind != LegKind::Collateral;
    if !ledger.entries.iter().any(is_owed) {
        faults.push(table.fault_at(None, "", Broken::NothingOwed));
        return None;
    }
    let (book, merged) = ledger.close(&table, faults)?;
    if merged.n_repeated > 0 {
        notes.push(format!(
            "{}: added {} repeated legs to the first of their position, kind and asset",
            table.name(),
            merged.n_repeated
        ));
    }
    if merged.n_cancelled > 0 {
        notes.push(format!(
            "{}: {} perps cancel opposite ones; the profit or loss that they have locked in stays",
            table.name(),
            merged.n_cancelled
        ));
    }
    Some(book)
}

fn columns_of(table: &Table, faults: &mut Faults) -> Option<(Columns, Vec<usize>)> {
    let names: Vec<&str> = HEADER.split(',').collect();
    let is_read = table.require(&names, faults)?;
    let [position, venue, kind, asset, amount] = is_read[..] else {
        unreachable!("as many columns as names");
    };
    let [entry_price, emode] = [ENTRY_PRICE, EMODE].map(|name| table.find(name, faults));
    Some((Columns { position, venue, kind, asset, amount, entry_price, emode }, is_read))
}

impl<'a> Ledger<'a> {
    fn new(assets: &'a [Asset], venues: &'a [Venue], columns: Columns) -> Self {
        let asset_names = assets.iter().map(|asset| asset.name.as_bytes());
        let venue_names = venues.iter().map(|venue| venue.name.as_bytes());
        Self {
            assets,
            venues,
            asset_ids: asset_names.zip(0..).collect(),
            venue_ids: venue_names.zip(0..).collect(),
            columns,
            by_name: vec![HashMap::new(); venues.len()],
            venue_of: Vec::new(),
            category_of: Vec::new(),
            n_rows_of: Vec::new(),
            entries: Vec::new(),
            n_zero: 0,
            far: FarEntries::default(),
            is_full: false,
        }
    }

    /// Enters a row; `None` if it has a fault. All of the row's faults are told.
    fn enter(&mut self, row: &Row<'_>, faults: &mut Faults) -> Option<()> {
        let venue = self.venue(row, faults);
        let kind = self.kind(row, faults);
        let asset = self.asset(row, faults);
        let amount = row.finite(self.columns.amount, faults);
        let name = row.text(self.columns.position, faults);
        let (venue, kind, asset, amount, name) = (venue?, kind?, asset?, amount?, name?);
        let category = self.category(row, venue, faults)?;
        if name.is_empty() {
            row.fault(self.columns.position, Broken::NotAName { name: String::new() }, faults);
            return None;
        }
        if amount == 0.0 && kind != LegKind::Perp {
            return self.drop_zero(row, faults);
        }
        self.check_amount(row, kind, asset, amount, faults)?;
        let entry_usd = match kind {
            LegKind::Perp => {
                let entry_price = self.entry_price(row, amount, faults)?;
                self.far.enter(row.line(), entry_price, asset, self.assets);
                amount * entry_price
            }
            LegKind::Collateral | LegKind::Debt => 0.0,
        };
        let position = match self.position(name, venue) {
            Ok(position) => position,
            Err(broken) => {
                self.is_full = matches!(broken, Broken::Limit(Limit::TooMany { .. }));
                row.fault(self.columns.position, broken, faults);
                return None;
            }
        };
        self.choose(position, category, row, faults)?;
        let leg = Leg { kind, asset, amount, entry_usd };
        self.entries.push(Entry { position, line: row.line(), leg });
        Some(())
    }

    /// Counts a row of amount 0, which is no leg.
    fn drop_zero(&mut self, row: &Row<'_>, faults: &mut Faults) -> Option<()> {
        self.n_zero += 1;
        if self.n_zero <= MOST_ZERO_ROWS {
            return Some(());
        }
        self.is_full = true;
        let (what, most) = ("rows of amount 0", MOST_ZERO_ROWS);
        let broken = Limit::TooMany { what, most, remedy: "leave them out" };
        row.fault(self.columns.amount, Broken::Limit(broken), faults);
        None
    }

    fn venue(&self, row: &Row<'_>, faults: &mut Faults) -> Option<VenueId> {
        let column = self.columns.venue;
        if let Some(&id) = self.venue_ids.get(row.bytes(column)) {
            return Some(VenueId(id));
        }
        let name = row.text(column, faults)?.to_owned();
        let known = || self.venues.iter().map(|venue| venue.name.clone()).collect();
        row.fault_with(column, || Broken::UnknownVenue { name, known: known() }, faults);
        None
    }

    /// The category that the row names; none where it names none.
    fn category(&self, row: &Row<'_>, venue: VenueId, faults: &mut Faults) -> Option<Option<u16>> {
        let Some(column) = self.columns.emode else { return Some(None) };
        let written = row.text(column, faults)?;
        if matches!(written, "" | "0") {
            return Some(None);
        }
        let categories = &self.venues[venue.idx()].categories;
        let found = categories.iter().zip(0..).find(|(it, _)| it.name == written);
        if let Some((_, idx)) = found {
            return Some(Some(idx));
        }
        let broken = CategoryFault::Unknown {
            name: written.to_owned(),
            venue: self.venues[venue.idx()].name.clone(),
            known: categories.iter().map(|it| it.name.clone()).collect(),
        };
        row.fault(column, Broken::Category(broken), faults);
        None
    }

    /// All rows of a position that name a category name the same one.
    fn choose(
        &mut self,
        position: u32,
        category: Option<u16>,
        row: &Row<'_>,
        faults: &mut Faults,
    ) -> Option<()> {
        let Some(here) = category else { return Some(()) };
        let before = *self.category_of[position as usize].get_or_insert(here);
        if before == here {
            return Some(());
        }
        let venue = &self.venues[self.venue_of[position as usize].idx()];
        let named = |category: u16| venue.categories[usize::from(category)].name.clone();
        let broken = CategoryFault::Second { here: named(here), before: named(before) };
        row.fault(self.columns.emode?, Broken::Category(broken), faults);
        None
    }

    fn asset(&self, row: &Row<'_>, faults: &mut Faults) -> Option<AssetId> {
        let column = self.columns.asset;
        if let Some(&id) = self.asset_ids.get(row.bytes(column)) {
            return Some(AssetId(id));
        }
        let name = row.text(column, faults)?;
        row.fault_with(column, || unknown(name, self.assets), faults);
        None
    }

    fn kind(&self, row: &Row<'_>, faults: &mut Faults) -> Option<LegKind> {
        match row.bytes(self.columns.kind) {
            b"collateral" => Some(LegKind::Collateral),
            b"debt" => Some(LegKind::Debt),
            b"perp" => Some(LegKind::Perp),
            _ => {
                let word = row.text(self.columns.kind, faults)?.to_owned();
                let known = ["collateral", "debt", "perp"].map(str::to_owned).to_vec();
                row.fault(self.columns.kind, Broken::UnknownWord { word, known }, faults);
                None
            }
        }
    }

    fn check_amount(
        &self,
        row: &Row<'_>,
        kind: LegKind,
        asset: AssetId,
        amount: f64,
        faults: &mut Faults,
    ) -> Option<()> {
        let value_usd = amount.abs() * self.assets[asset.idx()].price_usd;
        let broken = match kind {
            LegKind::Perp if amount == 0.0 => {
                let remedy = "write the size, below 0 for a short, or remove the row";
                Broken::OutOfBounds { value: amount, bound: "different from 0", remedy }
            }
            LegKind::Collateral | LegKind::Debt if amount < 0.0 => {
                let remedy =
                    "write what is owned as collateral and what is owed as debt, both above 0";
                Broken::OutOfBounds { value: amount, bound: "at least 0", remedy }
            }
            _ if value_usd > MOST_USD => Broken::TooValuable { amount, value_usd },
            _ => return Some(()),
        };
        row.fault(self.columns.amount, broken, faults);
        None
    }

    /// The price at which a perp was opened.
    fn entry_price(&self, row: &Row<'_>, amount: f64, faults: &mut Faults) -> Option<f64> {
        let Some(column) = self.columns.entry_price else {
            row.missing(ENTRY_PRICE, faults);
            return None;
        };
        let value = row.finite(column, faults)?;
        let broken = if value <= 0.0 {
            let remedy = "write the price in USD at which the perp was opened";
            Broken::OutOfBounds { value, bound: "above 0", remedy }
        } else if amount.abs() * value > MOST_USD {
            Broken::TooValuable { amount, value_usd: amount.abs() * value }
        } else {
            return Some(value);
        };
        row.fault(column, broken, faults);
        None
    }

    /// The position of that name at that venue, a new one if there is none.
    fn position(&mut self, name: &str, venue: VenueId) -> Result<u32, Broken> {
        let positions = &mut self.by_name[venue.idx()];
        if let Some(&position) = positions.get(name) {
            let n_rows = &mut self.n_rows_of[position as usize];
            *n_rows += 1;
            if *n_rows > MOST_ROWS_OF_POSITION {
                let (what, most) = ("rows of one position", MOST_ROWS_OF_POSITION.into());
                let remedy = "add up the rows of each kind and asset";
                return Err(Broken::Limit(Limit::TooMany { what, most, remedy }));
            }
            return Ok(position);
        }
        if let Some(broken) = name_fault(name) {
            return Err(broken);
        }
        if self.venue_of.len() >= MOST_POSITIONS {
            let (what, most) = ("positions", MOST_POSITIONS as u64);
            return Err(Broken::Limit(Limit::TooMany { what, most, remedy: "split the book" }));
        }
        let position = self.venue_of.len() as u32;
        positions.insert(name.into(), position);
        self.venue_of.push(venue);
        self.category_of.push(None);
        self.n_rows_of.push(1);
        Ok(position)
    }

    /// Orders and adds the legs, checks each position, and gives it its name.
    fn close(mut self, table: &Table, faults: &mut Faults) -> Option<(Book, Merged)> {
        // Stable: repeated legs are added in the order of the file.
        self.entries.sort_by_key(|entry| (entry.position, entry.leg.kind, entry.leg.asset));
        let mut names: Vec<Box<str>> = vec![Box::default(); self.venue_of.len()];
        for (name, position) in self.by_name.iter_mut().flat_map(HashMap::drain) {
            names[position as usize] = name;
        }
        let mut book = Book::default();
        book.legs.reserve(self.entries.len());
        let mut merged = Merged::default();
        let mut is_sound = true;
        for entries in self.entries.chunk_by(|a, b| a.position == b.position) {
            let position = entries[0].position as usize;
            let name = std::mem::take(&mut names[position]);
            let leg_start = book.legs.len() as u32;
            let fault = legs::merge(entries, &name, self.assets, &mut book.legs, &mut merged);
            let legs = &book.legs[leg_start as usize..];
            let rule = &self.venues[self.venue_of[position].idx()].rule;
            let fault = fault.or_else(|| legs::refusal(&name, legs, rule));
            if let Some(broken) = fault {
                let first_line = entries.iter().map(|entry| entry.line).min();
                faults.push(table.fault_at(first_line, "position", broken));
                is_sound = false;
            }
            if !legs.is_empty() {
                let (venue, leg_end) = (self.venue_of[position], book.legs.len() as u32);
                let category = self.category_of[position];
                book.positions.push(Position { name, venue, category, leg_start, leg_end });
            }
        }
        is_sound.then_some((book, merged))
    }
}
