//! Walks a scene onto a canvas: one path and one call for each layer.

use web_sys::CanvasRenderingContext2d as Context;

use crate::view::palette::Role;
use crate::view::scene::{Anchor, Label, Layer, Scene, Style};

const FACE: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Draws `scene` over everything that the canvas had.
pub(super) fn draw(
    context: &Context,
    scene: &Scene,
    colours: &[String],
    pixel_ratio: f64,
    width: f64,
    height: f64,
) {
    let colour = |role: Role| colours.get(role.index()).map_or("#808080", String::as_str);
    let _ = context.set_transform(pixel_ratio, 0.0, 0.0, pixel_ratio, 0.0, 0.0);
    context.set_fill_style_str(colour(Role::Surface));
    context.fill_rect(0.0, 0.0, width, height);
    context.set_line_cap("butt");
    context.set_line_join("round");
    for layer in scene.layers() {
        context.set_global_alpha(layer.opacity);
        draw_layer(context, layer, colour(layer.role));
    }
    context.set_global_alpha(1.0);
    context.set_text_baseline("middle");
    let mut font = (0.0, false);
    for (label, text) in scene.labels() {
        if font != (label.size, label.strong) {
            font = (label.size, label.strong);
            let weight = if label.strong { 600 } else { 400 };
            context.set_font(&format!("{weight} {}px {FACE}", label.size));
        }
        draw_label(context, label, text, &colour);
    }
}

fn draw_layer(context: &Context, layer: &Layer, colour: &str) {
    context.begin_path();
    for line in layer.lines() {
        let mut points = line.iter();
        let Some(first) = points.next() else { continue };
        context.move_to(first.x, first.y);
        for point in points {
            context.line_to(point.x, point.y);
        }
    }
    for &(center, radius) in &layer.discs {
        context.move_to(center.x + radius, center.y);
        let _ = context.arc(center.x, center.y, radius, 0.0, std::f64::consts::TAU);
    }
    match layer.style {
        Style::Fill => {
            context.set_fill_style_str(colour);
            context.fill();
        }
        Style::Stroke(width) => {
            context.set_stroke_style_str(colour);
            context.set_line_width(width);
            context.stroke();
        }
        Style::Dashed(width) => {
            context.set_stroke_style_str(colour);
            context.set_line_width(width);
            dash(context, &[3.0, 3.0]);
            context.stroke();
            dash(context, &[]);
        }
    }
}

fn dash(context: &Context, lengths: &[f64]) {
    let array: js_sys::Array =
        lengths.iter().map(|&length| wasm_bindgen::JsValue::from_f64(length)).collect();
    let _ = context.set_line_dash(&array);
}

fn draw_label<'c>(context: &Context, label: &Label, text: &str, colour: &impl Fn(Role) -> &'c str) {
    context.set_text_align(match label.anchor {
        Anchor::Start => "left",
        Anchor::Middle => "center",
        Anchor::End => "right",
    });
    if label.halo {
        context.set_stroke_style_str(colour(Role::Surface));
        context.set_line_width(4.0);
        let _ = context.stroke_text(text, label.at.x, label.at.y);
    }
    context.set_fill_style_str(colour(label.role));
    let _ = context.fill_text(text, label.at.x, label.at.y);
}
