//! Compiles the protos without `protoc`, and keeps their descriptors for reflection and for the tests.
use prost::Message;
use std::{env, error::Error, fs, path::PathBuf};

const FILES: &[&str] = &[
    "kindred/v1/agent.proto",
    "kindred/v1/agent_service.proto",
    "kindred/v1/cluster.proto",
    "kindred/v1/cluster_service.proto",
    "kindred/v1/common.proto",
    "kindred/v1/connector.proto",
    "kindred/v1/connector_service.proto",
    "kindred/v1/conversation.proto",
    "kindred/v1/conversation_service.proto",
    "kindred/v1/customer.proto",
    "kindred/v1/customer_service.proto",
    "kindred/v1/event.proto",
    "kindred/v1/event_service.proto",
    "kindred/v1/interaction.proto",
    "kindred/v1/interaction_service.proto",
    "kindred/v1/intervention.proto",
    "kindred/v1/policy.proto",
    "kindred/v1/policy_service.proto",
    "kindred/v1/queue.proto",
    "kindred/v1/queue_service.proto",
    "kindred/v1/schedule.proto",
    "kindred/v1/schedule_service.proto",
    "kindred/v1/supervision.proto",
    "kindred/v1/supervisor_service.proto",
    "kindred/peer/v1/peer.proto",
    "kindred/log/v1/command.proto",
    "kindred/log/v1/event.proto",
    "kindred/log/v1/record.proto",
    "kindred/log/v1/reply.proto",
    "kindred/log/v1/supervision.proto",
    "kindred/log/v1/supervision_command.proto",
    "kindred/log/v1/value.proto",
];

/// The package of the public API.
const PUBLIC: &str = "kindred.v1";

fn main() -> Result<(), Box<dyn Error>> {
    let mut compiler = protox::Compiler::new([".", "third_party"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES)?;
    // The raw bytes keep our extension values (field behaviour), which prost's own types would drop.
    let raw = compiler.encode_file_descriptor_set();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is set by cargo")?);
    fs::write(out.join("kindred.bin"), &raw)?;
    let set = prost_types::FileDescriptorSet::decode(raw.as_slice())?;
    let generator = || {
        let all = tonic_prost_build::configure().bytes(".").btree_map(".");
        all.compile_well_known_types(false).emit_rerun_if_changed(false)
    };
    // Messages of the public API by themselves: whoever names only those names no type of the transport.
    let (mut messages, mut services) = (set.clone(), set);
    let is_public = |file: &prost_types::FileDescriptorProto| file.package() == PUBLIC;
    messages.file.iter_mut().filter(|file| is_public(file)).for_each(|file| file.service.clear());
    generator().compile_fds(messages)?;
    services.file.retain(is_public);
    let apart = out.join("services");
    fs::create_dir_all(&apart)?;
    generator().out_dir(apart).extern_path(format!(".{PUBLIC}"), "crate::messages::v1").compile_fds(services)?;
    println!("cargo:rerun-if-changed=kindred");
    println!("cargo:rerun-if-changed=third_party");
    Ok(())
}
