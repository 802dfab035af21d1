/** The page /realtime: the form, one session at a time, and what is seen of it. */

import { address, given } from "./address.js";
import { curlCommand } from "./curl.js";
import { Player } from "./player.js";
import { Refusals } from "./refusals.js";
import * as session from "./session.js";
import { Trouble } from "./trouble.js";
import { announce, bringIntoView, clock, since } from "./view.js";
import { Words, fill } from "./words.js";

const $ = (id) => document.getElementById(id);
const form = $("form");
const video = $("video");
const refusals = new Refusals(form, { onAsked: showRequest, onKey: loadChoices });
const words = new Words(form, "language", showRequest);
const player = new Player(video, (trouble) => fail(trouble));

const STAGES = {
  tts: "Preparing the speech…",
  inference: "Drawing the presenter…",
  encoding: "Encoding the video…",
};

/** The session on the stage: `{id, status, clicked, unfollow}`, or null. */
let current = null;
/** Counts the presses of Play, so that an answer that comes too late is known as such. */
let attempt = 0;

// ---- the form

function request() {
  const data = new FormData(form);
  const fields = { text: data.get("text").trim(), language: data.get("language"), mode: "dynamic" };
  for (const name of ["voice", "avatar"]) {
    if (data.get(name)) fields[name] = data.get(name);
  }
  return fields;
}

function showRequest() {
  $("curl").textContent = curlCommand(address("/api/stream/start"), request(), refusals.wantsKey);
}

async function loadChoices() {
  const { key } = refusals;
  const [voices, avatars] = await Promise.allSettled([session.voices(key), session.avatars(key)]);
  if (voices.status === "fulfilled") words.offer(voices.value.voices);
  if (avatars.status === "fulfilled") {
    fill($("avatar"), avatars.value.avatars);
    showPortrait();
    showRequest();
  }
  const failed = [voices, avatars].find(({ status }) => status === "rejected");
  if (failed) refusals.show(failed.reason);
  else refusals.admitted();
}

// ---- a session from Play to its end

async function play() {
  const mine = ++attempt;
  const fields = request();
  leave();
  refusals.show(null);
  if (!fields.text) {
    fail(new Trouble("empty_text", "Type something first"));
    $("text").focus();
    return;
  }

  const clicked = performance.now();
  showState("busy", "Starting…", "Starting");
  $("stop").disabled = false;
  const key = refusals.key;
  try {
    const started = await session.start(fields, key);
    if (mine !== attempt) {
      session.cleanup(started.session_id, key).catch(() => {});
      return;
    }
    current = { id: started.session_id, status: null, clicked, unfollow: () => {} };
    current.unfollow = session.follow(started.session_id, key, showStatus, fail);
    showVideo(true);
    bringIntoView($("stage"));
    const master = address(`/stream/${started.session_id}/master.m3u8`);
    const audible = await player.play(master);
    if (mine === attempt) $("tap").hidden = audible;
  } catch (trouble) {
    if (mine === attempt) fail(trouble);
  }
}

/** Drops the session on the stage; its unfinished work is cancelled, a finished one stays for its links. */
function leave() {
  if (!current) return;
  current.unfollow();
  if (!current.status || !session.isFinal(current.status)) {
    session.cleanup(current.id, refusals.key).catch(() => {});
  }
  current = null;
  player.close();
  showVideo(false);
  showPortrait();
  showFacts(null);
  $("download").hidden = true;
}

function stop() {
  attempt++;
  if (current?.status && session.isFinal(current.status)) {
    video.pause();
    showState("done", "Stopped. The video is ready.", "Ready");
  } else {
    leave();
    showState(null, "Stopped.");
  }
  $("stop").disabled = true;
  $("play").focus();
}

function fail(trouble) {
  const known = trouble instanceof Trouble ? trouble : new Trouble("internal", trouble.message);
  attempt++;
  leave();
  refusals.show(known);
  showState("bad", "Nothing is playing.");
  $("stop").disabled = true;
}

// ---- what is seen

function showStatus(status) {
  if (!current) return;
  current.status = status;
  if (status.status === "failed" || status.status === "error") {
    fail(new Trouble(status.error_code ?? "internal", status.error ?? ""));
    return;
  }
  showFacts(status);
  if (status.status === "ready" && status.mp4_url) {
    $("download").href = given(status.mp4_url);
    $("download").download = `${status.session_id}.mp4`;
    $("download").hidden = false;
  }
  showPlayback();
}

/** One sentence from what the server makes and what the viewer sees. */
function showPlayback() {
  if (!current) return;
  const ready = current.status?.status === "ready";
  if (video.ended) {
    showState("done", "Said to the end.", "Done");
    $("stop").disabled = true;
  } else if (!video.paused && video.readyState > 2) {
    showState("live", ready ? "Speaking. The video is ready." : "Speaking while the rest is made…", "Live");
    $("stop").disabled = false;
  } else if (video.paused && video.currentTime > 0) {
    showState("done", ready ? "Paused. The video is ready." : "Paused.", "Paused");
  } else {
    showState("busy", STAGES[current.status?.stage] ?? "Waiting for the first picture…", "Starting");
  }
}

function showState(kind, sentence, badge = "") {
  announce($("sentence"), sentence);
  $("badge").hidden = !badge;
  $("badge").textContent = badge;
  $("badge").dataset.kind = kind;
}

function showFacts(status) {
  const percent = status?.progress ?? 0;
  $("progress").value = percent;
  $("percent").textContent = status ? `${Math.round(percent)} %` : "";
  $("duration").textContent = status?.duration ? clock(status.duration) : "–";
  $("segments").textContent = status?.segments || "–";
  if (!status) $("first-picture").textContent = "–";
}

/** The chosen presenter before anything plays, and behind the video until it has a picture. */
function showPortrait() {
  const id = $("avatar").value;
  $("portrait").hidden = true;
  if (id) $("portrait").src = address(`/portraits/${encodeURIComponent(id)}.webp`);
}

function showVideo(on) {
  video.hidden = !on;
  video.controls = on;
  $("stage").classList.toggle("on", on);
  $("tap").hidden = true;
}

async function copyCurl() {
  const button = $("copy");
  try {
    await navigator.clipboard.writeText($("curl").textContent);
    button.textContent = "Copied";
  } catch {
    // Without a secure origin there is no clipboard: select the line for Ctrl-C.
    getSelection().selectAllChildren($("curl"));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

// ---- wiring

form.addEventListener("submit", (event) => {
  event.preventDefault();
  play();
});
$("avatar").addEventListener("change", () => {
  if (!current) showPortrait();
});
$("stop").addEventListener("click", stop);
$("copy").addEventListener("click", copyCurl);
$("captions").addEventListener("change", (event) => (player.captions = event.target.checked));
$("tap").addEventListener("click", async () => {
  $("tap").hidden = await player.resume();
});
$("portrait").addEventListener("load", () => ($("portrait").hidden = false));
for (const event of ["playing", "pause", "waiting", "ended"]) video.addEventListener(event, showPlayback);
video.addEventListener("playing", () => {
  if (!current || current.seen) return;
  current.seen = true;
  $("first-picture").textContent = since(current.clicked);
});

words.follow();
loadChoices();
