import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';

const { api } = useStage();

test.each(['/api/jobs?asOf=2026-01-01T00:00:00Z', '/api/stats?asOf=1'])(
  'where no past states are kept, %s is refused with a sentence that names the setting',
  async (path) => {
    const response = await api.fetch(path);
    const { errors } = (await response.json()) as { errors: { detail: string }[] };
    expect(response.status).toBe(400);
    expect(errors[0]?.detail).toContain('AS_OF_REACH');
  },
);
