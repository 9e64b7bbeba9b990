/** A process that does rounds of one subject's work, with the programs of some trees, and tells the processor time of each, in µs. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { loadSubject, SubjectName } from './subjects/loadSubject.ts';
import type { Subject } from './subjects/subject.ts';

const LOADER = 'bench/src/gate/subjects/loadSubject.ts';

interface Message {
  readonly of: number;
  readonly step: 'prepare' | 'run';
  readonly count: number;
}

const [name = '', addresses = '', ...roots] = process.argv.slice(2);
const subjects: Subject[] = [];
for (const [index, address] of addresses.split(' ').entries()) subjects.push(await load(roots[index] ?? '', address));
process.on('message', (message: Message) => void perform(message));
process.on('disconnect', () => process.exit(0));
process.send?.({ micros: 0 });

async function load(root: string, address: string): Promise<Subject> {
  // vitest, which some subjects have by @jobstream/test-support, does not load twice beside what it leaves here.
  Reflect.deleteProperty(globalThis, Symbol.for('expect-global'));
  const loader = (await import(pathToFileURL(path.join(root, LOADER)).href)) as { loadSubject: typeof loadSubject };
  return loader.loadSubject(name as SubjectName, address);
}

async function perform({ of, step, count }: Message): Promise<void> {
  // What was left before must not be cleared up in the midst of a round: which round it falls into is chance.
  globalThis.gc?.({ type: 'minor' });
  const before = process.cpuUsage();
  await subjects[of]?.[step](count);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ micros: user + system });
}
