//! What the page of the cluster tells to have happened.

use anyhow::Result;
use tests::{On, Scheme, Width};

use super::Learner;

/// Beside a lesson: records are told on request, a broker that is stopped in any case, and the newest stands first.
async fn what_happened(width: Width, scheme: Scheme) -> Result<()> {
    let mut learner = Learner::arrives(On::Sandbox, width, scheme).await?;
    learner.begins("Producing").await?;
    learner.browser.click("button", "Cluster").await?;
    learner.browser.see("region", "Broker 1").await?;
    learner.browser.click("button", "Write the airports").await?;
    learner.browser.click("checkbox", "Show records written and read").await?;
    learner.browser.see_text("region", "What happened", "appended").await?;
    learner.browser.click("button", "Stop broker 1").await?;
    let told = learner.browser.see_text("region", "What happened", "Broker 1 stopped.").await?;
    let at = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
    assert!(at("Broker 1 stopped.") < at("The controller fenced broker 1"), "{told}");
    assert!(at("The controller fenced broker 1") < at("to airports-data P"), "{told}");
    learner.looks("cluster-happened").await?;

    learner.browser.click("checkbox", "Show records written and read").await?;
    let rest = |text: &str| {
        text.contains("Broker 1 stopped.") && text.contains("fenced") && !text.contains("appended")
    };
    learner.browser.see_that("region", "What happened", "all but the records", rest).await?;
    learner.leaves().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_told_on_a_laptop_in_light() -> Result<()> {
    what_happened(Width::Wide, Scheme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_told_on_a_phone_in_the_dark() -> Result<()> {
    what_happened(Width::Phone, Scheme::Dark).await
}
