import { expect, test } from 'vitest';
import { findClearText } from '../../../../src/lib/kube/kubeconfig/plugin.ts';

const kubeconfigOf = (server: string, user: object): string => {
  const named = { name: 'x', cluster: { server }, user, context: { cluster: 'x', user: 'x' } };
  return JSON.stringify({ clusters: [named], users: [named], contexts: [named], 'current-context': 'x' });
};

test.each([
  ['http://10.0.0.7:8080', 'http://10.0.0.7:8080'],
  ['api.example:8080', 'http://api.example:8080'],
  ['http://127.0.0.1:8080', undefined],
  ['http://[::1]:8080', undefined],
  ['http://localhost:8080', undefined],
  ['https://10.0.0.7:6443', undefined],
])('a token for %s goes unencrypted over a network to %s', (server, found) => {
  expect(findClearText(kubeconfigOf(server, { token: 'secret' }))).toBe(found);
});

test.each([
  [{ tokenFile: '/token' }, true],
  [{ username: 'me', password: 'secret' }, true],
  [{ exec: { command: 'aws' } }, true],
  [{}, false],
  [{ 'client-certificate-data': 'a', 'client-key-data': 'b' }, false],
])('of the user %j something secret is sent: %s', (user, isSecret) => {
  expect(findClearText(kubeconfigOf('http://10.0.0.7', user)) !== undefined).toBe(isSecret);
});
