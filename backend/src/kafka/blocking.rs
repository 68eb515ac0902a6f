//! Blocking calls and drops of clients, kept off the async runtime.

use std::time::Duration;

use shared::Error;

use super::error;

/// How much longer than its own limit a blocking call may take before it is given up. It goes on in its thread.
const GRACE: Duration = Duration::from_secs(3);

/// Runs `work`, which keeps `limit` by itself, on a thread that may block.
pub(super) async fn call<T: Send + 'static>(
    what: &str,
    limit: Duration,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::time::timeout(limit + GRACE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(panicked)) => {
            tracing::error!(what, error = %panicked, "a blocking call panicked");
            Err(error::internal("The server made a mistake while it asked the cluster."))
        }
        Err(_elapsed) => Err(error::timed_out(what)),
    }
}

/// Drops a client on a thread of its own: it joins its threads, which is slow when brokers are away.
pub(super) fn drop_elsewhere<T: Send + 'static>(client: T) {
    // Where no thread can be had the closure, and with it the client, is dropped here: slow, but not lost.
    if let Err(error) = std::thread::Builder::new().name("kafka-drop".to_owned()).spawn(move || drop(client))
    {
        tracing::warn!(%error, "no thread to drop a client on");
    }
}

/// A client that is dropped by [`drop_elsewhere`], wherever its last owner is.
pub(super) struct Elsewhere<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Elsewhere<T> {
    /// Takes a client over.
    pub(super) fn new(client: T) -> Self {
        Self(Some(client))
    }

    /// Gives it back, to be dropped by the caller.
    pub(super) fn into_inner(mut self) -> T {
        let Some(client) = self.0.take() else { unreachable!("only drop takes the client") };
        client
    }
}

impl<T: Send + 'static> std::ops::Deref for Elsewhere<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let Self(Some(client)) = self else { unreachable!("only drop takes the client") };
        client
    }
}

impl<T: Send + 'static> Drop for Elsewhere<T> {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop_elsewhere(client);
        }
    }
}

/// Locks; a panic elsewhere while it was locked does not spread.
pub(super) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use shared::ErrorCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_of_that_call() {
        let error =
            call::<()>("Asking", Duration::from_secs(600), || panic!("on purpose")).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
    }

    #[tokio::test]
    async fn clients_are_dropped_on_another_thread() {
        struct Tell(std::sync::mpsc::Sender<std::thread::ThreadId>);
        impl Drop for Tell {
            fn drop(&mut self) {
                let _gone = self.0.send(std::thread::current().id());
            }
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        drop_elsewhere(Tell(sender));
        assert_ne!(receiver.recv().unwrap(), std::thread::current().id());
    }
}
