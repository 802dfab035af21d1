/** A first text for each language: what the page offers before anybody types. */
export const SAMPLES = {
  ru: "Здравствуйте! Я диктор, который произносит ваш текст. Напишите что-нибудь, и через мгновение вы услышите это от меня.",
  kk: "Сәлеметсіз бе! Мен сіздің мәтініңізді оқитын дикторымын. Бірдеңе жазыңыз, мен оны бірден айтып беремін.",
  en: "Hello! I am a presenter who says what you write. Type something, and a moment later you will hear it from me.",
};

/** The language to begin with: the reader's own where the server speaks it, else English. */
export function preferredLanguage(wanted = navigator.languages ?? [navigator.language]) {
  for (const tag of wanted) {
    const language = tag.split("-")[0].toLowerCase();
    if (language in SAMPLES) return language;
  }
  return "en";
}
