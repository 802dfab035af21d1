/**
 * A face says what is in a file of sound, at the pace of a conversation.
 *
 *   node examples/file.js http://localhost:8080 face.jpg speech.webm
 *
 * A name without a dot instead of the picture is one of the server's own faces.
 */

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ChunkedStreamingClient } from "../index.js";

const PIECES_A_SECOND = 4;
const PIECE = 16_000;

const [server, face, file] = process.argv.slice(2);
if (!file) {
  console.error("usage: node examples/file.js SERVER FACE SOUND");
  process.exit(2);
}

const client = new ChunkedStreamingClient(server);
try {
  await client.initSession(face.includes(".") ? await readFile(face) : { avatar: face });
  console.log(`watch ${client.playlist}`);
  // Cut anywhere: the server puts the pieces together.
  const sound = await readFile(file);
  for (let at = 0; at < sound.length; at += PIECE) {
    const { buffer_samples } = await client.feedAudioChunk(sound.subarray(at, at + PIECE), at + PIECE >= sound.length);
    console.log(`fed ${Math.min(at + PIECE, sound.length)} of ${sound.length} bytes, ${buffer_samples} samples to be shown`);
    await sleep(1000 / PIECES_A_SECOND);
  }
  let status;
  while ((status = await client.getStatus()).status === "active") await sleep(250);
  if (status.error) throw new Error(status.error);
  console.log(`${status.status}: ${status.total_frames_generated} frames`);
  console.log(`the film: ${client.playlist.replace("playlist.m3u8", "output.mp4")}`);
} catch (error) {
  await client.cleanup().catch(() => {});
  console.error(`${error.code ?? "failed"}: ${error.message}`);
  process.exit(1);
}
