import { expect, test } from 'vitest';
import { summarizeExposure } from '../../../src/commands/exposure/summary.ts';

test('one line has all addresses, who reaches them and until when', () => {
  const rows = [
    { what: 'task ports', address: '10.0.0.2:20000-20199', to: 'connections from 10.0.0.1/32', protection: 'x' },
    {
      what: 'master',
      address: 'https://a.example',
      to: 'the internet',
      protection: 'x',
      until: '2026-01-02T03:04:05Z',
    },
  ];
  expect(summarizeExposure(rows, 'dev')).toBe(
    'Reachable: task ports at 10.0.0.2:20000-20199 by connections from 10.0.0.1/32; ' +
      'master at https://a.example by the internet until 2026-01-02T03:04:05Z. More: taskgate exposure --name dev',
  );
});

test('nothing is said to be so', () => expect(summarizeExposure([], 'dev')).toContain('Reachable: nothing.'));
