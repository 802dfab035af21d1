/** On a phone the form hides the stage: what was just asked for should be seen. */
export function bringIntoView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Seconds since a moment of `performance.now()`. */
export function since(moment) {
  return `${((performance.now() - moment) / 1000).toFixed(2)} s`;
}

/** Writes into a live region, where the same words again would be read out again. */
export function announce(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
