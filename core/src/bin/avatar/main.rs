//! The `avatar` command: the whole product but nginx.

mod import;
mod networks;
mod prepare;
mod say;

use std::process::ExitCode;

use avatar_core::api::Catalogue;
use avatar_core::config::Config;
use clap::{Parser, Subcommand};

use import::Import;
use networks::Filmed;
use prepare::Prepare;
use say::Say;

/// Talking avatars from the command line.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a video of a text being said.
    Say(Say),
    /// Turns the original weight files of MuseTalk, of IMTalker or of both into checked ones, once.
    Import(Import),
    /// Makes an avatar of a film of somebody.
    Prepare(Prepare),
    /// Lists the voices.
    Voices,
    /// Lists the avatars.
    Avatars(Filmed),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Say(say) => say.run().map_err(|error| error.to_string()),
        Command::Import(import) => import.run().map_err(|error| error.to_string()),
        Command::Prepare(prepare) => prepare.run().map_err(|error| error.to_string()),
        Command::Voices => {
            for voice in Catalogue::builtin(&Config::default()).voices {
                println!("{:<12} {}  {}", voice.id, voice.language.code(), voice.name);
            }
            Ok(())
        }
        Command::Avatars(filmed) => {
            let config = Config {
                neural: filmed.config(),
                ..Config::default()
            };
            for avatar in Catalogue::builtin(&config).all_avatars() {
                println!("{:<12} {}", avatar.id, avatar.name);
            }
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("avatar: {error}");
            ExitCode::FAILURE
        }
    }
}
