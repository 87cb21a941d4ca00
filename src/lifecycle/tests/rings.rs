use std::collections::BTreeSet;

use super::super::{IngesterLifecyclerConfig, RingKind};

#[test]
fn every_ring_has_a_name_a_key_and_a_page_of_its_own() {
    for common_ring in [false, true] {
        let presets = RingKind::ALL.map(|kind| kind.preset(common_ring));
        let texts = presets.iter().flat_map(|preset| [preset.name, preset.key, preset.page]);
        assert_eq!(BTreeSet::from_iter(texts).len(), 3 * presets.len());
    }
}

#[test]
fn a_common_ring_beats_every_fifteen_seconds_and_moves_the_rulers_key() {
    for kind in RingKind::ALL {
        assert_eq!(kind.preset(true).heartbeat_period.as_secs(), 15);
        let moves = kind.preset(true).key != kind.preset(false).key;
        assert_eq!(moves, kind == RingKind::Ruler);
    }
    assert_eq!(IngesterLifecyclerConfig::new(RingKind::Ingester, false).heartbeat_period.as_secs(), 5);
    assert_eq!(RingKind::Ruler.preset(true).key, "collectors/rulers");
}
