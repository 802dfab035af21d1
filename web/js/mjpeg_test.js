/** The page /mjpeg_test: the form, one stream of pictures at a time, and what is counted of it. */

import { Refusals } from "./refusals.js";
import { avatars, voices } from "./session.js";
import { imageAddress, stills } from "./stills.js";
import { Trouble } from "./trouble.js";
import { announce, bringIntoView, since } from "./view.js";
import { fill, Words } from "./words.js";

const $ = (id) => document.getElementById(id);
const form = $("form");
const canvas = $("pictures");
const refusals = new Refusals(form, { onAsked: () => {}, onKey: loadChoices });
const words = new Words(form, "language", showImage);

/** Ends the stream that is shown, if one is. */
let current = null;

// ---- the form

function request() {
  const data = new FormData(form);
  const fields = { text: data.get("text").trim(), language: data.get("language"), low_latency: data.has("low_latency") };
  for (const name of ["voice", "avatar"]) {
    if (data.get(name)) fields[name] = data.get(name);
  }
  return fields;
}

function showImage() {
  $("image").textContent = `<img src="${imageAddress(request())}">`;
}

async function loadChoices() {
  try {
    const [{ voices: spoken }, { avatars: faces }] = await Promise.all([voices(refusals.key), avatars(refusals.key)]);
    fill($("avatar"), faces);
    words.offer(spoken);
    refusals.admitted();
  } catch (trouble) {
    refusals.show(trouble);
  }
}

// ---- a stream from Start to its end

async function start() {
  stop();
  const fields = request();
  refusals.show(null);
  if (!fields.text) {
    fail(new Trouble("empty_text", "Type something first"));
    $("text").focus();
    return;
  }
  const mine = (current = new AbortController());
  const started = performance.now();
  showState("loading", "Starting…");
  $("frames").textContent = "0";
  $("time").textContent = $("first-picture").textContent = "–";
  $("stop").disabled = false;
  bringIntoView($("stage"));
  let frames = 0;
  try {
    for await (const picture of stills(fields, { key: refusals.key, signal: mine.signal })) {
      const bitmap = await createImageBitmap(picture);
      if (mine !== current) return;
      if (frames++ === 0) {
        $("first-picture").textContent = `${Math.round(performance.now() - started)} ms`;
        showState("playing", "Speaking…");
      }
      show(bitmap);
      $("frames").textContent = frames;
      $("time").textContent = since(started);
    }
    if (mine !== current) return;
    showState("done", "Said to the end.");
  } catch (trouble) {
    if (mine !== current) return;
    fail(trouble);
  }
  current = null;
  $("stop").disabled = true;
}

function show(bitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  canvas.hidden = false;
  $("stage").classList.add("on");
}

function stop() {
  if (!current) return;
  current.abort();
  current = null;
  showState("idle", "Stopped.");
  $("stop").disabled = true;
}

function fail(trouble) {
  const known = trouble instanceof Trouble ? trouble : new Trouble("internal", trouble.message);
  refusals.show(known);
  showState("error", "Nothing is shown.");
  $("stop").disabled = true;
}

function showState(kind, sentence) {
  announce($("sentence"), sentence);
  $("stage").dataset.kind = kind;
}

// ---- wiring

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
$("stop").addEventListener("click", () => {
  stop();
  $("start").focus();
});

words.follow();
loadChoices();
