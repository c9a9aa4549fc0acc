//! In which order things can come to be when they name each other.
use std::collections::BTreeSet;

/// Something that must be there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Which of the things.
    pub on: usize,
    /// The field that can be left out at first and be written once all are there; `None` if it cannot.
    pub can_wait: Option<String>,
}

/// One after the other, each with the fields that must wait until all are there. As an error those that name each other
/// in a circle without a field that could wait.
pub fn order(needs: &[Vec<Need>]) -> Result<Vec<(usize, Vec<String>)>, Vec<usize>> {
    let mut left: BTreeSet<usize> = (0..needs.len()).collect();
    let mut ordered = Vec::with_capacity(needs.len());
    while !left.is_empty() {
        let ready: Vec<usize> = left.iter().copied().filter(|at| missing(needs, &left, *at).next().is_none()).collect();
        if !ready.is_empty() {
            ready.iter().for_each(|at| _ = left.remove(at));
            ordered.extend(ready.into_iter().map(|at| (at, fields_on_itself(&needs[at], at))));
            continue;
        }
        let can_wait = |at: &usize| missing(needs, &left, *at).all(|need| need.can_wait.is_some());
        let Some(first) = left.iter().copied().find(can_wait) else { return Err(left.into_iter().collect()) };
        let mut later: BTreeSet<String> =
            missing(needs, &left, first).filter_map(|need| need.can_wait.clone()).collect();
        later.extend(fields_on_itself(&needs[first], first));
        left.remove(&first);
        ordered.push((first, later.into_iter().collect()));
    }
    Ok(ordered)
}

/// What one needs of the others that are not there yet.
fn missing<'a>(needs: &'a [Vec<Need>], left: &'a BTreeSet<usize>, at: usize) -> impl Iterator<Item = &'a Need> {
    needs[at].iter().filter(move |need| left.contains(&need.on) && need.on != at)
}

/// What names itself must be there first, too.
fn fields_on_itself(needs: &[Need], at: usize) -> Vec<String> {
    let fields: BTreeSet<_> =
        needs.iter().filter(|need| need.on == at).filter_map(|need| need.can_wait.clone()).collect();
    fields.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn must(on: usize) -> Need {
        Need { on, can_wait: None }
    }

    fn may(on: usize, field: &str) -> Need {
        Need { on, can_wait: Some(field.into()) }
    }

    #[test]
    fn what_is_named_comes_before() {
        let needs = [vec![must(2)], vec![], vec![must(1)], vec![may(0, "team")]];
        let order: Vec<usize> = order(&needs).unwrap().into_iter().map(|(at, _)| at).collect();
        assert_eq!(order, [1, 2, 0, 3]);
    }

    #[test]
    fn in_a_circle_an_optional_field_waits() {
        // A queue must have its policy; the policy may move to the queue.
        let needs = [vec![may(1, "exception"), may(2, "exception")], vec![must(0)], vec![]];
        assert_eq!(order(&needs), Ok(vec![(2, vec![]), (0, vec!["exception".into()]), (1, vec![])]));
        assert_eq!(order(&[vec![may(0, "overflow")]]), Ok(vec![(0, vec!["overflow".into()])]));
        assert_eq!(order(&[vec![must(1)], vec![must(0)], vec![]]), Err(vec![0, 1]));
    }
}
