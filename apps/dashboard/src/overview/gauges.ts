const SAMPLE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{.*\})? (?<value>\S+)/;

/** Reads metrics in the text format of Prometheus: the values of each name, one for each set of labels. */
export function readGauges(text: string): ReadonlyMap<string, readonly number[]> {
  const samples = text.split('\n').flatMap((line) => {
    const { name, value } = SAMPLE.exec(line)?.groups ?? {};
    const number = Number(value);
    return name === undefined || Number.isNaN(number) ? [] : [{ name, number }];
  });
  const byName = Map.groupBy(samples, ({ name }) => name);
  return new Map([...byName].map(([name, found]) => [name, found.map(({ number }) => number)]));
}
