//! Which adapters do the GPU tests run on? Says so where `cargo test` hides what tests print.

fn main() {
    #[cfg(not(feature = "gpu"))]
    println!("\nbuilt without the GPU: tests/twins.rs and tests/shaders.rs are not there");
    #[cfg(feature = "gpu")]
    {
        let found = shortfall::engine::gpu::adapter::candidates();
        let names: Vec<String> = found.iter().map(|candidate| candidate.label()).collect();
        if names.is_empty() {
            println!(
                "\nno adapter: tests/twins.rs compares the CPU with the reference walker alone"
            );
        } else {
            println!("\ntests/twins.rs compares with: {}", names.join(", "));
        }
    }
}
