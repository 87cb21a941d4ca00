//! What a cluster does when the world around it misbehaves.

mod assumptions;
mod commands;
mod deployment;
mod network;
mod requests;
mod stores;
