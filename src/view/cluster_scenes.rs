//! Whole pictures of clusters, kept as text: what changes in one of them is read in the difference.

use std::time::Duration;

use crate::snapshot::{History, Snapshot};

use super::beliefs::{BeliefCell, BeliefPicture};
use super::cluster_fixtures::{at, chatter, cluster, history, kill, streams, trouble};
use super::geometry::Size;
use super::look::{Hover, Look};
use super::mesh::MeshPicture;
use super::scene::Scene;
use super::scene_text::assert_scene;
use super::strip::{StripPicture, TimeWindow};

const SIZE: Size = Size { width: 480.0, height: 400.0 };

fn mesh(snapshot: &Snapshot, look: &Look) -> Scene {
    let mut scene = Scene::default();
    MeshPicture::new().paint(snapshot, look, SIZE, &mut scene);
    scene
}

fn beliefs(snapshot: &Snapshot, look: &Look) -> Scene {
    let mut scene = Scene::default();
    BeliefPicture::new().paint(snapshot, look, SIZE, &mut scene);
    scene
}

fn strip(history: &History, snapshot: &Snapshot, window: TimeWindow) -> Scene {
    let mut scene = Scene::default();
    StripPicture::new().paint(history, snapshot, window, &Look::default(), SIZE, &mut scene);
    scene
}

/// One of three nodes has just died.
fn three() -> Snapshot {
    let mut snapshot = cluster(3, 1);
    chatter(&mut snapshot, 12);
    kill(&mut snapshot, 1);
    snapshot
}

/// Thirty nodes in three zones with all sorts of trouble.
fn thirty() -> Snapshot {
    let mut snapshot = cluster(30, 3);
    chatter(&mut snapshot, 24);
    trouble(&mut snapshot);
    snapshot
}

fn minute() -> TimeWindow {
    TimeWindow::new(at(0), Duration::from_secs(60))
}

#[test]
fn a_mesh_of_three() {
    let look = Look { message: Some(4), ..Look::default() };
    assert_scene(&mesh(&three(), &look), "mesh-3");
}

#[test]
fn a_mesh_of_three_for_those_who_want_no_motion() {
    assert_scene(&mesh(&three(), &Look { reduced_motion: true, ..Look::default() }), "mesh-3-still");
}

#[test]
fn a_mesh_of_thirty_in_three_zones_with_faults() {
    assert_scene(&mesh(&thirty(), &Look { node: Some(2), ..Look::default() }), "mesh-30");
}

#[test]
fn a_mesh_of_three_hundred_with_flows() {
    let mut snapshot = cluster(300, 3);
    streams(&mut snapshot);
    trouble(&mut snapshot);
    assert_scene(&mesh(&snapshot, &Look::default()), "mesh-300");
}

#[test]
fn beliefs_of_three() {
    assert_scene(&beliefs(&three(), &Look::default()), "beliefs-3");
}

#[test]
fn beliefs_of_thirty_with_faults() {
    let cell = BeliefCell { observer: Some(2), subject: 6 };
    assert_scene(
        &beliefs(&thirty(), &Look { hover: Some(Hover::Cell(cell)), ..Look::default() }),
        "beliefs-30",
    );
}

#[test]
fn beliefs_of_three_hundred() {
    let mut snapshot = cluster(300, 3);
    trouble(&mut snapshot);
    assert_scene(&beliefs(&snapshot, &Look::default()), "beliefs-300");
}

#[test]
fn a_timeline_of_three() {
    assert_scene(&strip(&history(3, at(55_000)), &three(), minute()), "timeline-3");
}

#[test]
fn a_timeline_of_three_close_enough_for_messages() {
    let window = TimeWindow::new(at(41_996), Duration::from_millis(8));
    assert_scene(&strip(&history(3, at(55_000)), &three(), window), "timeline-3-close");
}

#[test]
fn a_timeline_of_thirty() {
    assert_scene(&strip(&history(30, at(42_000)), &thirty(), minute()), "timeline-30");
}

#[test]
fn a_timeline_of_three_hundred() {
    assert_scene(&strip(&history(300, at(42_000)), &cluster(300, 3), minute()), "timeline-300");
}

#[test]
fn pictures_of_nothing_say_so() {
    let (nothing, look) = (Snapshot::default(), Look::default());
    let scenes =
        [mesh(&nothing, &look), beliefs(&nothing, &look), strip(&History::default(), &nothing, minute())];
    for scene in scenes {
        assert!(scene.labels().any(|(_, text)| text == "no nodes"));
    }
}
