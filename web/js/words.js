/** The part of a form that says what is to be said: a language, a text and a voice. */

import { SAMPLES, preferredLanguage } from "./samples.js";

export class Words {
  /** `name` is what the languages of `form` are called. `onChange()` is called whenever something else is asked for. */
  constructor(form, name, onChange) {
    this.form = form;
    this.name = name;
    this.onChange = onChange;
    this.text = form.querySelector("#text");
    this.count = form.querySelector("#count");
    this.select = form.querySelector("#voice");
    this.voices = [];
    form[name].value = preferredLanguage();
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", ({ target }) => {
      if (target.name === name) this.follow();
    });
    this.text.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
      if (key === "Enter" && (ctrlKey || metaKey)) form.requestSubmit();
    });
  }

  /** Offers the voices that are known by now, those of the chosen language. */
  offer(voices) {
    this.voices = voices;
    this.follow();
  }

  /** The sample follows the language until somebody writes a text of their own; the voices always do. */
  follow() {
    const language = this.form[this.name].value;
    const { text } = this;
    if (!text.value.trim() || Object.values(SAMPLES).includes(text.value)) text.value = SAMPLES[language];
    text.lang = language;
    fill(this.select, this.voices.filter((voice) => voice.language === language));
    this.changed();
  }

  changed() {
    const length = [...this.text.value].length;
    this.count.textContent = length === 1 ? "1 character" : `${length.toLocaleString("en")} characters`;
    this.onChange();
  }
}

/** Offers what the server says there is; where it says nothing, its own choice. */
export function fill(select, entries) {
  const options = entries.map(({ id, name, default: preferred }) => new Option(name ?? id, id, preferred, preferred));
  select.replaceChildren(...(options.length ? options : [new Option("Default", "")]));
}
