/** The client for browsers, in Node: its calls against the real nginx, its patience against a server that has to be asked twice. */

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Calls } from "../../clients/js/calls.js";
import { AvatarError, ChunkedStreamingClient, MicrophoneError, RefusedError, UnreachableError } from "../../clients/js/index.js";
import { BASE } from "./browser.js";
import { FACE, NO_FACE } from "./photos.js";

const EXAMPLE = fileURLToPath(new URL("../../clients/js/examples/file.js", import.meta.url));
const ID = "0193a1b2-0000-7000-8000-000000000000";
const SESSION = { status: "success", session_id: ID, hls_url: `/hls/${ID}/playlist.m3u8`, chunk_duration: 1 };

let directory;
let speech;
const ends = [];

before(() => {
  directory = mkdtempSync(join(tmpdir(), "client-"));
  speech = join(directory, "speech.wav");
  execFileSync("espeak-ng", ["-w", speech, "Papa and Mama go far."]);
});
after(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

function client(...options) {
  const client = new ChunkedStreamingClient(BASE, ...options);
  ends.push(() => client.cleanup());
  return client;
}

describe("against nginx", () => {
  it("a photo says a file that is cut anywhere, and then it is gone", async () => {
    const driver = client();
    const session = await driver.initSession(await readFile(FACE), { chunk_duration: 0.5, pose_style: [0.1, 0, 0], crop: true });
    assert.equal(session.chunk_duration, 0.5);
    const sound = await readFile(speech);
    const pieces = [];
    for (let at = 0; at < sound.length; at += 9_001) pieces.push(sound.subarray(at, at + 9_001));
    // All at once: their numbers say where they belong.
    const receipts = await Promise.all([...pieces.map((piece) => driver.feedAudioChunk(piece)), driver.feedAudioChunk(null, true)]);
    assert.ok(receipts.every(({ status }) => status === "success"));
    let status;
    while ((status = await driver.getStatus()).status === "active") await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(status.status, "completed");
    assert.ok(status.total_frames_generated >= 25 * Math.floor(sound.length / 44_100), `${status.total_frames_generated}`);

    const { playlist } = driver;
    const film = await fetch(playlist.replace("playlist.m3u8", "output.mp4"));
    assert.equal(film.headers.get("content-type"), "video/mp4");
    await film.arrayBuffer();
    await driver.cleanup();
    assert.equal((await fetch(playlist)).status, 404);
    await driver.cleanup();
    await assert.rejects(async () => driver.getStatus(), { code: "no_session" });
  });

  it("what it refuses has the server's code and words", async () => {
    await assert.rejects(client().initSession(new Blob([NO_FACE])), (error) => {
      assert.ok(error instanceof RefusedError && error instanceof AvatarError);
      assert.deepEqual([error.name, error.code, error.status], ["RefusedError", "bad_image", 400]);
      assert.match(error.message, /no face/);
      return true;
    });
    await assert.rejects(client().initSession({ avatar: "nobody" }), { code: "unknown_avatar" });
    await assert.rejects(client().initSession({ avatar: "anna" }, { nfe: 99 }), { code: "bad_parameter" });
    const busy = client();
    await busy.initSession({ avatar: "anna" });
    await assert.rejects(busy.initSession({ avatar: "anna" }), { code: "session_open" });
  });

  it("the example does what it says", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, BASE, FACE, speech]);
    assert.match(stdout, /completed: \d+ frames/);
    const film = await fetch(/the film: (\S+)/.exec(stdout)[1]);
    assert.equal(film.headers.get("content-type"), "video/mp4");
    const nobody = join(directory, "nobody.png");
    writeFileSync(nobody, NO_FACE);
    const failed = promisify(execFile)(process.execPath, [EXAMPLE, BASE, nobody, speech]);
    await assert.rejects(failed, ({ code, stderr }) => code === 1 && stderr.startsWith("bad_image: "));
  });
});

/** A server that answers as `answers` say, in turn, and notes the numbers of the pieces that came. */
async function scripted(answers) {
  const numbers = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const data of request) body += data.toString("latin1");
    const number = /name="sequence"\r\n\r\n(\d+)/.exec(body)?.[1];
    if (number !== undefined) numbers.push(number);
    const answer = request.url.endsWith("/init") ? { json: SESSION } : (answers.shift() ?? { json: { status: "success" } });
    if (answer.gone) return request.socket.destroy();
    response.writeHead(answer.status ?? 200, answer.headers).end(JSON.stringify(answer.json ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server: `http://127.0.0.1:${server.address().port}`, numbers };
}

