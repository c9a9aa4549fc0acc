//! Every kind of fault, with the path, the line and what is allowed.
use super::*;

/// As little as a scenario can say.
pub(in crate::scenario) const SMALL: &str = r#"
[day]
duration_s = 3600

[[queues]]
name = "support"

[[types]]
name = "calls"
queue = "support"
arrivals_per_min = 1
service = { exponential = { mean_s = 120 } }

[[groups]]
name = "people"
agents = 3
serves = [{ queue = "support" }]
"#;

fn told(text: &str) -> String {
    parse(text).map(|_| "nothing".to_string()).unwrap_or_else(|error| error.to_string())
}

/// The small scenario with something else in it.
fn changed(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    told(&SMALL.replace(from, to))
}

#[test]
fn the_small_one_fits() {
    assert_eq!(told(SMALL), "nothing");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let text = changed("duration_s = 3600", "duration_s = = 3600");
    assert!(text.starts_with("line 3: "), "{text}");
}

#[test]
fn an_unknown_field_names_itself_and_the_known_ones() {
    let text = changed("agents = 3", "agents = 3\nhats = 2");
    assert!(
        text.starts_with("line 17: `groups[0].hats` unknown field `hats`; allowed: one of `name`, `agents`"),
        "{text}"
    );
}

#[test]
fn another_kind_of_value_names_the_kind() {
    let text = changed("duration_s = 3600", "duration_s = \"an hour\"");
    assert_eq!(text, "line 3: `day.duration_s` invalid type: string \"an hour\"; allowed: f64");
    let text = changed("agents = 3", "agents = \"three\"");
    assert_eq!(
        text,
        "line 16: `groups[0].agents` invalid type: string \"three\"; \
         allowed: one value for the whole day, or a list with one for each period"
    );
    let text = changed("exponential = { mean_s = 120 }", "exponent = { mean_s = 120 }");
    assert!(
        text.starts_with("line 12: `types[0].service.exponent` unknown variant `exponent`; allowed: one of `det"),
        "{text}"
    );
    let text = changed("mean_s = 120", "mean_min = 2");
    assert!(
        text.contains("line 12: `types[0].service.exponential.mean_min` unknown field `mean_min`; allowed: `mean_s`"),
        "{text}"
    );
}

#[test]
fn a_missing_field_is_told_where_it_is_missing() {
    let text = changed("service = { exponential = { mean_s = 120 } }", "");
    assert_eq!(text, "line 8: `types[0]` missing field `service`");
}

#[test]
fn values_out_of_range_are_told_all_at_once() {
    let text =
        told(&SMALL.replace("mean_s = 120", "mean_s = -1").replace("queue = \"support\"\na", "queue = \"sales\"\na"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "line 10: `types[0].queue` is `sales`, which is no queue; allowed: support");
    assert_eq!(lines[1], "line 12: `types[0].service.exponential.mean_s` is -1; allowed: more than 0");
    assert!(lines[2].starts_with("line 8: `types[0]` waits in `sales` on `voice`, which no group serves"), "{text}");
}

#[test]
fn lists_by_period_have_one_for_each() {
    let text = told(&SMALL.replace("3600", "3600\nperiod_s = 1800").replace("agents = 3", "agents = [3, 4, 5]"));
    let expected =
        "line 17: `groups[0].agents` is a list of 3; allowed: one value, or a list of 2 (one for each period)";
    assert_eq!(text, expected);
}

#[test]
fn who_is_never_asked_declines_nothing() {
    let text = changed("agents = 3", "agents = 3\ndeclines = 0.1");
    assert!(text.starts_with("line 17: `groups[0].declines` is 0.1, but all queues"), "{text}");
}

#[test]
fn a_mode_that_is_not_there_yet_is_told_with_those_that_are() {
    let text = changed("name = \"support\"", "name = \"support\"\nmode = \"BY_STARS\"");
    assert!(text.contains("`queues[0].mode` unknown variant `BY_STARS`; allowed: one of `LONGEST_IDLE`"), "{text}");
}

#[test]
fn a_condition_compares_once() {
    let to = "queue = \"support\"\nrequired = { skill = { name = \"english\" } }\na";
    let text = told(&SMALL.replace("queue = \"support\"\na", to));
    assert!(
        text.starts_with("line 11: `types[0].required.skill` does not compare once; allowed: exactly one"),
        "{text}"
    );
}

/// The small scenario with a queue of this mode, and what else is said of it.
fn of_mode(mode: &str, rest: &str) -> String {
    changed("name = \"support\"\n", &format!("name = \"support\"\nmode = \"{mode}\"\n{rest}"))
}

#[test]
fn shares_say_for_whom_and_are_a_hundred() {
    let shares = |list: &str| of_mode("PERCENT_SPLIT", &format!("shares = [{list}]\n"));
    let good = "{ skill = { name = \"english\", at_least = 50 } }";
    assert_eq!(
        shares(&format!("{{ agents = {good}, percent = 60 }}, {{ group = \"people\", percent = 40 }}")),
        "nothing"
    );
    assert_eq!(
        shares("{ group = \"folk\", percent = 60 }, { percent = 0 }"),
        "line 8: `queues[0].shares[0].group` is `folk`, which is no group; allowed: people\n\
         line 8: `queues[0].shares[1].percent` is 0; allowed: 1 to 100\n\
         line 8: `queues[0].shares[1]` says not for whom; allowed: `group`, `agents` or both\n\
         line 8: `queues[0].shares` have 60 percent in all; allowed: 100"
    );
    let text = shares("{ group = \"people\", percent = 100 }");
    assert_eq!(text, "line 8: `queues[0].shares` are 1; allowed: 2 to 16");
    let text = of_mode("RANDOM", "shares = [{ group = \"people\", percent = 100 }]\n");
    assert_eq!(text, "line 8: `queues[0].shares` are there; allowed: none, or the mode PERCENT_SPLIT");
}

#[test]
fn a_ring_asks_and_has_a_size() {
    let text = of_mode("RING_ALL", "");
    let auto = "`queues[0].channels.voice.answer_mode` is AUTO in a queue of mode RING_ALL";
    assert_eq!(text, format!("line 5: {auto}; allowed: AGENT_ACCEPTS, RING_IS_OFFER"));
    let rings = "channels = { voice = { answer_mode = \"RING_IS_OFFER\" } }\n";
    assert_eq!(of_mode("RING_ALL", rings), "nothing");
    let text = of_mode("RING_ALL", &format!("ring_max = 33\n{rings}"));
    assert_eq!(text, "line 8: `queues[0].ring_max` is 33; allowed: 1 to 32");
    let text = of_mode("RANDOM", "ring_max = 3\n");
    assert_eq!(text, "line 8: `queues[0].ring_max` is there; allowed: nothing, or the mode RING_ALL");
}
