//! The charts of a run: six small ones with one cursor. What lies out of sight is not painted.

mod draw;

use leptos::ev;
use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{
    HtmlCanvasElement, IntersectionObserver, IntersectionObserverEntry, PointerEvent, ResizeObserver,
};

use crate::lab::chart::{Chart, Subject, Trace};
use crate::lab::{Branch, Series};
use crate::time::Instant;
use crate::view::palette::{BAND_PROPERTY, PROPERTIES, Role, owner_property};

use super::super::{browser, surface};
use super::session::{Bench, LabSession};
use super::transport::span_text;
use draw::{Frame, Sheet};

/// A picture of a chart, in pixels.
const PICTURE: (f64, f64, f64) = (960.0, 480.0, 2.0);

/// All charts of the run that is looked at, with the one beside it if two are compared.
#[component]
pub(super) fn Charts() -> impl IntoView {
    let session = expect_context::<LabSession>();
    // The instant under the pointer, in whichever chart.
    let pointed = RwSignal::new(None::<Instant>);
    let beside = Memo::new(move |_| {
        session.deeds.track();
        session.with(|bench| bench.lab.compared().map(|branch| branch.name.to_string())).flatten()
    });
    let export = move |kind: &'static str| {
        let file = session.with(|bench| {
            let branch = bench.lab.current();
            let series = &branch.record().series;
            let text = if kind == "csv" { series.to_csv() } else { series.to_json() };
            (file_name(branch, "series", kind), text)
        });
        if let Some((name, text)) = file {
            let kind = if kind == "csv" { "text/csv" } else { "application/json" };
            browser::download(&name, &text, kind);
            session.say(format!("Saved {name}"));
        }
    };
    let spacing = move || {
        session
            .read(|bench| crate::sim::Span(bench.lab.current().record().series.spacing()).to_string())
            .unwrap_or_default()
    };
    view! {
        <section class="lab-charts" aria-label="Charts" data-testid="charts">
            <div class="row lab-charts-head">
                <p class="note">
                    "One sample every " {spacing} " of virtual time. Click or drag in a chart to go there; \u{2190} and \u{2192} go by one sample."
                    {move || beside.get().map(|name| format!(" Dashed: {name}."))}
                </p>
                <button type="button" data-testid="charts-csv" on:click=move |_| export("csv")>"Save CSV"</button>
                <button type="button" data-testid="charts-json" on:click=move |_| export("json")>"Save JSON"</button>
            </div>
            <div class="lab-charts-grid">
                {Subject::ALL.into_iter().map(|subject| view! { <ChartView subject pointed beside /> }).collect_view()}
            </div>
        </section>
    }
}

