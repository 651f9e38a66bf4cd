//! Which names have secret values.

/// Whether a value under this name is a secret. Case and separators do not count.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    WHOLE.contains(&plain.as_str())
        || ENDS.iter().any(|end| plain.ends_with(end))
        || PARTS.iter().any(|part| plain.contains(part))
}

const WHOLE: &[&str] = &["auth", "authid", "bearer", "jwt", "key", "pass", "pwd", "refreshid", "sign", "signature"];
const ENDS: &[&str] = &["accesskey", "apikey", "authorization", "cookie", "privatekey", "sessid", "sessionid"];
const PARTS: &[&str] = &["credential", "passphrase", "passw", "secret", "token"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_separators() {
        for name in [
            "auth",
            "AUTH_ID",
            "refreshToken",
            "client-secret",
            "USER_PASSWORD",
            "sessid",
            "PHPSESSID",
            "Signature",
            "key",
            "X-Api-Key",
            "access_key",
            "Proxy-Authorization",
            "set-cookie",
            "jwt",
            "pass",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["id", "title", "author", "authorId", "keyword", "STAGE_ID", "monkey", "passenger", "code", ""] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
