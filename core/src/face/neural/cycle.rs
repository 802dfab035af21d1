//! Which frame of its clip an avatar shows when.

use crate::time::FrameRate;

/// A clip that is played forward, then backward, and so on without end. What is said has no say in it, so the body moves
/// on without a jump when speech begins or ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cycle {
    frames: u64,
    clip_rate: u64,
    video_rate: u64,
}

impl Cycle {
    /// A clip of `frames` pictures, `clip_rate` a second, in a video of `video_rate`.
    pub(crate) fn new(frames: usize, clip_rate: u32, video_rate: FrameRate) -> Self {
        Self {
            frames: (frames as u64).max(1),
            clip_rate: u64::from(clip_rate.max(1)),
            video_rate: u64::from(video_rate.per_second()),
        }
    }

    /// The clip's frame that is shown in frame `frame` of the video.
    pub(crate) fn at(&self, frame: u64) -> usize {
        let played = u128::from(frame) * u128::from(self.clip_rate) / u128::from(self.video_rate);
        let turn = u128::from(2 * self.frames);
        let step = (played % turn) as u64;
        let shown = match step < self.frames {
            true => step,
            false => 2 * self.frames - 1 - step,
        };
        shown as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cycle(frames: usize, clip: u32, video: u32) -> Cycle {
        Cycle::new(frames, clip, FrameRate::new(video).unwrap())
    }

    #[test]
    fn it_goes_forward_and_back() {
        let cycle = cycle(3, 25, 25);
        let shown: Vec<usize> = (0..13).map(|frame| cycle.at(frame)).collect();
        assert_eq!(shown, [0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
    }

    #[test]
    fn it_keeps_its_own_pace() {
        let cycle = cycle(100, 25, 50);
        let shown: Vec<usize> = (0..6).map(|frame| cycle.at(frame)).collect();
        assert_eq!(shown, [0, 0, 1, 1, 2, 2]);
    }

    proptest! {
        #[test]
        fn it_never_jumps(frames in 1_usize..400, frame in 0_u64..1_000_000) {
            let cycle = cycle(frames, 25, 25);
            let (here, next) = (cycle.at(frame), cycle.at(frame + 1));
            prop_assert!(here < frames);
            prop_assert!(here.abs_diff(next) <= 1);
        }
    }
}
