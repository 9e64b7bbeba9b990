/** Whether a subject is one of those that a pattern with `*` for single tokens stands for. */
export function subjectMatches(subject: string, pattern: string): boolean {
  const [tokens, wanted] = [subject.split('.'), pattern.split('.')];
  return tokens.length === wanted.length && wanted.every((token, index) => token === '*' || token === tokens[index]);
}
