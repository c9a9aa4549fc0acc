//! The same program with threads that panic when a test asks them to: see `src/ops/sabotage.rs`. A program of its own, so
//! that a build for tests does not take the place of the shipped one.
#[path = "../src/main.rs"]
mod shipped;

fn main() -> anyhow::Result<()> {
    shipped::main()
}
