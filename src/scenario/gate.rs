//! Gates, `es99 > 2.5e6`, and precisions, `es99 rel 1%`: one grammar for the file and the flags.

use super::bounds::MOST_ENTRIES;
use super::error::{Broken, Fault, Faults, Place};
use super::file::GateEntry;
pub use super::gate_fault::GateFault;
use super::written::Node;
use crate::book::venue::Venue;
use crate::figures::gate::DELTA;
use crate::figures::{Comparison, Figure, Gate, Parameters, Precision, Quantity, Target, Unit};

/// What tells the figures of a scenario's report apart.
pub(super) fn parameters<'a>(levels: &'a [f64], venues: &'a [Venue]) -> Parameters<'a> {
    let has_fund = |venue: &&Venue| venue.rule.liquidation().insurance_fund() != (0.0, 0.0);
    let funds = venues.iter().filter(has_fund).map(|venue| &*venue.name);
    Parameters { levels, funds: funds.collect(), ..Parameters::default() }
}

/// The gates of the file, then those of the command line.
pub(super) fn read(
    node: &Node<'_>,
    flags: &[String],
    known: &Parameters<'_>,
    faults: &mut Faults,
) -> Vec<Gate> {
    if node.is_written() && !node.is_list() {
        let (value, expected) = ("this".to_owned(), "a list of gates".to_owned());
        let remedy = "write [[gate]] before each, and fail_on = \"es99 > 2.5e6\" below it";
        faults.push(node.fault(Broken::WrongType { value, expected, remedy }));
    }
    let mut gates = Vec::new();
    if !node.has_at_most(MOST_ENTRIES, faults) {
        return gates;
    }
    for node in node.entries() {
        let Some(GateEntry { fail_on }) = node.read(faults) else { continue };
        match parse_gate(&fail_on, known) {
            Ok(gate) => gates.push(gate),
            Err(fault) => {
                faults
                    .push(node.get("fail_on").fault(Broken::NotAGate { written: fail_on, fault }));
            }
        }
    }
    let of_flag = |written: &String| match parse_gate(written, known) {
        Ok(gate) => Some(gate),
        Err(fault) => {
            faults.push(at_flag("--fail-on", written, fault));
            None
        }
    };
    gates.extend(flags.iter().filter_map(of_flag));
    gates
}

/// The precision that the command line asks for.
pub(super) fn read_precision(
    written: &str,
    known: &Parameters<'_>,
    faults: &mut Faults,
) -> Option<Precision> {
    match parse_precision(written, known) {
        Ok(precision) => Some(precision),
        Err(fault) => {
            faults.push(at_flag("--until", written, fault));
            None
        }
    }
}

fn at_flag(flag: &str, written: &str, fault: GateFault) -> Fault {
    let place = Place { key: flag.to_owned(), ..Place::default() };
    Fault { place, broken: Broken::NotAGate { written: written.to_owned(), fault } }
}

/// Reads `FIGURE > BOUND`.
pub(super) fn parse_gate(written: &str, known: &Parameters<'_>) -> Result<Gate, GateFault> {
    // The bound holds none of these signs, and the name of a venue may.
    let at = written.rfind(['<', '>', '=']).ok_or(GateFault::NotAGate)?;
    let (left, text) = (&written[..=at], written[at + 1..].trim());
    let found = Comparison::ALL.iter().find(|(sign, _)| left.ends_with(sign));
    let (sign, comparison) = *found.ok_or(GateFault::NotAGate)?;
    let name = left[..left.len() - sign.len()].trim();
    let quantity = match name.strip_prefix(DELTA) {
        Some(figure) => Quantity::Delta(figure_named(figure, DELTA, known)?),
        None => Quantity::Figure(figure_named(name, "", known)?),
    };
    let bound = bound_of(&quantity, text)?;
    let written = format!("{name} {sign} {text}");
    Ok(Gate { quantity, comparison, bound, written })
}

