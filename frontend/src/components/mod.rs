//! One file a component; its look, where it has one of its own, in the CSS file beside it.
//!
//! For tests, by role and name: a step's button is named by its label; each result is a region named by that label,
//! a running consumer's “Consumer in group …” (a second one of the group “Consumer 2 in group …”) with the buttons
//! “Commit now”, “Stop” and “Crash” and the checkbox “Synchronous”; what runs has a button “Cancel”; a stream is a
//! region “Delivery reports” or “Records and events” around a table with rows; the lesson's button “Start over”
//! opens a dialog “Start over?” with “Start over” and “Keep everything”.
//!
//! Beside a lesson the buttons “Results” and “Cluster” choose what stands there; the link “Cluster” leads to the same
//! view as a page. In it: regions “Broker 1” and so on, with buttons “Stop broker 1”, “Kill broker 1”,
//! “Start broker 1”, “Cut off broker 1” (then “Reconnect broker 1”) and “Delay broker 1”; regions
//! “Partitions of …” and, of groups, “Members of …” and “Offsets of …”, each around a table; the buttons “Reset my
//! cluster” (a dialog “Reset my cluster?”), “Clear all faults” and “Inject the error”. What is told once, a reset say, has
//! a button “Understood”.

#![expect(clippy::needless_pass_by_value, reason = "a component owns its properties")]

pub(crate) mod announcer;
pub(crate) mod cluster_view;
pub(crate) mod command_form;
pub(crate) mod confirm;
pub(crate) mod connection_status;
pub(crate) mod consumer_view;
pub(crate) mod copy_button;
pub(crate) mod error_view;
pub(crate) mod group_view;
pub(crate) mod header;
pub(crate) mod lanes;
pub(crate) mod lesson_text;
pub(crate) mod notice;
pub(crate) mod partition;
pub(crate) mod produce_view;
pub(crate) mod record_detail;
pub(crate) mod result_panel;
pub(crate) mod results;
pub(crate) mod run_card;
pub(crate) mod side;
pub(crate) mod start_over;
pub(crate) mod step;
pub(crate) mod stream_row;
pub(crate) mod stream_table;
pub(crate) mod theme_menu;
pub(crate) mod topic_view;
pub(crate) mod topics_view;
pub(crate) mod trouble;
pub(crate) mod window;
