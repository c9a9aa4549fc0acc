//! Formulas of queues with many servers, in closed form: what a simulation must agree with, and staffing starts from.
//!
//! Notation: λ arrivals per unit of time, μ services per unit and server, θ abandonments per unit and waiting customer,
//! a = λ/μ the offered load, s servers. Each file names its source.
pub mod erlang_a;
pub mod erlang_b;
pub mod erlang_c;
pub mod halfin_whitt;
