//! The page of `polcheck report --html`: what is on it, and what Chromium makes of it.

mod browser;
mod content;
mod matrix;
mod store;
