import { SchemaIssue } from 'effect';

export interface SchemaError {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

// A body can have thousands of mistakes; the answer need not.
const MAX_ERRORS = 50;

const withArticle: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  object: 'an object',
  array: 'an array',
};

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    if (issue._tag === 'MissingKey') return 'is required';
    if (issue._tag === 'UnexpectedKey') return 'is not known here';
    return SchemaIssue.defaultLeafHook(issue);
  },
});

/** What a failed decoding says to a person: one sentence for each place, without the offending value. */
export function schemaErrors(issue: SchemaIssue.Issue): readonly SchemaError[] {
  const byPlace = new Map<string, SchemaError>();
  for (const { path = [], message } of format(issue).issues) {
    const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
    const place = JSON.stringify(keys.map(String));
    if (!byPlace.has(place)) byPlace.set(place, { path: keys, detail: readable(message) });
  }
  return [...byPlace.values()].slice(0, MAX_ERRORS);
}

function readable(message: string): string {
  const [, expected] = /^Expected (.*)$/s.exec(message) ?? [];
  return expected === undefined ? message : `must be ${withArticle[expected] ?? expected}`;
}
