// Twin: the 64-bit integers of Rust. Every 64-bit operation of the kernels, on native 64-bit words.
// `wide_emulated.wgsl` has the same functions on pairs of words, for devices without SHADER_INT64.

alias Wide = u64;

fn wide(lo: u32, hi: u32) -> Wide { return u64(lo) | (u64(hi) << 32u); }
fn wide_lo(a: Wide) -> u32 { return u32(a & 0xfffffffflu); }
fn wide_hi(a: Wide) -> u32 { return u32(a >> 32u); }
fn wide_of_i32(a: i32) -> Wide { return bitcast<u64>(i64(a)); }
fn wide_add(a: Wide, b: Wide) -> Wide { return a + b; }
fn wide_sub(a: Wide, b: Wide) -> Wide { return a - b; }
fn wide_shl(a: Wide, by: u32) -> Wide { return a << by; }
fn wide_shr(a: Wide, by: u32) -> Wide { return a >> by; }
fn wide_sar(a: Wide, by: u32) -> Wide { return bitcast<u64>(bitcast<i64>(a) >> by); }
fn wide_below(a: Wide, b: Wide) -> bool { return a < b; }
fn wide_below_signed(a: Wide, b: Wide) -> bool { return bitcast<i64>(a) < bitcast<i64>(b); }
fn wide_mul(a: u32, b: u32) -> Wide { return u64(a) * u64(b); }
fn wide_mul_signed(a: i32, b: i32) -> Wide { return bitcast<u64>(i64(a) * i64(b)); }
fn wide_mul_mixed(a: i32, b: u32) -> Wide { return bitcast<u64>(i64(a)) * u64(b); }
fn wide_div(a: Wide, d: u32) -> Wide { return a / u64(d); }
fn wide_rem(a: Wide, d: u32) -> u32 { return u32(a % u64(d)); }
fn mul_hi(a: u32, b: u32) -> u32 { return u32((u64(a) * u64(b)) >> 32u); }
