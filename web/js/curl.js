/** Quotes a word for a POSIX shell: nothing inside single quotes is special but the quote itself. */
export function shellQuote(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A request to `url` as a command line, which does exactly what the page does. */
export function curlCommand(url, request, withKey) {
  const lines = [`curl ${shellQuote(url)}`, "-H 'Content-Type: application/json'"];
  if (withKey) lines.push(`-H "X-Avatar-Key: $AVATAR_KEY"`);
  lines.push(`-d ${shellQuote(JSON.stringify(request))}`);
  return lines.join(" \\\n     ");
}

/** A form to `url` as a command line; values that begin with @ are files. */
export function formCommand(url, fields, withKey) {
  const lines = [`curl ${shellQuote(url)}`];
  if (withKey) lines.push(`-H "X-Avatar-Key: $AVATAR_KEY"`);
  lines.push(...fields.map(([name, value]) => `-F ${shellQuote(`${name}=${value}`)}`));
  return lines.join(" \\\n     ");
}
