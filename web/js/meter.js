const FLOOR_DB = -60;
const SPOKEN_MS = 250;

/** Shows how loud a microphone is: quick to rise, slow to fall. */
export class Meter {
  #element;
  #bar;
  #context = null;
  #frame = 0;

  /** `element` has the role of a meter from 0 to 100, `bar` is what grows in it. */
  constructor(element, bar) {
    this.#element = element;
    this.#bar = bar;
  }

  /** Shows the loudness of a MediaStream until {@link close}. */
  open(stream) {
    this.close();
    this.#context = new AudioContext();
    // One that was made long after the touch stands still until it is told.
    this.#context.resume();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    let spoken = 0;
    const look = (now) => {
      analyser.getFloatTimeDomainData(samples);
      shown = Math.max(loudness(samples), shown - 0.02);
      this.#bar.style.setProperty("--level", shown.toFixed(3));
      if (now - spoken > SPOKEN_MS) {
        spoken = now;
        this.#element.setAttribute("aria-valuenow", Math.round(shown * 100));
      }
      this.#frame = requestAnimationFrame(look);
    };
    this.#frame = requestAnimationFrame(look);
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#context?.close();
    this.#context = null;
    this.#bar.style.setProperty("--level", 0);
    this.#element.setAttribute("aria-valuenow", 0);
  }
}

/** From 0, silence, to 1, as loud as it gets; even steps to the ear. */
function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}
