//! Prints figures of each network's outputs for parameters and inputs made from names, so that anyone who holds the
//! original can compare.

use std::process::ExitCode;

use avatar_models::probe::{Figures, Inputs, rows};
use clap::Parser;
use tch::no_grad;

/// Figures of each network's outputs for parameters and inputs made from names: mean, standard deviation of the population,
/// and the first, the middle and the last element.
#[derive(Parser)]
struct Arguments {
    /// What the names of inputs begin with.
    #[arg(long, default_value = "in:")]
    prefix: String,
    /// Only the rows of these names, or of names that contain these words, whatever their case.
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let inputs = Inputs {
        prefix: arguments.prefix,
    };
    let wanted: Vec<String> = arguments
        .rows
        .iter()
        .map(|row| row.to_lowercase())
        .collect();
    let mut printed = 0;
    for row in rows() {
        let name = row.name.to_lowercase();
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word)) {
            continue;
        }
        let figures = no_grad(|| Figures::of(&(row.output)(&inputs)?).map_err(Into::into));
        match figures {
            Ok(figures) => println!("{:<32} {figures}", row.name),
            Err::<_, avatar_models::probe::ProbeError>(error) => {
                eprintln!("{}: {error}", row.name);
                return ExitCode::FAILURE;
            }
        }
        printed += 1;
    }
    if printed == 0 {
        eprintln!("No row is called so. There are:");
        for row in rows() {
            eprintln!("  {}", row.name);
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
