import { expect, test } from 'vitest';
import { upAgain } from '../../src/steps/up-again.ts';
import { commandContext, instanceRecord } from './context.ts';

const { config } = commandContext({ places: { stateDir: '/s', cacheDir: '/c' } });
const { gateway } = config;

test('today’s settings are those that it was made with, or nobody knows', () => {
  expect(upAgain(instanceRecord(), config)).toBe('taskgate up --name dev');
  expect(upAgain(instanceRecord({ settings: { gateway } }), config)).toBe('taskgate up --name dev');
});

test('other settings are given as flags', () => {
  const made = { ...gateway, listenerLimit: 300, portRange: { start: 20000, end: 20298 } };
  expect(upAgain(instanceRecord({ settings: { gateway: made } }), config)).toBe(
    'taskgate up --name dev --gateway-listener-limit 300 --gateway-port-range-end 20298',
  );
});
