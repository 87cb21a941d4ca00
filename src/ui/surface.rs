//! A canvas with what it takes to paint on it: context, colours, pixel ratio and one scene that is
//! filled again and again.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ResizeObserver};

use crate::view::geometry::Size;
use crate::view::palette;
use crate::view::scene::Scene;

use super::{browser, canvas2d};

pub(super) struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    colours: Vec<String>,
    size: Size,
    scene: Scene,
    /// The pixels of the scene's image.
    buffer: Vec<u8>,
    /// Where the work of each frame is recorded, in milliseconds, when the address asks for it.
    frames: Option<js_sys::Array>,
}

impl Surface {
    pub(super) fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let options = js_sys::Object::new();
        js_sys::Reflect::set(&options, &"alpha".into(), &JsValue::FALSE).ok()?;
        let context = canvas.get_context_with_context_options("2d", &options).ok()??.dyn_into().ok()?;
        let mut surface = Self {
            canvas,
            context,
            colours: Vec::new(),
            size: Size::default(),
            scene: Scene::default(),
            buffer: Vec::new(),
            frames: browser::recorder("__ringside_frames"),
        };
        surface.restyle();
        Some(surface)
    }

    /// Reads the colours of the theme.
    pub(super) fn restyle(&mut self) {
        self.colours = theme_colours();
    }

    /// Takes over the element's size on the page; `None` while it has none.
    pub(super) fn fit(&mut self) -> Option<Size> {
        let area = self.canvas.get_bounding_client_rect();
        let size = Size { width: area.width(), height: area.height() };
        let ratio = browser::pixel_ratio();
        if size.width < 8.0 || size.height < 8.0 {
            return None;
        }
        if size != self.size || ratio != self.scene.pixel_ratio {
            (self.size, self.scene.pixel_ratio) = (size, ratio);
            self.canvas.set_width((size.width * ratio).round() as u32);
            self.canvas.set_height((size.height * ratio).round() as u32);
        }
        Some(size)
    }

    /// Fills the scene and draws it.
    pub(super) fn paint(&mut self, fill: impl FnOnce(&mut Scene)) {
        let start = self.frames.as_ref().map(|_| browser::performance_now());
        fill(&mut self.scene);
        let Size { width, height } = self.size;
        canvas2d::draw(&self.context, &self.scene, &self.colours, &mut self.buffer, width, height);
        if let (Some(frames), Some(start)) = (&self.frames, start) {
            frames.push(&JsValue::from_f64(browser::performance_now() - start));
        }
    }
}

/// Tells of every change of a canvas's size, the first one included, for as long as the owner lives.
pub(super) fn watch_size(canvas: &HtmlCanvasElement, changed: impl FnMut() + 'static) {
    let changed = Closure::<dyn FnMut()>::new(changed);
    if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
        observer.observe(canvas);
        // The closure lives as long as its observer.
        let kept = StoredValue::new_local(Some((observer, changed)));
        on_cleanup(move || {
            if let Some(Some((observer, _))) = kept.try_update_value(Option::take) {
                observer.disconnect();
            }
        });
    }
}

/// The colour of every role, as the theme has it.
pub(super) fn theme_colours() -> Vec<String> {
    let style = browser::window()
        .and_then(|window| Some((window.document()?.document_element()?, window)))
        .and_then(|(root, window)| window.get_computed_style(&root).ok().flatten());
    let property =
        |name: &str| style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default();
    palette::colours(property)
}
