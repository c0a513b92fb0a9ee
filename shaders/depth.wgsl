// Twin: src/market/depth/curve.rs, and what reads it in src/program/liquidity.rs. Any form of depth
// as quadratics over rows of rising size; sizes are Q7.56.

struct Place {
    row: u32,
    along: Wide,
    share: u32,
}

const FIRST_BITS: u32 = SIZE_BITS - 32u;

fn asset_row(asset: u32) -> AssetRow { return load_asset(T_ASSETS + ASSET_WORDS * asset); }

// Where the row of a band stands in the tables.
fn band_at(band: u32) -> u32 { return T_BANDS + BAND_WORDS * band; }

fn band_row(band: u32) -> BandRow { return load_band(band_at(band)); }

// The half of a curve that a size lies on, by its sign.
fn curve_row(curve: u32, is_bought: bool, row: u32) -> CurveRow {
    let half = 2u * curve + select(0u, 1u, is_bought);
    return load_curve(T_CURVES + CURVE_WORDS * (half * CURVE_ROWS + row));
}

// Where a size stands: its row, how far beyond the row's beginning, and that as a share, Q0.32.
fn place_of(size: Wide) -> Place {
    let octave = 63u - min(wide_leading_zeros(size), 63u);
    if (octave < FIRST_BITS) {
        return Place(0u, size, wide_lo(wide_shl(size, 32u - FIRST_BITS)));
    }
    let width = octave - ROW_BITS;
    let upper = wide_shr(size, width);
    let along = wide_sub(size, wide_shl(upper, width));
    var share = wide_lo(wide_shl(along, 32u - min(width, 32u)));
    if (width >= 32u) { share = wide_lo(wide_shr(along, width - 32u)); }
    let row = 1u + ((octave - FIRST_BITS) << ROW_BITS) + wide_lo(upper) - (1u << ROW_BITS);
    return Place(row, along, share);
}

// floor(a s / 2^32).
fn bent(a: i32, share: u32) -> i32 { return bitcast<i32>(wide_hi(wide_mul_mixed(a, share))); }

// |size|, at most 2^63 less the last bit.
fn absolute_size(size: Wide) -> Wide {
    let most = wide(0xffffffffu, 0x7fffffffu);
    if (wide_below(most, wide_abs(size))) { return most; }
    return wide_abs(size);
}

// What selling (or buying) a size pays in all, Q7.56 at the price of rest.
fn worth(curve: u32, size: Wide) -> Wide {
    let at = place_of(absolute_size(size));
    let row = curve_row(curve, is_negative(size), at.row);
    let mean = row.price + bitcast<u32>(bent(row.bend, at.share));
    let paid = wide_add(wide_of(row.paid), scale_q27(at.along, mean));
    // Both terms are below 2^63.
    if (is_negative(paid)) { return wide(0xffffffffu, 0x7fffffffu); }
    return paid;
}

// Change of an asset's own log2 price by a size that was sold (negative: bought), Q8.24.
fn displacement(curve: u32, size: Wide) -> i32 {
    let at = place_of(absolute_size(size));
    let row = curve_row(curve, is_negative(size), at.row);
    let slope = row.log_slope + bent(row.log_bend, at.share);
    let moved = bitcast<i32>(row.log) + bent(slope, at.share);
    return select(-moved, moved, is_negative(size));
}

// What all sales up to a size have brought, money, at a mark of rest.
fn brought(curve: u32, band: BandRow, mark: u32, size: Wide) -> Wide {
    let paid = worth(curve, size);
    let money = scale_mark(rescale(paid, band.money_mantissa, band.money_shift), mark);
    if (is_negative(size)) { return negate(money); }
    return money;
}

// Money of opening value as a size; the sign stays.
fn band_size(band: BandRow, flow: Wide) -> Wide {
    let size = rescale(wide_abs(flow), band.size_mantissa, band.size_shift);
    if (is_negative(flow)) { return negate(size); }
    return size;
}

// The band that a fall of the log2 price from its highest lies in.
fn band_of_fall(asset: AssetRow, fall: u32) -> u32 {
    var band = asset.band_start;
    for (var idx = 1u; idx < asset.n_bands; idx += 1u) {
        if (tables[band_at(asset.band_start + idx) + BAND_FALL] <= fall) {
            band = asset.band_start + idx;
        }
    }
    return band;
}
