import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scenarios, withSlack } from '../../../src/commands/chaos/scenarios.ts';
import { scenarioOf } from '../../support/chaos.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/chaos.md'), 'utf8');

test.each(scenarios)('docs/chaos.md has the row of $name as it is', (scenario) => {
  const { name, breaks, lastsSeconds, comesBack, cutsForward, cutsReverse, promiseSeconds } = scenario;
  const touches = [cutsForward && 'Gateway', cutsReverse && 'tunnel'].filter(Boolean).join(', ');
  const lasts = lastsSeconds > 0 ? `, for ${lastsSeconds} s` : '';
  expect(page).toContain(`| \`${name}\` | ${breaks}${lasts} | ${comesBack} | ${touches} | ${promiseSeconds} |`);
});

test('slack is allowed on top of the stated time, and changes nothing else', () => {
  const stated = scenarioOf('envoy-killed');
  expect(withSlack(stated, 4)).toEqual({ ...stated, promiseSeconds: 180 });
});
