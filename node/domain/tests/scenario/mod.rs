//! The language of scenarios: one line is one command, one wait or one expectation.
//!
//! ```text
//! # A declined offer excludes that agent for 60 s
//! agent anna queues=support channels=voice
//! submit call-1 queue=support channel=voice
//! offer call-1 anna
//! expect call-1 OFFERED agent=anna deadline=20s
//! decline call-1
//! expect call-1 QUEUED excluded=anna:60s
//! offer call-1 anna -> dropped Excluded
//! ```
//!
//! A world begins with the tenant `t`, the policy `fair` and the queue `support`. Every line is an entry of its own at the
//! current log time; `wait` writes `Advance` whenever something is due, as a leader does. `-> REASON words…` expects the
//! rejection with that reason and those words in it; without it the command must succeed. Any command may carry
//! `request=NAME` (a retry is the same name) and `sent=-16m` (a v7 id first sent then).
pub mod commands;
pub mod configuration;
pub mod expectations;
pub mod line;
pub mod reading;
pub mod world;

use line::Line;
use world::World;

/// Runs one scenario; the first line that fails is named with file and number.
pub fn run(file: &str, text: &str) -> Result<(), String> {
    let mut world = World::new();
    for (at, text) in text.lines().enumerate() {
        let text = text.split('#').next().unwrap_or("").trim();
        if text.is_empty() {
            continue;
        }
        step(&mut world, text)
            .map_err(|problem| format!("tests/scenarios/{file}:{}: `{text}`: {problem}", at + 1))?;
    }
    Ok(())
}

fn step(world: &mut World, text: &str) -> Result<(), String> {
    let (text, expected) = match text.split_once(" -> ") {
        Some((text, expected)) => (text, Some(expected.trim())),
        None => (text, None),
    };
    let line = Line::parse(text);
    if let Some(done) = expectations::check(world, &line)? {
        return Ok(done);
    }
    match line.verb.as_str() {
        "wait" => world.wait(line.duration(0)?),
        "leader-change" => world.leader_change(line.duration(0)?),
        _ => {
            configuration::before(world, &line)?;
            let body = match configuration::body(world, &line)? {
                Some(body) => body,
                None => commands::body(world, &line)?,
            };
            let answer = world.command(&line, body)?;
            expectations::answer(&answer, expected)
        }
    }?;
    configuration::after(world, &line)
}
