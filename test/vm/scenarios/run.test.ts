import { expect, test } from 'vitest';
import { chooseScenarios } from '../../../scripts/vm/scenarios/run.ts';

test('all scenarios, or those that are named; an unknown name is refused with the list', () => {
  expect(chooseScenarios([]).map(([name]) => name)).toEqual(['lifecycle', 'service', 'firewalld', 'ufw', 'hidepid']);
  expect(chooseScenarios(['ufw']).map(([name]) => name)).toEqual(['ufw']);
  expect(() => chooseScenarios(['ufw', 'snow'])).toThrow('there is no scenario snow');
});
