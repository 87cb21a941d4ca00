//! That the words of `page` do what they say, on a page made for it.

use crate::page::{Page, Screen};
use crate::server::{Reply, host};

const HTML: &str = r#"<!doctype html><title>Vocabulary</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<input id="field"><input id="file" type="file"><div id="zone">here</div><output></output>
<script>
  const output = document.querySelector('output');
  const show = async file => output.textContent = `${file.name}: ${await file.text()}`;
  document.querySelector('#field').oninput = event => output.textContent = event.target.value;
  document.querySelector('#file').onchange = event => show(event.target.files[0]);
  const zone = document.querySelector('#zone');
  zone.ondragover = event => event.preventDefault();
  zone.ondrop = event => { event.preventDefault(); show(event.dataTransfer.files[0]); };
  zone.onclick = () => setTimeout(() => output.textContent = 'clicked', 100);
  document.onkeydown = event => { if (event.ctrlKey && event.key === 'k') output.textContent = 'palette'; };
</script>"#;

#[test]
fn clicks_letters_and_chords_arrive() {
    let page = open(Screen::DESK);
    page.click("#zone");
    page.sees("output", "clicked");
    page.type_into("#field", "tenant-7");
    page.press("Backspace");
    assert_eq!(page.text("output"), "tenant-");
    page.press("Control+k");
    page.sees("output", "palette");
}

#[test]
fn a_file_arrives_chosen_or_dropped() {
    let page = open(Screen::DESK);
    page.upload("#file", "ring.json", "{}");
    page.sees("output", "ring.json: {}");
    page.drop_file("#zone", "loki.log", "level=error");
    page.sees("output", "loki.log: level=error");
}

#[test]
fn a_screen_has_its_size_and_its_scheme() {
    let page = open(Screen::PHONE.dark());
    let seen = "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]";
    assert_eq!(page.eval(seen, &[]), serde_json::json!([390, 844, true]));
    page.show_on(Screen::DESK);
    assert_eq!(page.eval(seen, &[]), serde_json::json!([1440, 900, false]));
}

#[test]
fn the_console_tells_of_errors_and_of_what_cors_forbids() {
    let page = open(Screen::DESK);
    page.assert_console_is_clean();
    let ring = |path, cors| Reply { path, content_type: "application/json", body: "{}".to_owned(), cors };
    let other = host(vec![ring("/open", true), ring("/closed", false)]);
    let fetch = "fetch(arguments[0]).then(() => document.title = 'read', () => document.title = 'forbidden')";
    for (path, title, lines) in [("/open", "read", 0), ("/closed", "forbidden", 2)] {
        page.eval(fetch, &[format!("{other}{path}").into()]);
        page.wait_until(title, |page| page.eval("return document.title", &[]) == title);
        assert_eq!(page.console().len(), lines, "{path}");
    }
    page.eval("console.error('wrong')", &[]);
    assert!(page.console()[0].contains("wrong"));
}

fn open(screen: Screen) -> Page {
    let address =
        host(vec![Reply { path: "/", content_type: "text/html", body: HTML.to_owned(), cors: false }]);
    Page::open(&format!("{address}/"), screen)
}
