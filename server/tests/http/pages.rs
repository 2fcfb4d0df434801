//! Several browsers load pages at the same time.

use super::fixture::App;

/// Pages are rendered on several threads, each with reactive state of its own. What is read on the wrong thread panics, and only then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_pages_at_once_are_all_pages() {
    let app = App::start().await;
    app.visitor_writes(&store::clock::new_secret(), "Hello").await;
    // Several at once, and each of them one after another: a page begins while the one before it is being taken down.
    let asked = (0..8).map(|_| async {
        for _ in 0..50 {
            let answer = app.get("/inbox", Some(&app.owner)).await;
            let (status, page) = (answer.status(), answer.text().await.unwrap());
            assert_eq!(status, 200, "{page}");
            assert!(page.contains("Inbox · Tandem</title>"), "{page:.600}");
        }
    });
    futures::future::join_all(asked).await;
}

#[tokio::test]
async fn s23_a_mail_that_is_not_shown_says_so_in_its_frame() {
    let app = App::start().await;
    let path = format!("/api/mail/{}/view", store::clock::new_id());
    for (who, status) in [(Some(&app.owner), 404), (None, 401)] {
        let answer = app.get(&path, who).await;
        assert_eq!(answer.status(), status);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("frame-ancestors 'self'") && policy.contains("sandbox"), "{policy}");
        assert_eq!(answer.headers()["x-dns-prefetch-control"], "off");
        assert!(answer.text().await.unwrap().contains("This e-mail could not be shown."));
    }
}

/// Pages of other origins that are isolated (COEP) load and frame only what says that they may (H5).
#[tokio::test]
async fn h5_isolated_pages_may_load_the_widget() {
    let app = App::start().await;
    let answer = app.get("/widget.js", None).await;
    assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn h5_isolated_pages_may_frame_the_chat() {
    let app = App::start().await;
    let answer = app.get(&format!("/widget/{}", app.key), None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(answer.headers()["cross-origin-embedder-policy"], "require-corp");
}
