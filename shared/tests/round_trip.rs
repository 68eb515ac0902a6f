//! Any frame, written as JSON and read again, is the same; and whatever text arrives, reading it does not panic.

#![expect(clippy::expect_used, reason = "clippy knows tests, but not their helpers")]

mod arbitrary;

use proptest::prelude::*;
use shared::{ClientFrame, ServerFrame};

proptest! {
    #[test]
    fn client_frames(frame in arbitrary::client_frame()) {
        let json = serde_json::to_string(&frame).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<ClientFrame>(&json).expect(&json), frame);
    }

    #[test]
    fn server_frames(frame in arbitrary::server_frame()) {
        let json = serde_json::to_string(&frame).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<ServerFrame>(&json).expect(&json), frame);
    }

    #[test]
    fn a_frame_says_its_type_and_keeps_its_json(frame in arbitrary::server_frame()) {
        let json = serde_json::to_value(&frame).expect("JSON");
        prop_assert!(json["type"].is_string());
        let again: ServerFrame = serde_json::from_value(json.clone()).expect("a frame");
        prop_assert_eq!(serde_json::to_value(again).expect("JSON"), json);
    }

    #[test]
    fn any_text_is_a_frame_or_an_error(text in ".*") {
        let _ = serde_json::from_str::<ClientFrame>(&text);
    }

    #[test]
    fn a_broken_frame_is_a_frame_or_an_error(frame in arbitrary::client_frame(), at in any::<prop::sample::Index>()) {
        let json = serde_json::to_string(&frame).expect("JSON");
        let cut: String = json.chars().take(at.index(json.chars().count())).collect();
        prop_assert!(serde_json::from_str::<ClientFrame>(&cut).is_err());
    }
}
