//! Which addresses may be fetched.

use std::net::IpAddr;

use ureq::http::Uri;

use crate::error::{DownloadError, Result};

/// Which addresses may be fetched. Every policy requires TLS for other machines, and certificates
/// are always checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// `https` only.
    #[default]
    Https,
    /// `https`, and `http` to this machine (`127.0.0.0/8`, `[::1]`): for tests and local mirrors. A
    /// redirect never leads from `https` to `http`.
    HttpsOrLoopback,
}

impl Policy {
    /// The address, if it may be fetched; `from` is the source of a redirect.
    ///
    /// # Errors
    /// [`DownloadError::Url`] with the reason.
    pub(crate) fn check(self, url: &str, from: Option<&Uri>) -> Result<Uri> {
        let refuse = |reason: &str| {
            let reason = match from {
                Some(from) => format!("{reason} (redirected there from {from})"),
                None => reason.to_owned(),
            };
            Err(DownloadError::Url { url: url.to_owned(), reason })
        };
        let Ok(uri) = url.parse::<Uri>() else { return refuse("is not an address") };
        let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
            return refuse("has no host");
        };
        if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
            return refuse("holds a name or a password, which lists must not");
        }
        match uri.scheme_str() {
            Some("https") => Ok(uri),
            Some("http") if self == Self::HttpsOrLoopback && is_loopback(host) => {
                if from.is_some_and(|from| from.scheme_str() == Some("https")) {
                    return refuse("is not encrypted; only https is followed");
                }
                Ok(uri)
            }
            Some("http") => refuse("is not encrypted; use https"),
            _ => refuse("has a scheme other than https"),
        }
    }
}

/// Accepts only numeric addresses, because a name could resolve to any machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The address of `location` relative to `base` (RFC 3986, without removal of dots, which
/// servers do themselves).
pub(crate) fn join(base: &Uri, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default().trim();
    let scheme = base.scheme_str().unwrap_or("https");
    let authority = base.authority().map_or("", |a| a.as_str());
    let path = base.path();
    let head = location.split(['/', '?']).next().unwrap_or_default();
    if head.contains(':') {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.is_empty() || location.starts_with('?') {
        format!("{scheme}://{authority}{path}{location}")
    } else {
        let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
        let slash = if folder.is_empty() { "/" } else { "" };
        format!("{scheme}://{authority}{slash}{folder}{location}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_only() {
        let refused = |policy: Policy, url: &str, word: &str| {
            let error = policy.check(url, None).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains(url), "{error}");
        };
        for policy in [Policy::Https, Policy::HttpsOrLoopback] {
            assert!(policy.check("https://opendata.cern.ch/a?b=c", None).is_ok());
            refused(policy, "http://opendata.cern.ch/a", "encrypted");
            refused(policy, "http://localhost/a", "encrypted");
            refused(policy, "http://127.0.0.1.example.org/a", "encrypted");
            refused(policy, "ftp://opendata.cern.ch/a", "scheme");
            refused(policy, "file:///etc/passwd", "");
            refused(policy, "/etc/passwd", "no host");
            refused(policy, "https://me:secret@opendata.cern.ch/a", "password");
            refused(policy, "https://", "");
            refused(policy, "", "");
        }
        refused(Policy::Https, "http://127.0.0.1:8000/a", "encrypted");
        for url in ["http://127.0.0.1:8000/a", "http://127.9.9.9/", "http://[::1]:80/"] {
            assert!(Policy::HttpsOrLoopback.check(url, None).is_ok(), "{url}");
        }
    }

    #[test]
    fn redirects_keep_the_encryption() {
        let from: Uri = "https://opendata.cern.ch/a".parse().unwrap();
        let policy = Policy::HttpsOrLoopback;
        let error = policy.check("http://127.0.0.1/b", Some(&from)).unwrap_err().to_string();
        assert!(error.contains("encrypted") && error.contains("opendata"), "{error}");
        assert!(policy.check("https://127.0.0.1/b", Some(&from)).is_ok());
    }

    #[test]
    fn relative_redirects() {
        let base: Uri = "https://h:8443/a/b?c".parse().unwrap();
        for (location, url) in [
            ("https://x/y", "https://x/y"),
            ("//x/y", "https://x/y"),
            ("/y?z#f", "https://h:8443/y?z"),
            ("y", "https://h:8443/a/y"),
            ("?y", "https://h:8443/a/b?y"),
            ("y:z", "y:z"),
            ("y/z:1", "https://h:8443/a/y/z:1"),
        ] {
            assert_eq!(join(&base, location), url);
        }
    }
}
