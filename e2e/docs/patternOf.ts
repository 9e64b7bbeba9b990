/** What is exactly this text, where `…` stands for anything. */
export function patternOf(text: string): RegExp {
  return new RegExp(`^${text.split('…').map(escaped).join('.*')}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
