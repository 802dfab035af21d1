/**
 * For browsers whose recorder writes nothing that the server reads: 16-bit samples behind one WAV header, at the rate that
 * the browser has them. A worklet's module cannot be a part of this one, so it is carried as text.
 */
const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
});`;

/** Calls `onSound(blob)` about every `duration` seconds. Resolves with what stops it. */
export async function listenToSamples(stream, duration, onSound) {
  const context = new AudioContext();
  const module = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(module);
  } catch (error) {
    await context.close();
    throw error;
  } finally {
    URL.revokeObjectURL(module);
  }
  // One that was made without a touch stands still until it is told.
  await context.resume();

  const most = Math.round(duration * context.sampleRate);
  let blocks = [];
  let count = 0;
  let header = wavHeader(context.sampleRate);
  const pass = () => {
    if (!count) return;
    const pieces = [...(header ? [header] : []), ...blocks];
    header = null;
    blocks = [];
    count = 0;
    onSound(new Blob(pieces, { type: "audio/wav" }));
  };

  const source = context.createMediaStreamSource(stream);
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  tap.port.onmessage = ({ data }) => {
    blocks.push(sixteenBit(data));
    count += data.length;
    if (count >= most) pass();
  };
  source.connect(tap);

  return async () => {
    source.disconnect();
    tap.port.onmessage = null;
    pass();
    await context.close();
  };
}

/** Samples from -1 to 1 as whole numbers, lower byte first. */
export function sixteenBit(samples) {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, index) => {
    const clipped = Math.max(-1, Math.min(1, sample));
    view.setInt16(index * 2, Math.round(clipped * 32_767), true);
  });
  return view.buffer;
}

/** The header of a WAV file of one channel and 16 bits, whose length nobody knows yet. */
export function wavHeader(rate) {
  const view = new DataView(new ArrayBuffer(44));
  const word = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 0xffffffff, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, 0xffffffff, true);
  return view.buffer;
}
