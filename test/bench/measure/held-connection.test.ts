import { expect, test } from 'vitest';
import { makeAnswerCounter } from '../../../scripts/bench/measure/held-connection.ts';

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test.each([1, 2, 3, 7, 11, 12, 13, 40, 1_000])('answers are counted in pieces of %i characters', (size) => {
  const stream = answer.repeat(5);
  const count = makeAnswerCounter();
  let answers = 0;
  for (let at = 0; at < stream.length; at += size) answers += count(stream.slice(at, at + size));
  expect(answers).toBe(5);
});

test('what is no success is no answer', () => {
  expect(makeAnswerCounter()('HTTP/1.1 503 Service Unavailable\r\n\r\n')).toBe(0);
});
