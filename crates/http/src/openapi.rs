//! The description of the API, made from the code.
//!
//! A description that is written beside the code drifts from it. This one is collected from the handlers and the documents; its snapshot, `openapi.json` beside this
//! crate's Cargo.toml, shows in a review what a change means for clients.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::wire;

/// The description without its paths, which come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Trimtab",
        description = "Entries, watches and controllers of a Trimtab daemon. Every answer from 400 on is a problem document (RFC 9457).",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/")),
    security(("token" = [])),
    tags(
        (name = "entries", description = "What should be, and what is"),
        (name = "watch", description = "Every change, as Server-Sent Events"),
        (name = "controllers", description = "What is done about it, and why not"),
        (name = "health", description = "Whether everything works")
    ),
    components(schemas(
        wire::Problem,
        wire::SnapshotEntry,
        wire::Changes,
        wire::Reset,
        wire::Progress,
        EntryDocument
    )),
    modifiers(&Bearer)
)]
pub(crate) struct Description;

/// The one way to show who asks.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token of the daemon's file. None is asked for where none are set."))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The description as JSON text, with a newline at its end.
///
/// ```
/// let description: serde_json::Value = serde_json::from_str(&trimtab_http::openapi::text())?;
/// assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Panics
/// Never: what it is made of is JSON.
pub fn text() -> String {
    let mut openapi = crate::routes::described().into_openapi();
    let operations = openapi.paths.paths.values_mut().flat_map(|path| {
        [&mut path.get, &mut path.put, &mut path.post, &mut path.delete].into_iter().flatten()
    });
    for operation in operations.filter(|operation| operation.security.is_none()) {
        everywhere(&mut operation.responses.responses);
    }
    let text = openapi.to_pretty_json().expect("a description is JSON");
    text + "\n"
}

/// What any path may answer.
fn everywhere(responses: &mut BTreeMap<String, RefOr<utoipa::openapi::Response>>) {
    for (status, description) in [
        ("401", "No token, or none that is known"),
        ("403", "The token does not suffice, or the request came by a foreign name"),
        ("408", "The request did not come to an end in time"),
        ("431", "The header is too large"),
        ("500", "Whether it happened is not known: read again from `position` on; or a defect"),
        ("503", "Nothing was done: try again after `Retry-After`"),
    ] {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build();
        responses.entry(status.into()).or_insert(RefOr::T(response));
    }
}

/// An entry in its one form: for the description only, where it stands for [`trimtab_store::Document`]. A test compares the two.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryDocument {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; left out: `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its partition; left out: `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Its labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<EntryOwner>>,
    /// What must be done before it can go. Told, never taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finalizers: Option<Vec<String>>,
    /// What should be: any JSON.
    pub spec: serde_json::Value,
    /// What is: any JSON; absent while no status was written. Told, never taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<serde_json::Value>,
    /// What the store knows of it. Told, never taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<EntryMeta>,
}

/// An owner of an entry: for the description only, where it stands for [`trimtab_store::OwnerRef`].
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Owner)]
pub struct EntryOwner {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Which of the lives of that name; given without: whoever has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// What the store knows of an entry: for the description only, where it stands for [`trimtab_store::Meta`].
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Meta)]
pub struct EntryMeta {
    /// Which life of the name this is.
    pub uid: String,
    /// How often the spec was given another value.
    pub generation: u64,
    /// The commit that created it.
    pub created: u64,
    /// The version of the spec part.
    pub modified: u64,
    /// The version of the status part; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_modified: Option<u64>,
    /// When it was created: an RFC 3339 time.
    pub created_at: String,
    /// Since when it is being deleted: an RFC 3339 time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleting_since: Option<String>,
}
