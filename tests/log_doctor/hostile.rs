//! Input that means harm: it costs time in proportion to its length, and no memory.

use ringside::doctor::log::{Decoder, Reading, Verdict};

use crate::{incident, read, read_files};

const KNOWN: &str = "level=info ts=2026-11-22T10:00:00Z msg=\"Marking loki-1-aabbccdd as failed, suspect timeout reached (2 peer confirmations)\"\n";

/// The size of a reading as JSON, which has everything that a reading has.
fn size(reading: &Reading) -> usize {
    serde_json::to_string(reading).unwrap().len()
}

#[test]
fn a_line_without_end_is_passed_over() {
    let mut decoder = Decoder::new();
    decoder.feed(KNOWN.as_bytes());
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        decoder.feed(&piece);
    }
    decoder.feed(b" Suspect loki-2 has failed, no acks received\n");
    decoder.feed(KNOWN.replace("loki-1", "loki-3").as_bytes());
    let reading = decoder.finish();
    assert_eq!(reading.totals.lines, 3);
    assert_eq!(incident(&reading, "B02").count, 2);
    assert!(
        reading.incidents.iter().all(|incident| incident.id != "B01"),
        "beyond what is looked at of a line"
    );
}

#[test]
fn millions_of_distinct_lines_peers_and_pods_leave_a_bounded_reading() {
    let mut decoder = Decoder::new();
    let mut text = String::new();
    for n in 0..300_000u32 {
        let word: String = n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
        text.push_str(&format!("level=error ts=2026-11-22T10:00:00Z msg=\"unheard of {word}\"\n"));
        if n % 4 == 0 {
            text.push_str(&format!("[pod/{word}/loki] level=warn ts=2026-11-22T10:00:00Z msg=\"WriteTo failed\" addr={word}:7946\n"));
        }
        if text.len() > 1 << 20 {
            decoder.feed(text.as_bytes());
            text.clear();
        }
    }
    decoder.feed(text.as_bytes());
    let reading = decoder.finish();
    assert_eq!(reading.unknown.iter().map(|line| line.count).sum::<u64>() + reading.unknown_others, 300_000);
    assert_eq!(reading.totals.matched, 75_000);
    assert!(size(&reading) < 600_000, "{}", size(&reading));
}

#[test]
fn binary_tags_and_nesting_are_only_text() {
    let mut binary = Vec::new();
    let mut word = 1u32;
    for _ in 0..1 << 18 {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        binary.extend(word.to_le_bytes());
    }
    let nested = format!("{}\"level\":\"error\"{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let array = format!("[{{\"line\":\"level=error msg=x\"{}", "{".repeat(100_000));
    let tags = "level=error msg=\"<script>alert(1)</script>\"";
    for bytes in [
        binary.as_slice(),
        nested.as_bytes(),
        array.as_bytes(),
        b"[{",
        b"\x1f",
        b"\x1f\x8b",
        b"\xff\xfe\0",
        b"",
        b"\n\n",
    ] {
        let whole = read_files(&[("log", bytes)], usize::MAX);
        assert_eq!(read_files(&[("log", bytes)], 1000), whole);
    }
    assert_eq!(read(tags).unknown[0].text, "<script>alert(1)</script>");
}

#[test]
fn a_bomb_is_read_piece_by_piece() {
    let bytes = [KNOWN.as_bytes().to_vec(), vec![b'\n'; 40 << 20], KNOWN.as_bytes().to_vec()].concat();
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bomb.extend(miniz_oxide::deflate::compress_to_vec(&bytes, 1));
    bomb.extend([0; 8]);
    assert!(bomb.len() < bytes.len() / 100);
    let reading = read_files(&[("bomb.gz", &bomb)], 4096).0;
    assert_eq!(reading.totals.bytes, bytes.len() as u64);
    assert_eq!(incident(&reading, "B02").count, 2);
}

#[test]
fn nothing_known_is_unknown_and_nothing_is_guessed() {
    let reading = read("hello\nworld\n");
    assert_eq!((reading.verdict, reading.incidents.len(), reading.totals.lines), (Verdict::Unknown, 0, 2));
    let reading = read("level=error msg=\"the flux capacitor is empty\"\n");
    assert_eq!((reading.verdict, reading.unknown[0].count), (Verdict::Unknown, 1));
    assert!(reading.why.contains("nothing is guessed"), "{}", reading.why);
    assert_eq!(Decoder::new().finish().verdict, Verdict::Unknown);
}

#[test]
fn names_as_long_as_a_line_are_cut() {
    let long = "n".repeat(50_000);
    let text = format!(
        "[pod/{long}/loki] level=warn msg=\"WriteTo failed\" addr={long}\nlevel=info msg=\"Suspect {long} has failed, no acks received\"\n"
    );
    let reading = read_files(&[(&long, text.as_bytes())], usize::MAX).0;
    assert!(size(&reading) < 20_000, "{}", size(&reading));
}
