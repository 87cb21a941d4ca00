//! The engine's tests beyond the modules' own: conformance with the real Go code, laws, models, pages.

mod conformance;
mod merge_laws;
mod models;
mod pages;
