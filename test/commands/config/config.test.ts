import { afterEach, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/main.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([[[]], [['--json']]])('config schema %j prints the schema', async (flags) => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await main(['config', 'schema', ...flags])).toBe(0);
  expect(JSON.parse(write.mock.calls.map(([text]) => String(text)).join(''))).toMatchObject({ title: 'taskgate.yaml' });
});
