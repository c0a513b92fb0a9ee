//! The WGSL that calls a program's models, written after their list.

use std::fmt::Write as _;

use super::part::{Hook, Model};
use super::regimes::ONE_STATE;

/// The texts of the models that a kernel holds, and the functions that call those in use.
pub(super) fn wgsl(held: &[&Model], used: &[&Model]) -> String {
    let mut texts: Vec<(&str, &str)> = Vec::new();
    for text in held.iter().flat_map(|model| model.wgsl) {
        if !texts.contains(text) {
            texts.push(*text);
        }
    }
    let mut source: String = texts.into_iter().map(|(_, text)| text).collect();
    if !used.iter().any(|model| model.hooks.contains(&Hook::Climate)) {
        source.push_str(ONE_STATE);
    }
    let called = |hook, line: &dyn Fn(&str) -> String| -> String {
        let models = used.iter().filter(|model| model.hooks.contains(&hook));
        models.map(|model| line(model.name)).collect()
    };
    let paths = called(Hook::Path, &|name| format!("    {name}_path(path);\n"));
    let steps = called(Hook::Step, &|name| format!("    {name}_step(seed, path, step);\n"));
    let moves = called(Hook::Move, &|name| {
        format!("    sum = wide_add(sum, {name}_move(seed, path, step, asset));\n")
    });
    let logs = called(Hook::Log, &|name| format!("    held = {name}_log(asset, step, held);\n"));
    let step = "seed: vec2<u32>, path: vec2<u32>, step: u32";
    let _ = write!(
        source,
        "// The models of this program, called as their list has them.\n\
         fn begin_models(path: vec2<u32>) {{\n{paths}}}\n\
         fn draw_models({step}) {{\n{steps}}}\n\
         fn model_moves({step}, asset: u32) -> Wide {{\n    var sum = drift_of(asset);\n\
         {moves}    return sum;\n}}\n\
         fn masked_log(asset: u32, step: u32, log: i32) -> i32 {{\n    var held = log;\n\
         {logs}    return held;\n}}\n",
    );
    source
}
