//! What kind of value a setting has.

use super::Table;

/// The shape of a value. Texts that mean something have a pattern, so that an editor sees the mistake while it is typed.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A path, relative to the folder of the file.
    Path,
    /// `30s`.
    Duration,
    /// `64MiB`.
    Size,
    /// Where entries are kept.
    StoreUrl,
    /// An address and a port, or `off`.
    Listen,
    /// The name of a kind.
    Kind,
    /// The name of a controller.
    ControllerName,
    /// The name of a replica.
    ReplicaName,
    /// A name of Consul's own.
    ConsulName,
    /// A text without spaces.
    Word,
    /// Where others reach an API.
    ApiUrl,
    /// A JSON pointer into the spec.
    Pointer,
    /// The URL of a webhook.
    WebhookUrl,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number, from the least to the most.
    Whole(u64, u64),
    /// Program and arguments.
    Command,
    /// A list of texts.
    Texts,
    /// A table whose fields are free and whose values are texts.
    FreeTexts,
    /// A table.
    Table(&'static Table),
    /// A table for each.
    Tables(&'static Table),
    /// The text that is the first setting of the table, or the table.
    TextOr(&'static Table),
}

impl Shape {
    /// In words, as messages and the reference say it: "must be ..".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Text => "a text in quotes".into(),
            Self::Path => "a path in quotes".into(),
            Self::Duration => "a duration in quotes, such as `\"30s\"`".into(),
            Self::Size => "a size in quotes, such as `\"64MiB\"`".into(),
            Self::StoreUrl => "`\"embedded:PATH\"`, `\"memory:\"`, `\"etcd://HOST:PORT/PREFIX\"` or `\"consul://HOST:PORT/PREFIX\"`".into(),
            Self::Listen => "an address and a port in quotes, or `\"off\"`".into(),
            Self::Kind => "the name of a kind in quotes".into(),
            Self::ControllerName | Self::ReplicaName | Self::ConsulName => "a name in quotes".into(),
            Self::Word => "a word in quotes".into(),
            Self::Pointer => "a JSON pointer in quotes".into(),
            Self::WebhookUrl | Self::ApiUrl => "a URL in quotes".into(),
            Self::Choice(texts) => {
                texts.iter().map(|text| format!("`\"{text}\"`")).collect::<Vec<_>>().join(" or ")
            }
            Self::Flag => "true or false".into(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Command => "a list of texts in quotes (program and arguments)".into(),
            Self::Texts => "a list of texts in quotes".into(),
            Self::FreeTexts => "a table of texts in quotes".into(),
            Self::Table(_) => "a table".into(),
            Self::Tables(_) => "a list of tables".into(),
            Self::TextOr(_) => "a URL in quotes, or a table".into(),
        }
    }

    /// What a text of this shape must match, when a pattern can say it.
    pub(super) const fn pattern(&self) -> Option<&'static str> {
        match self {
            Self::Duration => Some("^[0-9]*[1-9][0-9]*(ms|s|m|h|d)$"),
            Self::Size => Some("^[0-9]+(KiB|MiB|GiB)$"),
            Self::StoreUrl => Some(
                "^(memory:|embedded:.+|(etcd|consul)://[^/@?#,\\s]+(,[^/@?#,\\s]+)*(/[A-Za-z0-9._-]+)*/?)$",
            ),
            Self::Listen => Some("^(off|\\[[0-9a-fA-F:.%]+\\]:[0-9]{1,5}|[0-9.]+:[0-9]{1,5})$"),
            Self::Kind => Some("^[a-z][a-z0-9.-]{0,62}$"),
            Self::ControllerName => Some("^[a-z0-9][a-z0-9-]{0,62}$"),
            Self::ReplicaName => Some("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"),
            Self::ConsulName => Some("^[A-Za-z0-9._-]+$"),
            Self::Word => Some("^\\S+$"),
            Self::ApiUrl => Some("^https?://[^/@?#\\s]+/?$"),
            Self::Pointer => Some("^/spec/([^~]|~[01])*$"),
            Self::WebhookUrl => Some("^https?://[^/].*$"),
            Self::Path => Some("."),
            _ => None,
        }
    }
}
