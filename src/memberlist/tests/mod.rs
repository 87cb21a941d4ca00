mod bench;
mod probes;
mod rules;
mod spread;
mod world;
