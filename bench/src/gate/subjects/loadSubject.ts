import type { Subject } from './subject.ts';

type Open = (address: string) => Promise<Subject>;

const SUBJECTS = {
  'append-ours': async () => (await import('./appendOurs.ts')).appendOurs,
  'append-bare': async () => (await import('./appendBare.ts')).appendBare,
  'attempt-ours': async () => (await import('./attemptOurs.ts')).attemptOurs,
  'attempt-bare': async () => (await import('./attemptBare.ts')).attemptBare,
  'project-ours': async () => (await import('./projectOurs.ts')).projectOurs,
  'project-bare': async () => (await import('./projectBare.ts')).projectBare,
} satisfies Record<string, () => Promise<Open>>;

export type SubjectName = keyof typeof SUBJECTS;

/** Loads one alone: what the others need must not be in its process. */
export async function loadSubject(name: SubjectName, address: string): Promise<Subject> {
  return (await SUBJECTS[name]())(address);
}
