// Twin: src/engine/cpu/marks.rs. Marks of instruments from log prices.

// Where the row of an instrument stands in the tables.
fn instrument_at(instrument: u32) -> u32 { return T_INSTRUMENTS + INSTRUMENT_WORDS * instrument; }

fn log_mark(instrument: u32, log_q24: i32, step: u32) -> i32 {
    let accrual = table_wide(instrument_at(instrument) + INSTRUMENT_ACCRUAL);
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
    return wide_lo(wide_shr(sum, tables[instrument_at(instrument) + INSTRUMENT_SUM_SHIFT]));
}
