// Twin: src/market/model/jump_table.rs. Poisson counts and compound normal jumps as tables.

fn jump_count(word: u32, thresholds: u32, n_thresholds: u32) -> u32 {
    var count = 0u;
    while (count < n_thresholds && word >= tables[thresholds + count]) { count += 1u; }
    return count;
}

// The sum of `count` >= 1 jumps; `row` holds offsets of means and deviations, and the shift.
fn jump_size(count: u32, word: u32, row: u32) -> Wide {
    let mean = tables[row] + 2u * (count - 1u);
    let deviation = bitcast<i32>(tables[tables[row + 1u] + count - 1u]);
    let product = wide_mul_signed(deviation, normal_shock(word));
    return wide_add(wide(tables[mean], tables[mean + 1u]), round_shift(product, tables[row + 2u]));
}
