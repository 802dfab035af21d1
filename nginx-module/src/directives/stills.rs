//! `avatar_mjpeg`

use avatar_core::config::Stills;

use super::Prefixes;
use super::values::{Fault, of_parameter, once, wrong};
use crate::conf::MainConf;

pub(super) fn set_stills(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.stills, || {
        let mut stills = Stills::default();
        for value in values {
            match value.split_once('=') {
                Some(("quality", count)) => {
                    stills.quality = of_parameter(value, count, 1, 100)? as u8;
                }
                Some(("queue", count)) => stills.queue = of_parameter(value, count, 2, 250)? as u16,
                _ => return Err(wrong(value, "it must be quality= or queue=")),
            }
        }
        Ok(stills)
    })
}
