import * as SchemaIssue from 'effect/SchemaIssue';

// A body can have thousands of mistakes; a response need not list them all.
const MAX_ERRORS = 50;

const withArticle: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  object: 'an object',
  array: 'an array',
};

interface SchemaError {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    if (issue._tag === 'MissingKey') return 'is required';
    if (issue._tag === 'UnexpectedKey') return 'is not known here';
    return SchemaIssue.defaultLeafHook(issue);
  },
});

/** Describes a failed decoding: one sentence for each place, without the offending value, at most 50. */
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
