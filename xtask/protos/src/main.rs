//! Makes `crates/etcd/src/proto/etcdserverpb.rs`. Run by `cargo xtask protos`, in the root of the repository.
//!
//! Messages alone: what tonic would make of the services is a page for each call that the crate makes in a line.

use std::error::Error;
use std::fs;

const FILE: &str = "crates/etcd/src/proto/etcdserverpb.rs";
const HEAD: &str = "//! etcd's messages, made from `proto/etcd.proto` by `cargo xtask protos`.\n\n";

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(["etcd.proto"], ["crates/etcd/proto"])?;
    prost_build::Config::new().bytes(["."]).out_dir("crates/etcd/src/proto").compile_fds(descriptors)?;
    let code = fs::read_to_string(FILE)?;
    fs::write(FILE, format!("{HEAD}{code}"))?;
    Ok(())
}
