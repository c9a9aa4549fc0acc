//! Rows as they are in the file, rows as they must not be, and the file itself where it is present.
use super::*;

const HEADER: &str = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\r\n";

/// The file's path where it is present: `$KINDRED_DATA` or `../shared/data` from the project's root.
pub(crate) fn file() -> Option<std::path::PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var_os("KINDRED_DATA").map_or_else(|| root.into(), std::path::PathBuf::from);
    let path = data.join("anonymous-bank-1999/january.txt");
    if path.exists() {
        return Some(path);
    }
    // Whoever names a folder wants the file read.
    assert!(std::env::var_os("KINDRED_DATA").is_none(), "{} is absent", path.display());
    eprintln!("skipped: {} is absent", path.display());
    None
}

fn parse_rows(rows: &[&str]) -> Result<Vec<Call>, Error> {
    let text = HEADER.to_string() + &rows.iter().map(|row| row.replace(' ', "\t") + "\r\n").collect::<String>();
    parse(text.as_bytes())
}

const SERVED: &str =
    "AA0101 33118 27997683 2 PS 990101 6:55:20 6:55:26 6 6:55:26 6:55:43 17 AGENT 6:55:43 6:56:37 54 MICHAL";
const LEFT_AT_ONCE: &str =
    "AA0101 33117 0 0 PS 990101 0:34:12 0:34:23 11 0:00:00 0:00:00 0 HANG 0:00:00 0:00:00 0 NO_SERVER";

#[test]
fn a_served_call_and_one_that_left_at_once() {
    let calls = parse_rows(&[SERVED, LEFT_AT_ONCE]).expect("good rows");
    let (served, left) = (&calls[0], &calls[1]);
    assert_eq!((served.line, served.customer_id, served.priority, served.date), (2, 27_997_683, 2, 990_101));
    assert_eq!((served.queued_s, served.wait_s), (Some(6 * 3600 + 55 * 60 + 26), 17));
    assert_eq!((served.service_start_s, served.service_s), (Some(6 * 3600 + 55 * 60 + 43), 54));
    assert_eq!(served.server.as_deref(), Some("MICHAL"));
    assert_eq!((left.line, left.customer_id, left.queued_s, left.outcome), (3, 0, None, Outcome::Hang));
    assert_eq!((left.server.as_deref(), left.service_start_s), (None, None));
}

#[test]
fn a_call_past_midnight_keeps_its_order() {
    let row = "AA0101 1 0 0 PS 990101 23:59:58 0:00:04 -86394 0:00:04 0:01:04 60 AGENT 0:01:04 0:02:04 60 ELI";
    let call = parse_rows(&[row]).expect("good row").remove(0);
    assert_eq!((call.vru_exit_s, call.queued_s), (DAY_S + 4, Some(DAY_S + 4)));
    assert_eq!(call.service_start_s, Some(DAY_S + 64));
}

#[test]
fn a_rounded_customer_id_is_no_identity() {
    let calls = parse_rows(&[&SERVED.replace("27997683", "6.02E+11")]).expect("good row");
    assert_eq!(calls[0].customer_id, 0);
}

#[test]
fn a_bad_row_is_named_with_line_and_column() {
    let cases = [
        ("6:55:20", "6:61:20", "vru_entry"),
        ("17 AGENT", "x AGENT", "q_time"),
        ("17 AGENT", "-1 AGENT", "q_time"),
        ("17 AGENT", "17 LOST", "outcome"),
        ("27997683 2", "27997683 3", "priority"),
        ("27997683", "somebody", "customer_id"),
        ("990101", "1999-01-01", "date"),
        ("54 MICHAL", "fifty MICHAL", "ser_time"),
    ];
    for (good, bad, wrong) in cases {
        match parse_rows(&[LEFT_AT_ONCE, &SERVED.replacen(good, bad, 1)]) {
            Err(Error::BadField { line: 3, column, .. }) => assert_eq!(column, wrong, "{bad}"),
            other => panic!("{bad}: {other:?}"),
        }
    }
}

#[test]
fn a_short_row_and_a_short_header_are_refused() {
    assert!(matches!(parse_rows(&[SERVED, "AA0101 1 0"]), Err(Error::WrongWidth { line: 3, fields: 3, expected: 17 })));
    assert!(matches!(parse("a\tb\r\n".as_bytes()), Err(Error::MissingColumn { column: "customer_id" })));
}

#[test]
fn the_real_file_has_the_rows_its_readme_counts() {
    let Some(path) = file() else { return };
    let calls = parse(std::fs::File::open(path).expect("readable")).expect("every row is good");
    assert_eq!(calls.len(), 31_599);
    let count = |outcome| calls.iter().filter(|c| c.outcome == outcome).count();
    assert_eq!((count(Outcome::Agent), count(Outcome::Hang), count(Outcome::Phantom)), (27_060, 4_299, 240));
    let names: std::collections::BTreeSet<_> = calls.iter().filter_map(|c| c.server.clone()).collect();
    assert_eq!(names.len(), 28);
}
