//! What a subscriber gets: messages, and at last the reason why there are no more.

use std::sync::Arc;

/// One step of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<P> {
    /// All events of one commit that the subscription asked for (behaviour S5); or, before [`Message::EndOfSnapshot`], part of the snapshot.
    Changes {
        /// The commit's index; in a snapshot, the index the snapshot was taken at.
        index: u64,
        /// The events in their order; never empty. Shared with the history unless only part of the commit was asked for.
        events: Arc<[P]>,
    },
    /// The snapshot is whole: what was held before and has not come again since [`Message::NewSnapshotToFollow`] exists no more. The
    /// index is the snapshot's, and can be resumed at.
    #[doc(alias = "IsEndOfSnapshot")]
    EndOfSnapshot(u64),
    /// The index asked for is not in the history any more: a snapshot follows. Forget what you hold, or keep it to diff against at
    /// [`Message::EndOfSnapshot`] (behaviour S4).
    #[doc(alias = "IsNewSnapshotToFollow")]
    NewSnapshotToFollow,
}

/// Why a subscription ended. `Display` says what to do next. These are all the reasons there are, so that a match can cover each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Closed {
    /// The topic's state was replaced as a whole, as by a restore. What you hold is void.
    #[error("go on with the subscription: its topic was refreshed; subscribe again from index 0")]
    TopicRefreshed,
    /// The rights it was opened with have changed.
    #[doc(alias = "ErrACLChanged")]
    #[error("go on with the subscription: its token was closed; ask for the rights anew and subscribe again")]
    TokenClosed,
    /// It fell out of the history, or made no progress in its snapshot for 30 s.
    #[error(
        "keep up with the stream: events after the last one taken are gone; subscribe again for a new snapshot"
    )]
    Lagged,
    /// The publisher was shut down, or its last handle dropped.
    #[doc(alias = "ErrShuttingDown")]
    #[error("go on with the subscription: the publisher has shut down; subscribe elsewhere")]
    ShuttingDown,
}
