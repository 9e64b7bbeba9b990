/** A process that does rounds of one subject's work and tells the processor time of each, in µs. */
import { loadSubject, type SubjectName } from './subjects/loadSubject.ts';

const [name = '', address = ''] = process.argv.slice(2);
const subject = await loadSubject(name as SubjectName, address);
process.on('message', ({ step, count }: { step: 'prepare' | 'run'; count: number }) => void perform(step, count));
process.on('disconnect', () => process.exit(0));
process.send?.({ micros: 0 });

async function perform(step: 'prepare' | 'run', count: number): Promise<void> {
  const before = process.cpuUsage();
  await subject[step](count);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ micros: user + system });
}
