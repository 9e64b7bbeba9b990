import { ScheduleName } from '@jobstream/domain';
import { Schema } from 'effect';
import type { Request } from 'express';
import { Problem } from '../problems/problem.ts';

/** The path of what concerns one schedule. */
export const SchedulePath = Schema.Struct({ name: ScheduleName });

const isName = Schema.is(ScheduleName);

/** The schedule that the path names. A text that cannot be a name names none. */
export function scheduleNameOf(req: Request): string {
  const name = String(req.params['name']);
  if (!isName(name)) throw noSuchSchedule();
  return name;
}

export function noSuchSchedule(): Problem {
  return new Problem('schedule-not-found', { detail: 'there is no schedule of this name' });
}
