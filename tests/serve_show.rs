//! Not a test: serves a made-up runner to look at.
mod serve_feed;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs until it is stopped"]
async fn show() {
    let port = std::env::var("PORT").unwrap_or_else(|_| "7979".into());
    let skip: f64 = std::env::var("SKIP").ok().and_then(|s| s.parse().ok()).unwrap_or(0.0);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    let hub = stancewatch::serve::Hub::new();
    println!("listening on http://{}", listener.local_addr().unwrap());
    let mut runner = serve_feed::Runner::new(hub.clone());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(10));
        loop {
            if runner.t >= skip {
                ticks.tick().await;
            }
            runner.step();
        }
    });
    stancewatch::serve::serve(listener, hub, tokio_util::sync::CancellationToken::new()).await.unwrap();
}
