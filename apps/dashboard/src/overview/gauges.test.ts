import { expect, test } from 'vitest';
import { readGauges } from './gauges.ts';

test('values are read by name, without comments, labels and what is no number', () => {
  const text = [
    '# HELP jobstream_log_left_bytes Bytes that a NATS server can still store.',
    'jobstream_log_left_bytes{server="a:4222",note="} 5"} 6e+10',
    'jobstream_log_left_bytes{server="b:4222"} 12',
    'jobstream_clock_offset_seconds -0.0006',
    'unknown NaN',
    '',
  ].join('\n');
  expect([...readGauges(text)]).toEqual([
    ['jobstream_log_left_bytes', [6e10, 12]],
    ['jobstream_clock_offset_seconds', [-0.0006]],
  ]);
});
