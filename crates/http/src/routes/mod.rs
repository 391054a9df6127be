//! The paths of the API, a file each for what belongs together.
