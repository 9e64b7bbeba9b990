/**
 * The program of the watchdog's thread. It is text, because a bundle of a program has no other file to start, and because
 * what bundlers add to a function would not be there in the thread.
 *
 * It waits for the next beat of the event loop. If none comes for `blockedMs` while jobs run, it writes a line, and again each
 * time that the loop has been blocked four times as long; when a beat comes, it reports how long it took. A thread that itself
 * was late waits a moment more: if the process was frozen, the beat that is overdue comes at once.
 */
export const WATCHDOG_PROGRAM = `'use strict';
const { writeSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { board: { numbers, spots, spotBytes }, BEATS, RUNS, blockedMs, lateMs, log } = workerData;
const text = Buffer.from(spots);

function runsOnBoard() {
  const runs = [];
  for (let spot = 0; spot < text.length; spot += spotBytes) {
    const [jobId, jobType, attempt] = text.latin1Slice(spot + 1, spot + 1 + text[spot]).split(' ');
    if (text[spot] > 0) runs.push({ jobId, jobType, attempt: Number(attempt) });
  }
  return runs;
}

function write(ms, { runCount, runs }) {
  if (log === undefined) return;
  const seconds = Math.round(ms / 1000);
  const msg = 'the event loop has been blocked for ' + seconds + ' s by one of the jobs that run:' +
    ' no heartbeat is sent, and if it lasts their attempts are lost. Let it compute in a thread (docs/handlers.md)';
  const line = { level: log.level, time: new Date().toISOString(), ...log.fields, blockedMs: ms, runCount, runs, msg };
  try {
    writeSync(log.fd, JSON.stringify(line) + '\\n');
  } catch {
    // A pipe that is full or closed: there is nobody to tell.
  }
}

let seen = Atomics.load(numbers, BEATS);
let since = performance.now();
let next = blockedMs;
let doubted = false;
let blocked;
for (;;) {
  const asked = performance.now();
  const waitMs = doubted ? lateMs : Math.max(0, since + next - asked);
  const outcome = Atomics.wait(numbers, BEATS, seen, waitMs);
  const now = performance.now();
  if (outcome !== 'timed-out') {
    if (blocked !== undefined) parentPort.postMessage({ durationMs: Math.round(now - since), ...blocked });
    seen = Atomics.load(numbers, BEATS);
    since = now;
    next = blockedMs;
    doubted = false;
    blocked = undefined;
  } else if (blocked === undefined && Atomics.load(numbers, RUNS) === 0) {
    since = now;
    doubted = false;
  } else if (blocked === undefined && !doubted && now - asked > waitMs + lateMs) {
    doubted = true;
  } else {
    blocked ??= { runCount: Atomics.load(numbers, RUNS), runs: runsOnBoard() };
    write(Math.round(now - since), blocked);
    next = 4 * (now - since);
    doubted = false;
  }
}
`;
