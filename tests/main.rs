//! One binary for everything that goes through the front door: journeys over HTTP, the command line, the house rules.
//!
//! Each journey is told on SQLite and on PostgreSQL by the same function; see `support::town`.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test says with a panic what it found")]

mod support {
    pub mod binary;
    pub mod database;
    pub mod department;
    pub mod exposition;
    pub mod files;
    pub mod golden;
    pub mod postgres;
    pub mod recipient;
    pub mod town;
}

mod journeys {
    mod absent;
    mod accounts;
    mod administration;
    mod ailments;
    mod bad_file;
    mod better;
    mod build_graph;
    mod command_line;
    mod connector;
    mod connector_killed;
    mod correction;
    mod cutoffs;
    mod demonstration;
    mod doctor;
    mod explained;
    mod fairness;
    mod figures;
    mod figures_counted_on;
    mod idempotency;
    mod impact;
    mod impact_told;
    mod killed;
    mod metrics;
    mod models;
    mod names;
    mod operation;
    mod own_file;
    mod pack;
    mod pages;
    mod projection;
    mod pushes;
    mod pushes_trust;
    mod pushes_wire;
    mod quality;
    mod recall;
    mod related;
    mod relations;
    mod replay;
    mod reporting;
    mod restriction;
    mod sealed;
    mod second_factor;
    mod second_world;
    mod settings;
    mod statements;
    mod stopped;
    mod tables;
    mod the_loop;
    mod two_servers;
    mod upgrade;
    mod words;
}

mod api {
    mod input;
    mod openapi;
    mod permission;
    mod public;
    mod search;
    mod session;
}

mod browser;

mod tidy;
