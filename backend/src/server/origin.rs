//! Who may speak to the server: exact `Host` and `Origin` headers, against DNS rebinding and cross-site sockets.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header};

/// The hosts and origins that belong to this server.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Allowed {
    /// For a server on loopback: by the names that a browser on the same machine may call it.
    pub(super) fn loopback(address: SocketAddr, extra_origin: Option<&str>) -> Self {
        let port = address.port();
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        let own = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        if !names.contains(&own) {
            names.push(own);
        }
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            // A browser leaves out the port that the scheme implies.
            hosts.append(&mut names);
        }
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        if let Some(origin) = extra_origin {
            hosts.extend(origin.split_once("://").map(|(_, host)| host.to_owned()));
            origins.push(origin.to_owned());
        }
        Self { hosts, origins }
    }

    /// Whether a request is meant for this server. A request without one `Host` is not.
    pub(super) fn host(&self, headers: &HeaderMap) -> bool {
        only(headers, header::HOST).is_some_and(|host| self.hosts.iter().any(|allowed| allowed == host))
    }

    /// Whether a request comes from a page of this server. A request without one `Origin` does not.
    pub(super) fn origin(&self, headers: &HeaderMap) -> bool {
        only(headers, header::ORIGIN)
            .is_some_and(|origin| self.origins.iter().any(|allowed| allowed == origin))
    }
}

fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn allowed() -> Allowed {
        Allowed::loopback("127.0.0.1:8080".parse().unwrap(), None)
    }

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn its_own_names_are_taken() {
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(allowed().host(&headers(&header::HOST, &[host])), "{host}");
            assert!(allowed().origin(&headers(&header::ORIGIN, &[&format!("http://{host}")])), "{host}");
        }
    }

    #[test]
    fn every_other_host_is_refused() {
        for hosts in [
            &[][..],
            &["localhost"],
            &["localhost:8081"],
            &["evil.example:8080"],
            &["localhost:8080.evil.example"],
            &["LOCALHOST:8080"],
            &["localhost:8080", "evil.example"],
        ] {
            assert!(!allowed().host(&headers(&header::HOST, hosts)), "{hosts:?}");
        }
    }

    #[test]
    fn every_other_origin_is_refused() {
        for origins in [
            &[][..],
            &["null"],
            &["https://localhost:8080"],
            &["http://localhost"],
            &["http://localhost:80800"],
            &["http://localhost:8080.evil.example"],
            &["http://localhost:8080/"],
            &["HTTP://localhost:8080"],
            &["http://evil.example"],
            &["http://localhost:8080", "http://evil.example"],
        ] {
            assert!(!allowed().origin(&headers(&header::ORIGIN, origins)), "{origins:?}");
        }
    }

    #[test]
    fn the_operator_may_add_one_origin() {
        let allowed = Allowed::loopback("127.0.0.1:8080".parse().unwrap(), Some("http://127.0.0.1:8081"));
        assert!(allowed.origin(&headers(&header::ORIGIN, &["http://127.0.0.1:8081"])));
        assert!(allowed.host(&headers(&header::HOST, &["127.0.0.1:8081"])));
    }
}