#[component]
fn ChartView(
    subject: Subject,
    pointed: RwSignal<Option<Instant>>,
    beside: Memo<Option<String>>,
) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let node = NodeRef::<Canvas>::new();
    let in_sight = RwSignal::new(false);
    let resized = RwSignal::new(0_u32);
    let sheet = StoredValue::new_local(None::<Sheet>);
    node.on_load(move |canvas| watch(&canvas, in_sight, resized));
    Effect::new(move || {
        session.dark.track();
        sheet.set_value(None);
    });
    Effect::new(move || {
        session.dark.track();
        resized.track();
        beside.track();
        if !in_sight.get() {
            return;
        }
        let Some(canvas) = node.get() else { return };
        session.read(|bench| {
            sheet.update_value(|sheet| {
                let sheet = sheet.get_or_insert_with(|| Sheet::new(&surface::theme_colours()));
                let ratio = browser::pixel_ratio();
                if let Some((width, height)) = fit(&canvas, ratio) {
                    let frame = frame_of(bench, subject, width);
                    sheet.paint(canvas.clone(), &frame, (width, height, ratio), false);
                }
            });
        });
    });
    let until = move || session.with(|bench| shown_until(bench)).unwrap_or(Instant::START);
    let instant_at = move |event: &PointerEvent| {
        let width = node.get_untracked().map_or(0.0, |canvas| f64::from(canvas.client_width()));
        Sheet::instant_at(f64::from(event.offset_x()), width, until())
    };
    let seek = move |to: Instant| {
        session.act(|lab| {
            lab.clock.playing = false;
            lab.seek(to);
            Ok(())
        });
    };
    let down = move |event: PointerEvent| {
        if event.button() == 0 {
            seek(instant_at(&event));
        }
    };
    let moved = move |event: PointerEvent| {
        let at = instant_at(&event);
        if event.buttons() & 1 == 1 {
            seek(at);
        }
        if event.pointer_type() != "touch" {
            pointed.set(Some(at));
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" => -1.0,
            "ArrowRight" => 1.0,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let to = session.with(|bench| {
            let spacing = bench.lab.current().record().series.spacing();
            if by < 0.0 { bench.now().before(spacing) } else { bench.now() + spacing }
        });
        if let Some(to) = to {
            seek(to);
        }
    };
    let picture = move |_| save_picture(session, subject);
    // Of the instant under the pointer, or else of the cursor.
    let values = Memo::new(move |_| {
        in_sight
            .get()
            .then(|| session.read(|bench| values(bench, subject, pointed.get())))
            .flatten()
            .unwrap_or_default()
    });
    let cell = move |is_other: bool, line: usize| {
        move || values.with(|values| values.lines[usize::from(is_other)].get(line).cloned())
    };
    let rows = subject.traces().into_iter().enumerate().map(|(line, Trace { name, role, sign })| {
        view! {
            <tr>
                <th scope="row">
                    <span aria-hidden="true" class="lab-chart-sign" style:color=format!("var({})", property_of(role))>{sign.text()}</span>
                    {name}
                </th>
                <td>{cell(false, line)}</td>
                {move || beside.get().map(|_| view! { <td class="lab-chart-other">{cell(true, line)}</td> })}
            </tr>
        }
    });
    let crosshair = move || {
        let canvas = node.get()?;
        let at = pointed.get().filter(|_| in_sight.get())?;
        let x = Sheet::x_of(at, f64::from(canvas.client_width()), until())?;
        Some(view! { <span class="lab-chart-hair" style:left=format!("{x:.0}px")></span> })
    };
    view! {
        <figure class="lab-chart" data-testid=format!("chart-{}", subject.key())>
            <figcaption class="row spread">
                <h2 title=subject.meaning()>{subject.title()}</h2>
                <button type="button" class="quiet" data-testid=format!("chart-png-{}", subject.key()) on:click=picture>
                    "PNG"<span class="unseen">{format!(" of {}", subject.title())}</span>
                </button>
            </figcaption>
            <div class="lab-chart-box">
                <canvas node_ref=node tabindex="0" role="img" class="lab-chart-canvas"
                    aria-label=format!("{}. {} The table below has the values at the cursor.", subject.title(), subject.meaning())
                    on:pointerdown=down on:pointermove=moved on:keydown=key
                    on:pointerleave=move |_| pointed.set(None)></canvas>
                {crosshair}
            </div>
            <table>
                <caption>{move || values.with(|values| values.when.clone())}</caption>
                {move || beside.get().map(|name| view! {
                    <thead><tr><td></td><th scope="col">{move || values.with(|values| values.name.clone())}</th><th scope="col">{name}</th></tr></thead>
                })}
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </figure>
    }
}

/// The values of an instant in words: those of the run, and those of the one beside.
#[derive(Debug, Clone, PartialEq, Default)]
struct Values {
    when: String,
    name: String,
    lines: [Vec<String>; 2],
}

fn values(bench: &Bench, subject: Subject, pointed: Option<Instant>) -> Values {
    let at = pointed.unwrap_or(bench.now());
    let words = |series: &Series| match subject.values_at(series, at) {
        Some(values) => values.into_iter().map(|value| subject.words(value)).collect(),
        None => vec!["\u{2013}".to_owned(); subject.traces().len()],
    };
    let current = bench.lab.current();
    Values {
        when: format!("at {}", span_text(at)),
        name: current.name.to_string(),
        lines: [
            words(&current.record().series),
            bench.lab.compared().map(|other| words(&other.record().series)).unwrap_or_default(),
        ],
    }
}

