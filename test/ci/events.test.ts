import { expect, test } from 'vitest';
import { parseEvents, runningIn } from '../../scripts/ci/events.ts';

const lines = [
  '{"event":"start","name":"a"}',
  '{"event":"start","name":"b"}',
  '{"event":"end","name":"a","state":"passed","retries":0}',
];

test('what has begun and not ended is running', () => {
  expect(runningIn(parseEvents(lines.join('\n')))).toEqual(['b']);
});

test('a test of the same name may run twice at once', () => {
  const twice = ['{"event":"start","name":"a"}', ...lines].join('\n');
  expect(runningIn(parseEvents(twice))).toEqual(['a', 'b']);
});

test.each([
  '{"event":"end","na',
  'null',
  '{"event":"other"}',
  '',
])('a line that is cut short or unknown, %j, is none', (line) => {
  expect(parseEvents(`${lines[0]}\n${line}`)).toEqual([{ event: 'start', name: 'a' }]);
});
