//! A scene as text, for tests that compare a whole picture with what it was.

use std::fmt::Write;

use super::scene::Scene;

/// Lines of one layer, of an image or of texts; what goes beyond them has a fingerprint.
const MOST: usize = 24;

/// Every layer with its role, style, opacity and what is in it, then every text; coordinates are rounded to
/// whole pixels.
fn to_text(scene: &Scene) -> String {
    let mut text = String::new();
    if let Some(image) = scene.shown_image() {
        let rows = image.texels.len() / image.columns;
        let _ = writeln!(text, "image {:.0},{:.0} {}x{rows}", image.at.x, image.at.y, image.columns);
        write_lines(&mut text, image.texels.chunks(image.columns).map(runs));
    }
    for layer in scene.layers() {
        let (role, style, opacity) = (layer.role, layer.style, layer.opacity);
        let _ = writeln!(text, "{role:?} {style:?} {opacity:.2}");
        let lines = layer.lines().map(|line| {
            let points: Vec<String> =
                line.iter().map(|point| format!("{:.0},{:.0}", point.x, point.y)).collect();
            format!("line {}", points.join(" "))
        });
        let discs = layer.discs.iter();
        let discs = discs.map(|(center, radius)| format!("disc {:.0},{:.0} {radius:.1}", center.x, center.y));
        write_lines(&mut text, lines.chain(discs));
    }
    text.push_str("texts\n");
    let labels = scene.labels().map(|(label, words)| {
        let strong = if label.strong { " strong" } else { "" };
        let upwards = if label.upwards { " upwards" } else { "" };
        let (at, role, anchor) = (label.at, label.role, label.anchor);
        format!("{:.0},{:.0} {role:?} {anchor:?}{strong}{upwards} {words}", at.x, at.y)
    });
    write_lines(&mut text, labels);
    text
}

/// Writes the first lines, and of the others how many they are and an FNV-1a of them.
fn write_lines(text: &mut String, lines: impl Iterator<Item = String>) {
    let (mut more, mut hash) = (0, 0xcbf2_9ce4_8422_2325_u64);
    for (place, line) in lines.enumerate() {
        if place < MOST {
            let _ = writeln!(text, "  {line}");
            continue;
        }
        more += 1;
        hash = line.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more, {hash:016x}");
    }
}

/// A line of an image: how often which tint.
fn runs(line: &[u8]) -> String {
    let runs = line.chunk_by(|a, b| a == b).map(|run| format!("{}x{}", run.len(), run[0]));
    Vec::from_iter(runs).join(" ")
}

/// Compares a scene with `tests/fixtures/scenes/<name>.txt`; with `RINGSIDE_WRITE_SCENES` set, writes that
/// file instead.
#[track_caller]
pub(super) fn assert_scene(scene: &Scene, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenes");
    let path = folder.join(format!("{name}.txt"));
    let text = to_text(scene);
    if std::env::var_os("RINGSIDE_WRITE_SCENES").is_some() {
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &text)).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let other = text.lines().zip(kept.lines()).position(|(one, other)| one != other);
    let line = other.unwrap_or(text.lines().count().min(kept.lines().count()));
    assert!(
        text == kept,
        "the scene {name} differs from {} from line {}: {:?} instead of {:?}. If that is meant: \
         RINGSIDE_WRITE_SCENES=1 cargo test --lib view, then read the difference in git",
        path.display(),
        line + 1,
        text.lines().nth(line).unwrap_or("nothing"),
        kept.lines().nth(line).unwrap_or("nothing"),
    );
}
