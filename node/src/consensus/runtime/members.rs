//! A membership as bytes: storage keeps it without reading it.
use crate::consensus::core::Membership;

const LISTS: usize = 4;

/// Little-endian: for each of voters, learners, outgoing voters and next learners a count (u32) and the ids (u64);
/// then one byte, `auto_leave`.
pub fn encode_members(membership: &Membership) -> Vec<u8> {
    let lists = [&membership.voters, &membership.learners, &membership.voters_outgoing, &membership.learners_next];
    let mut bytes = Vec::new();
    for list in lists {
        bytes.extend_from_slice(&(list.len() as u32).to_le_bytes());
        list.iter().for_each(|id| bytes.extend_from_slice(&id.to_le_bytes()));
    }
    bytes.push(u8::from(membership.auto_leave));
    bytes
}

/// The inverse of [`encode_members`]; no bytes are no members (a shard that waits for a snapshot).
pub fn decode_members(mut bytes: &[u8]) -> anyhow::Result<Membership> {
    if bytes.is_empty() {
        return Ok(Membership::default());
    }
    let mut lists: [Vec<u64>; LISTS] = Default::default();
    for list in &mut lists {
        let count = u32::from_le_bytes(take(&mut bytes)?);
        for _ in 0..count {
            list.push(u64::from_le_bytes(take(&mut bytes)?));
        }
    }
    let [auto_leave] = take(&mut bytes)?;
    anyhow::ensure!(bytes.is_empty(), "{} bytes too many", bytes.len());
    let [voters, learners, voters_outgoing, learners_next] = lists;
    Ok(Membership { voters, learners, voters_outgoing, learners_next, auto_leave: auto_leave != 0 })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> anyhow::Result<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(|| anyhow::anyhow!("too short"))?;
    *bytes = rest;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lead_back() {
        let membership = Membership {
            voters: vec![1, 2, 3],
            learners: vec![9],
            voters_outgoing: vec![1, 2],
            learners_next: vec![],
            auto_leave: true,
        };
        assert_eq!(decode_members(&encode_members(&membership)).unwrap(), membership);
        assert_eq!(decode_members(&[]).unwrap(), Membership::default());
        assert!(decode_members(&[1, 0]).is_err());
        assert!(decode_members(&[0; 18]).is_err());
    }
}
