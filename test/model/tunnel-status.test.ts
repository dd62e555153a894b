import { expect, test } from 'vitest';
import { isServed, stateText, type TunnelState } from '../../src/model/tunnel-status.ts';

test.each<[TunnelState, string, boolean]>([
  ['starting', 'starting', false],
  ['probing', 'probing', false],
  ['up', 'up', true],
  ['open', 'open, not seen from here', true],
  ['degraded', 'degraded', false],
  ['backoff', 'backoff', false],
  ['failed', 'failed', false],
  ['ended', 'ended', false],
])('%s: in words, and whether pods may dial it', (state, text, served) => {
  expect([stateText(state), isServed(state)]).toEqual([text, served]);
});
