//! Taking a webhook URL apart: a pure function.

use b24_core::{Grant, PortalAddress, Secret};
use http::Uri;

use crate::HookUrlError;

/// Reads `https://<portal>/rest/<user id>/<secret>/`, also in the form `/rest/api/…` of v3. White space around it,
/// doubled slashes, a query and a fragment are dropped; nothing else is.
pub(crate) fn parse(url: &str) -> Result<Grant, HookUrlError> {
    let url = url.trim();
    if url.is_empty() {
        return Err(HookUrlError::Empty);
    }
    let uri: Uri = url.parse().map_err(|_| HookUrlError::Invalid)?;
    let portal = PortalAddress::from_uri(&uri)?;
    let segments: Vec<_> = uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let (user_id, secret) = match segments.as_slice() {
        ["rest", "api", user_id, secret] | ["rest", user_id, secret] => (*user_id, *secret),
        _ => return Err(HookUrlError::Malformed),
    };
    // A user id is digits only: `parse` alone would take a sign too.
    let digits = user_id.bytes().all(|byte| byte.is_ascii_digit());
    let user_id = user_id.parse().ok().filter(|_| digits).ok_or(HookUrlError::UserId)?;
    let secret = Secret::from(secret);
    secret.is_path_segment().then(|| Grant::webhook(portal, user_id, secret)).ok_or(HookUrlError::Malformed)
}

#[cfg(test)]
mod tests {
    use b24_core::Credential;
    use proptest::prelude::*;

    use super::*;

    fn parts(url: &str) -> Result<(String, u64, String), HookUrlError> {
        let grant = parse(url)?;
        let Credential::Webhook { user_id, secret } = grant.credential() else { panic!("not a webhook") };
        Ok((grant.portal().to_string(), *user_id, secret.expose().to_owned()))
    }

    #[test]
    fn every_spelling_of_a_webhook_url_is_the_same_webhook() {
        for url in [
            "https://p.bitrix24.com/rest/1/s3cr3t",
            "https://p.bitrix24.com/rest/1/s3cr3t/",
            "https://p.bitrix24.com//rest/1//s3cr3t//",
            "  https://p.bitrix24.com/rest/1/s3cr3t\n",
            "https://p.bitrix24.com/rest/1/s3cr3t/?x=1#top",
            "https://p.bitrix24.com/rest/1/s3cr3t#top",
            "https://p.bitrix24.com/rest/api/1/s3cr3t/",
            "https://p.bitrix24.com/rest/01/s3cr3t",
            "HTTPS://P.Bitrix24.Com:443/rest/1/s3cr3t",
        ] {
            let want = ("https://p.bitrix24.com".to_owned(), 1, "s3cr3t".to_owned());
            assert_eq!(parts(url), Ok(want), "{url}");
        }
    }

    #[test]
    fn what_differs_is_kept() {
        assert_eq!(parts("https://p.com:8443/rest/1/s").unwrap().0, "https://p.com:8443");
        assert_eq!(parts("https://p.com/rest/1/s%2Fx").unwrap().2, "s%2Fx");
        assert_eq!(parts("http://127.0.0.1:8080/rest/7/s").unwrap().0, "http://127.0.0.1:8080");
    }

    #[test]
    fn a_host_is_never_changed() {
        // The official SDK replaces the text `/rest/api` before parsing and calls rest.b24.com here.
        let error = parts("https://rest/api.b24.com/rest/1/s");
        assert_eq!(error, Err(HookUrlError::Malformed));
        assert_eq!(parts("https://rest.api.b24.com/rest/1/s").unwrap().0, "https://rest.api.b24.com");
    }

    #[test]
    fn what_is_no_webhook_url_is_refused() {
        for (url, want) in [
            ("", HookUrlError::Empty),
            ("  \n", HookUrlError::Empty),
            ("x", HookUrlError::Invalid),
            ("p.bitrix24.com/rest/1/s", HookUrlError::Invalid),
            ("/rest/1/s", HookUrlError::Invalid),
            ("https:///rest/1/s", HookUrlError::Invalid),
            ("https://p.com/rest/1/a b", HookUrlError::Invalid),
            ("https://u:p@p.com/rest/1/s", HookUrlError::Invalid),
            ("https://u@p.com/rest/1/s", HookUrlError::Invalid),
            ("http://p.com/rest/1/s", HookUrlError::NotHttps),
            ("ftp://p.com/rest/1/s", HookUrlError::NotHttps),
            ("https://p.com", HookUrlError::Malformed),
            ("https://p.com/rest/1/", HookUrlError::Malformed),
            ("https://p.com/rest/1/s/profile.json", HookUrlError::Malformed),
            ("https://p.com/REST/1/s", HookUrlError::Malformed),
            ("https://p.com/sub/rest/1/s", HookUrlError::Malformed),
            ("https://p.com/rest/api/rest/api/1/s", HookUrlError::Malformed),
            ("https://p.com/rest/1/..", HookUrlError::Malformed),
            ("https://p.com/rest/1/%2e.", HookUrlError::Malformed),
            ("https://p.com/rest/1/***", HookUrlError::Malformed),
            ("https://p.com/rest/1/é", HookUrlError::Malformed),
            ("https://p.com/rest/-1/s", HookUrlError::UserId),
            ("https://p.com/rest/+1/s", HookUrlError::UserId),
            ("https://p.com/rest/s3cr3t/1", HookUrlError::UserId),
            ("https://p.com/rest/api/s3cr3t", HookUrlError::UserId),
            ("https://p.com/rest/99999999999999999999999/s", HookUrlError::UserId),
        ] {
            assert_eq!(parts(url), Err(want), "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_refused_without_a_word_of_it(
            host in "[a-z]{6,12}\\.example",
            path in "(/[a-z0-9%-]{7,12}){0,5}",
        ) {
            if let Err(error) = parse(&format!("https://{host}{path}")) {
                let shown = format!("{error} {error:?} {:?}", b24_core::Error::from(error));
                prop_assert!(!shown.contains(&host));
                for part in path.split('/').filter(|part| !part.is_empty()) {
                    prop_assert!(!shown.contains(part), "{}", shown);
                }
            }
        }

        #[test]
        fn any_bytes_are_survived(text in ".*") {
            let _ = parse(&text);
        }
    }
}
