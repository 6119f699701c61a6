//! Signing in and making an account.

mod login;
mod register;

pub use self::{login::LoginPage, register::RegisterPage};
