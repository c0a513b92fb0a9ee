// Twin: src/market/rng.rs. Philox4x32-10: (seed, path, step, block) to four words; no state, ever.

fn philox4x32(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var turn = 0u; turn < 10u; turn += 1u) {
        let high_0 = mul_hi(MULTIPLIER_0, c.x);
        let low_0 = MULTIPLIER_0 * c.x;
        let high_1 = mul_hi(MULTIPLIER_1, c.z);
        let low_1 = MULTIPLIER_1 * c.z;
        c = vec4<u32>(high_1 ^ c.y ^ k.x, low_1, high_0 ^ c.w ^ k.y, low_0);
        k += vec2<u32>(WEYL_0, WEYL_1);
    }
    return c;
}

fn words(seed: vec2<u32>, path: vec2<u32>, step: u32, block: u32) -> vec4<u32> {
    return philox4x32(vec4<u32>(path, step, block), seed);
}
