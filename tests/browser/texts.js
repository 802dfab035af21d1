/** Texts to be spoken, each of about a minute. */

export const MINUTE = {
  en: `Every morning the lighthouse keeper climbed one hundred and twelve steps to look at the sea. He carried a lamp in one
hand and a cup of tea in the other, and he never spilled a drop. On calm days he could see the mountains behind the far
shore, blue and thin like paper. On stormy days he saw nothing at all, but he climbed the stairs just the same. One winter
a young sailor asked him why he looked when there was nothing to see. The keeper thought about it for a while. Then he said
that somebody out there might be looking for him. The sailor laughed, went back to his ship, and sailed away into the fog.
Three nights later the engine stopped, the radio fell silent, and the waves grew tall. Far away a small yellow light went
on and off, on and off. The sailor turned the wheel towards it, and he did not laugh. In the morning he climbed one hundred
and twelve steps with two cups of tea.`.replaceAll("\n", " "),

  ru: `Каждое утро смотритель маяка поднимался по ста двенадцати ступеням, чтобы посмотреть на море. В одной руке он нёс
лампу, в другой чашку чая, и никогда не проливал ни капли. В ясные дни он видел горы за дальним берегом, голубые и тонкие,
как бумага. В бурю он не видел совсем ничего, но всё равно поднимался наверх. Однажды зимой молодой матрос спросил его,
зачем смотреть, если ничего не видно. Смотритель немного подумал и ответил, что кто-нибудь, может быть, ищет его самого.
Матрос засмеялся, вернулся на корабль и ушёл в туман. Через три ночи двигатель остановился, радио замолчало, а волны стали
высокими. Вдали загорался и гас маленький жёлтый огонёк. Матрос повернул штурвал в его сторону и больше не смеялся. Утром
он поднялся по ста двенадцати ступеням с двумя чашками чая. Они долго сидели у окна и молчали, пока над водой вставало
солнце. Потом старик достал из шкафа вторую лампу, протёр стекло рукавом и сказал, что маяку давно нужен ещё один смотритель,
потому что ступеней с каждым годом становится больше.`.replaceAll("\n", " "),
};

/** The beginning of one of them. */
export const SHORT = MINUTE.en.split(". ", 2).join(". ") + ".";

/** The words of a text, without punctuation, for comparing it with its captions. */
export function words(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
