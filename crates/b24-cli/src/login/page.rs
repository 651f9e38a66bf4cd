//! What a browser is answered: a pure function of its request. Nothing of the request is in it.

use b24::{
    Error,
    core::SdkCode,
    oauth::{LoginState, Redirect},
};

/// The pages there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Welcome,
    NotLetIn,
    OtherState,
    NotFound,
    NotAllowed,
    BadRequest,
}

/// The answer to a request, and what came of the login if it ends it.
pub(super) fn answer(head: &str, state: &LoginState) -> (Page, Option<Result<Redirect, Error>>) {
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return (Page::BadRequest, None);
    };
    if method != "GET" {
        return (Page::NotAllowed, None);
    }
    if !is_return(target) {
        return (Page::NotFound, None);
    }
    match Redirect::parse(target, state) {
        Ok(redirect) => (Page::Welcome, Some(Ok(redirect))),
        // Somebody else's: this login goes on.
        Err(error) if error.code() == SdkCode::StateMismatch.as_str() => (Page::OtherState, None),
        Err(error) => (Page::NotLetIn, Some(Err(error))),
    }
}

/// Whether it may be the end of a login. A browser also asks for `/favicon.ico`, and people for the bare address.
fn is_return(target: &str) -> bool {
    let (_, query) = target.split_once('?').unwrap_or_default();
    query.split('&').any(|pair| ["code=", "state="].iter().any(|name| pair.starts_with(name)))
}

impl Page {
    fn status(self) -> &'static str {
        match self {
            Self::Welcome => "200 OK",
            Self::NotLetIn | Self::BadRequest => "400 Bad Request",
            Self::OtherState => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::NotAllowed => "405 Method Not Allowed\r\nAllow: GET",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Welcome => "b24 has what it needs. You may close this page; the terminal says how it went on.",
            Self::NotLetIn => "The portal did not let the application in. You may close this page.",
            Self::OtherState => "This page belongs to another login than the one b24 waits for. Nothing was done.",
            Self::NotFound => "b24 waits here for the end of a login. There is nothing else.",
            Self::NotAllowed | Self::BadRequest => "This is no request that b24 understands.",
        }
    }

    /// The whole answer. The address of the page has the code in it: it is neither told to anybody nor kept.
    pub(super) fn response(self) -> String {
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>b24 login</title></head>\
             <body><p>{}</p></body></html>\n",
            self.text()
        );
        format!(
            "HTTP/1.1 {}\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
             Referrer-Policy: no-referrer\r\n\
             Cache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Connection: close\r\n\r\n{body}",
            self.status(),
            body.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(line: &str) -> (Page, Option<Result<(), String>>) {
        let (page, outcome) = answer(&format!("{line}\r\nHost: localhost:7777"), &"st4te".to_owned().into());
        (page, outcome.map(|outcome| outcome.map(drop).map_err(|error| error.code().to_owned())))
    }

    #[test]
    fn only_the_right_state_ends_a_login() {
        for (line, want) in [
            ("GET /?code=c&state=st4te HTTP/1.1", (Page::Welcome, Some(Ok(())))),
            ("GET /back?state=st4te&code=c HTTP/1.0", (Page::Welcome, Some(Ok(())))),
            ("GET /?code=c&state=other HTTP/1.1", (Page::OtherState, None)),
            ("GET /?code=c HTTP/1.1", (Page::OtherState, None)),
            ("GET /?error=access_denied&state=st4te HTTP/1.1", (Page::NotLetIn, Some(Err("INVALID_REDIRECT".into())))),
            ("GET / HTTP/1.1", (Page::NotFound, None)),
            ("GET /favicon.ico?v=1 HTTP/1.1", (Page::NotFound, None)),
            ("POST /?code=c&state=st4te HTTP/1.1", (Page::NotAllowed, None)),
            ("PRI * HTTP/2.0", (Page::BadRequest, None)),
            ("GET /?code=c&state=st4te", (Page::BadRequest, None)),
            ("GET /?code=c&state=st4te HTTP/1.1 x", (Page::BadRequest, None)),
            ("", (Page::BadRequest, None)),
        ] {
            assert_eq!(answered(line), want, "{line}");
        }
    }

    #[test]
    fn every_page_is_whole_and_keeps_its_address_to_itself() {
        for page in
            [Page::Welcome, Page::NotLetIn, Page::OtherState, Page::NotFound, Page::NotAllowed, Page::BadRequest]
        {
            let response = page.response();
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{page:?}");
            for header in ["Referrer-Policy: no-referrer", "Cache-Control: no-store", "Connection: close"] {
                assert!(head.contains(header), "{page:?}: {header}");
            }
        }
    }
}
