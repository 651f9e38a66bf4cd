//! Where the program runs, as far as a request can tell.

/// What a request may carry. A browser asks the portal for each header that is out of the ordinary, and a portal permits
/// `origin, content-type, accept`: with any other the call is not sent. The official JavaScript SDK sends none either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Any header.
    Server,
    /// No header but those three.
    Browser,
}

impl Place {
    /// The place that this was compiled for.
    pub(crate) const HERE: Self =
        if cfg!(all(target_arch = "wasm32", target_os = "unknown")) { Self::Browser } else { Self::Server };
}
