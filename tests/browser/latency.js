/**
 * How soon speech can be played in Chromium, and how far the player is behind.
 *
 *   BASE=http://host SESSIONS=/path tests/browser/run.sh latency
 *
 * Prints JSON of milliseconds. `listed` is the time from a part's being listed until the player's buffer covers it,
 * `made` the same from its being written, `behind` how far the player stands behind the end of what is listed. A part
 * counts as listed when a reload that was held for it is answered here, on the same machine: what the answer took is
 * missing from `listed`. A part counts as made at its file's time of change in SESSIONS, which the file system keeps
 * by the kernel's ticks of some milliseconds; `Last-Modified` would keep it by the second.
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./browser.js";
import { noted, openPlayer, playIn, start } from "./low-latency.js";
import { MINUTE } from "./texts.js";

/** The player may cut what sound reaches beyond a part's last picture, or lack that much of it: an AAC frame. */
const FRAME = 1024 / 48_000;

const now = () => performance.timeOrigin + performance.now();

/** When a file was written, in milliseconds since 1970. */
const written = (path) => stat(path).then(({ mtimeMs }) => mtimeMs, () => undefined);

/** Follows a playlist by held reloads; says when which part was listed and made, and where it ends in seconds. */
async function follow(playlist, directory) {
  const parts = new Map();
  const ends = [];
  let query = "";
  for (;;) {
    const response = await fetch(playlist + query);
    const at = now();
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
    let [sequence, part, whole, inside] = [0, 0, 0, 0];
    for (const line of text.split("\n")) {
      const listed = /^#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"/.exec(line);
      const segment = /^#EXTINF:([\d.]+)/.exec(line);
      if (listed) {
        inside += Number(listed[1]);
        part += 1;
        const [, , name] = listed;
        // Asked for at once: parts do not stay on disk for long.
        if (!parts.has(name)) parts.set(name, { at, end: whole + inside, made: written(join(directory, name)) });
      } else if (segment) {
        whole += Number(segment[1]);
        [sequence, part, inside] = [sequence + 1, 0, 0];
      }
    }
    ends.push([at, whole + inside]);
    // What is listed together with the end was not made for the live edge.
    if (text.includes("#EXT-X-ENDLIST")) return { parts, ends: ends.slice(0, -1), over: at };
    query = `?_HLS_msn=${sequence + 1}&_HLS_part=${part}`;
  }
}

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { median: at(0.5), p99: at(0.99), worst: at(1), count: sorted.length };
}

const browser = await launch();
try {
  const { page, context } = await openPlayer(browser);
  const { id, playlist } = await start(MINUTE.en, "en");
  await playIn(page, playlist);
  const { parts, ends, over } = await follow(playlist, join(process.env.SESSIONS, id));
  const { buffered, positions, errors } = await noted(page);
  const fatal = errors.filter((error) => error.fatal);
  if (fatal.length) throw new Error(JSON.stringify(fatal));

  const listed = [];
  const made = [];
  for (const part of parts.values()) {
    const covered = part.at < over && buffered.find(([, until]) => until >= part.end - FRAME);
    if (!covered) continue;
    listed.push(covered[0] - part.at);
    const since = await part.made;
    if (since) made.push(covered[0] - since);
  }
  const behind = [];
  for (const [at, position] of positions) {
    const edge = ends.findLast(([listed]) => listed <= at);
    if (edge && at < over) behind.push((edge[1] - position) * 1000);
  }
  console.log(JSON.stringify({ listed: summary(listed), made: summary(made), behind: summary(behind) }));
  await context.close();
} finally {
  await browser.close();
}
