// Twin: src/engine/cpu/marks.rs. Marks of instruments from log prices.

// A row of T_INSTRUMENTS: asset, kind, accrual low and high, shift of the sum.
fn log_mark(instrument: u32, log_q24: i32, step: u32) -> i32 {
    let row = T_INSTRUMENTS + 5u * instrument;
    let accrual = wide(tables[row + 2u], tables[row + 3u]);
    // accrual x (step + 1) + half, modulo 2^64; only the upper word is used.
    let n = step + 1u;
    let low = wide_mul(wide_lo(accrual), n);
    let product = wide_add(low, wide(0u, wide_hi(accrual) * n));
    let grown = wide_add(product, wide(1u << 31u, 0u));
    return log_q24 + bitcast<i32>(wide_hi(grown));
}

fn price_mark(instrument: u32, log_q24: i32, step: u32) -> u32 {
    return mark_of_log(log_mark(instrument, log_q24, step));
}

fn sum_mark(instrument: u32, sum: Wide) -> u32 {
    return wide_lo(wide_shr(sum, tables[T_INSTRUMENTS + 5u * instrument + 4u]));
}