/// The bound as written, in the figure's unit.
fn bound_of(quantity: &Quantity, text: &str) -> Result<f64, GateFault> {
    let Number { value, is_percent } = Number::parse(text)?;
    let (unit, figure, text) = (quantity.figure().row.unit, quantity.to_string(), text.to_owned());
    if unit != Unit::Share {
        let fault = GateFault::PercentOfNoShare { figure, text, unit };
        return if is_percent { Err(fault) } else { Ok(value) };
    }
    let least = if matches!(quantity, Quantity::Delta(_)) { -1.0 } else { 0.0 };
    let is_share = (least..=1.0).contains(&value);
    if is_share { Ok(value) } else { Err(GateFault::ShareOutside { figure, text }) }
}

/// Reads `FIGURE rel SHARE` or `FIGURE abs HALF_WIDTH`.
pub(super) fn parse_precision(
    written: &str,
    known: &Parameters<'_>,
) -> Result<Precision, GateFault> {
    // From the end, since the name of a venue may hold blanks.
    let (left, text) = split_last_word(written).ok_or(GateFault::NotAPrecision)?;
    let (name, kind) = split_last_word(left).ok_or(GateFault::NotAPrecision)?;
    let name = name.trim();
    let nothing = || GateFault::NothingToNarrow { name: name.to_owned() };
    let is_relative = match kind {
        "rel" => true,
        "abs" => false,
        _ => return Err(GateFault::NotAPrecision),
    };
    if name.starts_with(DELTA) {
        return Err(nothing());
    }
    let figure = figure_named(name, "", known)?;
    if figure.row.is_exact() {
        return Err(nothing());
    }
    let half_width = if is_relative {
        Number::parse(text)?.value
    } else {
        bound_of(&Quantity::Figure(figure.clone()), text)?
    };
    if half_width <= 0.0 || (is_relative && half_width > 1.0) {
        return Err(GateFault::HalfWidthOutside { text: text.to_owned(), is_relative });
    }
    let target =
        if is_relative { Target::Relative(half_width) } else { Target::Absolute(half_width) };
    Ok(Precision { written: format!("{figure} {kind} {text}"), figure, target })
}

/// What stands before the last word, and that word.
fn split_last_word(text: &str) -> Option<(&str, &str)> {
    text.trim().rsplit_once(char::is_whitespace)
}

fn figure_named(name: &str, prefix: &str, known: &Parameters<'_>) -> Result<Figure, GateFault> {
    let is_known = |figure: &Figure| prefix.is_empty() || figure.row.has_delta();
    if let Some(figure) = Figure::named(name, known).filter(is_known) {
        return Ok(figure);
    }
    let all: Vec<Figure> = Figure::gates(known).into_iter().filter(is_known).collect();
    let shown = |figure: &Figure| format!("{prefix}{figure}");
    let level = Figure::level_named(name);
    let name = format!("{prefix}{name}");
    Err(match level {
        Some(level) => {
            let known = all.iter().filter(|it| it.level().is_some()).map(shown).collect();
            GateFault::LevelNotReported { name, level, known }
        }
        None => GateFault::UnknownFigure { name, known: all.iter().map(shown).collect() },
    })
}

/// A number as people write it: `2.5e6`, `2_500_000` or `5%`.
struct Number {
    value: f64,
    is_percent: bool,
}

impl Number {
    fn parse(text: &str) -> Result<Self, GateFault> {
        let not_a_number = || GateFault::NotANumber { text: text.to_owned() };
        let (digits, is_percent) = match text.strip_suffix('%') {
            Some(digits) => (digits.trim_end(), true),
            None => (text, false),
        };
        let is_between_digits = |at: usize| {
            let is_digit = |at: Option<usize>| {
                at.and_then(|at| digits.as_bytes().get(at)).is_some_and(u8::is_ascii_digit)
            };
            is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))
        };
        // Words such as "inf" and "nan" are numbers to the parser of floats.
        let is_number = digits.bytes().all(|it| it.is_ascii_digit() || b"+-._eE".contains(&it));
        if !is_number || !digits.match_indices('_').all(|(at, _)| is_between_digits(at)) {
            return Err(not_a_number());
        }
        let value: f64 = digits.replace('_', "").parse().map_err(|_| not_a_number())?;
        let value = if is_percent { value / 100.0 } else { value };
        if value.is_finite() { Ok(Self { value, is_percent }) } else { Err(not_a_number()) }
    }
}

#[cfg(test)]
mod tests;
