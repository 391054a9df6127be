//! From what went wrong to a problem document.
