/**
 * What went wrong, for a person: a stable code from the server (or one of the page's own), and its words.
 */
export class Trouble extends Error {
  constructor(code, detail = "", retryAfter = null) {
    super(detail || code);
    this.name = "Trouble";
    this.code = code;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }

  get title() {
    return TITLES[this.code] ?? "Something went wrong.";
  }

  /** What to do next: the server's own words, and when to come back if it said so. */
  get advice() {
    const words = this.detail && sentence(this.detail);
    const wait = this.retryAfter ? `Try again in ${this.retryAfter} s.` : "";
    return [words, wait].filter(Boolean).join(" ");
  }
}

const TITLES = {
  empty_text: "There is no text to say.",
  text_too_long: "The text is too long.",
  unsupported_language: "This language is not available here.",
  unsupported_mode: "This mode is not available here.",
  unknown_voice: "This voice is not available.",
  unknown_avatar: "This presenter is not available.",
  bad_json: "The server could not read the request.",
  bad_parameter: "The server did not accept the request.",
  too_large: "That is too much at once.",
  bad_image: "The picture cannot be used.",
  bad_audio: "The sound cannot be read.",
  microphone_refused: "The microphone was refused.",
  microphone_missing: "There is no microphone.",
  microphone_busy: "The microphone cannot be read.",
  microphone_unavailable: "This page cannot use a microphone.",
  unauthorized: "This server asks for an access key.",
  unknown_session: "This session is gone.",
  busy: "The server is busy.",
  internal: "The server failed.",
  tts_timeout: "Speech took too long.",
  tts_empty: "There is nothing in this text that can be spoken.",
  tts_failed: "Speech could not be made.",
  inference_failed: "The face could not be drawn.",
  out_of_memory: "The server ran out of memory.",
  encode_failed: "The video could not be encoded.",
  disk_full: "The server's disk is full.",
  interrupted: "The session was interrupted.",
  unreachable: "The server cannot be reached.",
  playback: "The stream cannot be played.",
  no_hls: "This browser cannot play the stream.",
};

function sentence(words) {
  const text = words.trim();
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
