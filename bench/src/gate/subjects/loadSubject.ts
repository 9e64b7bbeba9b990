import type { Subject } from './subject.ts';

type Open = (address: string) => Promise<Subject>;

const SUBJECTS = {
  'append-ours': async () => (await import('./appendOurs.ts')).appendOurs,
  'append-baseline': async () => (await import('./appendBaseline.ts')).appendBaseline,
  'attempt-ours': async () => (await import('./attemptOurs.ts')).attemptOurs,
  'attempt-baseline': async () => (await import('./attemptBaseline.ts')).attemptBaseline,
  'project-ours': async () => (await import('./projectOurs.ts')).projectOurs,
  'project-baseline': async () => (await import('./projectBaseline.ts')).projectBaseline,
} satisfies Record<string, () => Promise<Open>>;

export type SubjectName = keyof typeof SUBJECTS;

/** Loads one alone: what the others need must not be in its process. */
export async function loadSubject(name: SubjectName, address: string): Promise<Subject> {
  return (await SUBJECTS[name]())(address);
}
