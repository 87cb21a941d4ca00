//! Walks a scene onto a canvas: one path and one call for each layer.

use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d as Context, ImageData};

use crate::view::palette::{Role, pixels};
use crate::view::scene::{Anchor, Image, Label, Layer, Scene, Style};

pub(super) const FACE: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Draws `scene` over everything that the canvas had; `buffer` is kept for the pixels of the next one.
pub(super) fn draw(
    context: &Context,
    scene: &Scene,
    colours: &[String],
    buffer: &mut Vec<u8>,
    width: f64,
    height: f64,
) {
    let pixel_ratio = scene.pixel_ratio;
    let colour = |role: Role| colours.get(role.index()).map_or("#808080", String::as_str);
    let _ = context.set_transform(pixel_ratio, 0.0, 0.0, pixel_ratio, 0.0, 0.0);
    context.set_fill_style_str(colour(Role::Surface));
    context.fill_rect(0.0, 0.0, width, height);
    if let Some(image) = scene.shown_image() {
        put_image(context, image, colours, buffer, pixel_ratio);
    }
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

/// Pixel on pixel: nothing is scaled, so that nothing is blurred and no pixel is lost.
fn put_image(context: &Context, image: &Image, colours: &[String], buffer: &mut Vec<u8>, pixel_ratio: f64) {
    let table = pixels(&image.tints, colours);
    let Some(&first) = table.first() else { return };
    buffer.clear();
    buffer.resize(image.texels.len() * 4, 0);
    for (pixel, &texel) in buffer.chunks_exact_mut(4).zip(&image.texels) {
        pixel.copy_from_slice(table.get(usize::from(texel)).unwrap_or(&first));
    }
    if let Ok(data) = ImageData::new_with_u8_clamped_array(Clamped(buffer), image.columns as u32) {
        let (x, y) = (image.at.x * pixel_ratio, image.at.y * pixel_ratio);
        let _ = context.put_image_data(&data, x.round(), y.round());
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
        Style::Dotted(width) => {
            context.set_stroke_style_str(colour);
            context.set_line_width(width);
            dash(context, &[width, width * 2.0]);
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
    let Label { at, upwards, .. } = *label;
    if upwards {
        context.save();
        let _ = context.translate(at.x, at.y);
        let _ = context.rotate(-std::f64::consts::FRAC_PI_2);
    }
    let (x, y) = if upwards { (0.0, 0.0) } else { (at.x, at.y) };
    if label.halo {
        context.set_stroke_style_str(colour(Role::Surface));
        context.set_line_width(4.0);
        let _ = context.stroke_text(text, x, y);
    }
    context.set_fill_style_str(colour(label.role));
    let _ = context.fill_text(text, x, y);
    if upwards {
        context.restore();
    }
}
