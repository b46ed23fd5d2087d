//! A panic while an origin is asked ends the requests that waited for it, is counted, and leaves
//! everything else as it was.

use std::sync::Arc;

use seawall::origin::{Ask, BoxFuture, Origin, OriginError, OriginResponse, Permit, Purpose};
use seawall::request::Site;

use crate::harness::bucket_and_edge;

#[derive(Debug)]
struct Panicking(Arc<dyn Origin>);

impl Origin for Panicking {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn admit(&self, purpose: Purpose) -> BoxFuture<'_, Result<Permit, OriginError>> {
        self.0.admit(purpose)
    }

    fn fetch(
        &self,
        permit: Permit,
        ask: Ask,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        if ask.path.contains("bad") {
            return Box::pin(async { panic!("on purpose") });
        }
        self.0.fetch(permit, ask)
    }

    fn let_pass(&self, response: &mut OriginResponse) -> Result<(), OriginError> {
        self.0.let_pass(response)
    }

    fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_one_request() {
    let (_bucket, edge) = bucket_and_edge(&[("good", "good")]).await;
    let engine = edge.edge.engine();
    let site = engine.site.load_full();
    let panicking = site.origins.iter().map(|(name, origin)| {
        (
            name.clone(),
            Arc::new(Panicking(Arc::clone(origin))) as Arc<dyn Origin>,
        )
    });
    engine.site.store(Arc::new(Site {
        clients: site.clients.clone(),
        name: site.name.clone(),
        via: site.via.clone(),
        pop: site.pop.clone(),
        distributions: Arc::clone(&site.distributions),
        origins: panicking.collect(),
        max_object_size: site.max_object_size,
        debug_headers: site.debug_headers,
    }));
    let mut client = edge.connect().await;
    assert_eq!(client.get("/bad").await.status, 502);
    assert_eq!(client.request("HEAD", "/bad", &[], "").await.status, 500);
    assert_eq!(engine.metrics.panics.value(), 2);
    assert_eq!(
        client.get("/good").await.text(),
        "good",
        "on the same connection"
    );
    assert_eq!(engine.fills.open(), 0);
}
