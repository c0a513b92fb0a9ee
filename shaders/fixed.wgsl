// Twin: src/fixed.rs. The integer formats and their functions; every one is total.
// NORMAL_TABLE, five words a row, is written by Rust into the tables buffer at T_NORMAL.

fn is_zero(a: Wide) -> bool { return wide_lo(a) == 0u && wide_hi(a) == 0u; }

fn is_negative(a: Wide) -> bool { return bitcast<i32>(wide_hi(a)) < 0; }

fn negate(a: Wide) -> Wide { return wide_sub(wide(0u, 0u), a); }

fn wide_abs(a: Wide) -> Wide {
    if (is_negative(a)) { return negate(a); }
    return a;
}

fn wide_leading_zeros(a: Wide) -> u32 {
    if (wide_hi(a) != 0u) { return countLeadingZeros(wide_hi(a)); }
    return 32u + countLeadingZeros(wide_lo(a));
}

fn saturating_sub(a: Wide, b: Wide) -> Wide {
    if (wide_below(a, b)) { return wide(0u, 0u); }
    return wide_sub(a, b);
}

// The bound that a signed sum has passed which began at a.
fn bound_beyond(a: Wide) -> Wide {
    if (is_negative(a)) { return wide(0u, 1u << 31u); }
    return wide(0xffffffffu, 0x7fffffffu);
}

fn saturating_add_signed(a: Wide, b: Wide) -> Wide {
    let sum = wide_add(a, b);
    if (is_negative(a) == is_negative(b) && is_negative(sum) != is_negative(a)) {
        return bound_beyond(a);
    }
    return sum;
}

fn saturating_sub_signed(a: Wide, b: Wide) -> Wide {
    let left = wide_sub(a, b);
    if (is_negative(a) != is_negative(b) && is_negative(left) != is_negative(a)) {
        return bound_beyond(a);
    }
    return left;
}

fn mul_div(a: Wide, b: u32, d: u32) -> Wide {
    if (d == 0u) { return wide(0xffffffffu, 0xffffffffu); }
    let low = wide_mul(wide_lo(a), b);
    let high = wide_add(wide_mul(wide_hi(a), b), wide(wide_hi(low), 0u));
    let upper = wide_div(high, d);
    if (wide_hi(upper) != 0u) { return wide(0xffffffffu, 0xffffffffu); }
    let rest = wide(wide_lo(low), wide_rem(high, d));
    return wide_add(wide(0u, wide_lo(upper)), wide_div(rest, d));
}

fn scale_q32(a: Wide, fraction: u32) -> Wide {
    let low = wide_mul(wide_lo(a), fraction);
    return wide_add(wide_mul(wide_hi(a), fraction), wide(wide_hi(low), 0u));
}

fn scale_q31(a: Wide, share: u32) -> Wide {
    let low = wide_shr(wide_mul(wide_lo(a), share), 31u);
    return wide_add(wide_shl(wide_mul(wide_hi(a), share), 1u), low);
}

fn scale_q27(a: Wide, factor: u32) -> Wide {
    let low = wide_shr(wide_mul(wide_lo(a), factor), 27u);
    return wide_add(wide_shl(wide_mul(wide_hi(a), factor), 5u), low);
}

fn scale_mark(a: Wide, mark: u32) -> Wide {
    let high = wide_mul(wide_hi(a), mark);
    if ((wide_hi(high) >> 22u) != 0u) { return wide(0u, 1u << 30u); }
    let low = wide_shr(wide_mul(wide_lo(a), mark), 24u);
    return wide_add(wide_shl(high, 8u), low);
}

fn rescale(a: Wide, mantissa: u32, shift: i32) -> Wide {
    let scaled = scale_q32(a, mantissa);
    if (is_zero(scaled) || shift <= -64) { return wide(0u, 0u); }
    if (shift < 0) { return wide_shr(scaled, u32(-shift)); }
    if (i32(wide_leading_zeros(scaled)) <= shift + 1) { return wide(0u, 1u << 30u); }
    return wide_shl(scaled, u32(shift));
}

fn ratio_q32(n: Wide, d: Wide) -> u32 {
    if (wide_lo(d) == 0u && wide_hi(d) == 0u) { return 0u; }
    let cut = 32u - countLeadingZeros(wide_hi(d));
    let top = wide(0u, wide_lo(wide_shr(n, cut)));
    let quotient = wide_div(top, wide_lo(wide_shr(d, cut)));
    return select(wide_lo(quotient), 0xffffffffu, wide_hi(quotient) != 0u);
}

fn weigh(quantity: u32, share: u32) -> u32 {
    let almost = wide((1u << 31u) - 1u, 0u);
    return wide_lo(wide_shr(wide_add(wide_mul(quantity, share), almost), 31u));
}

fn mark_of_log(log_q24: i32) -> u32 {
    let octave = log_q24 >> 24u;
    let fraction = bitcast<u32>(log_q24) << 8u;
    var acc = EXP2_6;
    acc = EXP2_5 + mul_hi(acc, fraction);
    acc = EXP2_4 + mul_hi(acc, fraction);
    acc = EXP2_3 + mul_hi(acc, fraction);
    acc = EXP2_2 + mul_hi(acc, fraction);
    acc = EXP2_1 + mul_hi(acc, fraction);
    let mantissa = EXP2_0 + mul_hi(acc, fraction);
    if (octave > 7) { return 0xffffffffu; }
    if (octave == 7) { return mantissa; }
    if (octave < -25) { return 0u; }
    let doubled = mantissa >> u32(6 - octave);
    return (doubled >> 1u) + (doubled & 1u);
}

fn normal_shock(word: u32) -> i32 {
    let sign = bitcast<u32>(bitcast<i32>(word) >> 31u);
    let odd = ((word ^ sign) << 1u) | 1u;
    let octave = countLeadingZeros(odd);
    let mantissa = odd << octave;
    let segment = (octave << 2u) | ((mantissa >> 29u) & 3u);
    let row = T_NORMAL + NORMAL_WORDS * segment;
    let along = ~(mantissa << 3u);
    var acc = tables[row + NORMAL_FOURTH];
    acc = tables[row + NORMAL_THIRD] + mul_hi(acc, along);
    acc = tables[row + NORMAL_SECOND] + mul_hi(acc, along);
    acc = tables[row + NORMAL_FIRST] + mul_hi(acc, along);
    acc = tables[row + NORMAL_CONSTANT] + mul_hi(acc, along);
    return bitcast<i32>(acc ^ ~sign) - bitcast<i32>(~sign);
}
