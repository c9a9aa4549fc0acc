//! One lie at a time, planted into a true story: each is found, by the right letter.
mod kept;
mod right;
mod seen;

use crate::story::Story;

/// A call that was submitted, offered to a0 and accepted; the number of the request that accepted it.
fn story() -> (Story, usize) {
    let mut story = Story::new();
    let accepted = story.served("i1");
    (story, accepted)
}
