//! The pages of the web server in front of the portal.

/// A page of nginx that says nothing but a status.
pub(crate) fn nginx(status: &str) -> String {
    format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}
