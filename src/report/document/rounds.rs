//! Liquidations of a coupled path told to people: what each round sold at which price, who was
//! liquidated, whom that made worse, and which were left.

use std::collections::{BTreeMap, BTreeSet};

use super::{Section, Table, rest};
use crate::figures::number::{counted, percent_or_none, significant, usd};
use crate::report::explain::{
    Explanation, ToldCoupling, ToldLiquidation, ToldRound, ToldSale, Untaken,
};

/// Rows of a table shown; JSON has all.
pub(super) const N_ROWS: usize = 40;

/// The rounds, then the liquidations in them.
pub(super) fn rounds(told: &Explanation, rounds: &[ToldRound]) -> Vec<Section> {
    if told.events.is_empty() {
        return vec![Section::line("No position is liquidated.")];
    }
    let coupled: Vec<(&ToldLiquidation, &ToldCoupling)> = told
        .events
        .iter()
        .filter_map(|event| event.coupling.as_ref().map(|coupling| (event, coupling)))
        .collect();
    let (mut untaken, taken): (Vec<_>, Vec<_>) =
        coupled.into_iter().partition(|(_, coupling)| coupling.untaken.is_some());
    // Who is taken in a later round of the same step did not wait.
    let place =
        |event: &ToldLiquidation| (event.step_idx, event.position.clone(), event.venue.clone());
    let soon: BTreeSet<_> = taken.iter().map(|(event, _)| place(event)).collect();
    untaken.retain(|(event, _)| !soon.contains(&place(event)));
    let sections =
        [of_rounds(told, rounds), of_taken(&taken), of_toxic(&taken), of_untaken(&untaken)];
    sections.into_iter().flatten().collect()
}

fn of_rounds(told: &Explanation, rounds: &[ToldRound]) -> Option<Section> {
    if rounds.is_empty() {
        return None;
    }
    let sales = || rounds.iter().flat_map(|round| &round.sales);
    // Venues that read the market itself need no column.
    let is_read_late = sales().any(|sale| sale.read_usd != sale.price_usd);
    let mut headings = vec![
        "step", "after", "round", "events", "asset", "sold", "price", "by sales", "next",
        "by sales",
    ];
    if is_read_late {
        headings.push("venues read");
    }
    let mut table = Table::new(0, headings);
    let mut n_rows = 0;
    for round in rounds {
        let when = [
            round.step_idx.to_string(),
            told.when(round.step_idx),
            round.round_idx.to_string(),
            round.n_events.to_string(),
        ];
        n_rows += round.sales.len().max(1);
        if n_rows > N_ROWS {
            continue;
        }
        if round.sales.is_empty() {
            table.row([], when.into_iter().chain(["none".to_owned(), usd(0.0)]));
            continue;
        }
        for sale in &round.sales {
            let read = is_read_late.then(|| significant(sale.read_usd, 6));
            table.row([], when.iter().cloned().chain(told_sale(sale)).chain(read));
        }
    }
    let bought = sales().any(|sale| sale.sold_usd < 0.0);
    let bought = bought.then(|| "(less than 0: bought)".to_owned());
    let title =
        "Rounds: USD sold at the price of the round's beginning, and how far sales moved prices";
    Some(Section::titled(title, table).noted(bought).noted(rest(n_rows, N_ROWS)))
}

fn told_sale(sale: &ToldSale) -> [String; 6] {
    let none = || "n/a".to_owned();
    [
        sale.asset.clone(),
        usd(sale.sold_usd),
        significant(sale.price_usd, 6),
        change(sale.impact),
        sale.price_after_usd.map_or_else(none, |price| significant(price, 6)),
        sale.impact_after.map_or_else(none, change),
    ]
}

/// A change of a price, a share, as a percentage with its sign.
pub(super) fn change(share: f64) -> String {
    // Less than what is shown is none, and has no sign.
    let percent = if share.abs() < 0.000_05 { 0.0 } else { share * 100.0 };
    if percent == 0.0 { "0.0 %".to_owned() } else { format!("{percent:+.2} %") }
}

fn of_taken(taken: &[(&ToldLiquidation, &ToldCoupling)]) -> Option<Section> {
    if taken.is_empty() {
        return None;
    }
    let headings = [
        "position",
        "venue",
        "step",
        "round",
        "repaid",
        "seized",
        "written off",
        "debt left",
        "debt / coll.",
        "after",
    ];
    let mut table = Table::new(2, headings);
    for (event, coupling) in taken.iter().take(N_ROWS) {
        let names = [event.position.clone(), event.venue.clone()];
        let figures = [
            event.step_idx.to_string(),
            coupling.round_idx.to_string(),
            usd(event.repaid_usd),
            usd(event.seized_usd),
            usd(event.written_off_usd),
            usd(event.debt_left_usd),
            percent_or_none(coupling.loan_to_value_before),
            percent_or_none(coupling.loan_to_value_after),
        ];
        table.row(names, figures);
    }
    let title = "Liquidations, USD at the time; debt / collateral as the venue reads prices";
    Some(Section::titled(title, table).noted(rest(taken.len(), N_ROWS)))
}

