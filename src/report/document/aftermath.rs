//! What couples positions: feedback, cascades, backlogs, insurance funds.

use super::{Line, Section, Table, error, interval};
use crate::figures::aftermath::{
    AftermathFigures, BacklogFigures, CascadeFigures, FeedbackFigures, InsuranceFundFigures,
};
use crate::figures::number::{
    count, counted, percent, percent_or_none, significant, usd, usd_or_none,
};
use crate::figures::{FeedbackTiming, Summary};

/// No section where nothing couples positions.
pub(super) fn aftermath(summary: &Summary) -> Vec<Section> {
    let Some(AftermathFigures { cascade, backlog, insurance_funds }) = &summary.aftermath else {
        return Vec::new();
    };
    let feedback = match &summary.feedback {
        Some(feedback) => Some(of_feedback(feedback)),
        None if cascade.feedback_timing.is_some() => {
            let remedy = "what feedback adds is not measured: give --compare-feedback".to_owned();
            Some(Section::untitled(vec![Line::Labelled("Feedback", remedy)]))
        }
        None => None,
    };
    let funds = (!insurance_funds.is_empty()).then(|| of_funds(insurance_funds));
    let sections = feedback.into_iter().chain([of_cascade(cascade), of_backlog(backlog)]);
    sections.chain(funds).collect()
}

fn of_feedback(feedback: &FeedbackFigures) -> Section {
    let factor = feedback.amplification.map_or_else(
        || "nothing is lost without it".to_owned(),
        |factor| format!("{} times", significant(factor, 4)),
    );
    let (with, without) = (usd(feedback.bad_debt_with_usd), usd(feedback.bad_debt_without_usd));
    let interval = interval(feedback.difference_low_usd, feedback.difference_high_usd);
    let error = error(feedback.difference_std_error_usd);
    let difference = usd(feedback.difference_usd);
    let paths = format!(
        "Of {}, {} more with it, {} less",
        counted(feedback.n_paths, "path"),
        lose(feedback.worse_paths),
        count(feedback.better_paths.into()),
    );
    let lines = vec![
        Line::Labelled(
            "Mean bad debt",
            format!("{with} USD with it, {without} USD without: {factor}"),
        ),
        Line::Labelled("Difference", format!("{difference} USD{error} ({interval})")),
        Line::Plain(paths),
    ];
    let title = "What feedback adds: the same paths in markets of finite and infinite depth";
    Section::titled(title, lines)
}

/// So many paths, as the subject of what they do.
fn lose(n_paths: u64) -> String {
    format!("{} {}", count(n_paths.into()), if n_paths == 1 { "loses" } else { "lose" })
}

fn of_cascade(cascade: &CascadeFigures) -> Section {
    let n_events = counted(cascade.largest_step_events.into(), "event");
    let mut lines = vec![Line::Labelled("Largest step", n_events)];
    if cascade.feedback_timing == Some(FeedbackTiming::SameStep) {
        let rounds = format!("{} in one step", cascade.most_rounds);
        let spirals = format!(
            "{} of paths, where sales call for a second round (95 %: {} to {})",
            percent_or_none(cascade.spiral_probability),
            percent_or_none(cascade.spiral_probability_low),
            percent_or_none(cascade.spiral_probability_high),
        );
        lines.push(Line::Labelled("Most rounds", rounds));
        lines.push(Line::Labelled("Spirals", spirals));
    }
    Section::titled("Cascades", lines)
}

fn of_backlog(backlog: &BacklogFigures) -> Section {
    let probability = format!(
        "{} that a path ends with anyone waiting (95 %: {} to {})",
        percent(backlog.probability),
        percent(backlog.probability_low),
        percent(backlog.probability_high),
    );
    let mut lines = vec![Line::Labelled("Probability", probability)];
    if let Some(steps) = backlog.mean_waiting_steps.filter(|steps| *steps > 0.0) {
        let waiting = format!("{} steps from breach to liquidation", significant(steps, 3));
        lines.push(Line::Labelled("Waiting", waiting));
    }
    if backlog.probability != 0.0 {
        let owed = format!(
            "{} USD{} on the mean path ({}), {} USD at most",
            usd(backlog.mean_usd),
            error(backlog.std_error_usd),
            interval(backlog.low_usd, backlog.high_usd),
            usd(backlog.max_usd),
        );
        let n_positions = significant(backlog.mean_positions, 3);
        lines.push(Line::Labelled("They owe", owed));
        lines.push(Line::Labelled("Positions", format!("{n_positions} on the mean path")));
    }
    Section::titled("Who waits for a liquidator at the horizon", lines)
}

fn of_funds(funds: &[InsuranceFundFigures]) -> Section {
    let headings =
        ["venue", "opening", "mean", "s.e.", "1 in 20", "1 in 100", "lowest", "emptied", "95 %"];
    let mut table = Table::new(1, headings);
    for fund in funds {
        let minimum = &fund.path_minimum_usd;
        let (low, high) = (fund.emptied_probability_low, fund.emptied_probability_high);
        let figures = [
            usd(fund.initial_usd),
            usd(minimum.mean),
            usd_or_none(minimum.std_error),
            usd(minimum.p05),
            usd(minimum.p01),
            usd(minimum.lowest),
            percent(fund.emptied_probability),
            format!("{} to {}", percent(low), percent(high)),
        ];
        table.row([fund.venue.clone()], figures);
    }
    let note = "(1 in 20: on one path of 20 a fund falls to that or below)".to_owned();
    Section::titled("Insurance funds, USD: the least that each holds on a path", table)
        .noted([note])
}
