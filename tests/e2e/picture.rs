//! The picture under a mouse: what is pointed at is what the library finds there.

use ringside::ring::{Ring, RingConfig};
use ringside::view::camera::Camera;
use ringside::view::geometry::{Point, Size};
use ringside::view::{Mark, Picture, Target};
use serde_json::json;

use crate::inspector::{Inspector, captured, judged, read};
use crate::server::Site;

const RING: &str = "02_healthy/loki-1.ring.json.http";

#[test]
fn what_the_mouse_points_at_is_read_out_and_what_it_clicks_is_selected() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.paste(&captured(RING));
    let (picture, camera) = pictured(&at);
    let ring = picture.ring();

    for instance in 0..3 {
        let point = places(&camera)
            .find(|point| picture.hit(&camera, *point, 0.0) == Some(Target::Instance(instance)));
        mouse(&at, "mouseMoved", point.unwrap());
        at.sees("#readout", &format!("{} ACTIVE", ring.id(instance)));
    }
    let arc = picture.arc(100).unwrap();
    let middle = camera.at(f64::from(arc.token) - arc.keys as f64 / 2.0, 0.0);
    mouse(&at, "mouseMoved", middle);
    at.sees("#readout", &format!("token {}", arc.token));
    mouse(&at, "mouseMoved", camera.center());
    at.sees("#readout", "Point at an arc or an instance");

    click(&at, middle);
    let owner = ring.id(arc.owner);
    at.wait_until("the owner is selected", |at| {
        at.texts("[data-testid=ring-row] [aria-pressed=true]") == [&**owner]
    });
    mouse(&at, "mouseMoved", camera.center());
    at.sees("#readout", &format!("token {}", arc.token));
    click(&at, camera.center());
    at.sees("#readout", "Point at an arc or an instance");
    assert_eq!(at.texts("[data-testid=ring-row] [aria-pressed=true]"), [""; 0]);
    at.assert_console_is_clean();
}

#[test]
fn wheel_drag_and_buttons_move_the_picture_and_a_double_click_brings_it_back() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.paste(&captured(RING));
    let home = at.picture("#ring-canvas");
    let (picture, camera) = pictured(&at);
    let arc = picture.arc(40).unwrap();
    let middle = |camera: &Camera| camera.at(f64::from(arc.token) - arc.keys as f64 / 2.0, 0.0);
    // The browser tells of whole pixels.
    let pointed = Point::new(middle(&camera).x.round(), middle(&camera).y.round());
    let Point { x, y } = on_page(&at, pointed);
    let turn = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -260 });
    // Until the reader is at the picture, the wheel is the page's.
    at.eval("document.activeElement.blur(); scrollTo(0, 0)", &[]);
    at.devtools("Input.dispatchMouseEvent", turn.clone());
    at.settle();
    assert!(!zoomed(&at));
    at.eval("document.querySelector('#ring-canvas').focus({ preventScroll: true })", &[]);
    at.devtools("Input.dispatchMouseEvent", turn);
    at.wait_until("zoomed", zoomed);
    let mut closer = camera;
    closer.zoom_at(pointed, 2.0);
    let near = middle(&closer);
    mouse(&at, "mouseMoved", near);
    at.sees("#readout", &format!("token {}", arc.token));

    let dropped = Point::new(near.x + 60.0, near.y + 40.0);
    mouse(&at, "mousePressed", near);
    mouse(&at, "mouseDragged", dropped);
    mouse(&at, "mouseReleased", dropped);
    mouse(&at, "mouseMoved", camera.center());
    at.sees("#readout", "Point at an arc or an instance");
    // The ring went along.
    mouse(&at, "mouseMoved", dropped);
    at.sees("#readout", &format!("token {}", arc.token));
    assert_eq!(at.texts("[data-testid=ring-row] [aria-pressed=true]"), [""; 0], "a drag is no click");
    for count in [1, 2] {
        for kind in ["mousePressed", "mouseReleased"] {
            let Point { x, y } = on_page(&at, camera.center());
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": count });
            at.devtools("Input.dispatchMouseEvent", event);
        }
    }
    at.wait_until("the whole ring", |at| !zoomed(at));

    at.click("#zoom-in");
    at.wait_until("zoomed", zoomed);
    at.click("#zoom-out");
    at.wait_until("the whole ring", |at| !zoomed(at));
    at.click("#zoom-in");
    at.wait_until("zoomed", zoomed);
    at.click("#zoom-reset");
    at.wait_until("the picture as it was", |at| !zoomed(at) && at.picture("#ring-canvas") == home);
    at.assert_console_is_clean();
}

fn zoomed(at: &Inspector) -> bool {
    at.eval("return !document.querySelector('#zoom-reset').disabled", &[]) == true
}

/// The picture that the page must be showing, and its camera.
fn pictured(at: &Inspector) -> (Picture, Camera) {
    let (_, ring, _) = judged(&captured(RING), RingConfig::default());
    let marks = vec![Mark::Active; ring.instances().len()];
    let (width, height) = read::<(f64, f64)>(at.eval(
        "const area = document.querySelector('#ring-canvas').getBoundingClientRect(); return [area.width, area.height]",
        &[],
    ));
    let size = Size { width, height };
    let mut picture = Picture::new(Ring::clone(&ring), marks);
    let margin = picture.fit(size);
    (picture, Camera::home(size, margin))
}

/// Points all over the canvas.
fn places(camera: &Camera) -> impl Iterator<Item = Point> + use<> {
    let size = camera.size();
    let lines = (0..size.height as u32).step_by(4);
    lines.flat_map(move |y| (0..size.width as u32).step_by(4).map(move |x| Point::new(x.into(), y.into())))
}

/// A point of the canvas, counted from the window's corner.
fn on_page(at: &Inspector, point: Point) -> Point {
    let (left, top) = read::<(f64, f64)>(at.eval(
        "const area = document.querySelector('#ring-canvas').getBoundingClientRect(); return [area.left, area.top]",
        &[],
    ));
    Point::new(left + point.x, top + point.y)
}

fn mouse(at: &Inspector, kind: &str, point: Point) {
    let Point { x, y } = on_page(at, point);
    let (button, buttons) = match kind {
        "mouseMoved" => ("none", 0),
        "mousePressed" | "mouseDragged" => ("left", 1),
        _ => ("left", 0),
    };
    let kind = if kind == "mouseDragged" { "mouseMoved" } else { kind };
    let event =
        json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
    at.devtools("Input.dispatchMouseEvent", event);
}

fn click(at: &Inspector, point: Point) {
    mouse(at, "mousePressed", point);
    mouse(at, "mouseReleased", point);
}
