import type { Condition, ConditionName } from './jobSearch.ts';
import { formatInstant } from '../format/instant.ts';

const NAMES: Readonly<Partial<Record<ConditionName, string>>> = {
  errorName: 'error',
  errorCode: 'code',
  failure: 'failure group',
  rerunOf: 'rerun of',
  search: 'payload or result',
  runAfter: 'due after',
  runBefore: 'due before',
};

/** `type email`, `finished after 15 min ago`: a condition as a person says it. */
export function describe({ name, value }: Condition): string {
  return `${nameOf(name)} ${isTime(name) ? timeOf(value) : value}`;
}

function nameOf(name: ConditionName): string {
  return NAMES[name] ?? name.replace('After', ' after').replace('Before', ' before');
}

function isTime(name: ConditionName): boolean {
  return name.endsWith('After') || name.endsWith('Before');
}

function timeOf(value: string): string {
  const [, count, unit = ''] = /^-(\d+)([mhd])$/.exec(value) ?? [];
  if (count !== undefined) return `${count} ${unit === 'm' ? 'min' : unit} ago`;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : formatInstant(date, new Date());
}