/// Each position where a liquidation first made it worse.
fn of_toxic(taken: &[(&ToldLiquidation, &ToldCoupling)]) -> Option<Section> {
    let mut firsts: Vec<&(&ToldLiquidation, &ToldCoupling)> = Vec::new();
    for toxic in taken.iter().filter(|(_, coupling)| coupling.is_toxic) {
        let of = |event: &ToldLiquidation| (event.position.clone(), event.venue.clone());
        if firsts.iter().all(|(event, _)| of(event) != of(toxic.0)) {
            firsts.push(toxic);
        }
    }
    if firsts.is_empty() {
        return None;
    }
    let headings =
        ["position", "venue", "from step", "round", "debt / coll.", "1 / (1 + bonus)", "after"];
    let mut table = Table::new(2, headings);
    for (event, coupling) in firsts.iter().take(N_ROWS) {
        let names = [event.position.clone(), event.venue.clone()];
        let figures = [
            event.step_idx.to_string(),
            coupling.round_idx.to_string(),
            percent_or_none(coupling.loan_to_value_before),
            percent_or_none(coupling.toxic_loan_to_value),
            percent_or_none(coupling.loan_to_value_after),
        ];
        table.row(names, figures);
    }
    let title = "Toxic: debt / collateral was at or above 1 / (1 + bonus), so every further call \
                 makes it worse";
    Some(Section::titled(title, table).noted(rest(firsts.len(), N_ROWS)))
}

/// Each position that was breached and not taken, once, however often it was offered.
fn of_untaken(untaken: &[(&ToldLiquidation, &ToldCoupling)]) -> Option<Section> {
    if untaken.is_empty() {
        return None;
    }
    // By place of the first offer, so that positions come in the order of time.
    let mut offers: BTreeMap<usize, Offered<'_>> = BTreeMap::new();
    let mut first_of: BTreeMap<(&str, &str, Untaken), usize> = BTreeMap::new();
    for (place, (event, coupling)) in untaken.iter().enumerate() {
        let Some(why) = coupling.untaken else { continue };
        let first = *first_of.entry((&event.position, &event.venue, why)).or_insert(place);
        let offered =
            offers.entry(first).or_insert(Offered { event, why, last: event.step_idx, n: 0 });
        offered.last = event.step_idx;
        offered.n += 1;
    }
    let headings = ["position", "venue", "from step", "to step", "offered", "debt, USD", "why"];
    let mut table = Table::new(2, headings);
    for Offered { event, why, last, n } in offers.values().take(N_ROWS) {
        let names = [event.position.clone(), event.venue.clone()];
        let figures = [
            event.step_idx.to_string(),
            last.to_string(),
            counted(*n, "time"),
            usd(event.debt_left_usd),
            reason(*why).to_owned(),
        ];
        table.row(names, figures);
    }
    let title = "Breached, and not liquidated in the whole step";
    Some(Section::titled(title, table).noted(rest(offers.len(), N_ROWS)))
}

/// A position that no liquidator took, for one reason.
struct Offered<'a> {
    event: &'a ToldLiquidation,
    why: Untaken,
    /// The last step of it.
    last: usize,
    n: u64,
}

fn reason(why: Untaken) -> &'static str {
    match why {
        Untaken::NoRoom => "no room left in the step",
        Untaken::NoCapital => "no capital left",
        Untaken::Declined => "declined",
        Untaken::DeclinedOrNoCapital => "declined or no capital left",
        Untaken::NotAllowed => "the rule allows none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::format::{Answer, text};

    fn written(told: &Explanation) -> String {
        text::written(&Answer::Path(told))
    }

    #[test]
    fn a_coupled_path_is_golden_and_fits_a_hundred_columns() {
        let text = written(&fixture::coupled_explanation());
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_path_of_positions_that_are_not_coupled_is_golden() {
        insta::assert_snapshot!(written(&fixture::explanation()));
    }

    #[test]
    fn a_position_that_is_offered_again_and_again_has_one_row() {
        let told = fixture::coupled_explanation();
        let is_declined = |event: &&ToldLiquidation| {
            event.coupling.is_some_and(|it| it.untaken == Some(Untaken::Declined))
        };
        assert_eq!(told.events.iter().filter(is_declined).count(), 2);
        let text = written(&told);
        let rows: Vec<&str> = text.lines().filter(|line| line.ends_with("  declined")).collect();
        assert!(rows.len() == 1 && rows[0].contains("2 times"), "{text}");
    }

    #[test]
    fn a_change_too_small_to_show_has_no_sign() {
        let told = [0.0, -0.00004, 0.00004, -0.0741, 0.125].map(change);
        assert_eq!(told, ["0.0 %", "0.0 %", "0.0 %", "-7.41 %", "+12.50 %"]);
    }
}
