//! The bounds an input can break: one case each, with what was written, what may be, the remedy.

use super::category_fault::CategoryFault;
use super::gate_fault::GateFault;
use super::limit::Limit;
use super::replay_fault::Unreplayable;
use super::spelling::{Shown, list, suggest, suggest_rename, suggest_rule};
use crate::escape::{CELL_CHARS, cut, line, quoted};
use crate::market::{correlation, factors};

/// The bound that is broken; each case carries what was written and what may be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Broken {
    /// The text is not TOML.
    #[error(
        "is not TOML at column {column}, in `{}`: {}; mend this line",
        line(text),
        line(expected)
    )]
    NotToml {
        /// Column, from 1.
        column: usize,
        /// The line, or its beginning.
        text: String,
        /// What the parser found and expected.
        expected: String,
    },
    /// A key that means nothing here.
    #[error("is not a key that is known here: {}", suggest(key, known))]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that are.
        known: Vec<String>,
    },
    /// A key without which there is no scenario.
    #[error("is missing: {remedy}")]
    MissingKey {
        /// What to write.
        remedy: &'static str,
    },
    /// Text where a number belongs, and the like.
    #[error("= {} is not {expected}: {remedy}", line(value))]
    WrongType {
        /// As written.
        value: String,
        /// What belongs there.
        expected: String,
        /// What to write.
        remedy: &'static str,
    },
    /// NaN, an infinity, or digits beyond what a number holds.
    #[error("= {} is not a finite number: write a finite one", line(&cut(value, CELL_CHARS)))]
    NotFinite {
        /// As written.
        value: String,
    },
    /// A number outside its bound.
    #[error("= {} is not {bound}: {remedy}", Shown(*.value))]
    OutOfBounds {
        /// As written.
        value: f64,
        /// What may be written.
        bound: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A list that is too short or too long.
    #[error("has {n} entries, not {bound}: {remedy}")]
    WrongLength {
        /// Entries as written.
        n: usize,
        /// How many there may be.
        bound: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A list that must rise and does not.
    #[error("= {} is not above {}, the one before: order the list and drop what is double",
        Shown(*.value), Shown(*.before))]
    NotRising {
        /// As written.
        value: f64,
        /// The entry before it.
        before: f64,
    },
    /// A list that may not fall and does.
    #[error("= {} is below {}, the one before: {remedy}", Shown(*.value), Shown(*.before))]
    Falling {
        /// As written.
        value: f64,
        /// The entry before it.
        before: f64,
        /// What to do.
        remedy: &'static str,
    },
    /// Not a number and a unit.
    #[error(
        "= {} is not a duration: write a number that is not negative and one of s m h d w y, \
         as in \"12h\"",
        quoted(text)
    )]
    NotADuration {
        /// As written.
        text: String,
    },
    /// Neither a duration nor the word for none.
    #[error(
        "= {} is not a duration: write a number that is not negative and one of s m h d w y, \
         as in \"6h\", or \"never\"",
        quoted(text)
    )]
    NotAHalfLife {
        /// As written.
        text: String,
    },
    /// A duration outside its bound.
    #[error("= {} is not {}: {remedy}", quoted(text), line(bound))]
    DurationOutOfBounds {
        /// As written.
        text: String,
        /// What may be written.
        bound: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A name that is empty or has blanks around it.
    #[error(
        "= {} is not a name: write at least one character, without blanks around it",
        quoted(name)
    )]
    NotAName {
        /// As written.
        name: String,
    },
    /// A name or pair that was given before.
    #[error("= {} was given before, on line {first_line}: keep one of the two", quoted(name))]
    GivenTwice {
        /// As written.
        name: String,
        /// Where it was given first.
        first_line: u64,
    },
    /// An asset that the scenario lacks.
    #[error(
        "= {} is not an asset of the scenario: add it under [[assets]], or {}",
        quoted(name),
        suggest(name, known)
    )]
    UnknownAsset {
        /// As written.
        name: String,
        /// The assets there are.
        known: Vec<String>,
    },
    /// A venue that the scenario lacks.
    #[error(
        "= {} is not a venue of the scenario: add it under [venues], or {}",
        quoted(name),
        suggest(name, known)
    )]
    UnknownVenue {
        /// As written.
        name: String,
        /// The venues there are.
        known: Vec<String>,
    },
    /// A position in no category of its venue, or in two.
    #[error("{0}")]
    Category(CategoryFault),
    /// A gate or a precision that says nothing.
    #[error("= {} {fault}", quoted(written))]
    NotAGate {
        /// As written.
        written: String,
        /// Why not.
        fault: GateFault,
    },
    /// A rule that does not exist yet.
    #[error("= {} is not a rule: {}", quoted(name), suggest_rule(name, known))]
    UnknownRule {
        /// As written, or the name of a venue that names no rule.
        name: String,
        /// The rules there are.
        known: Vec<String>,
    },
    /// A word that is none of the few that may stand there.
    #[error("= {} is not a word that may stand here: {}", quoted(word), suggest(word, known))]
    UnknownWord {
        /// As written.
        word: String,
        /// The words there are.
        known: Vec<String>,
    },
    /// Two keys of which one excludes the other.
    #[error("cannot stand beside `{other}`: keep one of the two")]
    Exclusive {
        /// The other key.
        other: &'static str,
    },
    /// A pair of an asset with itself.
    #[error("pairs {} with itself, whose correlation is 1: name two assets", quoted(asset))]
    PairOfItself {
        /// The asset.
        asset: String,
    },
    /// Not a correlation matrix.
    #[error("{0}")]
    NotACorrelation(correlation::Refusal),
    /// Not loadings on the factors.
    #[error("{0}")]
    NotLoadings(factors::NoLoadings),
    /// A term that only perpetuals have.
    #[error("is not a term of rule `{rule}`, only of `{owner}`: leave it out")]
    TermOfAnother {
        /// The venue's rule.
        rule: &'static str,
        /// The rule that has it.
        owner: &'static str,
    },
    /// A bonus where the rule alone sets the price.
    #[error("is not a term of rule `{rule}`, which sets the price by itself: leave it out")]
    BonusOfTheRule {
        /// The venue's rule.
        rule: &'static str,
    },
    /// A key of another form of depth.
    #[error(
        "is a key of form `{}`, not of `{form}`: leave it out, or change the form",
        owners.join("` or `")
    )]
    OfAnotherForm {
        /// The form that is written.
        form: &'static str,
        /// The forms that have the key.
        owners: Vec<&'static str>,
    },
    /// A key that means something only where another has a certain value.
    #[error("has a meaning only beside `{other}`: leave it out, or write that")]
    OnlyBeside {
        /// The other key and its value.
        other: &'static str,
    },
    /// A matrix, or a row of it, with not as many parts as assets.
    #[error("has {n} {parts} for {n_assets} assets: write one for each, in their order")]
    NotOneAnAsset {
        /// As written.
        n: usize,
        /// Rows, or the entries of one.
        parts: &'static str,
        /// Assets of the matrix.
        n_assets: usize,
    },
    /// A quoted sale that brings no more than a smaller one.
    #[error(
        "= {} at a slippage of {} brings no more than a smaller sale (slippage is straight between \
         rows, from 0 at 0): lower it, add rows before this one, or end the table with a smaller \
         sale", Shown(*.usd_sold), Shown(*.slippage)
    )]
    WithoutGain {
        /// As written.
        usd_sold: f64,
        /// As written.
        slippage: f64,
    },
    /// A table that cannot be replayed.
    #[error("{0}")]
    Replay(Unreplayable),
    /// Beyond what any input may be.
    #[error("{0}")]
    Limit(Limit),
    /// No such file.
    #[error("does not exist: check the name; paths in a scenario start at the scenario's folder")]
    NoSuchFile,
    /// A folder where a file belongs.
    #[error("is a folder: name a file in it")]
    IsAFolder,
    /// The file cannot be read.
    #[error("cannot be read ({kind}): check its permissions and its disk")]
    Unreadable {
        /// What the system says.
        kind: std::io::ErrorKind,
    },
    /// Text in another encoding.
    #[error("is not UTF-8: save the file as UTF-8")]
    NotUtf8,
    /// A gzip file without its end.
    #[error("ends early inside its gzip stream: copy or download the file again")]
    TruncatedGzip,
    /// A gzip file with wrong bytes.
    #[error("is a gzip file with damaged bytes: copy or download the file again")]
    DamagedGzip,
    /// A file without a header.
    #[error("is empty: write a header line, {columns}, and a row for each entry")]
    Empty {
        /// The header it needs.
        columns: &'static str,
    },
    /// A file of another kind.
    #[error("is {name}, not a table: save it as CSV with a header, {columns}, and a row for each")]
    NotATable {
        /// What it is.
        name: &'static str,
        /// The header it needs.
        columns: &'static str,
    },
    /// A file without rows.
    #[error("has a header but no rows: add the rows")]
    NoRows,
    /// A column that is needed and absent.
    #[error(
        "is a column that is missing (the header has {}): {}",
        list(found),
        suggest_rename(column, found)
    )]
    MissingColumn {
        /// The column.
        column: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// Columns that are needed and absent.
    #[error("are columns that are missing (the header has {}): add or rename them", list(found))]
    MissingColumns {
        /// The columns there are.
        found: Vec<String>,
    },
    /// A column that stands twice in the header.
    #[error("is a column that the header names twice: remove or rename one")]
    DoubleColumn,
    /// A row with more or fewer fields than the header.
    #[error("the row has {n_fields} fields, the header {n_columns}: add or remove separators")]
    RaggedRow {
        /// Fields of the row.
        n_fields: usize,
        /// Fields of the header.
        n_columns: usize,
    },
    /// A field that is no number.
    #[error("= {} is not a number: write digits with a point, as in 1250.5", quoted(text))]
    NotANumber {
        /// As written.
        text: String,
    },
    /// An amount worth more than money can be counted.
    #[error(
        "= {} makes a leg of {} USD, which is not at most 1e15: check the unit of the amount \
         and the price of the asset", Shown(*.amount), Shown(*.value_usd)
    )]
    TooValuable {
        /// Units of the asset.
        amount: f64,
        /// What they are worth.
        value_usd: f64,
    },
    /// Legs of one kind and asset that are together worth more than money can be counted.
    #[error(
        "{} has legs in {} that add up to {} USD, which is not at most 1e15: check the unit of the \
         amounts and the price of the asset", quoted(position), line(asset), Shown(*.value_usd)
    )]
    TooValuableTogether {
        /// The position.
        position: String,
        /// The asset.
        asset: String,
        /// What they are worth together.
        value_usd: f64,
    },
    /// A position that its venue cannot hold.
    #[error("{} {reason}", quoted(position))]
    Refused {
        /// The position.
        position: String,
        /// Why, and the remedy.
        reason: &'static str,
    },
    /// A position with more legs than a path can check exactly.
    #[error(
        "{} has {n_legs} legs, not at most {most}: split it into several positions",
        quoted(position)
    )]
    TooManyLegs {
        /// The position.
        position: String,
        /// Its legs.
        n_legs: usize,
        /// How many there may be.
        most: usize,
    },
    /// A book that cannot lose anything.
    #[error("has neither a debt nor a perp, so nothing can go bad: add the rows of what is owed")]
    NothingOwed,
}
