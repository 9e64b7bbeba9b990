import { statuses } from '../parts/status.tsx';
import { describe } from './conditions.ts';
import type { Condition, ConditionName } from './jobSearch.ts';

/** A condition that is offered. */
export interface FilterOption extends Condition {
  /** As it is shown, and found by what is typed. */
  readonly label: string;
}

/** What jobs are known to have. */
export interface KnownValues {
  readonly types: readonly string[];
  readonly workers: readonly string[];
  readonly errorNames: readonly string[];
  readonly errorCodes: readonly string[];
  readonly tags: readonly string[];
}

const MOST = 40;
const AGO = ['-15m', '-1h', '-24h', '-7d'] as const;
const PRESET_TIMES = ['createdAfter', 'finishedAfter', 'updatedAfter', 'startedAfter'] as const;
/** Conditions on any text. */
const FREE = ['tag', 'errorName', 'errorCode', 'worker', 'type'] as const satisfies readonly ConditionName[];

/** The conditions that fit what is typed: known ones first, then what is typed as a value of each kind. */
export function optionsFor(text: string, known: KnownValues): readonly FilterOption[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ label }: FilterOption) => words.every((word) => label.toLowerCase().includes(word));
  const found = knownConditions(known).map(labelled).filter(fits);
  const typed = typedConditions(text.trim()).map(labelled);
  const labels = new Set(found.map(({ label }) => label));
  return [...found.slice(0, MOST), ...typed.filter(({ label }) => !labels.has(label))];
}

function labelled(condition: Condition): FilterOption {
  return { ...condition, label: describe(condition) };
}

function knownConditions({ types, workers, errorNames, errorCodes, tags }: KnownValues): readonly Condition[] {
  return [
    ...each('status', statuses),
    ...each('type', types),
    ...each('errorName', errorNames),
    ...each('errorCode', errorCodes),
    ...each('tag', tags),
    ...PRESET_TIMES.flatMap((name) => each(name, AGO)),
    ...each('worker', workers),
  ];
}

function each(name: ConditionName, values: readonly string[]): readonly Condition[] {
  return values.map((value) => ({ name, value }));
}

/** `customer=ACME` is a condition on the payload; anything else may be a value of several kinds. */
function typedConditions(text: string): readonly Condition[] {
  if (text === '') return [];
  if (/^(?:result:)?[\w.-]+(?:>=|<=|\^=|=)./s.test(text)) return [{ name: 'search', value: text }];
  return FREE.map((name) => ({ name, value: text }));
}
