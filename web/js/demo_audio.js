/** The page /demo_audio: the form, one audio session at a time, and what is seen of it. */

import { address, given } from "./address.js";
import { curlCommand } from "./curl.js";
import { ATTEMPTS, Listener } from "./listener.js";
import { Refusals } from "./refusals.js";
import { cleanup, voices } from "./session.js";
import * as task from "./task.js";
import { Trouble } from "./trouble.js";
import { announce, clock, since } from "./view.js";
import { Words } from "./words.js";

const $ = (id) => document.getElementById(id);
const form = $("form");
const audio = $("audio");
const refusals = new Refusals(form, { onAsked: showRequest, onKey: loadVoices });
const words = new Words(form, "lang", showRequest);
const listener = new Listener(audio, { onRetry: showRetry, onTrouble: fail });

/** The session that is heard: `{id, started, state, unfollow}`, or null. */
let current = null;
/** Counts the presses of Start, so that an answer that comes too late is known as such. */
let attempt = 0;

// ---- the form

function request() {
  const data = new FormData(form);
  const fields = { prompt: data.get("prompt").trim(), lang: data.get("lang") };
  if (data.get("voice")) fields.voice = data.get("voice");
  return fields;
}

function showRequest() {
  $("curl").textContent = curlCommand(address("/audiostream/start/"), request(), refusals.wantsKey);
}

async function loadVoices() {
  try {
    const { voices: known } = await voices(refusals.key);
    words.offer(known);
    refusals.admitted();
  } catch (trouble) {
    refusals.show(trouble);
  }
}

// ---- a session from Start to its end

async function start() {
  const mine = ++attempt;
  const fields = request();
  leave();
  refusals.show(null);
  if (!fields.prompt) {
    fail(new Trouble("empty_text", "Type something first"));
    $("text").focus();
    return;
  }
  const started = performance.now();
  showState("loading", "Starting…");
  $("stop").disabled = false;
  const key = refusals.key;
  try {
    const { session_id: id, playlist } = await task.start(fields, key);
    if (mine !== attempt) {
      cleanup(id, key).catch(() => {});
      return;
    }
    current = { id, started, state: "PENDING", unfollow: () => {} };
    current.unfollow = task.follow(id, key, showTask, fail);
    showState("loading", "Waiting for the first sound…");
    listener.play(given(playlist));
  } catch (trouble) {
    if (mine === attempt) fail(trouble);
  }
}

/** Drops the session; its unfinished work is cancelled, a finished one stays for its link. */
function leave() {
  listener.close();
  if (!current) return;
  current.unfollow();
  if (current.state !== "SUCCESS") cleanup(current.id, refusals.key).catch(() => {});
  current = null;
  showTask(null);
  $("first-sound").textContent = $("duration").textContent = "–";
  $("download").hidden = true;
}

function stop() {
  attempt++;
  leave();
  showState("idle", "Stopped.");
  $("stop").disabled = true;
  $("start").focus();
}

function fail(trouble) {
  const known = trouble instanceof Trouble ? trouble : new Trouble("internal", trouble.message);
  attempt++;
  leave();
  refusals.show(known);
  showState("error", "Nothing is playing.");
  $("stop").disabled = true;
}

// ---- what is seen

function showTask(status) {
  const percent = status?.progress ?? 0;
  $("progress").value = percent;
  $("percent").textContent = `${Math.round(percent)} %`;
  $("chunks").textContent = status?.chunk_count ?? 0;
  if (!status || !current) return;
  current.state = status.state;
  if (status.state === "FAILURE") {
    fail(new Trouble(status.error_code ?? "internal", status.error ?? ""));
    return;
  }
  if (status.state === "SUCCESS") {
    $("download").href = address(`/media/hls/${current.id}/output.m4a`);
    $("download").download = `${current.id}.m4a`;
    $("download").hidden = false;
  }
  showPlayback();
}

/** One sentence from what the server makes and what the listener hears. */
function showPlayback() {
  if (!current) return;
  const made = current.state === "SUCCESS";
  if (audio.ended) {
    showState("done", "Read out to the end.");
    $("stop").disabled = true;
  } else if (!audio.paused && audio.readyState > 2) {
    showState("playing", made ? "Playing. All of it is there." : "Playing while the rest is spoken…");
    $("stop").disabled = false;
  } else if (audio.paused && audio.currentTime > 0) {
    showState("playing", "Paused.");
  } else if (audio.paused && audio.readyState > 2) {
    showState("loading", "Press play: this browser wants a touch before it makes a sound.");
  } else if (!$("state").dataset.retry) {
    showState("loading", "Waiting for the first sound…");
  }
}

function showRetry({ reason, attempt: number }) {
  const words = reason === "empty" ? "Nothing is listed yet" : "The playlist could not be loaded";
  showState("loading", `${words}; attempt ${number} of ${ATTEMPTS}…`);
  $("state").dataset.retry = number;
}

function showState(kind, sentence) {
  announce($("sentence"), sentence);
  $("state").dataset.kind = kind;
  delete $("state").dataset.retry;
}

function showDuration() {
  if (!Number.isFinite(audio.duration) || !current) return;
  $("duration").textContent = clock(audio.duration);
}

// ---- wiring

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
$("stop").addEventListener("click", stop);
for (const event of ["canplay", "playing", "pause", "waiting", "ended"]) audio.addEventListener(event, showPlayback);
for (const event of ["durationchange", "ended"]) audio.addEventListener(event, showDuration);
audio.addEventListener("playing", () => {
  if (!current || current.heard) return;
  current.heard = true;
  $("first-sound").textContent = since(current.started);
});

words.follow();
loadVoices();
