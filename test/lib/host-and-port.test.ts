import { expect, test } from 'vitest';
import { hostAndPort } from '../../src/lib/host-and-port.ts';

test.each([
  [{ host: 'master.example', port: 8080 }, 'master.example:8080'],
  [{ host: '192.0.2.1', port: '20000-20199' }, '192.0.2.1:20000-20199'],
  [{ host: '2001:db8::1', port: 8080 }, '[2001:db8::1]:8080'],
])('%j as in a URL', (address, text) => {
  expect(hostAndPort(address)).toBe(text);
});
