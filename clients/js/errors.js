/** What went wrong. `code` is stable, `message` is for people. */
export class AvatarError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The server answered and said no. `code` is its own, as the table of errors in docs/api.md has them. */
export class RefusedError extends AvatarError {
  constructor(code, message, status, retryAfter = null) {
    super(code, message);
    /** Of HTTP. */
    this.status = status;
    /** Seconds after which it may be tried again, where the server said so. */
    this.retryAfter = retryAfter;
  }
}

/** No answer came. `code` is `unreachable`. */
export class UnreachableError extends AvatarError {
  constructor(cause) {
    super("unreachable", "the server cannot be reached", { cause });
  }
}

/**
 * There is no microphone to listen to. `code` is `microphone_refused`, `microphone_missing`, `microphone_busy`, or
 * `microphone_unavailable` where the page is not secure or the browser too old.
 */
export class MicrophoneError extends AvatarError {}

/** The stream cannot be played. `code` is `playback`, or `no_hls` where the browser has no way to. */
export class PlaybackError extends AvatarError {}
