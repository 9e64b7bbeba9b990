/**
 * Loaded before a process's own code (`--import`): SIGUSR2 begins a CPU profile, the next one ends it and writes it to
 * `<PROFILE_FOLDER>/<pid>.cpuprofile`. So nothing of its start is in it.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';

const SAMPLING_MICROS = 200;
const file = path.join(process.env['PROFILE_FOLDER'] ?? '', `${process.pid}.cpuprofile`);
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: SAMPLING_MICROS });
let running = false;

process.on('SIGUSR2', () => {
  running = !running;
  if (running) session.post('Profiler.start', () => writeFileSync(`${file}.begun`, ''));
  else session.post('Profiler.stop', (_error, { profile }) => writeFileSync(file, JSON.stringify(profile)));
});
