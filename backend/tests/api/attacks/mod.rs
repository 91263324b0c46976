//! What somebody who means harm would try. What concerns one call alone stands with that call; bodies, tokens and foreign
//! pages have modules of their own.

mod flooding;
mod forging;
mod guessing;
mod late;
mod posing;
mod signatures;
mod smuggling;
mod spellings;
mod theft;
mod wire;

mod scene;
