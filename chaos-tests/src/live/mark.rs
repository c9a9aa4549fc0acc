//! Whose something is that outlives a process: folders and namespaces carry the pid of the run that made them and the
//! moment it began, so that what a killed run left behind is known as such, whoever has its pid by now.
use std::fs;

/// Characters of a mark: base 36, five of the pid and three of its start. The kernel takes 15 in a network's name.
pub const CHARACTERS: usize = 8;
const PID: usize = 5;
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn text(mut number: u64, characters: usize) -> String {
    let mut text = vec![b'0'; characters];
    for place in text.iter_mut().rev() {
        *place = DIGITS[(number % 36) as usize];
        number /= 36;
    }
    text.into_iter().map(char::from).collect()
}

/// When a process began, in the kernel's ticks; `None` if there is none.
fn start(pid: u64) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(19)?.parse().ok()
}

fn mark(pid: u64) -> Option<String> {
    Some(text(pid, PID) + &text(start(pid)?, CHARACTERS - PID))
}

/// This run's.
pub fn mine() -> String {
    mark(u64::from(std::process::id())).unwrap_or_else(|| text(0, CHARACTERS))
}

/// The mark that follows a prefix, if it is one.
pub fn after<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    let found = name.strip_prefix(prefix)?.get(..CHARACTERS)?;
    found.bytes().all(|byte| DIGITS.contains(&byte)).then_some(found)
}

/// Whether the run that made this mark is no more.
pub fn is_gone(of: &str) -> bool {
    let pid = of.get(..PID).and_then(|pid| u64::from_str_radix(pid, 36).ok());
    pid.is_some_and(|pid| mark(pid).as_deref() != Some(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_process() {
        let mine = mine();
        assert!(!is_gone(&mine) && after("kc", &format!("kc{mine}x0b")) == Some(&mine));
        // The same pid, another start.
        let other = format!("{}{}", &mine[..PID], if mine.ends_with("000") { "001" } else { "000" });
        assert!(is_gone(&other) && is_gone(&text(4_194_999, CHARACTERS)));
        assert_eq!((after("kc", "kcube"), after("kc", "kc1234567-x")), (None, None));
    }
}
