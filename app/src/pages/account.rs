//! Signing in, making an account, and keeping it.

mod code;
mod forgot;
mod invitation;
mod login;
mod passkeys;
mod qr;
mod register;
mod reset;
mod second_factor;
mod sessions;
mod settings;
mod verify;

pub use self::{
    code::CodePage, forgot::ForgotPage, invitation::InvitationPage, login::LoginPage,
    register::RegisterPage, reset::ResetPage, second_factor::SecondFactorPage,
    settings::AccountPage, verify::VerifyPage,
};
