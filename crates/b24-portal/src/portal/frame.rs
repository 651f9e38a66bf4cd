//! The application in a frame of the portal, seen from outside.

use super::Portal;
use crate::frame::{FrameMessage, PATH, ParentFault};

impl Portal {
    /// The portal's page with the application of [`PortalBuilder::frame_app`](crate::PortalBuilder::frame_app) in a frame.
    ///
    /// To be opened in a browser. The application is that of [`application`](Self::application), the user that of
    /// [`signed_in`](crate::PortalBuilder::signed_in). `None` without `frame_app`.
    #[must_use]
    pub fn frame_url(&self) -> Option<String> {
        self.origins.app.as_ref().map(|_| format!("{}{PATH}", self.origins.portal))
    }

    /// Where the application is served, such as `http://127.0.0.1:40819`; `None` without
    /// [`frame_app`](crate::PortalBuilder::frame_app).
    #[must_use]
    pub fn frame_app_url(&self) -> Option<&str> {
        self.origins.app.as_deref()
    }

    /// The messages that the portal's page got so far, oldest first.
    ///
    /// [`clear_requests`](Self::clear_requests) forgets them too.
    #[must_use]
    pub fn frame_messages(&self) -> Vec<FrameMessage> {
        self.shared.engine().frame_messages()
    }

    /// Queues a fault for a message to come.
    pub fn parent_fault(&self, fault: ParentFault) {
        self.shared.engine().parent_fault(fault);
    }

    /// Lets an event of the placement happen: everyone who has bound to it hears of it, with this JSON.
    ///
    /// Returns how many will hear it; the page asks for it at once. Without JSON an empty text is sent.
    pub fn fire_placement_event(&self, event: &str, json: &str) -> usize {
        let told = self.shared.engine().fire(event, json);
        self.shared.ring();
        told
    }

    /// Closes the slider on top of each page, as its user would. Returns how many were open.
    pub fn close_sliders(&self) -> usize {
        let closed = self.shared.engine().close_sliders();
        self.shared.ring();
        closed
    }
}
