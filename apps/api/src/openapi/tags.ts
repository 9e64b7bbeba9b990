/** The chapters of the document, in its order. */
export const tags = {
  jobs: 'Create jobs, look at them, change them.',
  'many jobs': 'The same for many jobs at once.',
  events: 'What happened, and what happens now.',
  schedules: 'Recurring jobs.',
  'job types': 'Pause and resume the work on a type of job.',
  keys: 'API keys, for administrators.',
  operations: 'For those who run the system.',
} as const;

export type Tag = keyof typeof tags;
