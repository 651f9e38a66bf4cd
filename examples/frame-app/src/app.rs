//! The application: connects, asks, shows.

use std::error::Error;

use b24::{B24, Frame, frame::slider::Width};
use wasm_bindgen_futures::spawn_local;

use crate::{deals, page};

/// Runs until the page is left. Whatever goes wrong is shown on it.
pub(crate) async fn run() {
    match show().await {
        Ok(()) => page::set_state("done"),
        Err(error) => page::show_trouble(&explain(&*error)),
    }
}

async fn show() -> Result<(), Box<dyn Error>> {
    let (b24, frame) = B24::frame().await?;
    page::set_state("loading");
    page::set_text("portal", frame.portal().host());
    // The page around this one need not answer, so nobody waits for it.
    tell(&frame, |frame| async move { frame.parent().set_title("Deals in Rust").await.map(drop) });
    if frame.is_installing() {
        frame.install_finish().await?;
        return Ok(());
    }
    page::set_text("user", &deals::profile(&b24).await?.full_name());
    let opener = frame.clone();
    page::when_deal_is_clicked(move |id| {
        tell(&opener, move |frame| async move {
            let closed = frame.slider().open_path(&format!("/crm/deal/details/{id}/"), Width::Full).await;
            page::set_text("closed", &closed.map(|_| id.to_string())?);
            Ok(())
        });
    });
    deals::load(&b24, page::add_deals).await?;
    frame.parent().fit().await?;
    Ok(())
}

/// Does something with the page around this one, while the application goes on.
fn tell<F>(frame: &Frame, act: impl FnOnce(Frame) -> F)
where
    F: Future<Output = Result<(), b24::FrameError>> + 'static,
{
    let done = act(frame.clone());
    spawn_local(async move {
        if let Err(error) = done.await {
            page::show_trouble(&explain(&error));
        }
    });
}

/// The error and what is behind it.
fn explain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(behind) = source {
        text = format!("{text}: {behind}");
        source = behind.source();
    }
    text
}
