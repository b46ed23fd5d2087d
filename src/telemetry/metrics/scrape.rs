//! The text of a scrape: all counters under their names.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::semantics::reason::Reason;

use super::{CLASSES, Counter, Gauges, Metrics, OriginMetrics, Sample, UNKEYED, VERDICTS};

/// A counter of each origin: its name, what it counts, its unit, and where it is read.
type OfAnOrigin = (
    &'static str,
    &'static str,
    Option<&'static Unit>,
    fn(&OriginMetrics) -> u64,
);

pub(super) struct Scrape {
    pub(super) metrics: Arc<Metrics>,
    pub(super) gauges: Gauges,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        let metrics = &*self.metrics;
        self.requests(&mut to)?;
        self.origins(&mut to)?;
        let fills = metrics
            .fills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut family =
            to.encode_descriptor("fills", "Fills by outcome", None, MetricType::Counter)?;
        for (outcome, count) in &fills {
            family
                .encode_family(&[("outcome", *outcome)])?
                .encode_counter::<NoLabelSet, _, u64>(count, None)?;
        }
        let mut family = to.encode_descriptor(
            "reasons",
            "Answers by why they were not stored, passed on, served stale, mapped or refused",
            None,
            MetricType::Counter,
        )?;
        for (reason, count) in Reason::ALL.iter().zip(&metrics.reasons) {
            // What has never happened takes no line.
            if count.value() > 0 {
                family
                    .encode_family(&[("reason", reason.as_str())])?
                    .encode_counter::<NoLabelSet, _, u64>(&count.value(), None)?;
            }
        }
        let counters: [(&str, &str, &Counter); 16] = [
            (
                "collapsed",
                "Requests that joined a fill begun by another",
                &metrics.collapsed,
            ),
            (
                "variants_evicted",
                "Variants that left because their key had too many",
                &metrics.variants_evicted,
            ),
            (
                "connections",
                "Viewer connections accepted",
                &metrics.connections,
            ),
            (
                "connections_refused",
                "Viewer connections over max_connections",
                &metrics.connections_refused,
            ),
            (
                "connections_refused_by_address",
                "Viewer connections over max_connections_per_address",
                &metrics.connections_refused_by_address,
            ),
            (
                "http2_flooded",
                "HTTP/2 connections cut for more frames than their requests need",
                &metrics.http2_flooded,
            ),
            (
                "http2_cancelled",
                "HTTP/2 connections cut for cancelled requests",
                &metrics.http2_cancelled,
            ),
            (
                "http2_stalled",
                "HTTP/2 connections cut because nothing was taken of their answers",
                &metrics.http2_stalled,
            ),
            (
                "http2_resets",
                "HTTP/2 streams reset for an error of the viewer's",
                &metrics.http2_resets,
            ),
            (
                "http2_errors",
                "HTTP/2 connections ended for an error of the viewer's",
                &metrics.http2_errors,
            ),
            (
                "invalidations",
                "Invalidations applied",
                &metrics.invalidations,
            ),
            (
                "purged_objects",
                "Objects dropped by invalidations",
                &metrics.purged_objects,
            ),
            (
                "access_log_dropped",
                "Access-log records dropped",
                &metrics.log_dropped,
            ),
            ("panics", "Requests that ended in a panic", &metrics.panics),
            (
                "config_reloads",
                "Configurations put in force after the first",
                &metrics.reloads,
            ),
            (
                "config_reloads_rejected",
                "Configurations rejected at a reload",
                &metrics.reloads_rejected,
            ),
        ];
        for (name, help, counter) in counters {
            to.encode_descriptor(name, help, None, MetricType::Counter)?
                .encode_counter::<NoLabelSet, _, u64>(&counter.value(), None)?;
        }
        let gauges = &self.gauges;
        let values: [(&str, &str, Option<Unit>, u64); 9] = [
            (
                "connections_open",
                "Viewer connections open",
                None,
                metrics.connections_open.value(),
            ),
            ("cache_objects", "Objects in memory", None, gauges.objects),
            (
                "cache_size",
                "Memory taken by objects",
                Some(Unit::Bytes),
                gauges.cache_bytes,
            ),
            (
                "cache_capacity",
                "Memory that objects may take",
                Some(Unit::Bytes),
                gauges.cache_capacity,
            ),
            (
                "fill_in_flight",
                "Memory reserved by fills under way",
                Some(Unit::Bytes),
                gauges.in_flight_bytes,
            ),
            ("fills_open", "Fills under way", None, gauges.fills),
            (
                "ledger_records",
                "Invalidations in the ledger",
                None,
                gauges.ledger_records,
            ),
            (
                "key_paths",
                "Paths whose stored answers are compared for GET /v1/keys",
                None,
                gauges.key_paths,
            ),
            (
                "ready",
                "1 while /readyz answers 200",
                None,
                u64::from(gauges.ready),
            ),
        ];
        for (name, help, unit, value) in &values {
            to.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?
                .encode_gauge(value)?;
        }
        Ok(())
    }
}

