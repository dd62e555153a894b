import { expect, test } from 'vitest';
import { parseOwnRoutes, renderLoss } from '../../../../src/commands/chaos/faults/link.ts';

test('routes that go with a link are put back as they were; those of the kernel come by themselves', () => {
  const shown = [
    '10.210.0.0/24 proto kernel scope link src 10.210.0.1 linkdown ',
    '10.210.0.0/16 via 10.210.0.2 linkdown ',
    '',
  ];
  expect(parseOwnRoutes(shown.join('\n'))).toEqual(['10.210.0.0/16 via 10.210.0.2']);
});

test('packets are lost in both directions of this link only', () => {
  expect(renderLoss('tg-1').split('\n')).toEqual([
    'add table inet taskgate-chaos-tg-1',
    'add chain inet taskgate-chaos-tg-1 input { type filter hook input priority 0; }',
    'add rule inet taskgate-chaos-tg-1 input iifname "tg-1" numgen random mod 100 < 30 counter drop',
    'add chain inet taskgate-chaos-tg-1 output { type filter hook output priority 0; }',
    'add rule inet taskgate-chaos-tg-1 output oifname "tg-1" numgen random mod 100 < 30 counter drop',
    '',
  ]);
});
