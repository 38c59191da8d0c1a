//! The installation's secret: read from its file, made where there is none, and the same for every process of an
//! installation. Knows nothing of what is made from it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use super::Error;
use crate::auth::InstallationKey;
use crate::config::Settings;
use crate::ids::Randomness;
use crate::store::{Location, Store};

/// The installation's key. A database that was used with another one is refused: links that one process mails would
/// not work at the other.
pub(super) async fn of(
    settings: &Settings,
    location: &Location,
    store: &Store,
    randomness: &Randomness,
) -> Result<InstallationKey, Error> {
    let path = path(settings, location);
    let failed = |source| Error::Key { path: path.clone(), source };
    let key = match make(&path, randomness) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path).map_err(failed)?,
        made => made.map_err(failed)?,
    };
    let database = |source| Error::Database { source, advice: "try again, and look at the database's own log" };
    let mut books = store.books().await.map_err(database)?;
    let known = books.remember("key_fingerprint", &key.fingerprint()).await.map_err(database)?;
    books.commit().await.map_err(database)?;
    if known == key.fingerprint() { Ok(key) } else { Err(Error::OtherKey { path }) }
}

fn path(settings: &Settings, location: &Location) -> PathBuf {
    let named = &settings.secrets.key_file;
    match location {
        _ if !named.as_os_str().is_empty() => named.clone(),
        Location::Sqlite(database) => database.with_extension("key"),
        Location::Postgres(_) => settings.database.data_dir.join("gateway.key"),
    }
}

fn make(path: &Path, randomness: &Randomness) -> io::Result<InstallationKey> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let bytes: [u8; 32] = randomness.bytes();
    // Whoever starts at the same time sees the whole file or none.
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(BASE64.encode(&bytes).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked.map(|()| InstallationKey::new(bytes))
}

fn read(path: &Path) -> io::Result<InstallationKey> {
    let text = fs::read_to_string(path)?;
    let bytes = BASE64.decode(text.trim().as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(InstallationKey::new).ok_or_else(|| io::Error::other("it holds no key of 32 bytes in base 64"))
}
