#[test]
fn printed() {
    use ringside::live::{cors, origin::Origin};
    let (o, u) =
        (Origin::parse("https://ringside.example").unwrap(), Origin::parse("http://127.0.0.1:3100").unwrap());
    for (i, s) in cors::snippets(&o, &u, false).into_iter().chain([cors::helm(&o, true)]).enumerate() {
        println!("@@{i}@@\n{}\n\n```{}\n{}```\n@@end@@", s.note, s.language, s.text);
    }
}
