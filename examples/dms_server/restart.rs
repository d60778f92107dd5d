//! What is read at the start alone, and whether it has changed since.

use std::fs;
use std::path::Path;

use ring::digest::SHA256;
use zeroize::Zeroizing;

use crate::assemble::Lasting;
use crate::config::Config;

/// SHA-256 of what a file holds, so that no secret is kept for the comparison.
pub(crate) type Digest = [u8; 32];

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&SHA256, bytes).as_ref());
    digest
}

/// Settings, and the content of files, that a process keeps from its start to its end.
pub(crate) struct AtStart {
    settings: Vec<(&'static str, String)>,
    files: Vec<(&'static str, Option<Digest>)>,
}

impl AtStart {
    /// Where it is read before the services are, no change in between is missed.
    pub(crate) fn read(config: &Config) -> Self {
        Self {
            settings: settings(config),
            files: files(config),
        }
    }

    /// The keys of what is not any more as it was.
    pub(crate) fn changed(&self, config: &Config, lasting: &Lasting) -> Vec<&'static str> {
        let now = Self::read(config);
        let mut keys = differing(&self.settings, &now.settings);
        for key in differing(&self.files, &now.files) {
            // The path may be another, which the settings tell.
            if !keys.iter().any(|known| key.starts_with(known)) {
                keys.push(key);
            }
        }
        // What this process wrote itself is no change.
        let upstream = lasting.upstream.as_ref();
        if upstream.is_some_and(|upstream| upstream.file().is_foreign())
            && !keys.contains(&"dm_bridge")
        {
            keys.push("dm_bridge.refresh_token");
        }
        keys
    }
}

fn settings(config: &Config) -> Vec<(&'static str, String)> {
    let limits = &config.limits;
    let connections = (limits.connections, limits.connections_per_address);
    let store = (&config.store, &config.store_roots);
    vec![
        ("listen", config.listen.to_string()),
        ("tenant", config.tenant.clone()),
        ("store", format!("{store:?}")),
        ("node", config.node.to_string()),
        ("events", format!("{:?}", config.events)),
        ("limits.events_kept", format!("{:?}", limits.events_kept)),
        ("dm_bridge", format!("{:?}", config.dm_bridge)),
        ("limits.connections", format!("{connections:?}")),
    ]
}

fn files(config: &Config) -> Vec<(&'static str, Option<Digest>)> {
    let bridge = config.dm_bridge.as_ref();
    let events = config.events.as_ref();
    // Who is asked and told from the start on is known by these roots.
    let roots = config.tls.service_roots.as_ref();
    let roots = roots.filter(|_| bridge.is_some() || events.is_some());
    let files = [
        ("store_roots", config.store_roots.as_ref()),
        ("events.secret", events.map(|events| &events.secret)),
        (
            "dm_bridge.client_secret",
            bridge.map(|bridge| &bridge.client_secret),
        ),
        ("tls.service_roots", roots),
    ];
    files
        .map(|(key, path)| (key, path.and_then(|path| content(path))))
        .into()
}

fn content(path: &Path) -> Option<Digest> {
    let content = fs::read(path).map(Zeroizing::new).ok()?;
    Some(digest(&content))
}

fn differing<T: PartialEq>(
    one: &[(&'static str, T)],
    other: &[(&'static str, T)],
) -> Vec<&'static str> {
    let pairs = one.iter().zip(other);
    let changed = pairs.filter(|((_, one), (_, other))| one != other);
    changed.map(|((key, _), _)| *key).collect()
}
