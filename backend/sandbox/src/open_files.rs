//! The limit on open files. Each cluster has a listener for each broker, and a connection for each client and broker.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit on open files as far as this process may by itself. What comes of it is in the log only.
pub fn raise_open_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let before = limit.current;
    limit.current = limit.maximum;
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => tracing::debug!(?before, now = ?limit.current, "the limit on open files is raised"),
        Err(error) => tracing::warn!(%error, limit = ?before, "the limit on open files can't be raised"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_may_be_open_as_the_system_allows() {
        raise_open_file_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
