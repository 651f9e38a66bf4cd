//! What can be chosen about an application in a frame.

use std::path::PathBuf;

use super::PortalBuilder;

impl PortalBuilder {
    /// Sets the folder of a built application, with its `index.html`, for [`Portal::frame_url`](crate::Portal::frame_url).
    ///
    /// It is served on an origin of its own, by GET and, as the portal opens it, by POST.
    pub fn frame_app(mut self, folder: impl Into<PathBuf>) -> Self {
        self.doors.app = Some(folder.into());
        self
    }

    /// Sets the TCP port of the application on the loopback address; by default the system chooses one.
    pub fn frame_app_port(mut self, port: u16) -> Self {
        self.doors.app_port = port;
        self
    }

    /// Sets where in the portal the application is opened, and what that place says of itself: a JSON object.
    ///
    /// `DEFAULT` and `{}` by default, the application's own page. Another place has events and no title to set:
    ///
    /// ```
    /// use b24_portal::Portal;
    ///
    /// let builder = Portal::builder()
    ///     .frame_placement("CRM_DEAL_DETAIL_TAB", r#"{"ID":"5"}"#)
    ///     .frame_event("onDealMoved");
    /// ```
    pub fn frame_placement(mut self, code: impl Into<String>, options: impl Into<String>) -> Self {
        // As the portal's script has it.
        self.config.frame.placement = code.into().to_uppercase();
        self.config.frame.options = options.into();
        self
    }

    /// Adds an event that the placement has, beside its own; the application's own page has none.
    pub fn frame_event(mut self, name: impl Into<String>) -> Self {
        self.config.frame.events.push(name.into());
        self
    }

    /// Sets the language of the user who opens the application; `en` by default.
    pub fn frame_language(mut self, language: impl Into<String>) -> Self {
        self.config.frame.language = language.into();
        self
    }

    /// Opens the application to be set up: `INSTALL`, until it says `setInstallFinish`.
    pub fn frame_install(mut self) -> Self {
        self.config.frame.install = true;
        self
    }

    /// Opens the application for a user who never had it open: `FIRST_RUN`, until it says `setInstall`.
    pub fn frame_first_run(mut self) -> Self {
        self.config.frame.first_run = true;
        self
    }
}
