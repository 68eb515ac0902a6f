//! The signed cookie that says who a learner is.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use cookie::time::Duration;
use cookie::{Cookie, CookieJar as Jar, Key, SameSite};
use rand::RngExt;

use super::LearnerId;

const KEY_FILE: &str = "cookie.key";
const KEY_BYTES: usize = 64;
/// How long a browser keeps it, and so how long a learner finds their topics again.
const MAX_AGE: Duration = Duration::days(180);

/// Reads and writes the cookie. Its name includes the port, because browsers send a host's cookies to all ports.
pub struct CookieJar {
    name: String,
    key: Key,
}

impl CookieJar {
    /// With the key that `state_dir` keeps from start to start; made there the first time.
    pub fn open(port: u16, state_dir: &Path) -> std::io::Result<Self> {
        let path = state_dir.join(KEY_FILE);
        let key = match fs::read(&path) {
            Ok(bytes) if bytes.len() == KEY_BYTES => Key::from(&bytes),
            Ok(_) => {
                return Err(std::io::Error::other(format!(
                    "{} is not a key of {KEY_BYTES} bytes",
                    path.display()
                )));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(state_dir, &path)?,
            Err(error) => return Err(error),
        };
        Ok(Self::with_key(port, key))
    }

    /// With a key that ends with the process: a learner is a new one after a restart.
    pub fn passing(port: u16) -> Self {
        Self::with_key(port, Key::generate())
    }

    fn with_key(port: u16, key: Key) -> Self {
        Self { name: format!("kafka-workshop-{port}"), key }
    }

    /// The learner that a `Cookie` header names, if its signature is ours.
    pub fn read(&self, header: &str) -> Option<LearnerId> {
        let mut jar = Jar::new();
        for cookie in
            Cookie::split_parse(header.to_owned()).flatten().filter(|cookie| cookie.name() == self.name)
        {
            jar.add_original(cookie.into_owned());
        }
        let cookie = jar.signed(&self.key).get(&self.name)?;
        LearnerId::parse(cookie.value())
    }

    /// The `Set-Cookie` header for a learner.
    pub fn write(&self, learner: &LearnerId) -> String {
        let mut jar = Jar::new();
        let cookie = Cookie::build((self.name.clone(), learner.to_string()))
            .http_only(true)
            .same_site(SameSite::Strict)
            .path("/")
            .max_age(MAX_AGE)
            .build();
        jar.signed_mut(&self.key).add(cookie);
        jar.get(&self.name).map(ToString::to_string).unwrap_or_default()
    }
}

fn make_key(state_dir: &Path, path: &Path) -> std::io::Result<Key> {
    let mut bytes = [0_u8; KEY_BYTES];
    rand::rng().fill(&mut bytes);
    fs::create_dir_all(state_dir)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(Key::from(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(set_cookie: &str) -> &str {
        set_cookie.split(';').next().unwrap()
    }

    #[test]
    fn a_learner_is_known_again_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let learner = LearnerId::random();
        let set_cookie = CookieJar::open(8080, dir.path()).unwrap().write(&learner);
        let again = CookieJar::open(8080, dir.path()).unwrap();
        assert_eq!(again.read(&format!("theme=dark; {}", pair(&set_cookie))), Some(learner));
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(set_cookie.contains(attribute), "{set_cookie}");
        }
    }

    #[test]
    fn a_cookie_that_we_did_not_sign_is_nobody() {
        let jar = CookieJar::passing(8080);
        let other = CookieJar::passing(8080).write(&LearnerId::random());
        assert_eq!(jar.read(pair(&other)), None);
        assert_eq!(jar.read(&format!("kafka-workshop-8080={}", LearnerId::random())), None);
        let mine = jar.write(&LearnerId::random());
        let forged = pair(&mine).replace(&mine[mine.len() / 3..mine.len() / 3 + 1], "_");
        assert_eq!(jar.read(&forged), None);
    }

    #[test]
    fn servers_on_other_ports_have_other_cookies() {
        let dir = tempfile::tempdir().unwrap();
        let one = CookieJar::open(8080, dir.path()).unwrap().write(&LearnerId::random());
        assert_eq!(CookieJar::open(8081, dir.path()).unwrap().read(pair(&one)), None);
    }

    #[test]
    fn the_key_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        CookieJar::open(8080, dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
