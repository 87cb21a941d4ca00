//! The command palette and the sheet of keys: two faces of one table.

use leptos::html::Input;
use leptos::prelude::*;

use super::actions::{Action, SHORTCUTS, Shortcut, key_name};
use super::session::LabSession;

/// Finds a command by its words.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let text = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let input = NodeRef::<Input>::new();
    let found = Memo::new(move |_| text.with(|text| matching(text)));
    Effect::new(move || {
        if session.palette.get() {
            text.set(String::new());
            at.set(0);
            if let Some(input) = input.get() {
                let _ = input.focus();
            }
        }
    });
    let run = move |place: usize| {
        let chosen = found.with_untracked(|found| found.get(place).copied());
        session.palette.set(false);
        if let Some(place) = chosen {
            session.run(SHORTCUTS[place].action);
        }
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => run(at.get_untracked()),
            "Escape" => session.palette.set(false),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <Show when=move || session.palette.get()>
            <div class="veil" on:click=move |_| session.palette.set(false)></div>
            <div class="lab-palette" role="dialog" aria-modal="true" aria-label="Find a command">
                <input type="text" node_ref=input data-testid="palette" role="combobox" aria-expanded="true" aria-autocomplete="list"
                    aria-controls="lab-palette-list" aria-label="Command"
                    aria-activedescendant=move || format!("lab-palette-{}", at.get())
                    placeholder="Type what you want to do"
                    prop:value=move || text.get()
                    on:input=move |event| { text.set(event_target_value(&event)); at.set(0); }
                    on:keydown=keys />
                <ul role="listbox" id="lab-palette-list" aria-label="Commands">
                    {move || found.get().into_iter().zip(0..).map(|(place, row)| {
                        let Shortcut { key, what, group, .. } = &SHORTCUTS[place];
                        view! {
                            <li role="option" id=format!("lab-palette-{row}") aria-selected=move || (at.get() == row).to_string()
                                on:click=move |_| run(row)>
                                <span class="soft">{*group}" "</span>{*what}{(!key.is_empty()).then(|| view! { <kbd>{key_name(key)}</kbd> })}
                            </li>
                        }
                    }).collect_view()}
                </ul>
            </div>
        </Show>
    }
}

/// The places of the lines of the table that have all words of a text.
fn matching(text: &str) -> Vec<usize> {
    let words = Vec::from_iter(text.split_whitespace().map(str::to_lowercase));
    let fits = |shortcut: &Shortcut| {
        let line = format!("{} {}", shortcut.group, shortcut.what).to_lowercase();
        words.iter().all(|word| line.contains(word.as_str())) && shortcut.action != Action::Palette
    };
    SHORTCUTS.iter().enumerate().filter(|(_, shortcut)| fits(shortcut)).map(|(place, _)| place).collect()
}

/// All keys.
#[component]
pub(super) fn Sheet() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let close = NodeRef::<leptos::html::Button>::new();
    Effect::new(move || {
        if session.sheet.get()
            && let Some(close) = close.get()
        {
            let _ = close.focus();
        }
    });
    let mut groups: Vec<(&str, Vec<&Shortcut>)> = Vec::new();
    for shortcut in SHORTCUTS.iter().filter(|shortcut| !shortcut.key.is_empty()) {
        match groups.last_mut() {
            Some((group, lines)) if *group == shortcut.group => lines.push(shortcut),
            _ => groups.push((shortcut.group, vec![shortcut])),
        }
    }
    let groups = StoredValue::new(groups);
    view! {
        <Show when=move || session.sheet.get()>
            <div class="veil" on:click=move |_| session.sheet.set(false)></div>
            <div class="lab-sheet" role="dialog" aria-modal="true" aria-label="Keys" data-testid="sheet"
                on:keydown=move |event| if event.key() == "Escape" { session.sheet.set(false); event.stop_propagation(); }>
                <div class="row spread">
                    <h2>"Keys"</h2>
                    <button type="button" node_ref=close on:click=move |_| session.sheet.set(false)>"Close"</button>
                </div>
                <div class="lab-sheet-groups">
                    {groups.get_value().into_iter().map(|(group, lines)| view! {
                        <section>
                            <h3>{group}</h3>
                            <dl>
                                {lines.into_iter().map(|line| view! {
                                    <div><dt><kbd>{key_name(line.key)}</kbd></dt><dd>{line.what}</dd></div>
                                }).collect_view()}
                            </dl>
                        </section>
                    }).collect_view()}
                </div>
                <p class="note">"In a picture: arrows select nodes, Enter opens what can be done, + and \u{2212} zoom, 0 shows everything."</p>
            </div>
        </Show>
    }
}
