//! More objects than fit do not take more memory than was given; each is served all the same.

use crate::harness::{EdgeOptions, TestBucket};

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_within_its_bound() {
    const SIZE: usize = 32 * 1024;
    const MEMORY: u64 = 1 << 20;
    let bucket = TestBucket::start().await;
    let edge = EdgeOptions::of(&bucket)
        .edge("memory = \"1MiB\"\nmax_object_size = \"64KiB\"\n")
        .start()
        .await;
    let memory = &edge.edge.engine().memory;
    assert_eq!(memory.capacity(), MEMORY);
    for number in 0..2 * MEMORY as usize / SIZE {
        let key = format!("object-{number}");
        let body = key.repeat(SIZE / key.len());
        bucket.put(&key, &body).await;
        let answer = edge.get(&format!("/{key}")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text() == body, "another body for {key}");
        let usage = memory.usage();
        assert!(
            usage.bytes <= MEMORY,
            "{usage:?} after {} objects",
            number + 1
        );
    }
    let usage = memory.usage();
    assert!(usage.bytes > MEMORY / 2, "most of it is used: {usage:?}");
}
