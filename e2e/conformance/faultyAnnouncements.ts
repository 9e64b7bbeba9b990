import type { FaultyWorker } from './faultyWorker.ts';

/** Mistakes in what a worker says of itself. */
export const faultyAnnouncements: readonly FaultyWorker[] = [
  {
    name: 'announces its type forever',
    edits: [['to_json(announcement), headers={"Nats-TTL": "24h"})', 'to_json(announcement))']],
    detectedBy: 'announcement',
    complaint: /Nats-TTL/,
  },
  {
    name: 'says another version than it announces',
    edits: [['{"workerVersion": version}', '{"version": version}']],
    detectedBy: 'announcement',
    complaint: /each attempt has the version/,
  },
  {
    name: 'announces a schema that refuses its payloads',
    edits: [['= job_type.payload_schema', '= {**job_type.payload_schema, "required": ["to"]}']],
    detectedBy: 'announcement',
    complaint: /accepts \{"do":"succeed"\}/,
  },
  {
    name: 'announces a timeout in seconds with a fraction',
    edits: [['None if timeout is None else round(timeout * 1000)', 'None if timeout is None else timeout / 7']],
    detectedBy: 'announcement',
    complaint: /defaults that a job may have/,
  },
  {
    name: 'beats once',
    edits: [['await self._next_beat()', 'await self.session.stopping.wait()']],
    detectedBy: 'presence',
    complaint: /the running job in a heartbeat/,
  },
  {
    name: 'does not say that it stops',
    edits: [['heartbeat["stopping"] = True', 'pass']],
    detectedBy: 'stopping',
    complaint: /the last heartbeat says/,
  },
  {
    name: 'does not say that it has ended',
    edits: [['announcement["stoppedAt"] = stopped_at', 'pass']],
    detectedBy: 'stopping',
    complaint: /stoppedAt in its announcement/,
  },
  {
    name: 'runs nothing where it cannot announce',
    edits: [
      [
        'self._announcing = asyncio.create_task(self._announcer.run())',
        'await self._announcer.announce_type(self._runners[0])',
      ],
    ],
    detectedBy: 'unannounced',
    complaint: /ended before it was ready/,
  },
];
