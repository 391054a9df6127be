//! The book: every command printed in it is run, every file is written, every document is held against its schema.
//!
//! A chapter is one story in one temporary folder, with `trimtab` on the PATH. What a block is, its fence says; viewers show only its first word as the language:
//!
//! | fence | what is done |
//! |---|---|
//! | `` ```sh title="write-note" `` | the block is written to that file, whose name must stand in the line above, for readers |
//! | `` ```console `` | each `$ ` is run in order, in one shell as far as folder and variables go, and must print what follows |
//! | `` ```console terminal=daemon `` | in a terminal of its own: what begins with `$ ` stays, `^C` interrupts it, other lines are what it prints |
//! | `` ```json schema=input `` | held against `trimtab schema input`; so is TOML with `schema=file` |
//! | `` ```sh not-run="why" `` | nothing, for this reason |
//! | `` ```text `` | nothing: a picture |
//!
//! Whatever differs from run to run - times, durations, uids, positions, ports - is compared by its form ([`compare`]); a line `...` stands for any lines. A command that only looks
//! is asked again until it prints what it should; the others are run once. A command must end with 0, unless `$ echo $?` follows it. `<!-- needs: python3 --version -->` on a page
//! names a command without whose success it cannot be run; `<!-- servers: etcd consul -->` the servers that the tests build and that it calls.
//!
//! `UPDATE=1 cargo test -p trimtab-cli --test book` writes what was printed into the book; look at what changed.

mod compare;
mod documents;
mod http_page;
mod page;
mod ports;
mod readmes;
mod servers;
mod shell;
#[path = "../stage/mod.rs"]
#[expect(dead_code, reason = "the stage has more than is needed here")]
mod stage;
mod story;

/// A test for each chapter that has commands.
macro_rules! stories {
    ($($name:ident: $chapter:literal,)*) => {
        /// The chapters that are run.
        const STORIES: &[&str] = &[$($chapter),*];
        $(
            #[tokio::test]
            async fn $name() {
                story::tell($chapter).await;
            }
        )*
    };
}

stories! {
    five_minutes: "start.md",
    a_reconciler_in_sh: "writing/sh.md",
    a_reconciler_in_python: "writing/python.md",
    a_reconciler_in_node: "writing/node.md",
    a_reconciler_in_go: "writing/go.md",
    work_that_takes_longer: "writing/waiting.md",
    references_and_children: "writing/relations.md",
    whom_a_change_wakes: "writing/map.md",
    testing_a_reconciler: "writing/testing.md",
    files_and_prune: "operating/files.md",
    tokens_and_certificates: "operating/access.md",
    the_api: "reference/http.md",
    exit_codes: "reference/exit.md",
}

/// Three replicas on etcd, then on Consul.
#[tokio::test]
async fn several_replicas() {
    story::tell_page("docs/deploy.md").await;
}

/// Whether what is printed is to be written instead of compared.
fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|set| !set.is_empty())
}
