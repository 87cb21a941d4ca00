//! The built page in a real browser: `make test-e2e`.
