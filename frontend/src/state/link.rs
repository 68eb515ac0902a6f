//! The connection to the server in plain Rust: what its end means, and when to try again.

use shared::wire::close;

/// The connection to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Opening, for the first time or again.
    Connecting,
    /// Welcomed.
    Open,
    /// Lost; the next attempt comes by itself.
    Waiting {
        /// In so many milliseconds.
        retry_in_ms: u32,
    },
    /// Ended, and trying again by itself would only fail again.
    Ended(Ended),
}

/// Why a connection ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// What happened, in a sentence.
    pub(crate) message: &'static str,
    /// What helps.
    pub(crate) remedy: Remedy,
}

/// What helps when a connection ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Loading the page again.
    Reload,
    /// Connecting again.
    Connect,
}

/// The longest that the page waits between two attempts.
const LONGEST_WAIT_MS: u32 = 10_000;

/// How long to wait before attempt number `attempt` (from 0): half a second, doubled each time up to ten, of which
/// `chance` (0 to 1) takes away up to a half, so that a class does not come back all at once.
pub(crate) fn wait_ms(attempt: u32, chance: f64) -> u32 {
    let whole = 500_u32.saturating_mul(2_u32.saturating_pow(attempt.min(10))).min(LONGEST_WAIT_MS);
    whole - (f64::from(whole) * 0.5 * chance.clamp(0.0, 1.0)) as u32
}

/// What a close code means; `None`: try again.
pub(crate) fn ended_by(code: u16) -> Option<Ended> {
    let (message, remedy) = match code {
        close::MALFORMED | close::BINARY | close::HELLO_EXPECTED | close::ID_REUSED => {
            ("The server did not understand this page. That is a defect of the workshop.", Remedy::Reload)
        }
        close::WRONG_VERSION => ("The server was updated while this page was open.", Remedy::Reload),
        close::TOO_LARGE => ("What was sent is larger than the server takes.", Remedy::Connect),
        close::TOO_FAST => ("More was sent in a second than the server takes.", Remedy::Connect),
        close::TOO_SLOW => ("This page was too slow to read what it was sent.", Remedy::Connect),
        close::TAKEN_OVER => ("Another tab went on with this session.", Remedy::Reload),
        close::TOO_MANY_SESSIONS => {
            ("Too many pages are open. Close a tab of the workshop that you no longer need.", Remedy::Connect)
        }
        _ => return None,
    };
    Some(Ended { message, remedy })
}

/// Whether this page has no session any more after such a close code. One that was too slow to read still has it.
pub(crate) fn ends_session(code: u16) -> bool {
    ended_by(code).is_some() && code != close::TOO_SLOW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_ten_seconds() {
        let waits: Vec<u32> = (0..7).map(|attempt| wait_ms(attempt, 0.0)).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(wait_ms(u32::MAX, 1.0), 5000);
    }

    #[test]
    fn a_stopping_server_a_lost_network_and_a_page_that_slept_are_tried_again() {
        for code in [close::SHUTTING_DOWN, 1006, close::IDLE] {
            assert_eq!(ended_by(code), None, "{code}");
        }
        assert_eq!(ended_by(close::WRONG_VERSION).map(|ended| ended.remedy), Some(Remedy::Reload));
    }

    #[test]
    fn only_a_session_that_can_be_gone_on_with_is_kept() {
        for code in [close::IDLE, close::SHUTTING_DOWN, 1006, close::TOO_SLOW] {
            assert!(!ends_session(code), "{code}");
        }
        for code in [close::TOO_FAST, close::TOO_LARGE, close::MALFORMED, close::TAKEN_OVER] {
            assert!(ends_session(code), "{code}");
        }
    }
}
