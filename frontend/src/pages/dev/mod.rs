//! `/dev/components`, in development builds only: every component in every state.

mod exhibit;
mod samples;

mod controls;
mod overlays;
mod surfaces;
mod tokens;

use super::app_layout::Navigation;
use super::menu::AccountMenu;
use super::preferences::{LanguagePreference, ThemePreference};
use crate::components::Logo;
use crate::platform::document;
use controls::{Buttons, Fields, Selects, Switches};
use leptos::prelude::*;
use overlays::{Banners, Dialogs, Menus, ToastCards};
use surfaces::{Badges, Cards, CodeBlocks, EmptyStates, Navigations, Problems, Rows, Skeletons, Tables};
use tokens::{Colours, Spaces, Types};

/// The page's path.
pub const PATH: &str = "/dev/components";

/// The component gallery.
#[component]
pub fn Gallery() -> impl IntoView {
    document::set_title("Components · Latchkey");
    exhibit::force_states();
    view! {
        <header class="top"><span class="brand"><Logo /></span><AccountMenu /></header>
        <div class="frame">
            <Navigation />
            <main id="main">
                <div class="head" lang="en">
                    <h1>"Components"</h1>
                    <p class="lead">"What pages are made of. This page is part of development builds only."</p>
                </div>
                <div class="switches"><LanguagePreference id="dev-language" /><ThemePreference id="dev-theme" /></div>
                <Colours />
                <Types />
                <Spaces />
                <Buttons />
                <Fields />
                <Selects />
                <Switches />
                <Cards />
                <Rows />
                <Badges />
                <Navigations />
                <Menus />
                <Dialogs />
                <ToastCards />
                <Banners />
                <Problems />
                <Skeletons />
                <EmptyStates />
                <CodeBlocks />
                <Tables />
            </main>
        </div>
    }
}
