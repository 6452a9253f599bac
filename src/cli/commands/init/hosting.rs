//! Where a repository is hosted, as far as it tells.

use std::path::Path;

use crate::source::remote_urls;

/// A place that runs CI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    GitHub,
    GitLab,
}

impl Host {
    /// What the files and the remotes of the repository at `root` suggest; none, one or both.
    pub(super) fn of(root: &Path) -> Vec<Self> {
        let names: Vec<String> = remote_urls(root).iter().map(|url| host(url)).collect();
        let suggests =
            |file: &str, word: &str| root.join(file).exists() || names.iter().any(|name| name.contains(word));
        let mut hosts = Vec::new();
        if suggests(".github", "github") {
            hosts.push(Self::GitHub);
        }
        if suggests(".gitlab-ci.yml", "gitlab") {
            hosts.push(Self::GitLab);
        }
        hosts
    }
}

/// The host in the URL of a remote, in lower case: `https://host/path`, `ssh://user@host:22/path` or `user@host:path`.
/// Empty for a path on disk.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    if !url.contains("://") && !authority.contains(':') {
        return String::new();
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_every_form_of_url() {
        for (url, wanted) in [
            ("https://github.com/acme/support.git", "github.com"),
            ("https://token@GitHub.example:8443/acme", "github.example"),
            ("git@gitlab.com:acme/github.git", "gitlab.com"),
            ("ssh://git@gitlab.acme.example:22/x", "gitlab.acme.example"),
            ("/srv/github/x", ""),
            ("../github", ""),
            ("file:///srv/github/x", ""),
        ] {
            assert_eq!(host(url), wanted, "{url}");
        }
    }
}
