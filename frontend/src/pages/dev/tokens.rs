//! Exhibits of the design tokens: colours, text sizes and spacing.

use super::exhibit::{Exhibit, State};
use leptos::prelude::*;

#[component]
pub fn Colours() -> impl IntoView {
    let names = [
        "--ground",
        "--surface",
        "--raised",
        "--sunken",
        "--line",
        "--line-strong",
        "--text",
        "--text-quiet",
        "--accent",
        "--accent-strong",
        "--on-accent",
        "--accent-soft",
        "--selection",
        "--danger",
        "--danger-strong",
        "--on-danger",
        "--danger-soft",
        "--danger-line",
        "--warn-soft",
        "--warn-line",
        "--good",
    ];
    let swatches = names
        .map(|name| {
            view! {
                <State name=name>
                    <div style:height="2.5rem" style:border="1px solid var(--line)" style:border-radius="var(--radius-small)" style:background=format!("var({name})")></div>
                </State>
            }
        })
        .collect_view();
    view! { <Exhibit name="Colour">{swatches}</Exhibit> }
}

#[component]
pub fn Types() -> impl IntoView {
    let names = ["--text-small", "--text-body", "--text-large", "--text-title", "--text-display"];
    let lines = names
        .map(|name| {
            view! { <State name=name><p style:font-size=format!("var({name})")>"Sign in – 로그인 – 0123"</p></State> }
        })
        .collect_view();
    view! { <Exhibit name="Type">{lines}</Exhibit> }
}

#[component]
pub fn Spaces() -> impl IntoView {
    let names = [
        "--space-1",
        "--space-2",
        "--space-3",
        "--space-4",
        "--space-5",
        "--space-6",
        "--space-8",
        "--space-12",
    ];
    let bars = names
        .map(|name| {
            view! {
                <State name=name>
                    <div style:height="0.5rem" style:width=format!("var({name})") style:background="var(--accent)"></div>
                </State>
            }
        })
        .collect_view();
    view! { <Exhibit name="Spacing">{bars}</Exhibit> }
}
