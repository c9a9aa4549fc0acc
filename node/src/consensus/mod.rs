//! Consensus answers: in which order do commands happen, and is an order settled?
//!
//! One shard is one Raft group. Everything here is sans-I/O: no thread, socket, file or clock. The raft
//! thread feeds inputs, takes one [`Turn`] of outputs, hands them on, and repeats; `chaos-tests/sim` does
//! the same with a simulated network and disk. Nothing outside this module names a type of the raft crate.
//!
//! Read in this order: [`core`] (one Raft group), [`lanes`] (who waits to be proposed, and in which
//! order), [`pending`] (who waits for an answer), [`clock`] (log time), [`replica`] (the four together:
//! this is what a raft thread owns, one for each shard).
//!
//! # The loop of a raft thread
//!
//! ```text
//! loop {
//!     wait for the inbox, at most until the next tick
//!     for each shard's replica {
//!         for _ in 0..ticker.due(now)   { replica.tick() }
//!         for bytes from peers          { replica.receive(&bytes)      errors: count and drop }
//!         if writer reported number     { replica.persisted(number)    one coalesced number }
//!         if apply reported (index, ms) { replica.applied(index, ms)   one coalesced pair }
//!         for read requests             { replica.read(ticket) }
//!         replica.take_from(&mut lanes, now, &encoder)                 proposes what fits
//!         let turn = replica.turn()
//!         turn.messages   -> peer streams            (all may be sent now; losing any is allowed)
//!         turn.persist    -> the log writer          (in order; sync; then report `number`)
//!         turn.apply      -> the apply thread        (in order, with the waiters to answer)
//!         turn.reads      -> the apply thread        (answer once applied >= index)
//!         turn.lost       -> answer RESULT_UNKNOWN
//!         turn.standing   -> hints, metrics; while it does not lead: empty the lanes with NOT_LEADER, at every turn
//!         turn.snapshots_wanted -> the snapshot sender
//!     }
//! }
//! ```
//!
//! # What the runtime promises
//!
//! - Log writer: a [`Persist`](core::Persist) is ONE atomic batch, synced before its number is reported;
//!   numbers are written in order, and reporting `n` stands for all before it. If `snapshot` is set, the
//!   batch first drops the shard's whole log and switches to the received generation (applied index and
//!   term, membership). Entries replace whatever the log holds at and after their first index. The hard
//!   state is always written. After it the [`LogReader`](core::LogReader) must show the entries.
//! - Apply thread: handles [`Apply`](replica::Apply) in order, stores `applied {index, term}` and the
//!   membership (when the entry carries one) in the same batch as the state, and reports the index.
//! - Snapshots, sending: on `SnapshotWanted {to, min_index}` scan the state at an applied index
//!   ≥ `min_index`, stream it with its [`SnapshotMeta`](core::SnapshotMeta), then call
//!   `snapshot_sent(to, true)`, or `false` on failure, which lets raft ask again. A receiver that refuses
//!   with `NotAhead` needs none: that is `true` as well.
//! - Snapshots, receiving: once the whole stream is verified and written under a new generation prefix
//!   call `offer_snapshot(meta)`. `Err` means: not needed, throw the generation away. After `Ok` the next
//!   turn's `persist` carries the snapshot and the writer makes the switch; the apply thread then
//!   reloads and reports `applied(meta.index)`.
//! - Truncation: `compact_to(index)` answers up to where the log may really be cut (never past what is
//!   applied, nor past what a snapshot being sent still needs); delete that far and store the returned
//!   position as the shard's `truncated` in the same batch.
//! - Start: [`Boot`](core::Boot) is read from disk. A founding member writes [`Boot::founding`] before
//!   its first start, a joining one starts from [`Boot::joining`].
//!
//! [`Turn`]: replica::Turn
//! [`Boot::founding`]: core::Boot::founding
//! [`Boot::joining`]: core::Boot::joining

pub mod archive;
pub mod clock;
pub mod core;
pub mod gateway;
pub mod lanes;
pub mod limits;
pub mod pending;
pub mod ports;
pub mod replica;
pub mod runtime;
pub mod shared;
pub mod submission;
