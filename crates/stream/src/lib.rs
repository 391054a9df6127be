//! An event publisher with topics, subjects, snapshots and resume, generic over the payload.
