//! `[market.depth]`: what selling an asset costs, and how its market recovers.

use super::around::Around;
use super::assets::check_keys;
use super::duration;
use super::error::{Broken, Faults};
use super::file::{BandEntry, DepthEntry, FormName};
use super::legs::usd;
use super::quotes;
use super::rounding::{self, Time};
use super::written::{Bounds, Node};
use crate::market::depth::{ConstantProduct, Depth, DepthBand, DepthForm, PowerLaw};
use crate::units::AssetId;

/// The most bands of a fall.
pub(crate) const MOST_BANDS: usize = 16;
/// A half-life without end.
const NEVER: &str = "never";

const RESERVE: Bounds = usd("write the value of either reserve at opening in USD, 20e6");
const AT_USD: Bounds = usd("write how many USD at opening move the price by `impact`, 10e6");
const IMPACT: Bounds = Bounds {
    low: 1e-6,
    high: 0.99,
    bound: "between 1e-6 and 0.99",
    remedy: "write how far selling `at_usd` moves the price, 0.1 for 10 %",
};
const FEE: Bounds = Bounds {
    low: 0.0,
    high: 0.5,
    bound: "between 0 and 0.5",
    remedy: "write the share of a sale that goes to the market's makers, 0.003 for 0.3 %",
};
const PERMANENT: Bounds = Bounds {
    low: 0.0,
    high: 1.0,
    bound: "between 0 and 1",
    remedy: "write the share of a sale's move that stays for good, 0.3 for 30 %",
};
const SHARE_LEFT: Bounds = Bounds {
    low: 1e-6,
    high: 1.0,
    bound: "between 1e-6 and 1",
    remedy: "write the share of the depth that is left, 0.4 for 40 %",
};

/// Keys that only some forms have: the key, its forms, and what to write where it is missing.
const KEYS_OF_FORMS: [(&str, &[FormName], &str); 4] = [
    ("reserve_usd", &[FormName::ConstantProduct], RESERVE.remedy),
    ("impact", &[FormName::SquareRoot, FormName::Linear], IMPACT.remedy),
    ("at_usd", &[FormName::SquareRoot, FormName::Linear], AT_USD.remedy),
    ("quotes", &[FormName::Table], "write the path of a table, quotes = \"quotes.csv\""),
];

impl FormName {
    /// As it stands in a file.
    fn name(self) -> &'static str {
        match self {
            Self::ConstantProduct => "constant-product",
            Self::SquareRoot => "square-root",
            Self::Linear => "linear",
            Self::Table => "table",
        }
    }
}

/// The depths in the order of the assets; `None` where one cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Vec<Depth>> {
    check_keys(node, around.assets, faults).then_some(())?;
    let mut depths = Vec::new();
    for (asset, id) in around.assets.iter().zip((0..).map(AssetId)) {
        let node = node.get(&asset.name);
        if node.is_written() {
            depths.push(read_one(&node, id, around, notes, faults));
        }
    }
    depths.into_iter().collect()
}

fn read_one(
    node: &Node<'_>,
    asset: AssetId,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Depth> {
    let entry: DepthEntry = node.read(faults)?;
    node.get("fee").check(entry.fee, &FEE, faults);
    node.get("permanent").check(entry.permanent, &PERMANENT, faults);
    let half_life_node = &node.get("half_life");
    let half_life_years = read_half_life(half_life_node, &entry.half_life, faults);
    if let Some(years) = half_life_years {
        let half_life = Time { node: half_life_node, text: &entry.half_life, years };
        rounding::tell_half_life(&half_life, around.run, notes);
    }
    check_bands(&node.get("by_drawdown"), &entry.by_drawdown, faults);
    let form = read_form(node, &entry, around, notes, faults);
    let bands = entry.by_drawdown.iter();
    Some(Depth {
        asset,
        form: form?,
        fee: entry.fee,
        permanent: entry.permanent,
        half_life_years: half_life_years?,
        by_drawdown: bands.map(|band| DepthBand { fall: band.fall, share: band.depth }).collect(),
    })
}

/// The form and the keys that it needs; those of another form are told.
fn read_form(
    node: &Node<'_>,
    entry: &DepthEntry,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<DepthForm> {
    let Some(form) = entry.form else {
        let remedy = "write form = \"constant-product\", \"square-root\", \"linear\" or \"table\"";
        faults.push(node.get("form").fault(Broken::MissingKey { remedy }));
        return None;
    };
    for (key, owners, remedy) in KEYS_OF_FORMS {
        let node = node.get(key);
        if owners.contains(&form) && !node.is_written() {
            faults.push(node.fault(Broken::MissingKey { remedy }));
        } else if !owners.contains(&form) && node.is_written() {
            let owners = owners.iter().map(|owner| owner.name()).collect();
            faults.push(node.fault(Broken::OfAnotherForm { form: form.name(), owners }));
        }
    }
    let mut checked = |key, value: Option<f64>, bounds: &Bounds| {
        node.get(key).check(value?, bounds, faults);
        value
    };
    match form {
        FormName::ConstantProduct => {
            let reserve_usd = checked("reserve_usd", entry.reserve_usd, &RESERVE)?;
            Some(DepthForm::ConstantProduct(ConstantProduct { reserve_usd }))
        }
        FormName::SquareRoot | FormName::Linear => {
            let impact = checked("impact", entry.impact, &IMPACT);
            let at_usd = checked("at_usd", entry.at_usd, &AT_USD);
            let is_linear = form == FormName::Linear;
            Some(DepthForm::PowerLaw(PowerLaw { is_linear, impact: impact?, at_usd: at_usd? }))
        }
        FormName::Table => {
            let named = entry.quotes.as_ref()?;
            let source = around.reach.find(&node.get("quotes"), named, faults)?;
            quotes::read(&source, notes, faults).map(DepthForm::Quotes)
        }
    }
}

/// The years of a half-life: infinite for "never".
fn read_half_life(node: &Node<'_>, text: &str, faults: &mut Faults) -> Option<f64> {
    if text == NEVER {
        return Some(f64::INFINITY);
    }
    let years = duration::years(text);
    if years.is_none() {
        faults.push(node.fault(Broken::NotAHalfLife { text: text.to_owned() }));
    }
    years
}

fn check_bands(node: &Node<'_>, bands: &[BandEntry], faults: &mut Faults) {
    if bands.len() > MOST_BANDS {
        let (n, remedy) = (bands.len(), "join bands that differ little");
        faults.push(node.fault(Broken::WrongLength { n, bound: "at most 16", remedy }));
    }
    for (idx, band) in bands.iter().enumerate() {
        let (node, value) = (node.at(idx), band.fall);
        if !(0.0 < value && value < 1.0) {
            let bound = "above 0 and below 1";
            let remedy = "write the fall from the highest price, 0.3 for 30 %";
            faults.push(node.get("fall").fault(Broken::OutOfBounds { value, bound, remedy }));
        } else if idx > 0 && value <= bands[idx - 1].fall {
            let broken = Broken::NotRising { value, before: bands[idx - 1].fall };
            faults.push(node.get("fall").fault(broken));
        }
        node.get("depth").check(band.depth, &SHARE_LEFT, faults);
    }
}