impl Scrape {
    fn requests(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let shards = &self.metrics.shards;
        let mut family = to.encode_descriptor(
            "requests",
            "Answers by verdict and status class",
            None,
            MetricType::Counter,
        )?;
        for (row, verdict) in VERDICTS.iter().enumerate() {
            for (column, class) in CLASSES.iter().enumerate() {
                let count: u64 = shards
                    .iter()
                    .map(|s| s.requests[row][column].load(Ordering::Relaxed))
                    .sum();
                if count > 0 {
                    family
                        .encode_family(&[("verdict", *verdict), ("class", *class)])?
                        .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                }
            }
        }
        let mut family = to.encode_descriptor(
            "request_duration",
            "From a request's head to its answer's head, for what was not a synchronous hit",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (row, verdict) in VERDICTS.iter().enumerate() {
            let mut sample = Sample::default();
            for shard in shards {
                sample.add(&shard.seconds[row].read());
            }
            if sample.count() > 0 {
                family
                    .encode_family(&[("verdict", *verdict)])?
                    .encode_histogram::<NoLabelSet>(
                        sample.seconds,
                        sample.count(),
                        &sample.buckets(),
                        None,
                    )?;
            }
        }
        let bytes: u64 = shards
            .iter()
            .map(|s| s.viewer_bytes.load(Ordering::Relaxed))
            .sum();
        to.encode_descriptor(
            "viewer_sent",
            "Body bytes sent to viewers",
            Some(&Unit::Bytes),
            MetricType::Counter,
        )?
        .encode_counter::<NoLabelSet, _, u64>(&bytes, None)
    }

    fn origins(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let origins = self
            .metrics
            .origins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut family = to.encode_descriptor(
            "origin_requests",
            "Origin requests by outcome",
            None,
            MetricType::Counter,
        )?;
        for (name, origin) in &origins {
            let outcomes = origin
                .outcomes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            for (outcome, count) in &outcomes {
                family
                    .encode_family(&[("origin", name.as_str()), ("outcome", *outcome)])?
                    .encode_counter::<NoLabelSet, _, u64>(count, None)?;
            }
        }
        let mut family = to.encode_descriptor(
            "forwarded_unkeyed",
            "Origin requests with something of a viewer's that is not in the key",
            None,
            MetricType::Counter,
        )?;
        for (at, what) in UNKEYED.iter().enumerate() {
            let count: u64 = origins.values().map(|one| one.unkeyed[at].value()).sum();
            family
                .encode_family(&[("what", *what)])?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let mut family = to.encode_descriptor(
            "origin_first_byte",
            "From an origin request to the head of its answer",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (name, origin) in &origins {
            let sample = origin.first_byte.read();
            family
                .encode_family(&[("origin", name.as_str())])?
                .encode_histogram::<NoLabelSet>(
                    sample.seconds,
                    sample.count(),
                    &sample.buckets(),
                    None,
                )?;
        }
        let counters: [OfAnOrigin; 4] = [
            (
                "origin_received",
                "Body bytes received from origins",
                Some(&Unit::Bytes),
                |origin| origin.bytes.value(),
            ),
            (
                "origin_retries",
                "Origin requests sent again",
                None,
                |origin| origin.retries.value(),
            ),
            (
                "origin_retries_refused",
                "Origin requests that were not sent again because too many had been",
                None,
                |origin| origin.retries_refused.value(),
            ),
            (
                "origin_redirects_ignored",
                "Answers of origins with a website redirect that is no path and no http(s) URL",
                None,
                |origin| origin.redirects_ignored.value(),
            ),
        ];
        for (metric, help, unit, value) in counters {
            let mut family = to.encode_descriptor(metric, help, unit, MetricType::Counter)?;
            for (name, origin) in &origins {
                family
                    .encode_family(&[("origin", name.as_str())])?
                    .encode_counter::<NoLabelSet, _, u64>(&value(origin), None)?;
            }
        }
        let mut family = to.encode_descriptor(
            "origin_in_flight",
            "Origin requests under way",
            None,
            MetricType::Gauge,
        )?;
        for (name, origin) in &origins {
            family
                .encode_family(&[("origin", name.as_str())])?
                .encode_gauge(&origin.in_flight.value())?;
        }
        let credentials: Vec<(&String, String, Option<i64>)> = origins
            .iter()
            .filter_map(|(name, origin)| {
                let known = origin
                    .credentials
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                known.map(|(key_id, expires)| (name, key_id, expires))
            })
            .collect();
        let mut family = to.encode_descriptor(
            "origin_credentials",
            "1 for the key id in force",
            None,
            MetricType::Gauge,
        )?;
        for (name, key_id, _) in &credentials {
            family
                .encode_family(&[("origin", name.as_str()), ("key_id", key_id.as_str())])?
                .encode_gauge(&1u32)?;
        }
        let mut family = to.encode_descriptor(
            "origin_credentials_expire_timestamp",
            "When the credentials in force end, for those that do",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        for (name, _, expires) in &credentials {
            if let Some(expires) = expires {
                family
                    .encode_family(&[("origin", name.as_str())])?
                    .encode_gauge(expires)?;
            }
        }
        Ok(())
    }
}
