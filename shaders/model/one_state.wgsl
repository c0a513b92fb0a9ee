// No twin: a market without a climate has one state, whose tables begin at 0.

fn draw_climate(path: vec2<u32>, start: u32, n_steps: u32, lane: u32) {}

fn enter_climate(offset: u32) {}

fn in_climate(n_words: u32) -> u32 { return 0u; }

fn in_transition(n_words: u32) -> u32 { return 0u; }
