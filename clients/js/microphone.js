import { MicrophoneError } from "./errors.js";
import { listenToSamples } from "./samples.js";

/** What the server reads of what browsers record, most compact first. */
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus"];
const REFUSALS = {
  NotAllowedError: ["microphone_refused", "the use of the microphone was refused"],
  SecurityError: ["microphone_refused", "this page may not use the microphone"],
  NotFoundError: ["microphone_missing", "no microphone was found"],
  OverconstrainedError: ["microphone_missing", "no microphone was found that does what was asked"],
  NotReadableError: ["microphone_busy", "the microphone cannot be read; another program may hold it"],
};

/** Asks for the microphone. Rejects with a {@link MicrophoneError}. */
export async function openMicrophone() {
  if (!globalThis.navigator?.mediaDevices?.getUserMedia) {
    const reason = "the browser offers no microphone here; the page must come over HTTPS or from this machine";
    throw new MicrophoneError("microphone_unavailable", reason);
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (cause) {
    const [code, words] = REFUSALS[cause.name] ?? ["microphone_unavailable", "the microphone cannot be used"];
    throw new MicrophoneError(code, words, { cause });
  }
}

/**
 * Listens, and calls `onSound(blob)` about every `duration` seconds, in order. `samples` has it take plain samples even
 * where the browser could record. A stream that was handed in is left open.
 */
export async function listen({ duration, stream, samples = false, onSound }) {
  const own = stream ? null : await openMicrophone();
  const source = stream ?? own;
  const close = () => own?.getTracks().forEach((track) => track.stop());
  try {
    const mimeType = samples ? null : recordable();
    const stop = mimeType ? record(source, mimeType, duration, onSound) : await listenToSamples(source, duration, onSound);
    return {
      stream: source,
      mimeType: mimeType ?? "audio/wav",
      stop: async () => {
        await stop();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

function recordable() {
  if (!globalThis.MediaRecorder) return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** One recording, cut as the recorder cuts it: only the whole of the pieces is a file. */
function record(stream, mimeType, duration, onSound) {
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 48_000 });
  recorder.addEventListener("dataavailable", ({ data }) => {
    if (data.size) onSound(data);
  });
  recorder.start(Math.round(duration * 1000));
  return () =>
    new Promise((resolve) => {
      if (recorder.state === "inactive") return resolve();
      recorder.addEventListener("stop", () => resolve(), { once: true });
      recorder.stop();
    });
}
