// Twin: the 64-bit integers of Rust. Every 64-bit operation of the kernels, on pairs of words
// (low, high). `wide_native.wgsl` has the same functions for devices with SHADER_INT64.

alias Wide = vec2<u32>;

fn wide(lo: u32, hi: u32) -> Wide { return vec2<u32>(lo, hi); }
fn wide_lo(a: Wide) -> u32 { return a.x; }
fn wide_hi(a: Wide) -> u32 { return a.y; }

fn wide_of_i32(a: i32) -> Wide {
    return vec2<u32>(bitcast<u32>(a), bitcast<u32>(a >> 31u));
}

fn wide_add(a: Wide, b: Wide) -> Wide {
    let lo = a.x + b.x;
    return vec2<u32>(lo, a.y + b.y + select(0u, 1u, lo < a.x));
}

fn wide_sub(a: Wide, b: Wide) -> Wide {
    return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

fn wide_shl(a: Wide, by: u32) -> Wide {
    if (by == 0u) { return a; }
    if (by >= 32u) { return vec2<u32>(0u, a.x << (by - 32u)); }
    return vec2<u32>(a.x << by, (a.y << by) | (a.x >> (32u - by)));
}

fn wide_shr(a: Wide, by: u32) -> Wide {
    if (by == 0u) { return a; }
    if (by >= 32u) { return vec2<u32>(a.y >> (by - 32u), 0u); }
    return vec2<u32>((a.x >> by) | (a.y << (32u - by)), a.y >> by);
}

fn wide_sar(a: Wide, by: u32) -> Wide {
    let high = bitcast<i32>(a.y);
    if (by == 0u) { return a; }
    if (by >= 32u) { return wide_of_i32(high >> (by - 32u)); }
    return vec2<u32>((a.x >> by) | (a.y << (32u - by)), bitcast<u32>(high >> by));
}

fn wide_below(a: Wide, b: Wide) -> bool {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn wide_below_signed(a: Wide, b: Wide) -> bool {
    return bitcast<i32>(a.y) < bitcast<i32>(b.y) || (a.y == b.y && a.x < b.x);
}

// Schoolbook on 16-bit halves.
fn wide_mul(a: u32, b: u32) -> Wide {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 16u);
    let other = a0 * b1 + (middle & 0xffffu);
    return vec2<u32>(a * b, a1 * b1 + (middle >> 16u) + (other >> 16u));
}

fn wide_mul_mixed(a: i32, b: u32) -> Wide {
    let product = wide_mul(bitcast<u32>(a), b);
    return vec2<u32>(product.x, product.y - select(0u, b, a < 0));
}

fn wide_mul_signed(a: i32, b: i32) -> Wide {
    let product = wide_mul_mixed(a, bitcast<u32>(b));
    return vec2<u32>(product.x, product.y - select(0u, bitcast<u32>(a), b < 0));
}

// A digit of 16 bits of a quotient, from an estimate that is at most 2 too large.
fn wide_digit(top: u32, next: u32, v: u32) -> u32 {
    let v1 = v >> 16u;
    let v0 = v & 0xffffu;
    var digit = top / v1;
    var rest = top - digit * v1;
    if (digit > 0xffffu || digit * v0 > ((rest << 16u) | next)) {
        digit -= 1u;
        rest += v1;
        if (rest <= 0xffffu && (digit > 0xffffu || digit * v0 > ((rest << 16u) | next))) {
            digit -= 1u;
        }
    }
    return digit;
}

// The quotient's low word and the remainder, for a high word below d: Knuth's algorithm D on two
// digits of 16 bits (TAOCP 2, 4.3.1), without a loop.
fn wide_div_step(high: u32, low: u32, d: u32) -> vec2<u32> {
    let shift = countLeadingZeros(d);
    let v = d << shift;
    let numerator = wide_shl(vec2<u32>(low, high), shift);
    let first = wide_digit(numerator.y, numerator.x >> 16u, v);
    let middle = ((numerator.y << 16u) | (numerator.x >> 16u)) - first * v;
    let second = wide_digit(middle, numerator.x & 0xffffu, v);
    let rest = ((middle << 16u) | (numerator.x & 0xffffu)) - second * v;
    return vec2<u32>((first << 16u) + second, rest >> shift);
}

fn wide_div(a: Wide, d: u32) -> Wide {
    let low = wide_div_step(a.y % d, a.x, d).x;
    return vec2<u32>(low, a.y / d);
}

fn wide_rem(a: Wide, d: u32) -> u32 {
    return wide_div_step(a.y % d, a.x, d).y;
}

fn mul_hi(a: u32, b: u32) -> u32 { return wide_mul(a, b).y; }
