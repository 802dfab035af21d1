/** Seconds. What lies ready ahead is looked at this often; the least of a while is what can be relied on. */
const EVERY = 0.1;
const WHILE = 1;
/** What is kept ready ahead; more after each time that it was too little. */
const MARGIN = 0.25;
const MORE = 0.25;
const MOST = 2;
/** What is further behind is leapt over, but once only: later it would be seen. */
const LEAP = 0.75;
const FAST = 1.1;

/**
 * Keeps a live `<video>` as close to the present as its line allows. Whoever fell behind plays a little faster than life;
 * whoever ran dry keeps more ready. `live()` says whether the stream still grows. Returns what stops it.
 */
export function keepClose(video, live) {
  let margin = MARGIN;
  let ready = [];
  let leapt = false;

  const look = () => {
    const ahead = readyAhead(video);
    if (ahead === null || !live()) {
      video.playbackRate = 1;
      return;
    }
    if (!leapt && ahead > LEAP) {
      video.currentTime += ahead - margin - EVERY;
      ready = [];
    } else {
      ready = [...ready, ahead].slice(-WHILE / EVERY);
    }
    leapt = true;
    const spare = ready.length < WHILE / EVERY ? 0 : Math.min(...ready) - margin;
    // Between the two it goes on as it did.
    if (spare > 0.1) video.playbackRate = FAST;
    else if (spare <= 0) video.playbackRate = 1;
  };
  const dry = () => {
    // The wait for the first picture says nothing of the line.
    if (leapt && !video.seeking) margin = Math.min(margin + MORE, MOST);
    ready = [];
  };

  video.addEventListener("waiting", dry);
  const timer = setInterval(look, EVERY * 1000);
  return () => {
    clearInterval(timer);
    video.removeEventListener("waiting", dry);
    video.playbackRate = 1;
  };
}

/** Seconds that can be played from here, or null where nothing plays. */
function readyAhead({ buffered, currentTime, paused, seeking, readyState }) {
  if (paused || seeking || readyState < 3) return null;
  for (let range = 0; range < buffered.length; range++) {
    if (buffered.start(range) <= currentTime && currentTime <= buffered.end(range)) return buffered.end(range) - currentTime;
  }
  return null;
}
