/** The part of a form that says why the server refused, and asks for the key that it wants. */

const PARTS = `
  <div id="key-field" hidden>
    <label class="label" for="key">Access key <span class="hint">this server asks for one</span></label>
    <input id="key" type="password" autocomplete="off">
  </div>
  <div class="trouble" id="trouble" role="alert" hidden>
    <strong id="trouble-title"></strong>
    <span id="trouble-detail"></span>
    <code id="trouble-code"></code>
  </div>`;

export class Refusals {
  /** Lies above the buttons of `form`. `onAsked()` is called when a key is asked for, `onKey()` when one was typed. */
  constructor(form, { onAsked, onKey }) {
    const parts = document.createRange().createContextualFragment(PARTS);
    const part = (id) => parts.getElementById(id);
    this.box = part("trouble");
    this.title = part("trouble-title");
    this.detail = part("trouble-detail");
    this.code = part("trouble-code");
    this.field = part("key-field");
    this.input = part("key");
    this.onAsked = onAsked;
    this.input.addEventListener("change", onKey);
    form.querySelector(".actions").before(...parts.children);
  }

  /** The key that was typed, or nothing. */
  get key() {
    return this.input.value;
  }

  /** Whether the server asks for one. */
  get wantsKey() {
    return !this.field.hidden;
  }

  /** Says what went wrong; null says that nothing is wrong. */
  show(trouble) {
    this.box.hidden = !trouble;
    if (!trouble) return;
    this.title.textContent = trouble.title;
    this.detail.textContent = trouble.advice;
    this.code.textContent = trouble.code;
    if (trouble.code === "unauthorized") {
      this.field.hidden = false;
      this.input.focus();
      this.onAsked();
    }
  }

  /** Takes back that a key is missing. */
  admitted() {
    if (this.code.textContent === "unauthorized") this.show(null);
  }
}
