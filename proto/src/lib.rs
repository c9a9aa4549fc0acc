//! What bytes mean: the public API ([`v1`]), what is written to the log ([`log`]) and what nodes say to each
//! other ([`peer`]). Generated from the `.proto` files beside this crate; there is no logic here.

/// The messages of the public API without its services: no type of the transport is among them.
pub mod messages {
    /// Package `kindred.v1`.
    #[allow(clippy::all, rustdoc::all, missing_docs)]
    pub mod v1 {
        tonic::include_proto!("kindred.v1");
    }
}

/// The services of the public API: clients and servers over tonic.
pub mod services {
    /// Package `kindred.v1`.
    #[allow(clippy::all, rustdoc::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/services/kindred.v1.rs"));
    }
}

/// The public API, package `kindred.v1`: messages and services.
pub mod v1 {
    pub use crate::{messages::v1::*, services::v1::*};
}

/// Node to node; not for clients.
pub mod peer {
    /// Package `kindred.peer.v1`.
    #[allow(clippy::all, rustdoc::all, missing_docs)]
    pub mod v1 {
        tonic::include_proto!("kindred.peer.v1");
    }
}

/// What is written to the log and the state store: readable for ever.
pub mod log {
    /// Package `kindred.log.v1`.
    #[allow(clippy::all, rustdoc::all, missing_docs)]
    pub mod v1 {
        tonic::include_proto!("kindred.log.v1");
    }
}

/// Annotations of fields; needed only by reflection.
pub mod google {
    /// Package `google.api`.
    #[allow(clippy::all, rustdoc::all, missing_docs)]
    pub mod api {
        tonic::include_proto!("google.api");
    }
}

/// All files with their comments as an encoded `google.protobuf.FileDescriptorSet`, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kindred.bin"));