async function begun(answers, options) {
  const { server, numbers } = await scripted(answers);
  const client = new ChunkedStreamingClient(server, options);
  await client.initSession({ avatar: "anna" });
  return { client, numbers };
}

describe("servers below a path of their own", () => {
  for (const [server, given, whole] of [
    ["", "/hls/1", "/hls/1"],
    ["http://host", "/hls/1", "http://host/hls/1"],
    ["http://host/avatar/", "/hls/1", "http://host/avatar/hls/1"],
    ["http://host/avatar", "/avatar/hls/1", "http://host/avatar/hls/1"],
    ["/avatar", "/avatar/hls/1", "/avatar/hls/1"],
    ["/avatar", "/hls/1", "/avatar/hls/1"],
    ["https://host:1/hls", "/hls-1", "https://host:1/hls/hls-1"],
  ]) {
    it(`${server || "the page's"} gives ${given}`, () => assert.equal(new Calls(server).given(given), whole));
  }
});

describe("patience", () => {
  it("what is refused for now, or is not answered, is sent again with its number", async () => {
    const later = { status: 429, headers: { "Retry-After": "0" }, json: { code: "busy", error: "later" } };
    const { client, numbers } = await begun([later, { ...later, status: 503 }, { gone: true }, { status: 502 }]);
    await client.feedAudioChunk(new Uint8Array(2));
    await client.feedAudioChunk(new Uint8Array(2), true);
    assert.deepEqual(numbers, ["0", "0", "0", "0", "0", "1"]);
  });

  it("it ends, and the piece can be fed again in its place", async () => {
    const gone = { gone: true };
    const { client, numbers } = await begun([gone, gone], { retries: 1 });
    const error = await client.feedAudioChunk(new Uint8Array(2)).catch((error) => error);
    assert.ok(error instanceof UnreachableError, `${error}`);
    assert.deepEqual([error.code, error.sequence], ["unreachable", 0]);
    await client.feedAudioChunk(new Uint8Array(2), false, { sequence: error.sequence });
    await client.feedAudioChunk(new Uint8Array(2));
    assert.deepEqual(numbers, ["0", "0", "0", "1"]);
  });

  it("what will not get better is not asked again, nor is a server that wants to be left alone", async () => {
    const refused = { status: 400, json: { code: "bad_parameter", error: "no" } };
    const away = { status: 503, headers: { "Retry-After": "3600" }, json: { code: "busy", error: "closed" } };
    const { client, numbers } = await begun([refused, away]);
    await assert.rejects(client.feedAudioChunk(new Uint8Array(2)), { code: "bad_parameter" });
    await assert.rejects(client.feedAudioChunk(new Uint8Array(2)), { code: "busy", retryAfter: 3600 });
    assert.deepEqual(numbers, ["0", "1"]);
  });

  it("the last piece waits for all others, and cleaning up gives up what is under way", async () => {
    const later = { status: 429, headers: { "Retry-After": "0" }, json: { code: "busy" } };
    const { client, numbers } = await begun([later, later, later]);
    const pieces = Array.from({ length: 9 }, () => client.feedAudioChunk(new Uint8Array(2)));
    await Promise.all([...pieces, client.feedAudioChunk(null, true)]);
    assert.equal(numbers.at(-1), "9");
    assert.deepEqual([...new Set(numbers)].sort(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);

    const waiting = await begun([{ ...later, headers: { "Retry-After": "20" } }]);
    const piece = assert.rejects(waiting.client.feedAudioChunk(new Uint8Array(2)), { code: "aborted" });
    while (!waiting.numbers.length) await new Promise((resolve) => setTimeout(resolve, 10));
    await waiting.client.cleanup();
    await piece;
  });

  it("an HTML page of a proxy's is no riddle", async () => {
    const { client } = await begun([{ status: 413 }], { retries: 0 });
    await assert.rejects(client.feedAudioChunk(new Uint8Array(2)), { code: "internal", status: 413 });
  });
});

it("without a microphone it says so", async () => {
  const { client } = await begun([]);
  await assert.rejects(client.fromMicrophone(), (error) => {
    assert.ok(error instanceof MicrophoneError);
    assert.equal(error.code, "microphone_unavailable");
    return true;
  });
});
