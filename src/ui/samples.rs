//! Rings to look at without a cluster.

/// A ring that comes with the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Its name in links, and of its file.
    pub(super) key: &'static str,
    /// What it is called.
    pub(super) title: &'static str,
    /// What it is.
    pub(super) note: &'static str,
    /// Whether it is a ring of several zones, to be read with zone awareness on.
    pub(super) has_zones: bool,
}

pub(super) const SAMPLES: [Sample; 4] = [
    Sample {
        key: "three-healthy",
        title: "3 ingesters, healthy",
        note: "captured from a running Loki: three ingesters of 128 tokens, RF 3",
        has_zones: false,
    },
    Sample {
        key: "one-unhealthy",
        title: "one of 3 killed",
        note: "captured from a running Loki: one of three ingesters was killed a minute before",
        has_zones: false,
    },
    Sample {
        key: "single-replica",
        title: "1 ingester, RF 3",
        note: "captured from a running Loki: one ingester whose replication factor was left at 3",
        has_zones: false,
    },
    Sample {
        key: "thirty-in-three-zones",
        title: "30 in 3 zones, made up",
        note: "made up, not captured: thirty ingesters in three zones, one of them LEAVING",
        has_zones: true,
    },
];

/// The sample shown first, part of the program.
pub(super) const FIRST: &str = include_str!("../../public/samples/three-healthy.json");
/// Its key.
pub(super) const FIRST_KEY: &str = SAMPLES[0].key;

impl Sample {
    pub(super) fn find(key: &str) -> Option<Self> {
        SAMPLES.into_iter().find(|sample| sample.key == key)
    }

    /// Where its file is, next to the page.
    pub(super) fn address(self) -> String {
        format!("samples/{}.json", self.key)
    }
}
