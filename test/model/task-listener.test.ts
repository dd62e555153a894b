import { expect, test } from 'vitest';
import {
  containerPort,
  listenerName,
  portAnnotation,
  portOfAnnotation,
  portOfListener,
  taskListener,
} from '../../src/model/task-listener.ts';

test('a task listener is named after its port, and its port is read back from the name', () => {
  expect(listenerName(20_000)).toBe('det-20000');
  expect(portOfListener('det-20000')).toBe(20_000);
  expect(taskListener(20_000)).toEqual({
    name: 'det-20000',
    port: 20_000,
    protocol: 'TCP',
    allowedRoutes: { namespaces: { from: 'All' } },
  });
});

test.each([
  'taskgate-seed',
  'web',
  'det-',
  'det-web',
  'my-det-20000',
  'det-20000-a',
  'det-20000 ',
])('%s is no task listener', (name) => {
  expect(portOfListener(name)).toBeUndefined();
});

test('an annotation of the Gateway names the port that an allocation holds', () => {
  expect(portAnnotation(20_000)).toBe('determined.ai/det-gateway-port-20000');
  expect(portOfAnnotation(portAnnotation(20_000))).toBe(20_000);
});

test.each([
  'determined.ai/job-name',
  'determined.ai/det-gateway-port-',
  'determined.ai/det-gateway-port-x',
  'determined.ai/det-gateway-port-20000a',
  'determined.ai/det-gateway-port--1',
  'example.com/determined.ai/det-gateway-port-20000',
])('%s names no port', (key) => {
  expect(portOfAnnotation(key)).toBeUndefined();
});

test.each([
  [1025, 9025],
  [20000, 28000],
  [24768, 32768],
  [52999, 60999],
  [57535, 65535],
  [57536, 1024],
  [58558, 2046],
  [58559, 1024],
  [59581, 2046],
  [59582, 2047],
  [65535, 8000],
])('listener port %i is bound as container port %i', (listenerPort, expected) => {
  expect(containerPort(listenerPort)).toBe(expected);
});
