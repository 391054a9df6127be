//! What commands print of entries and controllers, in every form.

mod text;

pub(crate) use text::visible;