fn frame_of(bench: &Bench, subject: Subject, width: f64) -> Frame {
    let (main, other) = (bench.lab.current(), bench.lab.compared());
    let other_series = other.map(|branch| &branch.record().series);
    let columns = (width as usize).max(100);
    let faults = main.record().history.milestones.iter().filter(|milestone| milestone.is_fault);
    Frame {
        chart: Chart::new(subject, &main.record().series, other_series, shown_until(bench), columns),
        cursor: bench.now(),
        faults: faults.map(|milestone| milestone.at).collect(),
        names: [Some(main), other]
            .map(|branch| branch.map_or(String::new(), |branch| branch.name.to_string())),
    }
}

/// How far either run has been seen.
fn shown_until(bench: &Bench) -> Instant {
    let explored = |branch: &Branch| branch.record().history.explored;
    let main = explored(bench.lab.current());
    bench.lab.compared().map_or(main, |other| main.max(explored(other)))
}

/// Gives the canvas as many pixels as the screen has for it; its size on the page, if it has one.
fn fit(canvas: &HtmlCanvasElement, ratio: f64) -> Option<(f64, f64)> {
    let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    if width < 80.0 || height < 60.0 {
        return None;
    }
    let pixels = [width, height].map(|side| (side * ratio).round() as u32);
    if [canvas.width(), canvas.height()] != pixels {
        canvas.set_width(pixels[0]);
        canvas.set_height(pixels[1]);
    }
    Some((width, height))
}

/// Learns when a canvas comes in sight, and when its size changes.
fn watch(canvas: &HtmlCanvasElement, in_sight: RwSignal<bool>, resized: RwSignal<u32>) {
    let seen = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.pop().dyn_into::<IntersectionObserverEntry>();
        if let Ok(entry) = last {
            in_sight.set(entry.is_intersecting());
        }
    });
    let grown = Closure::<dyn FnMut()>::new(move || resized.update(|count| *count += 1));
    let observers = (
        IntersectionObserver::new(seen.as_ref().unchecked_ref()),
        ResizeObserver::new(grown.as_ref().unchecked_ref()),
    );
    let (Ok(sight), Ok(size)) = observers else { return in_sight.set(true) };
    sight.observe(canvas);
    size.observe(canvas);
    let kept = StoredValue::new_local(Some((sight, seen, size, grown)));
    on_cleanup(move || {
        if let Some((sight, _, size, _)) = kept.try_update_value(Option::take).flatten() {
            sight.disconnect();
            size.disconnect();
        }
    });
}

/// Saves a chart with its title and its legend.
fn save_picture(session: LabSession, subject: Subject) {
    let canvas = browser::window()
        .and_then(|window| window.document()?.create_element("canvas").ok())
        .and_then(|element| element.dyn_into::<HtmlCanvasElement>().ok());
    let Some(canvas) = canvas else { return };
    let (width, height, ratio) = PICTURE;
    canvas.set_width((width * ratio) as u32);
    canvas.set_height((height * ratio) as u32);
    let name = session.with(|bench| {
        let frame = frame_of(bench, subject, width);
        Sheet::new(&surface::theme_colours()).paint(canvas.clone(), &frame, PICTURE, true);
        file_name(bench.lab.current(), subject.key(), "png")
    });
    let Some(name) = name else { return };
    let save = Closure::once_into_js(move |blob: JsValue| {
        if let Ok(blob) = blob.dyn_into::<web_sys::Blob>() {
            browser::download_blob(&name, &blob);
            session.say(format!("Saved {name}"));
        }
    });
    let _ = canvas.to_blob(save.unchecked_ref());
}

/// `ringside-run-1-messages.png`
fn file_name(branch: &Branch, what: &str, kind: &str) -> String {
    format!("ringside-{}-{what}.{kind}", branch.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
}

fn property_of(role: Role) -> String {
    match role {
        Role::Owner { hue, .. } => owner_property(hue),
        role => PROPERTIES.get(role.index()).copied().unwrap_or(BAND_PROPERTY).to_owned(),
    }
}
