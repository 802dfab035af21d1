//! Every network computes what its original does, from parameters and inputs made of names.

use avatar_models::probe::{Figures, Inputs, ProbeError, rows};
use tch::no_grad;

/// What the expected figures, printed to six digits, and the order of summation leave open.
const CLOSE: f64 = 1e-5;

#[test]
fn every_row_is_that_of_the_original() {
    // Tests run side by side; threads that wait for each other would be in their way.
    tch::set_num_threads(1);
    let inputs = Inputs::default();
    let mut wrong = Vec::new();
    for row in rows() {
        let figures = no_grad(|| -> Result<Figures, ProbeError> {
            Ok(Figures::of(&(row.output)(&inputs)?)?)
        })
        .unwrap();
        if figures.distance(&row.expected) > CLOSE {
            let name = row.name;
            wrong.push(format!("{name}:\n  {}\n  {figures}", row.expected));
        }
    }
    assert!(wrong.is_empty(), "expected, found:\n{}", wrong.join("\n"));
}

#[test]
fn another_prefix_makes_other_inputs() {
    tch::set_num_threads(1);
    let row = rows().find(|row| row.name == "VAE decode").unwrap();
    let inputs = Inputs {
        prefix: "another:".to_owned(),
    };
    let figures = no_grad(|| Figures::of(&(row.output)(&inputs).unwrap()).unwrap());
    assert!(figures.distance(&row.expected) > 1e-3, "{figures}");
}
