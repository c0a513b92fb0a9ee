//! What couples positions, told to people: feedback, cascades, backlogs, insurance funds.

use std::io::{self, Write};

use super::table::Table;
use crate::figures::aftermath::{
    AftermathFigures, BacklogFigures, CascadeFigures, FeedbackFigures, InsuranceFundFigures,
};
use crate::figures::number::{
    count, counted, percent, percent_or_none, significant, usd, usd_or_none,
};
use crate::figures::{FeedbackTiming, Summary};

/// Writes nothing where nothing couples positions.
pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let Some(AftermathFigures { cascade, backlog, insurance_funds }) = &summary.aftermath else {
        return Ok(());
    };
    match &summary.feedback {
        Some(feedback) => write_feedback(feedback, out)?,
        None if cascade.feedback_timing.is_some() => writeln!(
            out,
            "\nFeedback          what feedback adds is not measured: give --compare-feedback"
        )?,
        None => {}
    }
    write_cascade(cascade, out)?;
    write_backlog(backlog, out)?;
    write_funds(insurance_funds, out)
}

fn write_feedback(feedback: &FeedbackFigures, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nWhat feedback adds: the same paths in markets of finite and infinite depth")?;
    let factor = feedback.amplification.map_or_else(
        || "nothing is lost without it".to_owned(),
        |factor| format!("{} times", significant(factor, 4)),
    );
    writeln!(
        out,
        "  Mean bad debt   {} USD with it, {} USD without: {factor}",
        usd(feedback.bad_debt_with_usd),
        usd(feedback.bad_debt_without_usd),
    )?;
    let interval = super::interval(feedback.difference_low_usd, feedback.difference_high_usd);
    let error = super::error(feedback.difference_std_error_usd);
    let difference = usd(feedback.difference_usd);
    writeln!(out, "  Difference      {difference} USD{error} ({interval})")?;
    writeln!(
        out,
        "  Of {}, {} more with it, {} less",
        counted(feedback.n_paths, "path"),
        lose(feedback.worse_paths),
        count(feedback.better_paths.into()),
    )
}

/// So many paths, as the subject of what they do.
fn lose(n_paths: u64) -> String {
    format!("{} {}", count(n_paths.into()), if n_paths == 1 { "loses" } else { "lose" })
}

fn write_cascade(cascade: &CascadeFigures, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nCascades")?;
    let n_events = counted(cascade.largest_step_events.into(), "event");
    writeln!(out, "  Largest step    {n_events}")?;
    if cascade.feedback_timing != Some(FeedbackTiming::SameStep) {
        return Ok(());
    }
    writeln!(out, "  Most rounds     {} in one step", cascade.most_rounds)?;
    writeln!(
        out,
        "  Spirals         {} of paths, where sales call for a second round (95 %: {} to {})",
        percent_or_none(cascade.spiral_probability),
        percent_or_none(cascade.spiral_probability_low),
        percent_or_none(cascade.spiral_probability_high),
    )
}

fn write_backlog(backlog: &BacklogFigures, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nWho waits for a liquidator at the horizon")?;
    writeln!(
        out,
        "  Probability     {} that a path ends with anyone waiting (95 %: {} to {})",
        percent(backlog.probability),
        percent(backlog.probability_low),
        percent(backlog.probability_high),
    )?;
    if backlog.probability == 0.0 {
        return Ok(());
    }
    writeln!(
        out,
        "  They owe        {} USD{} on the mean path ({}), {} USD at most",
        usd(backlog.mean_usd),
        super::error(backlog.std_error_usd),
        super::interval(backlog.low_usd, backlog.high_usd),
        usd(backlog.max_usd),
    )?;
    let n_positions = significant(backlog.mean_positions, 3);
    writeln!(out, "  Positions       {n_positions} on the mean path")
}

fn write_funds(funds: &[InsuranceFundFigures], out: &mut dyn Write) -> io::Result<()> {
    if funds.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nInsurance funds, USD: the least that each holds on a path")?;
    let headings =
        ["venue", "opening", "mean", "s.e.", "1 in 20", "1 in 100", "lowest", "emptied", "95 %"];
    let mut table = Table::new(1, &headings);
    for fund in funds {
        let minimum = &fund.path_minimum_usd;
        let (low, high) = (fund.emptied_probability_low, fund.emptied_probability_high);
        table.row([
            fund.venue.clone(),
            usd(fund.initial_usd),
            usd(minimum.mean),
            usd_or_none(minimum.std_error),
            usd(minimum.p05),
            usd(minimum.p01),
            usd(minimum.lowest),
            percent(fund.emptied_probability),
            format!("{} to {}", percent(low), percent(high)),
        ]);
    }
    table.write(out)?;
    writeln!(out, "  (1 in 20: on one path of 20 a fund falls to that or below)")
}
