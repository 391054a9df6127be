//! The storage contract of Trimtab: records, transactions, feeds, leases, the in-memory reference and the conformance suite.
