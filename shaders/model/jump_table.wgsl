// Twin: src/market/model/jump_table.rs. Poisson counts and compound normal jumps as tables.

fn jump_count(word: u32, thresholds: u32, n_thresholds: u32) -> u32 {
    var count = 0u;
    while (count < n_thresholds && word >= tables[thresholds + count]) { count += 1u; }
    return count;
}

// The sum of `count` >= 1 jumps.
fn jump_size(count: u32, word: u32, sizes: JumpSizesRow) -> Wide {
    let nth = count - 1u;
    let deviation = bitcast<i32>(tables[sizes.deviations + nth]);
    let product = wide_mul_signed(deviation, normal_shock(word));
    let mean = table_wide(sizes.means + WIDE_WORDS * nth);
    return wide_add(mean, round_shift(product, sizes.shift));
}
