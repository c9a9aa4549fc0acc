//! Resume tokens and page tokens: what is read is a place that was given out, and leads there again.
use super::{chosen, commands::tenant};
use kindred_node::wire::api::{Form, token::Place};

/// What a list of the test asks for.
const CONDITIONS: &str = "queues";

pub fn run(data: &[u8]) {
    let Some((kind, rest)) = chosen(data, 4) else { return };
    let tenant = tenant();
    match (kind, std::str::from_utf8(rest)) {
        (0, Ok(text)) => {
            if let Some(place) = place(text) {
                assert!(place.matched <= place.looked_at);
                assert_eq!(self::place(&place.token(&tenant)), Some(place));
            }
        }
        (1, Ok(text)) => {
            if let Some(after) = after(text) {
                assert_eq!(self::after(&next(&after)), Some(after));
            }
        }
        // A place that is given out comes back.
        (2, _) => {
            let Some((numbers, _)) = rest.split_first_chunk::<16>() else { return };
            let number = |at: usize| u64::from_le_bytes(numbers[at..at + 8].try_into().expect("eight bytes"));
            let (looked_at, matched) = (number(0).max(number(8)), number(0).min(number(8)));
            let given = Place { looked_at, matched };
            assert_eq!(place(&given.token(&tenant)), Some(given));
        }
        (_, Ok(key)) => assert_eq!(after(&next(key)).as_deref(), Some(key)),
        _ => {}
    }
}

fn place(token: &str) -> Option<Place> {
    let tenant = tenant();
    let mut form = Form::new(&tenant);
    let place = form.place(&"resume_token", token);
    form.finish(place).ok().flatten()
}

fn after(token: &str) -> Option<String> {
    let tenant = tenant();
    let mut form = Form::new(&tenant);
    let paging = form.paging(1, token, CONDITIONS);
    form.finish(paging.after).ok().flatten()
}

fn next(last: &str) -> String {
    Form::new(&tenant()).paging(1, "", CONDITIONS).next(&tenant(), last)
}

pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, rest: &[u8]| [&[kind], rest].concat();
    let mut seeds: Vec<_> =
        [0, 1, 300, u64::MAX].map(|number| seed(0, Place::after(number).token(&tenant()).as_bytes())).into();
    seeds.extend(["x1", "é", ""].map(|key| seed(1, next(key).as_bytes())));
    seeds.push(seed(2, &[7; 16]));
    seeds.push(seed(3, b"x1"));
    seeds
}
