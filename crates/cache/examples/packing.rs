//! Which compression pays: `cargo run --release -p cache --example packing`.
//!
//! For bodies as a catalogue has them (JSON of 1 to 200 KB), how small each library makes them and how long both ways
//! take, on one core (zstd with contexts that are reused). What matters is a hit: the body is unpacked at every one, and packed once.

#![allow(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

use std::hint::black_box;
use std::time::Duration;

use tokio::time::Instant;

/// How long each thing is repeated.
const SPAN: Duration = Duration::from_millis(200);

fn catalogue(size: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut body = String::from("{\"items\":[");
    while body.len() < size {
        let (id, price, colour) =
            (rng.u32(..100_000), rng.u32(500..50_000), ["red", "black", "sand"][rng.usize(..3)]);
        let words = ["waterproof", "light", "for winter", "handmade", "recycled", "with laces", "classic"];
        let text: Vec<_> = (0..6).map(|_| words[rng.usize(..words.len())]).collect();
        body.push_str(&format!(
            "{{\"id\":\"boots-{id}\",\"price_cents\":{price},\"currency\":\"EUR\",\"attributes\":{{\"colour\":\"{colour}\"}},\"description\":\"{}\"}},",
            text.join(", ")
        ));
    }
    body.truncate(size);
    body.into_bytes()
}

/// Microseconds one call takes, in the mean.
fn time<T>(mut call: impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    let mut calls = 0u32;
    while start.elapsed() < SPAN {
        black_box(call());
        calls += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
}

fn main() {
    println!("| body | library | stored | pack µs | unpack µs |\n|---|---|---|---|---|");
    for size in [1_000, 2_048, 4_096, 16_384, 65_536, 200_000] {
        let body = catalogue(size);
        let report = |name: &str, packed: usize, pack: f64, unpack: f64| {
            println!(
                "| {size} | {name} | {:.0} % | {pack:.1} | {unpack:.1} |",
                packed as f64 * 100.0 / size as f64
            );
        };
        let lz4 = lz4_flex::block::compress_prepend_size(&body);
        let pack = time(|| lz4_flex::block::compress_prepend_size(&body));
        let unpack = time(|| lz4_flex::block::decompress_size_prepended(&lz4).unwrap());
        report("lz4", lz4.len(), pack, unpack);
        for level in [1, 3] {
            let mut compressor = zstd::bulk::Compressor::new(level).unwrap();
            let mut decompressor = zstd::bulk::Decompressor::new().unwrap();
            let packed = compressor.compress(&body).unwrap();
            let pack = time(|| compressor.compress(&body).unwrap());
            let unpack = time(|| decompressor.decompress(&packed, size).unwrap());
            report(&format!("zstd {level}"), packed.len(), pack, unpack);
        }
        report("hash alone", size, 0.0, time(|| cache::record::body_hash(&body)));
    }
}
