//! Where apt looks for packages.
