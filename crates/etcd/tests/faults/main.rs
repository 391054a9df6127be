//! What servers and networks do to a store, one and three members, and what it may answer.

mod clearing;
mod compacted;
mod foreign;
mod fragments;
mod frozen;
mod full;
mod killed;
mod lease;
mod many;
mod restored;
mod rights;
mod stores;
mod unknown;
mod writers;
