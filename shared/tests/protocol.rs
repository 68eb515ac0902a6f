//! The protocol: how its frames look as JSON (`wire`), and that PROTOCOL.md and wire.rs name the same things.

#![expect(clippy::expect_used, reason = "clippy knows tests, but not their helpers")]

mod samples;
mod wire;

use std::collections::BTreeSet;

use serde::Serialize;
use shared::wire::{MAX_CLIENT_FRAME_BYTES, VERSION};
use shared::{ClientFrame, ServerFrame};

const DOCUMENT: &str = include_str!("../PROTOCOL.md");
const WIRE: &str = include_str!("../src/wire.rs");

/// The rows of the table whose head begins with these cells: their cells, without backticks.
fn table(head: &[&str], after: &str) -> Vec<Vec<String>> {
    let (_, rest) = DOCUMENT.split_once(after).expect(after);
    let head = format!("| {} |", head.join(" | "));
    let rows = rest.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', "")).collect())
        .collect()
}

fn first_column(rows: &[Vec<String>]) -> BTreeSet<String> {
    rows.iter().map(|row| row[0].clone()).collect()
}

/// What the samples have under `type`.
fn types<T: Serialize>(frames: &[T]) -> BTreeSet<String> {
    frames.iter().map(|frame| type_of(&serde_json::to_value(frame).expect("JSON"))).collect()
}

fn type_of(frame: &serde_json::Value) -> String {
    frame["type"].as_str().expect("a type").to_owned()
}

/// The examples whose fence says whose frame they are.
fn examples(whose: &str) -> Vec<&'static str> {
    let fence = format!("```json {whose}\n");
    DOCUMENT.split(&fence).skip(1).map(|rest| rest.split("```").next().expect("an end")).collect()
}

#[test]
fn the_tables_of_frames_are_complete() {
    let head = ["Type", "Meaning"];
    assert_eq!(first_column(&table(&head, "From the page:")), types(&samples::client_frames()));
    assert_eq!(first_column(&table(&head, "From the server:")), types(&samples::server_frames()));
}

#[test]
fn the_table_of_close_codes_is_complete() {
    let expected: BTreeSet<(String, String)> = WIRE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const ")?.strip_suffix(';')?.split_once(": u16 = "))
        .map(|(name, code)| (code.to_owned(), name.to_owned()))
        .collect();
    assert!(expected.len() > 10, "the constants were not found in wire.rs");
    let rows = table(&["Code", "Name", "Meaning"], "## Close codes");
    let found: BTreeSet<_> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(rows.len(), expected.len());
}

#[test]
fn the_table_of_error_codes_is_complete() {
    let expected: BTreeSet<String> = samples::error_codes()
        .into_iter()
        .map(|code| serde_json::to_value(code).expect("JSON").as_str().expect("a string").to_owned())
        .collect();
    let rows = table(&["Code", "Meaning"], "## Errors");
    assert_eq!(first_column(&rows), expected);
    assert_eq!(rows.len(), expected.len());
}

#[test]
fn every_example_is_a_frame_and_every_frame_has_an_example() {
    let (client, server) = (examples("client"), examples("server"));
    assert_eq!(client.len() + server.len(), DOCUMENT.matches("```json").count(), "each says whose it is");

    let client: Vec<ClientFrame> =
        client.into_iter().map(|json| serde_json::from_str(json).expect(json)).collect();
    assert_eq!(types(&client), types(&samples::client_frames()));

    // The server's frames take unknown keys, so that an example with a misspelt one is read and then differs.
    let mut server_types = BTreeSet::new();
    for json in server {
        let frame: ServerFrame = serde_json::from_str(json).expect(json);
        let example: serde_json::Value = serde_json::from_str(json).expect(json);
        assert_eq!(serde_json::to_value(&frame).expect("JSON"), example);
        server_types.insert(type_of(&example));
    }
    assert_eq!(server_types, types(&samples::server_frames()));
}

#[test]
fn the_numbers_are_those_of_the_code() {
    assert!(DOCUMENT.contains(&format!("\nVersion {VERSION}. ")));
    assert!(DOCUMENT.contains(&format!("has {} KiB at most", MAX_CLIENT_FRAME_BYTES / 1024)));
}
